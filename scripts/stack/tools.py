"""Tools for tests and development: a virtual environment, a browser."""

from __future__ import annotations

import ctypes.util
import shutil
import sys
from pathlib import Path

from .console import Problem, work
from .host import apt_install, can_install, os_release
from .shell import run

VENV, LOCK = Path(".venv"), Path("tests/requirements.lock")
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def has_venv() -> bool:
    """Whether Python has venv, which Debian and Ubuntu package separately."""
    return run(sys.executable, "-c", "import ensurepip, venv").returncode == 0


def packages() -> None:
    """Install what `make test` needs on Debian. Without Chromium, the browser tests are skipped and say so."""
    needed = [] if has_venv() else ["python3-venv"]
    # Ubuntu's chromium package is a snap, which servers and containers do not run.
    if os_release().get("ID") == "debian" and not any(map(shutil.which, BROWSERS)):
        needed += ["chromium-headless-shell"]
    # Playwright brings a Node.js that is linked to this library.
    if not ctypes.util.find_library("atomic"):
        needed += ["libatomic1"]
    if needed and can_install():
        apt_install(needed, "tests")


def venv() -> None:
    """Make .venv (tests, linters, development) from its lock file if that has changed. Raises Problem if it fails."""
    installed = VENV / "requirements.lock"
    if installed.exists() and installed.read_bytes() == LOCK.read_bytes():
        return
    if sys.version_info < (3, 11):
        raise Problem(f"Python {sys.version.split()[0]} is older than 3.11", "install a newer Python 3")
    if not has_venv():
        apt_install(["python3-venv"], f"making {VENV}")
    fix = "see the lines above; behind a proxy set HTTPS_PROXY, with a mirror of PyPI PIP_INDEX_URL"
    work(f"Making {VENV}", [sys.executable, "-m", "venv", "--clear", str(VENV)], fix)
    work(
        f"Installing {LOCK} into it (a minute or two, once)",
        [f"{VENV}/bin/pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(LOCK)],
        fix,
    )
    shutil.copy(LOCK, installed)
