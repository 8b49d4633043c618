"""Whether the container can do its work, however busy it is.

The bulk pool answers `/readyz`: its threads are free when every worker of the other pool is busy. It looks at three
signs: the order to stop, the other pool's socket, and when a worker of that pool last came back for its next call.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

SOCKETS = Path("/run/flaskrandom")
API_SOCKET = f"{SOCKETS}/api.sock"
BULK_SOCKET = f"{SOCKETS}/bulk.sock"

#: The socket of the pool for short calls, in the pool that watches over it (gunicorn.bulk.conf.py).
watched: str | None = None

#: PID 1 leaves this note when the container is about to stop.
DRAINING = Path("/run/supervisor/draining")
#: Touched by each worker of the pool for short calls whenever it looks for a call.
BEAT = Path("/run/supervisor/beat")
#: Seconds without that after which no worker is left, or all are stuck. Longer than any call takes.
STUCK = 15.0


def beat() -> None:
    """A worker of the pool for short calls looks for its next call."""
    now = time.monotonic()  # no change of the wall clock makes it look stuck
    try:
        os.utime(BEAT, (now, now))
    except FileNotFoundError:
        BEAT.touch()
        beat()


def fault() -> str:
    """What keeps the pool for short calls from its work; empty when nothing does."""
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
