"""Wait for a condition instead of a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def await_until(condition: Callable[[], T], seconds: float, what: str) -> T:
    """Call `condition` until it returns something true, and return that.

    Raises:
        AssertionError: it did not within `seconds`. The message has `what` was awaited and the last value.
    """
    deadline = time.monotonic() + seconds
    while not (seen := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s; last seen: {seen!r}")
        time.sleep(0.05)
    return seen
