"""Counts summed over Gunicorn's workers, including those that have ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from support.metrics import Page
from support.polling import await_until

pytestmark = pytest.mark.long

HOOKS = "pre_fork, post_fork, post_worker_init, worker_exit, child_exit, count_as"
WORKERS = 3
CONFIGURATION = f"""
from flaskrandom.server.counting import {HOOKS}
count_as(proc_name)
preload_app = True
control_socket_disable = True
"""
#: How many scrapes a pool answers at the same time, by threads as the bulk pool has them.
AT_ONCE = 8
THREADS = f"worker_class, threads = 'gthread', {AT_ONCE}"


class Pool:
    """A Gunicorn that serves the app. The pools in a folder count into the same files."""

    def __init__(self, folder: Path, name: str, workers: int, more: str = "") -> None:
        self._folder, self._name, self._socket = folder, name, folder / f"{name}.sock"
        self.files = folder / "counts"
        self.files.mkdir(exist_ok=True)
        text = f"proc_name, workers = {name!r}, {workers}\n{more}\n{CONFIGURATION}"
        (folder / f"{name}.conf.py").write_text(text)
        self.start()

    def start(self) -> None:
        self._socket.unlink(missing_ok=True)  # else a client might still reach a worker of a killed master
        self.process = self.run(
            *("-m", "gunicorn", f"--config={self._name}.conf.py", f"--bind=unix:{self._socket}", "app:app")
        )

    def run(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a Python program that counts into the files of this pool."""
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=self._folder,
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(self.files), "PYTHONPATH": os.pathsep.join(sys.path)},
            stderr=(self._folder / "log").open("a"),
        )

    def connect(self, path: str) -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(str(self._socket))
        client.sendall(f"GET {path} HTTP/1.0\r\nHost: a\r\n\r\n".encode())
        return client

    def get(self, path: str) -> str:
        with self.connect(path) as client:
            head, _, body = received(client).partition(b"\r\n\r\n")
        assert b" 200 " in head.splitlines()[0], head
        return body.decode()

    def counts(self) -> tuple[float, ...]:
        """UUIDs drawn, and workers that run, that were started and that died."""
        page = Page(self.get("/metrics"))
        names = ("drawn_values_total", "workers", "worker_starts_total", "worker_deaths_total")
        return tuple(page.total(f"flaskrandom_{name}") for name in names)

    def numbers(self) -> set[str]:
        """The numbers of the workers that left files; the master, and another pool, have none."""
        return {file.stem.partition(f"_{self._name}.")[2] for file in self.files.glob("*.db")}

    def await_counts(self, *expected: float) -> None:
        seen: list[tuple[float, ...]] = []

        def reached() -> bool:
            with suppress(OSError):  # it has not started yet
                seen.append(self.counts())
            return seen[-1:] == [expected]

        with suppress(AssertionError):
            await_until(reached, 20, "the counts")
        assert seen[-1:] == [expected]

    @property
    def workers(self) -> set[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return set(map(int, children.read_text().split()))


def received(client: socket.socket) -> bytes:
    got = b""
    while piece := client.recv(1 << 16):
        got += piece
    return got


@contextmanager
def ended(pool: Pool) -> Iterator[Pool]:
    try:
        yield pool
    finally:
        pool.process.terminate()
        pool.process.wait(20)


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    with ended(Pool(tmp_path, "flaskrandom-bulk", WORKERS)) as pool:
        pool.await_counts(0, WORKERS, WORKERS, 0)
        yield pool


@pytest.fixture
def bulk(tmp_path: Path) -> Iterator[Pool]:
    with ended(Pool(tmp_path, "flaskrandom-bulk", 1, THREADS)) as bulk:
        bulk.await_counts(0, 1, 1, 0)
        yield bulk


def test_every_worker_reports_the_sum(pool):
    for _ in range(30):
        pool.get("/api/v1/uuids?count=10")
    assert {pool.counts() for _ in range(10)} == {(300, WORKERS, WORKERS, 0)}


def test_a_killed_worker_is_counted_and_its_counts_stay(pool):
    for _ in range(30):
        pool.get("/api/v1/uuids?count=10")
    for worker in pool.workers:
        os.kill(worker, signal.SIGKILL)
    pool.await_counts(300, WORKERS, 2 * WORKERS, WORKERS)
    pool.get("/api/v1/uuids?count=10")
    assert pool.counts() == (310, WORKERS, 2 * WORKERS, WORKERS)
    assert pool.numbers() == {"", "0", "1", "2"}


def test_a_worker_that_times_out_is_counted(tmp_path):
    with ended(Pool(tmp_path, "flaskrandom-bulk", WORKERS, "timeout = 4")) as pool:
        pool.await_counts(0, WORKERS, WORKERS, 0)
        slow = min(pool.workers)
        os.kill(slow, signal.SIGSTOP)
        await_until(lambda: "WORKER TIMEOUT" in (tmp_path / "log").read_text(), 20, "the master aborts the worker")
        os.kill(slow, signal.SIGCONT)
        pool.await_counts(0, WORKERS, WORKERS + 1, 1)


def test_scrapes_at_a_death_count_every_value_once(bulk, tmp_path):
    """Each round kills a worker of the other pool, and scrapes at once from before its death until its successor."""
    with ended(Pool(tmp_path, "flaskrandom", WORKERS)) as short, ThreadPoolExecutor(AT_ONCE) as scrapers:
        bulk.await_counts(0, 1 + WORKERS, 1 + WORKERS, 0)
        for number in range(1, 11):
            started = 1 + WORKERS + number

            def scrape(started: int = started) -> set[float]:
                """The values drawn, as every scrape until the successor has started shows them."""
                drawn, until = set(), time.monotonic() + 20
                while (seen := bulk.counts())[2] < started and time.monotonic() < until:
                    drawn.add(seen[0])
                return drawn | {seen[0]}

            short.get("/api/v1/uuids?count=10")
            scrapes = [scrapers.submit(scrape) for _ in range(AT_ONCE)]
            os.kill(min(short.workers), signal.SIGKILL)
            assert set().union(*(scrape.result() for scrape in scrapes)) == {10 * number}
            bulk.await_counts(10 * number, 1 + WORKERS, started, number)
        assert short.numbers() == {"", *map(str, range(WORKERS))}


#: Workers that start, count a value and are killed, one after the other, as fast as the hooks allow.
MORTALS = 100
DYING = f"""
import os, signal
from types import SimpleNamespace
from flaskrandom.server import counting
counting.count_as("flaskrandom")
from flaskrandom.http import metrics
server = SimpleNamespace(WORKERS={{}})
for _ in range({MORTALS}):
    worker = SimpleNamespace(cfg=SimpleNamespace(proc_name="flaskrandom"), aborted=False)
    counting.pre_fork(server, worker)
    pid = os.fork()
    if not pid:
        counting.post_fork(server, worker)
        counting.post_worker_init(worker)
        metrics.drawn("uuids")(1, 1)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    counting.child_exit(server, worker)
"""


def test_no_scrape_fails_or_miscounts_while_workers_die(bulk):
    """Gunicorn pauses between a death and the next start. Without the pause, every scrape meets some."""
    seen = [0.0]

    def scrape() -> None:
        while dying.poll() is None:
            least = max(seen)
            drawn, *_ = bulk.counts()
            seen.append(drawn)
            assert drawn >= least, "a scrape before this one counted too many, or this one too few"

    dying = bulk.run("-c", DYING)
    with ThreadPoolExecutor(AT_ONCE) as scrapers:
        for done in [scrapers.submit(scrape) for _ in range(AT_ONCE)]:
            done.result()
    assert len(seen) > MORTALS / 10
    assert dying.returncode == 0
    assert bulk.counts() == (MORTALS, 1, 1 + MORTALS, MORTALS)


def test_a_worker_that_outlives_its_master_keeps_its_counts(bulk):
    """A stream goes on when the master is killed. So its worker counts beside those of the next master."""
    with bulk.connect("/api/v1/uuids/stream?count=100000") as stream:
        stream.recv(1)
        bulk.process.kill()
        bulk.process.wait()
        bulk.start()
        bulk.await_counts(0, 2, 2, 0)
        bulk.get("/api/v1/uuids?count=10")
        received(stream)
    bulk.await_counts(100_010, 1, 2, 0)
    bulk.get("/api/v1/uuids?count=10")
    assert bulk.counts() == (100_020, 1, 2, 0)


def test_killed_workers_of_a_killed_master_no_longer_run(bulk, tmp_path):
    """They are stopped first, else they would notice that their master is gone, and end in order."""
    with ended(Pool(tmp_path, "flaskrandom", WORKERS)) as short:
        bulk.await_counts(0, 1 + WORKERS, 1 + WORKERS, 0)
        short.get("/api/v1/uuids?count=10")
        orphans = short.workers
        for orphan in orphans:
            os.kill(orphan, signal.SIGSTOP)
        short.process.kill()
        short.process.wait()
        assert bulk.counts() == (10, 1 + WORKERS, 1 + WORKERS, 0)
        for orphan in orphans:
            os.kill(orphan, signal.SIGKILL)
        bulk.await_counts(10, 1, 1 + WORKERS, 0)


def test_a_program_that_was_stopped_has_no_workers(bulk, tmp_path):
    with ended(Pool(tmp_path, "flaskrandom", WORKERS)):
        bulk.await_counts(0, 1 + WORKERS, 1 + WORKERS, 0)
    samples = Page(bulk.get("/metrics")).samples
    workers = {sample.labels["program"]: sample.value for sample in samples if sample.name == "flaskrandom_workers"}
    assert workers == {"flaskrandom": 0, "flaskrandom-bulk": 1}


def test_replaced_workers_leave_their_counts_but_no_files(pool):
    pool.get("/api/v1/uuids?count=10")
    for times in range(1, 5):
        old = pool.workers
        pool.process.send_signal(signal.SIGHUP)
        await_until(lambda old=old: pool.workers and not old & pool.workers, 20, "all workers are new")
        pool.await_counts(10, WORKERS, WORKERS * (times + 1), 0)
    # Files of old and new workers may exist at the same time, but never those of three generations.
    assert pool.numbers() <= {"", *map(str, range(2 * WORKERS))}


#: Counts in a tmpfs of one page, which the first file fills; the argument is the folder to mount it on.
FULL = """
import os, subprocess, sys
folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[1]
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={os.sysconf('SC_PAGESIZE')}", "none", folder], check=True)
from flaskrandom.server import counting
counting.count_as("flaskrandom-bulk.0")
from flaskrandom import create_app
from flaskrandom.config import Config
from flaskrandom.http import metrics
for number in range(200):
    metrics.rejected(f"reason {number}")
metrics.drawn("uuids")(1, 1)
metrics.program = "flaskrandom-bulk"
counting.count_as("flaskrandom-bulk.1")
metrics.drawn("uuids")(1, 1)
print(metrics.DRAWN_VALUES.labels("uuids")._value.get(), create_app(Config()).test_client().get("/metrics").status)
"""


def test_a_full_file_system_loses_counts_but_ends_no_process_and_no_scrape(tmp_path):
    """It runs in its own mount namespace, so that no other process sees the full file system."""
    namespace = ("unshare", "--map-root-user", "--mount")
    tried = subprocess.run([*namespace, "true"], stderr=subprocess.PIPE, text=True)
    if tried.returncode:
        pytest.skip(f"this user may not make a mount namespace: {tried.stderr.strip()}")
    command = (*namespace, sys.executable, "-c", FULL, str(tmp_path))
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (0, b"1.0 200 OK\n")
