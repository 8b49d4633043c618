"""Gunicorn hooks for prometheus_client's multiprocess mode: metrics files, and which workers are up.

The files are named after their process. A worker takes the lowest free number and continues the files of the last
worker with that number. So counts survive a restart, and the number of files stays bounded.
Each number has a file that its worker locks: for reading while the worker is up, for writing before and after.
"""

import fcntl
import os
import struct
from collections import Counter
from contextlib import suppress
from io import FileIO
from itertools import count
from pathlib import Path
from typing import Any

from prometheus_client import mmap_dict, values

ONE_COUNT = 4096  # bytes; enough for the name, labels and help text of one more count

# struct flock of fcntl(2): locks that last until every process has closed the open file.
UP, NOT_UP = (struct.pack("hhqqi4x", kind, 0, 0, 0, 0) for kind in (fcntl.F_RDLCK, fcntl.F_WRLCK))

_name = ""


class MetricsFile(mmap_dict.MmapedDict):
    """A metrics file with space on its file system for all that it will write.

    A write to a mapped page for which there is no space ends the process (SIGBUS). So when the file system is full,
    this process counts in memory of its own, which no scrape sees.
    """

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        super().__init__(_with_space(filename, ONE_COUNT), read_mode)  # type: ignore[no-untyped-call]

    def _init_value(self, key: str) -> None:
        filename = _with_space(self._fname, self._used + ONE_COUNT)
        if filename != self._fname:
            self.close()  # type: ignore[no-untyped-call]
            super().__init__(filename)  # type: ignore[no-untyped-call]
        super()._init_value(key)  # type: ignore[no-untyped-call]


def _with_space(filename: str, size: int) -> str:
    """The file, once its first `size` bytes have space; else a new file in memory."""
    path = Path(filename)
    # A new file gets its name last: prometheus_client cannot read an empty one.
    new = path if path.exists() else path.with_suffix(".new")
    try:
        with new.open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, size)
        if new != path:
            new.rename(path)
    except OSError:
        return f"/proc/self/fd/{os.memfd_create('counts')}"
    return filename


def count_as(name: str) -> None:
    """Keep the counts of this process in files of this name. Call it in the master before loading the app."""
    global _name
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", "/dev/shm")  # in memory; each container has its own
    if not _name:
        values.MmapedDict = MetricsFile  # type: ignore[attr-defined]
        values.ValueClass = values.MultiProcessValue(lambda: _name)
    _name = name


def workers(files: str = "flaskrandom*") -> Counter[str]:
    """How many workers of each program are up."""
    numbers: Counter[str] = Counter()
    for path in Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob(f"{files}.lock"):
        with path.open() as file:
            numbers[path.stem.rpartition(".")[0]] += fcntl.fcntl(file, fcntl.F_OFD_GETLK, NOT_UP)[:2] == UP[:2]
    return numbers


def pre_fork(server: Any, worker: Any) -> None:
    """Take the lowest number that no worker has, not even one that outlives a killed master."""
    for number in count():
        worker.file_name = f"{worker.cfg.proc_name}.{number}"
        worker.lock = FileIO(f"{os.environ['PROMETHEUS_MULTIPROC_DIR']}/{worker.file_name}.lock", "w+")
        with suppress(BlockingIOError):
            fcntl.fcntl(worker.lock, fcntl.F_OFD_SETLK, NOT_UP)
            break


def post_fork(server: Any, worker: Any) -> None:
    for other in server.WORKERS.values():
        other.lock.close()
    count_as(worker.file_name)


def post_worker_init(worker: Any) -> None:
    """Count the start, and create the count of deaths: rate() cannot see an increase before the first sample."""
    from ..http import metrics

    metrics.program = name = worker.cfg.proc_name
    metrics.STARTS.labels(name).inc()
    metrics.DEATHS.labels(name)
    fcntl.fcntl(worker.lock, fcntl.F_OFD_SETLK, UP)


def worker_exit(server: object, worker: Any) -> None:
    fcntl.fcntl(worker.lock, fcntl.F_OFD_SETLK, NOT_UP)


def child_exit(server: object, worker: Any) -> None:
    """Count a crash. Runs in the master after a worker ended."""
    from ..http import metrics

    if worker.aborted or workers(worker.file_name).total():  # the master aborts a worker after a timeout
        metrics.DEATHS.labels(worker.cfg.proc_name).inc()
    worker.lock.close()
