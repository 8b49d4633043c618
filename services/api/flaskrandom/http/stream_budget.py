"""Memory budget for streams of unique values, shared by all processes of the container.

Without it, a few clients could exhaust the container's memory, which would break every stream.
"""

import fcntl
import struct
from collections.abc import Callable
from pathlib import Path

from werkzeug.exceptions import ServiceUnavailable

from ..core import TooComplex

#: Each byte of this file stands for 1 MiB. A stream locks bytes through its own open file description; the kernel
#: releases them when that is closed or the process ends.
SHARED = Path("/dev/shm/flaskrandom-stream-budget")

SIZE = 160  # MiB: enough for four streams of MAX_STREAM_COUNT unique values, by default

BUSY = "Other streams of unique values hold the memory that this one needs; try again later."


def reserve(amount: int, size: int = SIZE, path: Path = SHARED) -> Callable[[], None]:
    """Reserve `amount` bytes of a budget of `size` MiB.

    Returns:
        A function that releases them.

    Raises:
        core.TooComplex: the amount exceeds the whole budget.
        werkzeug.exceptions.ServiceUnavailable: other streams hold the memory; sets Retry-After.
    """
    wanted = -(-amount // 2**20)
    if not wanted:
        return lambda: None
    if wanted > size:
        raise TooComplex([("unique", f"needs {wanted} MiB of memory; at most {size} MiB are available")])
    file = path.open("ab")
    for place in range(size):
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
    raise ServiceUnavailable(BUSY, retry_after=10)
