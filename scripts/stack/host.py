"""This machine: its system, packages and ports."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path

from .console import Problem, may_change_host, work
from .shell import output, run, setting

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def os_release() -> dict[str, str]:
    """The fields of /etc/os-release: ID, ID_LIKE, VERSION_CODENAME, …; none on macOS."""
    path = Path("/etc/os-release")
    lines = path.read_text().splitlines() if path.exists() else []
    return {name: "".join(shlex.split(value)) for name, _, value in (line.partition("=") for line in lines) if name}


def is_like(*systems: str) -> bool:
    release = os_release()
    return bool({release.get("ID"), *release.get("ID_LIKE", "").split()} & {*systems})


def can_install() -> bool:
    """Whether this user can and may install packages on this system."""
    has_apt = is_like("debian", "ubuntu") and shutil.which("apt-get") is not None
    return has_apt and os.geteuid() == 0 and os.environ.get("INSTALL", "") in ("", "yes")


def apt_install(packages: Iterable[str], why: str) -> None:
    """Install packages without recommended extras, after asking; refuse to upgrade or remove anything else.

    Args:
        packages: their names.
        why: what they are for, in words.

    Raises:
        Problem: it is refused, fails, or would change other packages.
    """
    names = [*packages]
    by_hand = f"apt-get install {' '.join(names)}"
    if not can_install():
        raise Problem(f"missing: {' '.join(names)} ({why})", f"as root: {by_hand}")
    may_change_host(f"Installing {' '.join(names)} from this system's own packages: {why}", by_hand)
    run("apt-get", "update", "-qq")
    command = ["env", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--no-install-recommends"]
    plan = run(*command, "--simulate", *names)
    if "\n0 upgraded" not in plan.stdout or " 0 to remove" not in plan.stdout:
        why_not = plan.stderr.strip()[-200:] or "other packages would change"
        raise Problem(f"apt does not install {' '.join(names)} ({why_not}); nothing was done", by_hand)
    work("Downloading and unpacking", [*command, "-qq", "-y", *names], by_hand)


def apt_mirror(suite: str) -> str:
    """The address that apt's own configuration has for a suite; empty when it has none."""
    indexes = ("apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages")
    if not output(*indexes):  # a fresh system has no package lists yet
        run("apt-get", "update", "-qq")
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
    """Whether another program than this project's nginx answers there."""
    own = f"label=com.docker.compose.project={setting('COMPOSE_PROJECT_NAME', 'flaskrandom')}"
    if output("docker", "ps", "--quiet", "--filter", f"publish={port}", "--filter", own):
        return False
    try:
        socket.create_connection((address or "localhost", port), timeout=1).close()
    except OSError:
        return False
    return True


def port_holder(port: int) -> str:
    """The program that uses the port, in words, as far as this user can see."""
    name = output("docker", "ps", "--format", "{{.Names}}", "--filter", f"publish={port}")
    if name:
        return f"container {name.splitlines()[0]}"
    found = output("ss", "-Hltnp", f"sport = :{port}").partition('users:(("')[2].split('"', 1)
    return found[0] or "another program"
