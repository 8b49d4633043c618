"""The worker for short calls under Gunicorn's master: how it waits, sheds load, is stopped and is replaced."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flaskrandom import create_app
from flaskrandom.config import Config

pytestmark = pytest.mark.long

#: Gunicorn configurations without overload and with a permanent overload.
CALM = "SheddingWorker.shedding = Shedding('/nowhere')\n"
OVERLOAD = (
    CALM + "SheddingWorker.shedding._until[0] = float('inf')\nSheddingWorker.shedding.idle = lambda seconds: None\n"
)

GET = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"
PLAIN = GET % b""
PATIENCE = 20.0  # seconds, on a busy machine


class Served:
    """What a client received until the connection ended."""

    def __init__(self, peer: socket.socket) -> None:
        got = b""
        while piece := peer.recv(1 << 20):
            got += piece
        self.head, _, self.body = got.partition(b"\r\n\r\n")


# --- under Gunicorn's master, on listening sockets ----------------------------------------------------------------


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answers with the process id; /wait first reads the pipe named in the query, /nap first sleeps."""
    if environ["PATH_INFO"] == "/wait":
        Path(environ["QUERY_STRING"]).read_text()
    if environ["PATH_INFO"] == "/nap":
        time.sleep(0.02)
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def slow_app() -> Flask:
    """The real app, with an address that takes a minute."""
    slow = create_app(Config())
    slow.add_url_rule("/slow", "slow", lambda: str(time.sleep(60)))
    return slow


class Gunicorn:
    """A Gunicorn with a single worker, for one test."""

    def __init__(self, process: subprocess.Popen[bytes], path: Path, log: Path) -> None:
        self.process, self._log = process, log
        found = self.await_log(r"Listening at: .*http://127\.0\.0\.1:(\d+)")
        self.unix, self.tcp = str(path), ("127.0.0.1", int(found[1]))

    def await_log(self, pattern: str) -> re.Match[str]:
        until = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.log)):
            assert time.monotonic() < until, self.log
            assert self.process.poll() is None, self.log
            time.sleep(0.01)
        return found

    @property
    def log(self) -> str:
        return self._log.read_text()

    def connect(self, address: Any, request: bytes = PLAIN) -> socket.socket:
        client = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        client.settimeout(PATIENCE)
        client.connect(address)
        client.sendall(request)
        return client

    def ask(self, address: Any, request: bytes = PLAIN) -> int:
        """The process that answered."""
        with self.connect(address, request) as client:
            return int(Served(client).body)


@contextmanager
def gunicorn(folder: Path, *options: str, shedding: str = CALM, serving: str = "app") -> Iterator[Gunicorn]:
    path, log, beat = folder / "gunicorn.sock", folder / "log", folder / "beat"
    (folder / "gunicorn.conf.py").write_text(
        "from pathlib import Path\n"
        "from flaskrandom.server import readiness\n"
        "from flaskrandom.server.shedding import Shedding\n"
        "from flaskrandom.server.worker import SheddingWorker\n"
        f"readiness.BEAT = Path({str(beat)!r})\n{shedding}"
    )
    here = Path(__file__).parent
    with log.open("wb") as file:
        process = subprocess.Popen(
            [
                *(
                    sys.executable,
                    "-m",
                    "gunicorn",
                    "--worker-class",
                    "flaskrandom.server.worker.SheddingWorker",
                    "--workers",
                    "1",
                ),
                *("--bind", f"unix:{path}", "--bind", "127.0.0.1:0", "--no-control-socket", *options),
                f"{Path(__file__).stem}:{serving}",
            ],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(here), *sys.path])},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Gunicorn(process, path, log)
    finally:
        if process.poll() is None and not _ends(process, signal.SIGQUIT):
            process.kill()


def _ends(process: subprocess.Popen[bytes], by: signal.Signals) -> bool:
    process.send_signal(by)
    with suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE)
    return process.poll() is not None


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def waiting_for(pipe: Path) -> bytes:
    return GET % f"wait?{pipe}".encode()


def answered(client: socket.socket) -> bytes:
    with client:
        return Served(client).body


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Gunicorn]:
    with gunicorn(tmp_path) as running:
        yield running


def test_every_listener_is_served(running):
    assert running.ask(running.unix) == running.ask(running.tcp) == running.ask(running.unix)


def test_a_client_that_keeps_a_unix_socket_open_delays_nobody(running):
    with running.connect(running.unix) as lingering:
        worker = int(Served(lingering).body)
        began = time.monotonic()
        assert running.ask(running.unix) == worker
        assert time.monotonic() - began < 1.5, "Gunicorn's own worker waits for up to two seconds"


def test_over_tcp_the_worker_waits_until_the_client_closes(running):
    with running.connect(running.tcp) as lingering:
        Served(lingering)
        other = running.connect(running.unix)
        other.settimeout(0.3)
        with pytest.raises(TimeoutError):
            other.recv(1)
    other.settimeout(PATIENCE)
    assert answered(other)


def test_an_idle_worker_stops_on_sigterm(running):
    running.ask(running.unix)
    assert _ends(running.process, signal.SIGTERM)
    assert running.process.returncode == 0


def test_a_stopping_worker_serves_its_call_and_all_waiting_ones(running, pipe):
    busy = running.connect(running.unix, waiting_for(pipe))
    with pipe.open("w"):  # open() returns once the app reads the pipe
        waiting = running.connect(running.tcp)
        running.process.send_signal(signal.SIGTERM)
        running.await_log("Handling signal: term")
    assert answered(busy) == answered(waiting) != b""
    assert running.process.wait(PATIENCE) == 0


def test_waiting_calls_are_served_when_the_worker_is_replaced(running, pipe):
    old = running.ask(running.unix)
    busy = running.connect(running.unix, waiting_for(pipe))
    with pipe.open("w"):
        waiting = [running.connect(address) for address in (running.unix, running.tcp, running.unix, running.tcp)]
        os.kill(old, signal.SIGTERM)
    assert int(answered(busy)) == old
    assert all(int(answered(client)) for client in waiting)
    assert running.ask(running.unix) != old


def test_calls_that_waited_are_closed_under_overload(tmp_path):
    """Under a permanent overload the worker closes the call that waited and goes on to the next."""
    with gunicorn(tmp_path, shedding=OVERLOAD) as running:
        old = GET[:-2] % b"" + b"X-Request-Start: %.3f\r\n\r\n" % (time.time() - 1)
        with running.connect(running.unix, old) as refused, pytest.raises(ConnectionResetError):
            refused.recv(1)
        assert running.ask(running.unix)
        assert running.ask(running.tcp, old), "over TCP the clock may be another machine's"


def test_a_worker_at_its_max_requests_is_replaced_without_losing_a_call(tmp_path):
    with gunicorn(tmp_path, "--max-requests", "5") as worn:
        by = [worn.ask(worn.unix) for _ in range(20)]
    assert len(set(by)) >= 4


def test_a_silent_client_blocks_a_worker_only_until_the_timeout(tmp_path):
    with gunicorn(tmp_path, "--timeout", "2") as running:
        old = running.ask(running.unix)
        with running.connect(running.unix, b""):
            assert running.ask(running.unix) != old
        assert f"WORKER TIMEOUT (pid:{old})" in running.log


def test_a_call_that_takes_too_long_gets_a_problem_document(tmp_path):
    with gunicorn(tmp_path, "--timeout", "2", "--preload", serving="slow_app()") as running:
        with running.connect(running.unix, GET[:-2] % b"slow" + b"X-Request-Id: the-slow-one\r\n\r\n") as client:
            served = Served(client)
        assert served.head.startswith(b"HTTP/1.1 500 ")
        assert b"Content-Type: application/problem+json" in served.head
        assert json.loads(served.body)["request_id"] == "the-slow-one"
        assert "WORKER TIMEOUT" in running.log
        assert "unexpected error, request_id=the-slow-one" in running.log
        with running.connect(running.unix, GET % b"healthz") as client:
            assert Served(client).head.startswith(b"HTTP/1.1 200 ")


def test_the_worker_sends_heartbeats_while_idle_and_while_busy(tmp_path):
    with gunicorn(tmp_path, "--timeout", "2") as running:
        first, until = running.ask(running.unix), time.monotonic() + 4

        def ask() -> set[int]:
            by = set()
            while time.monotonic() < until:
                by.add(running.ask(running.unix, GET % b"nap"))
            return by

        # With four clients, a call is always waiting.
        with ThreadPoolExecutor(4) as clients:
            assert set().union(*clients.map(lambda _: ask(), range(4))) == {first}
        time.sleep(3)  # longer than the timeout, with nothing to do
        assert running.ask(running.tcp) == first
        assert "TIMEOUT" not in running.log


def test_an_idle_worker_beats_and_a_stuck_one_does_not(tmp_path, pipe):
    """The beat for readiness does not depend on Gunicorn's timeout."""
    beat = tmp_path / "beat"

    def silent() -> float:
        return time.monotonic() - beat.stat().st_mtime

    with gunicorn(tmp_path) as running:
        running.ask(running.unix)
        time.sleep(3)
        assert silent() < 2
        busy = running.connect(running.unix, waiting_for(pipe))
        with pipe.open("w"):
            time.sleep(3)
            assert silent() > 2
        assert answered(busy)
