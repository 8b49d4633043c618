"""What one request may cost until it is accepted or refused."""

import time
import tracemalloc
from collections.abc import Callable

COST = 0.040
"""Most seconds: twice the 20 ms that are allowed, for a busy machine."""


def check_cost(run: Callable[[], object], forget: Callable[[], object]) -> None:
    """Check that `run` takes at most `COST` and 16 MiB; `forget` empties the caches."""
    times = []
    for _ in range(5):
        forget()
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    assert min(times) < COST
    forget()
    tracemalloc.start()
    try:
        run()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20
