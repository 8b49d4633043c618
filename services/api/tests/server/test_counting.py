"""Counts summed over Gunicorn's workers, including those that have ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.metrics import Page
from support.polling import await_until

pytestmark = pytest.mark.long

HOOKS = "pre_fork, post_fork, post_worker_init, worker_abort, worker_exit, child_exit, count_as"
WORKERS = 3
CONFIGURATION = f"""
from flaskrandom.server.counting import {HOOKS}
proc_name = "flaskrandom-bulk"
count_as(proc_name)
preload_app = True
workers = {WORKERS}
control_socket_disable = True
"""


class Pool:
    """A Gunicorn that serves the app with a few workers."""

    def __init__(self, folder: Path) -> None:
        self._socket = str(folder / "sock")
        self.files = folder / "counts"
        self.files.mkdir()
        (folder / "gunicorn.conf.py").write_text(CONFIGURATION)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--bind", f"unix:{self._socket}", "app:app"],
            cwd=folder,
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(self.files), "PYTHONPATH": os.pathsep.join(sys.path)},
            stderr=(folder / "log").open("w"),
        )

    def get(self, path: str) -> str:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(self._socket)
            client.sendall(f"GET {path} HTTP/1.0\r\nHost: a\r\n\r\n".encode())
            got = b""
            while piece := client.recv(1 << 16):
                got += piece
        return got.partition(b"\r\n\r\n")[2].decode()

    def counts(self) -> tuple[float, ...]:
        """UUIDs drawn, and workers that run, that were started and that died."""
        try:
            page = Page(self.get("/metrics"))
        except OSError:
            return ()  # not started yet
        names = ("drawn_values_total", "workers", "worker_starts_total", "worker_deaths_total")
        return tuple(page.total(f"flaskrandom_{name}") for name in names)

    def numbers(self) -> set[str]:
        """The numbers of the workers that left files; the master has none."""
        return {file.stem.partition("flaskrandom-bulk")[2].lstrip(".") for file in self.files.iterdir()}

    def await_counts(self, *expected: float) -> None:
        await_until(lambda: self.counts() == expected, 20, f"{expected} is counted, not {self.counts()}")

    @property
    def workers(self) -> set[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return set(map(int, children.read_text().split()))


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    pool = Pool(tmp_path)
    try:
        pool.await_counts(0, WORKERS, WORKERS, 0)
        yield pool
    finally:
        pool.process.terminate()
        pool.process.wait(20)


def test_every_worker_reports_the_sum(pool):
    for _ in range(30):
        pool.get("/api/v1/uuids?count=10")
    assert {pool.counts() for _ in range(10)} == {(300, WORKERS, WORKERS, 0)}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGABRT], ids=["killed", "timed out"])
def test_a_dead_worker_is_counted_and_its_counts_stay(pool, how):
    for _ in range(30):
        pool.get("/api/v1/uuids?count=10")
    for worker in pool.workers:
        os.kill(worker, how)
    pool.await_counts(300, WORKERS, 2 * WORKERS, WORKERS)
    pool.get("/api/v1/uuids?count=10")
    assert pool.counts() == (310, WORKERS, 2 * WORKERS, WORKERS)
    assert pool.numbers() == {"", "0", "1", "2"}


def test_replaced_workers_leave_their_counts_but_no_files(pool):
    pool.get("/api/v1/uuids?count=10")
    for times in range(1, 5):
        old = pool.workers
        pool.process.send_signal(signal.SIGHUP)
        await_until(lambda old=old: pool.workers and not old & pool.workers, 20, "all workers are new")
        pool.await_counts(10, WORKERS, WORKERS * (times + 1), 0)
    # Files of old and new workers may exist at the same time, but never those of three generations.
    assert pool.numbers() <= {"", *map(str, range(2 * WORKERS))}


def test_an_empty_file_of_a_new_worker_is_ignored(pool):
    """A new file is empty for a moment, which prometheus_client does not expect."""
    file = pool.files / "counter_flaskrandom-bulk.9.db"
    file.touch()
    assert Page(pool.get("/metrics")).total("flaskrandom_workers") == WORKERS
    file.unlink()


#: Counts in a tmpfs of one page, which the first file fills; the argument is the folder to mount it on.
FULL = """
import os, subprocess, sys
folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[1]
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={os.sysconf('SC_PAGESIZE')}", "none", folder], check=True)
from flaskrandom.server import counting
counting.count_as("flaskrandom.0")
from flaskrandom.http import metrics
for number in range(200):
    metrics.rejected(f"reason {number}")
metrics.drawn("uuids")(1, 1)
metrics.worker_started("flaskrandom")
counting.count_as("flaskrandom.1")
metrics.drawn("uuids")(1, 1)
print(metrics.DRAWN_VALUES.labels("uuids")._value.get())
"""


def test_a_full_file_system_loses_counts_but_ends_no_process(tmp_path):
    """It runs in its own mount namespace, so that no other process sees the full file system."""
    namespace = ("unshare", "--map-root-user", "--mount")
    tried = subprocess.run([*namespace, "true"], stderr=subprocess.PIPE, text=True)
    if tried.returncode:
        pytest.skip(f"this user may not make a mount namespace: {tried.stderr.strip()}")
    command = (*namespace, sys.executable, "-c", FULL, str(tmp_path))
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (0, b"1.0\n")
