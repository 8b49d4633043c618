"""Gunicorn hooks for prometheus_client's multiprocess mode: metrics files, and which workers are up.

The files are named after their process. A worker takes the lowest free number and continues the files of the last
worker with that number. So counts survive a restart, and the number of files stays bounded.
"""

from __future__ import annotations

import mmap
import os
from itertools import count
from typing import Any

from prometheus_client import multiprocess, values

#: In memory; each container has its own.
FOLDER = "/dev/shm"

_name = ""


def count_as(name: str) -> None:
    """Keep the counts of this process in files of this name. Call it in the master before loading the app."""
    global _name
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", FOLDER)
    if not _name:
        values.ValueClass = values.MultiProcessValue(lambda: _name)
    _name = name


def pre_fork(server: Any, worker: Any) -> None:
    taken = {other.number for other in server.WORKERS.values()}
    worker.number = next(number for number in count() if number not in taken)
    #: 1 while the worker is up; the master reads it when the worker has ended.
    worker.is_up = mmap.mmap(-1, 1)


def post_fork(server: Any, worker: Any) -> None:
    count_as(_file_name(worker))


def post_worker_init(worker: Any) -> None:
    from ..http import metrics

    metrics.worker_started(worker.cfg.proc_name)
    worker.is_up[0] = 1


def worker_abort(worker: Any) -> None:
    """Mark a worker that the master aborts after a timeout, so that it counts as a crash."""
    worker.timed_out = True


def worker_exit(server: Any, worker: Any) -> None:
    from ..http import metrics

    metrics.WORKERS.labels(worker.cfg.proc_name).set(0)
    if not getattr(worker, "timed_out", False):
        worker.is_up[0] = 0


def child_exit(server: Any, worker: Any) -> None:
    """Count a crash. Runs in the master after a worker ended."""
    from ..http import metrics

    multiprocess.mark_process_dead(_file_name(worker))
    if worker.is_up[0]:
        metrics.DEATHS.labels(worker.cfg.proc_name).inc()


def _file_name(worker: Any) -> str:
    return f"{worker.cfg.proc_name}.{worker.number}"
