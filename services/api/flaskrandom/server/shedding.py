"""Load shedding: under overload serve the newest calls and refuse those that have waited (docs/decisions.md).

Adaptive LIFO with a controlled delay: Maurer, "Fail at Scale", ACM Queue 13-8, 2015. An overload expires after HOLDS
and must be detected again: a few clients that retry at once could sustain it for ever (a metastable failure: Bronson
et al., HotOS 2021).

nginx sends the time of forwarding in X-Request-Start. Only over the Unix socket do nginx and the app share a clock.
"""

import mmap
import socket
import time
from contextlib import suppress

from .backlog import backlogs

LONG = 0.1  # seconds waited in a nearly full queue that start an overload
NEW = 0.01  # seconds that a call may have waited under overload
HOLDS = 20.0  # seconds until an overload expires
IDLE = 0.05  # seconds without a call that end an overload
NEARLY_FULL = 7 / 8
STILL_LONG, STILL_FULL = 0.03, 1 / 4  # instead, for HOLDS after an overload
LONGEST = 40.0  # nginx gives up after 35 s; longer waits, and negative ones, are clock skew
HEADER = b"\r\nX-Request-Start: "
HEAD = 9216  # bytes to peek: a request line of up to 8190 bytes, and X-Request-Start, the first header


class Shedding:
    """Overload state of the pool on a Unix socket, in memory that all workers share. Create it before forking them."""

    def __init__(self, path: str) -> None:
        self._path = path
        #: Monotonic time at which the overload expires.
        self._until = memoryview(mmap.mmap(-1, 8)).cast("d")
        self._until[0] = -HOLDS  # the clock starts at 0 when the machine boots

    def admits(self, client: socket.socket) -> bool:
        """Whether to serve the call on a connection that was just accepted. Consumes no data."""
        waited, now = _waited(client), time.monotonic()
        long, full = (STILL_LONG, STILL_FULL) if now < self._until[0] + HOLDS else (LONG, NEARLY_FULL)
        if waited > long and now >= self._until[0] and _fullness(self._path) >= full:
            self._until[0] = now + HOLDS
        return waited <= NEW or now >= self._until[0]

    def idle(self, seconds: float) -> None:
        """Record how long a worker had no call."""
        if seconds > IDLE:
            self._until[0] = min(self._until[0], time.monotonic())


def _fullness(path: str) -> float:
    """Fraction of the listen queue in use, 0 to 1; 0 if unknown."""
    with suppress(OSError, KeyError):
        waiting, limit = backlogs()[path]
        return waiting / limit
    return 0.0


def _waited(client: socket.socket) -> float:
    """Seconds since nginx forwarded the call; 0 if unknown."""
    with suppress(OSError, ValueError):
        _, _, rest = client.recv(HEAD, socket.MSG_PEEK | socket.MSG_DONTWAIT).partition(HEADER)
        waited = time.time() - float(rest.partition(b"\r\n")[0])
        return waited if 0 < waited < LONGEST else 0.0
    return 0.0
