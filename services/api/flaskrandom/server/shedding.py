"""Load shedding: under overload serve the newest calls and refuse those that have waited (docs/decisions.md).

Adaptive LIFO with a controlled delay: Maurer, "Fail at Scale", ACM Queue 13-8, 2015. An overload is judged anew after
HOLDS, because a few clients that ask again at once could keep every worker busy for ever (a metastable failure:
Bronson et al., HotOS 2021).

nginx notes in X-Request-Start when it passed a call on. Only over the Unix socket do both read the same clock.
"""

from __future__ import annotations

import math
import mmap
import socket
import time
from contextlib import suppress

from .backlog import backlogs

LONG = 0.1  # seconds in a nearly full queue that make it an overload
NEW = 0.01  # seconds that a call may have waited under overload
HOLDS = 20.0  # seconds until an overload is judged anew
IDLE = 0.05  # seconds without a call that end an overload
NEARLY_FULL = 7 / 8
STILL_FULL = 1 / 4  # for HOLDS after an overload
#: nginx gives up after 35 s: a longer or a negative wait comes from a clock that was set.
LONGEST = 40.0

HEADER = b"\r\nX-Request-Start: "
HEAD = 8192  # bytes: nginx passes on addresses of up to 4 KiB, and puts its own headers first


class Shedding:
    """One judgement for all workers, in memory that they share. Make it before they are forked.

    Args:
        path: the Unix socket that calls come in by.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        #: When the overload is judged anew, by the monotonic clock.
        self._until = memoryview(mmap.mmap(-1, 8)).cast("d")
        self._until[0] = -math.inf

    def admits(self, client: socket.socket) -> bool:
        """Whether to serve the call on a connection that was just accepted. Reads none of it."""
        waited, now = _waited(client), time.monotonic()
        full = STILL_FULL if now < self._until[0] + HOLDS else NEARLY_FULL
        if waited > LONG and now >= self._until[0] and _fullness(self._path) >= full:
            self._until[0] = now + HOLDS
        return waited <= NEW or now >= self._until[0]

    def idle(self, seconds: float) -> None:
        """A worker had no call for so long."""
        if seconds > IDLE:
            self._until[0] = min(self._until[0], time.monotonic())


def _fullness(path: str) -> float:
    """Fraction of the listen queue in use, 0 to 1; 0 where the kernel does not tell."""
    with suppress(OSError, KeyError):
        waiting, limit = backlogs()[path]
        return waiting / limit
    return 0.0


def _waited(client: socket.socket) -> float:
    """Seconds since nginx passed the call on; 0 when nobody said so."""
    with suppress(OSError, ValueError):
        _, _, rest = client.recv(HEAD, socket.MSG_PEEK | socket.MSG_DONTWAIT).partition(HEADER)
        waited = time.time() - float(rest.partition(b"\r\n")[0])
        return waited if 0 < waited < LONGEST else 0.0
    return 0.0
