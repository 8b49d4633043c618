"""Who is served while more comes than can be served: under overload the newest, not the oldest.

The listen backlog (BACKLOG) bounds how many wait, not how long: sixty-four calls of 20 ms make each answer late by
400 ms, and as many are refused as without a queue. So once the queue is nearly full and calls have waited long in
it, only those are served that have just come, until a worker has nothing to do; a call that waited is hung up on,
and nginx answers it as it answers those that found no place, 503 with Retry-After. A burst that the queue
can take is served, unless seven eighths of its places are still taken when its calls have waited for that long.
(Adaptive LIFO and controlled delay: Maurer, "Fail at Scale", ACM Queue 13-8, 2015.)

nginx says in X-Request-Start when it turned to the app. Only over the Unix socket is that said by the same clock.
"""

from __future__ import annotations

import mmap
import socket
import time

from flaskrandom.metrics.backlog import fullness

LONG = 0.1  # seconds in a nearly full queue, beyond which it is an overload and not a burst
NEW = 0.01  # seconds that a call may have been in the queue and still be among the newest
NEARLY = 7 / 8  # of the queue
#: Whoever seems to have waited longer than nginx does (35 s), or since the future, was timed by another clock.
ABSURD = 40.0

HEADER = b"\r\nX-Request-Start: "
ENOUGH = 8192  # bytes: nginx takes addresses of 4 KiB, and its own headers come first


class Admission:
    """One judgement for all workers, in memory that they share: to be made before they are forked."""

    def __init__(self) -> None:
        self._overloaded = mmap.mmap(-1, 1)

    def idle(self, seconds: float) -> None:
        """A worker had to wait so long for a call. Under overload the queue is empty, too, for a moment at a time."""
        if seconds > NEW:
            self._overloaded[0] = False

    def admits(self, client: socket.socket, path: str) -> bool:
        """Whether to serve a call that has just been accepted from the socket at `path`, judged before it is parsed."""
        waited = _waited(client)
        if not NEW < waited < ABSURD:
            return True
        if waited > LONG and not self._overloaded[0]:
            self._overloaded[0] = fullness(path) >= NEARLY
        return not self._overloaded[0]


def _waited(client: socket.socket) -> float:
    """Seconds since nginx turned to the app with the call; 0 when nobody said so (a health check)."""
    try:
        _, _, rest = client.recv(ENOUGH, socket.MSG_PEEK | socket.MSG_DONTWAIT).partition(HEADER)
        return time.time() - float(rest.partition(b"\r\n")[0])
    except (OSError, ValueError):
        return 0.0
