"""What one request may cost until it is accepted or refused."""

import tracemalloc
from collections.abc import Callable
from statistics import quantiles
from time import process_time
from timeit import timeit

ALLOWED = 0.020
"""Most seconds on a common CPU."""


def reference() -> None:
    """Add and multiply integers of 200 bits, as counting does, for some `ALLOWED` / 2 seconds on a common CPU."""
    total, factor = 1 << 199, (1 << 199) - 1
    for number in range(50_000):
        total = (total * 3 + factor * number) >> 1 & factor


def cost(run: Callable[[], object], prepare: Callable[[], object]) -> float:
    """Return the CPU time of `run`, in multiples of `ALLOWED` on a common CPU: the lower quartile of nine tries.

    The machine's speed changes within seconds, so the reference runs just before and just after each try. Other load
    mostly makes tries slower, hence the quartile. `timeit` turns off garbage collection, whose cost depends on what
    other tests left.
    """
    ratios = []
    for _ in range(9):
        before = timeit(reference, timer=process_time, number=1)
        seconds = timeit(run, prepare, process_time, 1)
        ratios.append(seconds / (before + timeit(reference, timer=process_time, number=1)))
    return quantiles(ratios, n=4)[0]


def check_cost(run: Callable[[], object], forget: Callable[[], object], most: float = 2) -> None:
    """Check that `run` takes at most `most` times `ALLOWED` and 16 MiB; `forget` empties the caches."""
    assert cost(run, forget) < most
    forget()
    tracemalloc.start()
    try:
        run()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20
