"""What one request may cost until it is accepted or refused."""

import time
import tracemalloc
from collections.abc import Callable

ALLOWED = 0.020
"""Most seconds on a common CPU."""


def reference() -> None:
    """Add and multiply integers of 200 bits, as counting does, for some `ALLOWED` seconds on a common CPU."""
    total, factor = 1 << 199, (1 << 199) - 1
    for number in range(100_000):
        total = (total * 3 + factor * number) >> 1 & factor


def cost(run: Callable[[], object], prepare: Callable[[], object]) -> float:
    """Return the CPU time of `run`, in multiples of the reference's, both the least of five."""
    runs: list[float] = []
    references: list[float] = []
    for _ in range(5):
        prepare()
        for work, times in ((run, runs), (reference, references)):
            start = time.process_time()
            work()
            times.append(time.process_time() - start)
    return min(runs) / min(references)


def check_cost(run: Callable[[], object], forget: Callable[[], object], most: float = 2) -> None:
    """Check that `run` takes at most `most` times the reference's time and 16 MiB; `forget` empties the caches."""
    assert cost(run, forget) < most
    forget()
    tracemalloc.start()
    try:
        run()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20
