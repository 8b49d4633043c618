"""Memory that streams of unique values may take together: one budget for all processes of the container.

Without it a few clients could ask for more than the container has, and every stream would be cut.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from werkzeug.exceptions import ServiceUnavailable

from ..core import TooComplex

#: Each byte of this file stands for 1 MiB. A process that holds memory has the byte locked, and the kernel takes the
#: lock back however the process ends.
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
        self._file: int | None = None
        self._held: set[int] = set()
        self._lock = Lock()

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
        with self._lock:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            file, taken = self._file, list[int]()
            # This process's own locks do not stop it from locking again, so it keeps a list of them.
            for place in set(range(self._size)) - self._held:
                if len(taken) == wanted:
                    break
                try:
                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
                except BlockingIOError:
                    continue
                taken.append(place)
            self._held.update(taken)
        if len(taken) < wanted:
            self._give_back(file, taken)
            raise ServiceUnavailable(
                "Other streams of unique values hold the memory that this one needs; try again later.",
                retry_after=RETRY_AFTER,
            )
        return lambda: self._give_back(file, taken)

    def _give_back(self, file: int, places: list[int]) -> None:
        with self._lock:
            for place in places:
                fcntl.lockf(file, fcntl.LOCK_UN, 1, place)
            self._held.difference_update(places)
