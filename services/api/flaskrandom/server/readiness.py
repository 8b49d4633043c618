"""Readiness: whether the container can do its work, even under full load.

The bulk pool answers `/readyz`, as it has free threads even if every worker for short calls is busy. It checks for a
pending shutdown, connects to the other pool's socket, and reads that pool's last heartbeat.
"""

import os
import socket
import time
from pathlib import Path

SOCKETS = Path("/run/flaskrandom")
API_SOCKET = f"{SOCKETS}/api.sock"
BULK_SOCKET = f"{SOCKETS}/bulk.sock"

#: Socket of the pool for short calls; set in the bulk pool only (gunicorn.bulk.conf.py).
watched: str | None = None

#: PID 1 creates this file before the container stops.
DRAINING = Path("/run/supervisor/draining")
#: Heartbeat: workers for short calls touch this file whenever they wait for a call.
BEAT = Path("/run/supervisor/beat")
#: Seconds without a heartbeat after which the pool counts as stuck; longer than any call.
STUCK = 15.0


def beat() -> None:
    """Record a heartbeat of a worker for short calls."""
    now = time.monotonic()  # unaffected by changes of the wall clock
    try:
        os.utime(BEAT, (now, now))
    except FileNotFoundError:
        BEAT.touch()  # only if missing: touch writes the wall clock, which would stay if the worker were killed now
        os.utime(BEAT, (now, now))


def fault() -> str:
    """The fault of the pool for short calls; empty if there is none."""
    if watched is None:
        return ""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(watched)
        except BlockingIOError:
            pass  # the queue is full: busy, not broken
        except OSError as error:
            return f"{watched}: {error.strerror}"
    try:
        silent = time.monotonic() - BEAT.stat().st_mtime
    except FileNotFoundError:
        return "no worker has started"
    return f"no worker took a call for {silent:.0f} s" if silent > STUCK else ""
