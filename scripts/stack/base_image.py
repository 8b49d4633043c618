"""The image that all Dockerfiles start from (their argument BASE_IMAGE).

debian:trixie-slim if it is present or can be pulled; else an image made from Debian's packages, with another name, so
that no other build on this host mistakes it for Debian's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from .console import Problem, say
from .host import KEYRING, apt_install, apt_mirror, os_release
from .shell import has_image, last_line, output, run

REAL, OWN, SUITE = "debian:trixie-slim", "flaskrandom-base:trixie", "trixie"
#: Paths that Debian's slim images leave out.
SLIM = [
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("man", "locale", "info", "groff")),
]


def find_base_image() -> str:
    """The name of a base image that is present; empty if there is none."""
    chosen = os.environ.get("BASE_IMAGE")
    return next((name for name in ([chosen] if chosen else (REAL, OWN)) if has_image(name)), "")


def ensure_base_image() -> str:
    """Provide the base image and all else that builds need; return its name, and set BASE_IMAGE to it.

    Raises:
        Problem: it can neither be pulled nor made.
    """
    name = find_base_image() or _get(os.environ.get("BASE_IMAGE") or REAL)
    os.environ["BASE_IMAGE"] = name
    _hand_over_authorities()
    return name


def _get(name: str) -> str:
    say(f"Pulling {name} (two minutes at most)")
    done = run("docker", "pull", "--quiet", name, seconds=120)
    if done.returncode == 0:
        return name
    why = f"{name} cannot be pulled ({last_line(done.stderr)})"
    if name != REAL:
        raise Problem(why, "load it, or leave BASE_IMAGE empty")
    say(f"{why}: making {OWN} from Debian's packages")
    if not shutil.which("mmdebstrap"):
        apt_install(["mmdebstrap", "debian-archive-keyring"], f"making {OWN}, since {why}")
    _bootstrap()
    return OWN


def _bootstrap() -> None:
    codename = os_release().get("VERSION_CODENAME", "")
    main, security = _mirror(codename), _mirror(f"{codename}-security")
    if not main:
        raise Problem(
            "apt's configuration names no Debian mirror",
            "set DEBIAN_MIRROR to one, for example DEBIAN_MIRROR=http://mirror.example/debian make up",
        )
    security = security or f"{main}-security"
    https = ["--include=ca-certificates"] if "https:" in main + security else []
    command = [
        *("mmdebstrap", "--quiet", "--variant=minbase", "--format=tar", *SLIM, *https, *_trust(), SUITE, "-"),
        f"deb [signed-by={KEYRING}] {main} {SUITE} main",
        f"deb [signed-by={KEYRING}] {main} {SUITE}-updates main",
        f"deb [signed-by={KEYRING}] {security} {SUITE}-security main",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as making:
        imported = subprocess.run(
            ["docker", "import", "--change", 'CMD ["bash"]', "-", OWN], stdin=making.stdout, stdout=subprocess.DEVNULL
        )
    if making.returncode or imported.returncode:
        run("docker", "image", "rm", OWN)
        raise Problem(f"making {OWN} failed", f"check that {main} and {security} answer and have {SUITE}")


def _mirror(suite: str) -> str:
    """A mirror of Debian itself: the one that apt uses here, unless this system is a derivative."""
    chosen = os.environ.get("DEBIAN_MIRROR", "").rstrip("/")
    if chosen:
        return f"{chosen}-security" if suite.endswith("-security") else chosen
    return apt_mirror(suite) if os_release().get("ID") == "debian" else ""


def _trust() -> list[str]:
    """Options for a frozen mirror, whose release files have expired, if the host's apt accepts such files."""
    options = ("Acquire::Check-Valid-Until", "Acquire::Check-Date")
    told = {name: output("apt-config", "dump", "--no-empty", "--format", "%v", name) for name in options}
    return [f'--aptopt={name} "false"' for name, value in told.items() if value == "false"]


def _hand_over_authorities() -> None:
    """Copy the host's own certificate authorities to local/build-ca: some networks intercept TLS."""
    for authority in Path("/usr/local/share/ca-certificates").glob("*.crt"):
        copy = Path("local/build-ca", f"host-{authority.name}")
        copy.write_bytes(authority.read_bytes())
        copy.chmod(0o644)
