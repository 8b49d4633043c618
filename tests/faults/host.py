"""A container's processes as the host sees them: signals from outside, cgroups, and pausing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.stack import Container, run


def host_pids(container: Container) -> dict[int, int]:
    """Map each pid inside the container to its pid on the host."""
    top = container.state["Pid"]
    found = {}
    namespace = Path(f"/proc/{top}/ns/pid").readlink()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "ns/pid").readlink() == namespace:
                inside = next(line for line in (entry / "status").read_text().splitlines() if line.startswith("NSpid:"))
                found[int(inside.split()[-1])] = int(entry.name)
        except (OSError, StopIteration):
            continue  # the process has ended in the meantime
    return found


def kill(container: Container, inside: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal from outside the container, as the kernel's OOM killer or an operator would."""
    os.kill(host_pids(container)[inside], number)


def cgroup(container: Container, controller: str) -> Path:
    """The folder of a container's cgroup. In version 2 all controllers share one."""
    lines = Path(f"/proc/{container.state['Pid']}/cgroup").read_text().splitlines()
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return Path("/sys/fs/cgroup") / controller / path.lstrip("/")
    return Path("/sys/fs/cgroup") / lines[-1].split(":", 2)[2].lstrip("/")


@contextmanager
def paused(container: Container) -> Iterator[None]:
    """Use `docker pause`, or stop every process if the engine cannot freeze the cgroup (version 1 under load)."""
    if run("docker", "pause", container.ident).returncode == 0:
        try:
            yield
        finally:
            run("docker", "unpause", container.ident)
        return
    # Twice: a process may have been forked while the others were stopped.
    stopped = [pid for _ in range(2) for pid in host_pids(container).values()]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in set(stopped):
            os.kill(pid, signal.SIGCONT)
