"""Memory that streams of unique values may take together: one budget for all processes of the container.

Without it a few clients could ask for more than the container has, and every stream would be cut.
"""

from __future__ import annotations

import fcntl
import struct
from collections.abc import Callable
from pathlib import Path

from werkzeug.exceptions import ServiceUnavailable

from ..core import TooComplex

#: Each byte of this file stands for 1 MiB. A stream that holds memory has the byte locked, through a file of its own;
#: the kernel takes the lock back when that is closed, or its process ends.
SHARED = Path("/dev/shm/flaskrandom-stream-budget")

#: Enough for four streams of MAX_STREAM_COUNT unique values, by default.
SIZE = 160  # MiB

RETRY_AFTER = 10  # seconds


class Budget:
    """A number of MiB that threads and processes share.

    Args:
        size: MiB in all.
        path: the file that the processes share; it is made when first needed.
    """

    def __init__(self, size: int = SIZE, path: Path = SHARED) -> None:
        self._size = size
        self._path = path

    def take(self, amount: int) -> Callable[[], None]:
        """Set `amount` bytes aside.

        Returns:
            what gives them back.

        Raises:
            core.TooComplex: the budget can never hold so much.
            werkzeug.exceptions.ServiceUnavailable: other streams hold it now; the answer says when to try again.
        """
        wanted = -(-amount // 2**20)
        if not wanted:
            return lambda: None
        if wanted > self._size:
            raise TooComplex([("unique", f"would have to remember {wanted} MiB; {self._size} MiB is the most")])
        file = self._path.open("ab")
        for place in range(self._size):
            # struct flock of fcntl(2): a lock that belongs to the open file, not to the process.
            lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, place, 1, 0)
            try:
                fcntl.fcntl(file, fcntl.F_OFD_SETLK, lock)
            except BlockingIOError:
                continue
            wanted -= 1
            if not wanted:
                return file.close
        file.close()
        raise ServiceUnavailable(
            "Other streams of unique values hold the memory that this one needs; try again later.",
            retry_after=RETRY_AFTER,
        )
