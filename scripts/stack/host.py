"""What this machine is and has: packages, ports, room on its disk."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path

from .console import Problem, may_change_host, work
from .shell import output, run, setting

#: What the builds need at their peak, with room to breathe, in MiB.
NEED_MIB = 2048


def os_release() -> dict[str, str]:
    """The fields of /etc/os-release: ID, ID_LIKE, VERSION_CODENAME, …; none on macOS."""
    path = Path("/etc/os-release")
    lines = path.read_text().splitlines() if path.exists() else []
    return {name: "".join(shlex.split(value)) for name, _, value in (line.partition("=") for line in lines) if name}


def is_like(*systems: str) -> bool:
    release = os_release()
    return bool({release.get("ID"), *release.get("ID_LIKE", "").split()} & {*systems})


def has_apt() -> bool:
    return is_like("debian", "ubuntu") and shutil.which("apt-get") is not None


def can_install() -> bool:
    """Whether this user can install packages on this system."""
    return os.geteuid() == 0 and has_apt()


def apt_update() -> None:
    done = run("apt-get", "update", "-qq")
    if done.returncode:
        raise Problem(f"apt-get update failed ({done.stderr.strip()[-200:]})", "mend apt's sources or the network")


def apt_install(packages: Iterable[str], why: str, before: str = "") -> None:
    """Install packages without recommended extras, after asking; refuse to upgrade or remove anything else.

    Args:
        packages: their names.
        why: what they are for.
        before: another change that comes with them, in words.

    Raises:
        Problem: it is refused, fails, or would change other packages.
    """
    names = [*packages]
    by_hand = f"apt-get install {' '.join(names)}"
    if not can_install():
        raise Problem(f"{why} needs {' '.join(names)}", f"as root: {by_hand}")
    may_change_host(f"Installing {' '.join(names)} from this system's own packages: {why}{before}", by_hand)
    apt_update()
    command = ["apt-get", "install", "--no-install-recommends"]
    plan = run("env", "LC_ALL=C", *command, "--simulate", *names)
    if plan.returncode:
        raise Problem(f"apt cannot install {' '.join(names)} ({plan.stderr.strip()[-200:]})", f"{by_hand}, and see why")
    if " 0 to remove" not in plan.stdout or "\n0 upgraded" not in f"\n{plan.stdout}":
        raise Problem(f"installing {' '.join(names)} would change other packages; nothing was done", by_hand)
    quiet = ("-qq", "-y", "-o", "Dpkg::Use-Pty=0")
    work("Downloading and unpacking", ["env", "DEBIAN_FRONTEND=noninteractive", *command, *quiet, *names], by_hand)


def apt_mirror(suite: str) -> str:
    """The address that apt's own configuration has for a suite; empty when it has none."""
    indexes = ("apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages")
    if not output(*indexes):  # a fresh system has no package lists yet
        apt_update()
    for line in output(*indexes).splitlines():
        release, _, address = line.partition(" ")
        if release == suite:
            if address.startswith("mirror+file:"):
                # Cloud images name a file that lists mirrors.
                address = Path(address[len("mirror+file:") :].rstrip("/")).read_text().split()[0]
            return address.rstrip("/")
    return ""


def published(name: str, default: str) -> tuple[str, int]:
    """The address ('' for all) and port of a setting such as 8080 or 127.0.0.1:8080."""
    address, _, port = setting(name, default).rpartition(":")
    return address.strip("[]"), int(port)


def port_taken(address: str, port: int) -> bool:
    """Whether another program than this project's nginx listens there."""
    project = setting("COMPOSE_PROJECT_NAME", "flaskrandom")
    own = f"label=com.docker.compose.project={project}"
    if output("docker", "ps", "--quiet", "--filter", f"publish={port}", "--filter", own):
        return False
    places = [(socket.AF_INET6 if ":" in address else socket.AF_INET, address)] if address else []
    return any(
        _listens(family, at, port) for family, at in places or [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]
    )


def _listens(family: socket.AddressFamily, address: str, port: int) -> bool:
    try:
        with socket.socket(family) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((address, port))
    except OSError as error:
        if error.errno == errno.EACCES:
            # This user may not bind there, but can see whether somebody else did.
            with socket.socket(family) as client:
                client.settimeout(1)
                local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
                return client.connect_ex((local, port)) == 0
        return error.errno == errno.EADDRINUSE
    return False


def port_holder(port: int) -> str:
    """Who has the port, in words, as far as this user can see."""
    name = output("docker", "ps", "--format", "{{.Names}}", "--filter", f"publish={port}")
    if name:
        return f"container {name.splitlines()[0]}"
    found = output("ss", "-Hltnp", f"sport = :{port}").partition('users:(("')[2].split('"', 1)
    return found[0] or "another program"


def free_mib(folder: Path) -> int:
    """What is left there, or at the nearest folder above it that this user can see."""
    while not os.access(folder, os.X_OK):
        folder = folder.parent
    return shutil.disk_usage(folder).free >> 20
