"""A Docker Engine with Compose and Buildx that answers: the one that is there, or one from the system's packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from .console import Problem, may_change_host, say
from .host import apt_install, apt_mirror, has_apt, is_like, os_release
from .shell import (
    MIN_COMPOSE,
    MIN_ENGINE,
    compose_version,
    engine_forbids,
    engine_version,
    last_line,
    output,
    run,
    version,
)

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
SOURCES = """\
Types: deb
URIs: {main}
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: {security}
Suites: trixie-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""


def ensure_engine() -> None:
    """Install and start what is missing, after asking.

    Raises:
        Problem: it is refused, not possible here, or fails; or what is there is too old.
    """
    if missing():
        _may_install()
        _install()
        _start()
        if missing():
            raise Problem(f"Docker was installed, but {missing()} is still not there", BY_HAND)
    for name, found, floor in (
        ("Docker Engine", engine_version(), MIN_ENGINE),
        ("Compose", compose_version(), MIN_COMPOSE),
    ):
        if version(found) < floor:
            needed = ".".join(map(str, floor))
            raise Problem(f"{name} {found} is too old, this needs {needed} or newer", "upgrade it; " + BY_HAND)


def missing() -> str:
    """What is not there, in words; empty when all is."""
    found = {
        "a running Docker Engine": engine_version(),
        "Compose v2": version(compose_version()),
        "Buildx": output("docker", "buildx", "version"),
    }
    return " and ".join(name for name, there in found.items() if not there)


def _may_install() -> None:
    if engine_forbids():
        user = output("id", "-un")
        raise Problem(
            f"user {user} may not talk to Docker",
            f"sudo usermod -aG docker {user}, log in again; or run this with sudo",
        )
    if os.environ.get("INSTALL") == "no":
        raise Problem(f"missing: {missing()}, and INSTALL=no forbids installing or starting it", BY_HAND)
    if os.geteuid():
        raise Problem(
            f"missing: {missing()}; installing or starting it needs root", f"run this with sudo, or {BY_HAND}"
        )
    if not has_apt():
        raise Problem(f"missing: {missing()}; make up can install it on Debian and Ubuntu only", BY_HAND)


def _install() -> None:
    packages = [] if shutil.which("dockerd") else ["docker.io", "containerd"]
    # Ubuntu names Compose v2 otherwise, and has the client in docker.io.
    if not is_like("ubuntu") and not shutil.which("docker"):
        packages.append("docker-cli")
    if not version(compose_version()):
        packages.append("docker-compose-v2" if is_like("ubuntu") else "docker-compose")
    if not output("docker", "buildx", "version"):
        packages.append("docker-buildx")
    if not packages:
        return
    before = ""
    if os_release().get("VERSION_CODENAME") == "bookworm":
        before = ". Debian 12 has no Compose v2: this adds Debian 13 to apt's sources, pinned to these packages"
        may_change_host(f"Adding /etc/apt/sources.list.d/flaskrandom-engine.sources{before}", BY_HAND)
        _add_trixie()
    apt_install(packages, "Docker Engine", before)


def _add_trixie() -> None:
    main, security = apt_mirror("bookworm"), apt_mirror("bookworm-security")
    if not main:
        raise Problem("apt has no mirror configured for bookworm", "add one to /etc/apt/sources.list.d")
    apt = Path("/etc/apt")
    (apt / "preferences.d/flaskrandom-engine").write_text(FROM_TRIXIE)
    sources = SOURCES.format(main=main, security=security or f"{main}-security")
    (apt / "sources.list.d/flaskrandom-engine.sources").write_text(sources)


def _start() -> None:
    if engine_version():
        return
    systemd = Path("/run/systemd/system").is_dir()
    if systemd:
        may_change_host("Starting Docker Engine (systemctl enable --now docker)", BY_HAND)
        if run("systemctl", "enable", "--quiet", "--now", "docker").returncode:
            raise Problem("systemd could not start Docker", "journalctl -u docker")
    elif not _live_daemons():
        may_change_host(f"Starting Docker Engine, without systemd (log: {LOG})", BY_HAND)
        for file in ("/var/run/docker.pid", "/var/run/docker/containerd/containerd.pid"):
            _clear_pid_file(Path(file))
        with LOG.open("a") as log:
            subprocess.Popen(["dockerd"], stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while not engine_version():
        if time.monotonic() > deadline or not (systemd or _live_daemons()):
            said = last_line(LOG.read_text(errors="replace")) if LOG.exists() else "no log"
            raise Problem(f"Docker Engine did not start ({said})", f"read {LOG}")
        time.sleep(0.2)


def _clear_pid_file(path: Path) -> None:
    """A daemon that was killed leaves its pid file; the next one would take the number for a live daemon."""
    if path.exists() and path.read_text().strip() not in _live_daemons("dockerd", "containerd"):
        say(f"Removing {path}: that daemon is gone")
        path.unlink()


def _live_daemons(*names: str) -> list[str]:
    """The process ids of running daemons; a zombie is none."""
    found = []
    for pid in output("pidof", *(names or ("dockerd",))).split():
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        if "\nState:\tZ" not in status:
            found.append(pid)
    return found
