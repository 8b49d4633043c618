"""How many connections wait at a Unix socket for a worker to accept them."""

from __future__ import annotations

from pathlib import Path

#: The sockets that nginx comes in by, and how many may wait at each: set by gunicorn.bulk.conf.py.
limits: dict[str, int] = {}

CONNECTING = b"02"  # SS_CONNECTING: a connection that was made and not accepted


def waiting(path: str, table: Path = Path("/proc/net/unix")) -> int:
    """Count the connections that nobody has accepted yet.

    Args:
        path: the path of the listening socket.
        table: the kernel's list of this network namespace's Unix sockets, proc(5).
    """
    end = b" " + path.encode()
    return sum(
        line.endswith(end) and line.split(maxsplit=6)[5] == CONNECTING for line in table.read_bytes().splitlines()
    )
