"""What a lock file says is what gets installed: every `pip install` is told so. tests/install proves that it helps."""

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
    """The lines that install from a lock file; a line may go on over several, each ended by a backslash."""
    text = re.sub(r"\\\n\s*", "", (ROOT / path).read_text())
    return [line for line in text.splitlines() if re.search(r"\bpip[\"' ].*\binstall\b.*[ \"]-r[ \"]", line)]


def test_every_pip_install_takes_the_lock_as_it_is() -> None:
    """In images, too."""
    installing = {str(path): line for path in INSTALLERS for line in commands(path)}
    assert {"scripts/stack/tools.py", "services/api/Dockerfile", "bench/Dockerfile"} <= set(installing)
    assert [
        path for path, line in installing.items() if "--no-deps" not in line or "--require-hashes" not in line
    ] == []
