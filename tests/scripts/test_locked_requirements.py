"""Every `pip install` takes exactly the locked packages. tests/install shows that the options have this effect."""

from __future__ import annotations

import re
from pathlib import Path

from support.stack import ROOT

INSTALLERS = sorted(
    path.relative_to(ROOT)
    for folder in ("services", "bench", "tests", "scripts")
    for path in (ROOT / folder).rglob("*")
    if (path.name == "Dockerfile" or path.suffix in (".sh", ".py")) and "node_modules" not in path.parts
)


def commands(path: Path) -> list[str]:
    """The commands that install from a lock file; a command may continue over several lines with backslashes."""
    text = re.sub(r"\\\n\s*", "", (ROOT / path).read_text())
    return [line for line in text.splitlines() if re.search(r"\bpip[\"' ].*\binstall\b.*[ \"]-r[ \"]", line)]


def test_every_pip_install_takes_exactly_the_locked_packages() -> None:
    """This includes the images."""
    installing = {str(path): line for path in INSTALLERS for line in commands(path)}
    assert {"scripts/stack/tools.py", "services/api/Dockerfile", "bench/Dockerfile"} <= set(installing)
    assert [
        path for path, line in installing.items() if "--no-deps" not in line or "--require-hashes" not in line
    ] == []
