"""What one request may cost until it is accepted or refused."""

import tracemalloc
from collections.abc import Callable
from statistics import median
from time import process_time
from timeit import timeit

ALLOWED = 0.020
"""Most seconds on a common CPU."""


def reference() -> None:
    """Add and multiply integers of 200 bits, as counting does, for some `ALLOWED` seconds on a common CPU."""
    total, factor = 1 << 199, (1 << 199) - 1
    for number in range(100_000):
        total = (total * 3 + factor * number) >> 1 & factor


def cost(run: Callable[[], object], prepare: Callable[[], object]) -> float:
    """Return the CPU time of `run`, in multiples of the reference's: the median of seven pairs.

    The machine's speed may change between pairs, less so within one. `timeit` turns off garbage collection, whose cost
    depends on what other tests left.
    """
    return median(
        timeit(run, prepare, process_time, 1) / timeit(reference, timer=process_time, number=1) for _ in range(7)
    )


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
