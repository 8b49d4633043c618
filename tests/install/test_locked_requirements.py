"""The versions in a lock file are installed, even if the index has newer ones."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support.stack import ROOT


def wheel(index: Path, name: str, version: str, *needs: str) -> str:
    """Put an empty wheel into the index.

    Returns:
        The line of a lock file that asks for it.
    """
    folder = index / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    needed = "".join(f"Requires-Dist: {need}\n" for need in needs)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    links = (f'<a href="{file.name}">{file.name}</a>' for file in sorted(folder.glob("*.whl")))
    (folder / "index.html").write_text("<!DOCTYPE html><html><body>" + "".join(links) + "</body></html>")
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the scripts with a lock of two packages; the index has a newer version of one of them."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copytree(ROOT / "services/settings", tmp_path / "services/settings")
    index = tmp_path / "index"
    inner = wheel(index, "inner", "1.0")
    # The extra makes pip resolve again: it looks for the newest `inner` that has it.
    outer = wheel(index, "outer", "1.0", "inner[more]>=1.0")
    wheel(index, "inner", "2.0")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/requirements.lock").write_text(outer + inner)
    return tmp_path


def test_a_newer_version_on_the_index_changes_nothing(checkout: Path) -> None:
    environ = {**os.environ, "PIP_INDEX_URL": f"file://{checkout}/index", "PIP_EXTRA_INDEX_URL": ""}
    done = subprocess.run(
        [sys.executable, "-m", "scripts.stack", "venv"],
        cwd=checkout,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    listed = subprocess.check_output([checkout / ".venv/bin/pip", "freeze"], text=True, env=environ)
    assert listed.split() == ["inner==1.0", "outer==1.0"]
