"""Who is served while more comes than can be served: under overload the newest, not the oldest.

The listen backlog (BACKLOG) bounds how many wait, not how long: sixty-four calls of 20 ms make each answer late by
400 ms, and as many are refused as without a queue. So once the queue is nearly full and calls have waited long in
it, workers serve only those that have just come, until one of them has time to spare; a call that waited is hung up on,
and nginx answers it as it answers those that found no place, 503 with Retry-After. A burst that the queue
can take is served, unless seven eighths of its places are still taken when its calls have waited for that long.
(Adaptive LIFO and controlled delay: Maurer, "Fail at Scale", ACM Queue 13-8, 2015.)

Who is refused may ask again at once, and a few who do so keep every worker busy for ever (a metastable failure:
Bronson et al., HotOS 2021). So every twenty seconds the judgement is made anew: everybody is served again, and it
is an overload still if calls then wait long in a queue of which a quarter is taken.

Under overload no more workers serve than there are CPUs. At other times one more is of use, since a call may wait for
something; then it would only make every call take longer, and each worker serve fewer.

nginx says in X-Request-Start when it turned to the app. Only over the Unix socket is that said by the same clock.
"""

from __future__ import annotations

import fcntl
import math
import mmap
import socket
import tempfile
import time

from flaskrandom.metrics.backlog import fullness

LONG = 0.1  # seconds in a nearly full queue, beyond which it is an overload and not a burst
HOLDS = 20.0  # seconds until that is judged anew
NEW = 0.01  # seconds that a call may have been in the queue and still be among the newest
NEARLY = 7 / 8  # of the queue
QUARTER = 1 / 4  # of it, for as long as HOLDS after an overload: it takes less to tell that it is the same one
#: A worker has time to spare once it was idle for SPARE seconds beyond IDLE_SHARE of its time. Under overload it is
#: idle, too, for a moment at a time: until the next new call comes.
SPARE = 0.05
IDLE_SHARE = 0.1
#: Whoever seems to have waited longer than nginx does (35 s), or since the future, was timed by another clock.
ABSURD = 40.0

HEADER = b"\r\nX-Request-Start: "
ENOUGH = 8192  # bytes: nginx takes addresses of 4 KiB, and its own headers come first


class Admission:
    """One judgement for all workers, in memory that they share: to be made before they are forked.

    Args:
        seats: how many workers may serve under overload.
    """

    def __init__(self, seats: int) -> None:
        #: When an overload was last seen, or HOLDS before it ended. The clock is the same for all processes.
        self._seen = memoryview(mmap.mmap(-1, 8)).cast("d")
        self._seen[0] = -math.inf
        # A seat is a byte of it that its worker has locked; the kernel gives it back when that worker ends.
        self._seats = tempfile.TemporaryFile(dir="/dev/shm")  # noqa: SIM115 -- it lasts as long as the process
        self._numbers = range(seats)
        self._seat: int | None = None
        self._spare, self._asked = 0.0, time.monotonic()

    def _overloaded(self) -> bool:
        return time.monotonic() - self._seen[0] < HOLDS

    def seated(self) -> bool:
        """Whether this worker may take calls now. A seat is kept until the overload is over."""
        if self._overloaded():
            if self._seat is None:
                self._seat = next(filter(self._sit, self._numbers), None)
            return self._seat is not None
        if self._seat is not None:
            fcntl.lockf(self._seats, fcntl.LOCK_UN)
            self._seat = None
        return True

    def _sit(self, seat: int) -> bool:
        try:
            fcntl.lockf(self._seats, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, seat)
        except BlockingIOError:
            return False
        return True

    def idle(self, seconds: float) -> None:
        """This worker had to wait so long for what came just now."""
        now = time.monotonic()
        if self._overloaded():
            self._spare = max(0.0, self._spare + seconds - IDLE_SHARE * (now - self._asked))
            if self._spare > SPARE:
                self._seen[0] = now - HOLDS
        else:
            self._spare = 0.0
        self._asked = now

    def admits(self, client: socket.socket, path: str) -> bool:
        """Whether to serve a call that has just been accepted from the socket at `path`, judged before it is parsed."""
        waited = _waited(client)
        if not NEW < waited < ABSURD:
            return True
        if waited > LONG and not self._overloaded():
            now = time.monotonic()
            if fullness(path) >= (QUARTER if now - self._seen[0] < 2 * HOLDS else NEARLY):
                self._seen[0] = now
        return not self._overloaded()


def _waited(client: socket.socket) -> float:
    """Seconds since nginx turned to the app with the call; 0 when nobody said so (a health check)."""
    try:
        _, _, rest = client.recv(ENOUGH, socket.MSG_PEEK | socket.MSG_DONTWAIT).partition(HEADER)
        return time.time() - float(rest.partition(b"\r\n")[0])
    except (OSError, ValueError):
        return 0.0
