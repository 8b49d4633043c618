"""What unique streams have to remember, taken together, stays within a budget.

Without one a few clients could ask for more than the container has, and every stream would be cut.
"""

from __future__ import annotations

from threading import Lock

from werkzeug.exceptions import ServiceUnavailable

from ..core import TooComplex

#: Bytes for a process: four streams of MAX_STREAM_COUNT unique values, by default.
BUDGET = 160 * 2**20

RETRY_AFTER = 10  # seconds


class Budget:
    """Memory that several threads share."""

    def __init__(self, size: int) -> None:
        self._size = self._left = size
        self._lock = Lock()

    def take(self, amount: int) -> None:
        """Set `amount` bytes aside.

        Raises:
            core.TooComplex: so much is never to be had.
            werkzeug.exceptions.ServiceUnavailable: others hold it now; the answer says when to try again.
        """
        if amount > self._size:
            most = self._size // 2**20
            raise TooComplex([("unique", f"would have to remember {amount // 2**20} MiB; {most} MiB is the most")])
        with self._lock:
            if amount > self._left:
                raise ServiceUnavailable(
                    "Other streams of unique values hold the memory that this one needs; try again later.",
                    retry_after=RETRY_AFTER,
                )
            self._left -= amount

    def give_back(self, amount: int) -> None:
        """Return what was taken."""
        with self._lock:
            self._left += amount
