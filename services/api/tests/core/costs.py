"""What one request may cost before it is taken or refused."""

import time
import tracemalloc
from collections.abc import Callable


def check_cost(run: Callable[[], object], forget: Callable[[], object]) -> None:
    """It takes at most 20 ms (twice that here, for a busy machine) and 16 MiB, with nothing cached: see `forget`."""
    times = []
    for _ in range(5):
        forget()
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    assert min(times) < 0.040
    forget()
    tracemalloc.start()
    try:
        run()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20
