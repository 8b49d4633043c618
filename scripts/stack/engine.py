"""A running Docker Engine with Compose and Buildx: the installed one, or one from the system's packages."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from .console import Problem, may_change_host
from .host import KEYRING, apt_install, apt_mirror, can_install, is_like, os_release
from .shell import MIN_COMPOSE, MIN_ENGINE, compose_version, engine_version, need_permission, output, version

LOG = Path("/var/log/dockerd.log")
BY_HAND = (
    "install Docker Engine with the Compose and Buildx plugins (https://docs.docker.com/engine/install/), "
    "start it, then run this again"
)
#: Debian 12's engine is too old, and it has neither plugin: take these from Debian 13, and nothing else.
FROM_TRIXIE = """\
Package: *
Pin: release n=trixie*
Pin-Priority: 50

Package: docker.io docker-cli docker-compose docker-buildx containerd
Pin: release n=trixie*
Pin-Priority: 990
"""


def ensure_engine() -> None:
    """Install and start what is missing, after asking.

    Raises:
        Problem: it is refused, not possible here, or fails; or the installed version is too old.
    """
    need_permission()
    if missing() and can_install():
        _install()
        _start()
    check_engine()


def missing() -> str:
    """The missing parts, in words; empty if there are none."""
    found = {
        "a running Docker Engine": engine_version(),
        "Compose v2": version(compose_version()),
        "Buildx": output("docker", "buildx", "version"),
    }
    return " and ".join(name for name, there in found.items() if not there)


def check_engine() -> str:
    """The installed versions, in words.

    Raises:
        Problem: a part is missing or too old.
    """
    need_permission()
    gap = missing()
    if gap:
        by = "make up installs and starts it" if can_install() else f"sudo make up (Debian, Ubuntu), or {BY_HAND}"
        raise Problem(f"missing: {gap}", by)
    found = {"Docker Engine": (engine_version(), MIN_ENGINE), "Compose": (compose_version(), MIN_COMPOSE)}
    for name, (there, floor) in found.items():
        if version(there) < floor:
            raise Problem(f"{name} {there} is older than {'.'.join(map(str, floor))}", f"upgrade it; {BY_HAND}")
    return ", ".join(f"{name} {there}" for name, (there, _) in found.items())


def _install() -> None:
    packages = [] if shutil.which("dockerd") else ["docker.io", "containerd"]
    # Ubuntu's package of Compose v2 has another name, and its docker.io contains the client.
    if not is_like("ubuntu") and not shutil.which("docker"):
        packages.append("docker-cli")
    if not version(compose_version()):
        packages.append("docker-compose-v2" if is_like("ubuntu") else "docker-compose")
    if not output("docker", "buildx", "version"):
        packages.append("docker-buildx")
    if packages and os_release().get("VERSION_CODENAME") == "bookworm":
        _add_trixie()
    if packages:
        apt_install(packages, "Docker Engine")


def _add_trixie() -> None:
    main, security = apt_mirror("bookworm"), apt_mirror("bookworm-security")
    if not main:
        raise Problem("apt has no mirror configured for bookworm", "add one to /etc/apt/sources.list.d")
    sources = Path("/etc/apt/sources.list.d/flaskrandom-engine.list")
    may_change_host(
        f"Adding {sources}. Debian 12 has no Compose v2: this is Debian 13, pinned to Docker's packages",
        BY_HAND,
    )
    Path("/etc/apt/preferences.d/flaskrandom-engine").write_text(FROM_TRIXIE)
    sources.write_text(
        f"deb [signed-by={KEYRING}] {main} trixie main\n"
        f"deb [signed-by={KEYRING}] {security or f'{main}-security'} trixie-security main\n"
    )


def _start() -> None:
    if engine_version():
        return
    systemd = Path("/run/systemd/system").is_dir()
    # No pid file: the leftover of a killed daemon would block the next start.
    command = ["systemctl", "enable", "--now", "docker"] if systemd else ["dockerd", "--pidfile="]
    may_change_host(f"Starting Docker Engine ({' '.join(command)}; log: {LOG})", BY_HAND)
    with LOG.open("a") as log:
        started = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while not engine_version():
        if started.poll() or time.monotonic() > deadline:
            raise Problem("Docker Engine did not start", f"read {LOG}, or with systemd: journalctl -u docker")
        time.sleep(0.2)
