"""The worker of the short calls: what it writes, and how it waits, is stopped and is replaced.

Gunicorn's own parser, configuration, sockets and master take part; only the WSGI apps are made up.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.sock import create_sockets

from admission import Admission
from gunicorn_worker import Settings, Worker

GET = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"
PLAIN = GET % b""
PATIENCE = 20.0  # seconds, on a busy machine


def plain(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


# --- one request at a time, each write seen by itself -------------------------------------------------------------


class Served:
    """What a client got: a piece for each write of the worker; `reset` when the connection was not ended in order."""

    def __init__(self, peer: socket.socket) -> None:
        self.pieces: list[bytes] = []
        self.reset = False
        try:
            while piece := peer.recv(1 << 20):
                self.pieces.append(piece)
        except ConnectionResetError:
            self.reset = True

    @property
    def head(self) -> bytes:
        return b"".join(self.pieces).partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces).partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        return int(self.head.split()[1])


Serve = Callable[..., Served]


@pytest.fixture
def worker(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Worker]:
    """One that is not started: it handles what it is given."""
    config = Config()
    config.set("bind", [f"unix:{tmp_path}/worker.sock"])
    config.set("limit_request_field_size", 500)
    log = Logger(config)
    log.error_log.addHandler(caplog.handler)
    listeners = create_sockets(config, log)
    try:
        yield Worker(1, os.getppid(), listeners, None, 30, config, log)
    finally:
        log.error_log.removeHandler(caplog.handler)
        for listener in listeners:
            listener.close()


@pytest.fixture
def serve(worker: Worker) -> Serve:
    """Have one request answered by an app, on a socket that keeps the bounds of writes (SOCK_SEQPACKET)."""

    def serve(app: Any, request: bytes = PLAIN, *more: bytes, gone: bool = False) -> Served | None:
        worker.wsgi = app
        ours, peer = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with peer:
            for part in (request, *more):
                peer.send(part)
            peer.close() if gone else peer.shutdown(socket.SHUT_WR)
            worker.handle(worker.sockets[0], ours, "")
            assert ours.fileno() == -1, "the worker has let go of the connection"
            return None if gone else Served(peer)

    return serve


def test_head_and_body_leave_in_one_write(serve):
    served = serve(plain)
    assert len(served.pieces) == 1
    assert served.status == 200
    assert b"Connection: close" in served.head
    assert served.body == b"hello"


def test_further_parts_leave_as_they_come(serve):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "9")])
        yield from (b"one", b"two", b"six")

    first, *others = serve(app).pieces
    assert first.endswith(b"\r\n\r\none")
    assert others == [b"two", b"six"]


def test_without_a_length_it_is_chunked(serve):
    def app(environ, start_response):
        start_response("200 OK", [])
        yield from (b"one", b"", b"three")

    served = serve(app)
    assert b"Transfer-Encoding: chunked" in served.head
    assert served.body == b"3\r\none\r\n5\r\nthree\r\n0\r\n\r\n"


def test_nothing_chunked_to_a_client_of_http_1_0(serve):
    def app(environ, start_response):
        start_response("200 OK", [])
        return [b"one", b"two"]

    served = serve(app, b"GET / HTTP/1.0\r\n\r\n")
    assert b"chunked" not in served.head
    assert served.body == b"onetwo"


def test_no_more_than_the_length_that_was_said(serve):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "4")])
        return [b"hel", b"lo", b"!"]

    assert serve(app).body == b"hell"


def test_an_empty_answer_has_its_head(serve):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "0")])
        return []

    served = serve(app)
    assert len(served.pieces) == 1
    assert b"Content-Length: 0" in served.head
    assert served.body == b""


def test_head_gets_the_length_and_no_body(serve):
    served = serve(plain, b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b"Content-Length: 5" in served.head
    assert served.body == b""


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_no_body_where_none_may_be(serve, status):
    def app(environ, start_response):
        start_response(status, [])
        return [b"hello"]

    served = serve(app)
    assert served.status == int(status[:3])
    assert b"chunked" not in served.head
    assert served.body == b""


@pytest.mark.parametrize("length", [b"Content-Length: 5", b"Transfer-Encoding: chunked"], ids=["whole", "in chunks"])
def test_a_request_body_reaches_the_app(serve, length):
    def app(environ, start_response):
        body = environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    body = b"hello" if b"Length" in length else b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
    assert serve(app, b"POST / HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n" % length, body).body == b"hello"


def test_an_unread_request_body_does_not_cost_the_answer(serve):
    """A socket that is closed with something unread in it is reset, and what was sent may be lost with it."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n"
    served = serve(plain, head, b"x" * 2000, b"x" * 2000)
    assert served.body == b"hello"
    assert not served.reset


def test_files_and_the_callable_of_old(serve, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"from a file")

    def app(environ, start_response):
        start_response("200 OK", [])(b"first ")
        return (environ.get("wsgi.file_wrapper") or FileWrapper)(file.open("rb"))

    assert b"".join(serve(app).body.split(b"\r\n")[1::2]) == b"first from a file"


class Body:
    """A body that ends with `error`, and knows whether it was closed."""

    def __init__(self, *parts: bytes, error: BaseException | None = None) -> None:
        self._parts, self._error, self.closed = parts, error, False

    def __call__(self, environ: Any, start_response: Any) -> Body:
        start_response("200 OK", [("Content-Length", "100000")])
        return self

    def __iter__(self) -> Iterator[bytes]:
        yield from self._parts
        if self._error:
            raise self._error

    def close(self) -> None:
        self.closed = True


def test_a_body_is_closed(serve):
    body = Body(b"hello")
    serve(body)
    assert body.closed


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(1)], ids=repr)
def test_an_error_in_the_middle_ends_the_answer_with_no_page_in_it(serve, caplog, error):
    body = Body(b"begun", error=error)
    served = serve(body)
    assert served.body == b"begun", "shorter than its length says: a client sees that it is cut"
    assert body.closed
    assert "Error handling request" in caplog.text


def test_an_error_before_anything_was_sent_is_answered(serve):
    def app(environ, start_response):
        start_response("200 OK", [])
        yield b""
        raise ValueError("broken")

    served = serve(app)
    assert served.status == 500
    assert b"200 OK" not in b"".join(served.pieces)


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(1), KeyboardInterrupt()], ids=repr)
def test_an_app_that_raises_is_answered_and_the_worker_goes_on(serve, worker, error):
    def app(environ, start_response):
        raise error

    served = serve(app)
    assert served.status == 500
    assert b"broken" not in served.body
    assert worker.alive
    assert serve(plain).status == 200


@pytest.mark.parametrize("value", ["a\r\nX: b", "a\nb", "a\0"])
def test_a_header_that_would_split_the_answer_is_none(serve, value):
    def app(environ, start_response):
        start_response("200 OK", [("X-A", value)])
        return [b"hello"]

    served = serve(app)
    assert served.status == 500
    assert b"X: b" not in served.head


@pytest.mark.parametrize("request_", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx"])
def test_a_client_that_leaves_early_is_no_error(serve, caplog, request_):
    def app(environ, start_response):
        environ["wsgi.input"].read()
        return Body(*[b"x" * 1000] * 100)(environ, start_response)

    serve(app, request_, gone=True)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_client_that_leaves_during_its_answer_is_no_error(serve, caplog):
    body = Body(*[b"x" * 1000] * 100)
    serve(body, gone=True)
    assert body.closed
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize(
    "request_",
    [b"GET / HTTP/1.1\r\nX: " + b"a" * 600 + b"\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0\r\n\r\n"],
    ids=["long header", "version", "nonsense"],
)
def test_what_is_no_request_is_refused(serve, request_):
    served = serve(lambda *_: pytest.fail("it has reached the app"), request_)
    assert 400 <= served.status < 500 or served.status == 505


def test_settings_are_what_gunicorn_says_they_are():
    config = Config()
    config.set("bind", ["127.0.0.1:0"])
    config.set("raw_env", ["A=B"])
    settings = Settings(config)
    names = {*config.settings, "address", "is_ssl", "uid", "gid", "env", "worker_class_str"}
    assert {name for name in names if getattr(settings, name) != getattr(config, name)} == set()


def test_a_worker_that_loses_its_place_leaves_the_next_call_to_others(worker, monkeypatch):
    """Overload comes while it serves one call after the other."""
    listener = worker.sockets[0]
    listener.setblocking(False)
    worker.wsgi = plain
    monkeypatch.setattr(Admission, "seated", lambda self: False)
    with socket.socket(socket.AF_UNIX) as first, socket.socket(socket.AF_UNIX) as second:
        for client in (first, second):
            client.connect(listener.getsockname())
            client.sendall(PLAIN)
        worker._serve(listener, queued=False)
        assert Served(first).body == b"hello"
        second.setblocking(False)
        with pytest.raises(BlockingIOError):
            second.recv(1)


# --- under Gunicorn's master, on listening sockets ----------------------------------------------------------------


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Says which process it is; /wait first reads the pipe that the query names, /nap takes a while."""
    if environ["PATH_INFO"] == "/wait":
        Path(environ["QUERY_STRING"]).read_text()
    if environ["PATH_INFO"] == "/nap":
        time.sleep(0.02)
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


class Gunicorn:
    """One of its own for a test, with a single worker."""

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
def gunicorn(folder: Path, *options: str) -> Iterator[Gunicorn]:
    path, log = folder / "gunicorn.sock", folder / "log"
    here = Path(__file__).parent
    with log.open("wb") as file:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--worker-class", "gunicorn_worker.Worker", "--workers", "1"),
                *("--bind", f"unix:{path}", "--bind", "127.0.0.1:0", "--no-control-socket", *options),
                f"{Path(__file__).stem}:app",
            ],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": f"{here}:{here.parent}"},
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


def test_a_client_on_a_unix_socket_that_does_not_hang_up_holds_nobody_up(running):
    with running.connect(running.unix) as lingering:
        worker = int(Served(lingering).body)
        began = time.monotonic()
        assert running.ask(running.unix) == worker
        assert time.monotonic() - began < 1.5, "Gunicorn's own waits for up to two seconds"


def test_over_tcp_the_answer_is_given_time_to_arrive(running):
    with running.connect(running.tcp) as lingering:
        Served(lingering)
        other = running.connect(running.unix)
        other.settimeout(0.3)
        with pytest.raises(TimeoutError):
            other.recv(1)
    other.settimeout(PATIENCE)
    assert answered(other)


def test_an_idle_worker_stops_when_told_to(running):
    running.ask(running.unix)
    assert _ends(running.process, signal.SIGTERM)
    assert running.process.returncode == 0


def test_a_busy_worker_ends_its_answer_first_and_takes_who_waits(running, pipe):
    busy = running.connect(running.unix, waiting_for(pipe))
    with pipe.open("w"):  # opened: the app is reading
        waiting = running.connect(running.tcp)
        running.process.send_signal(signal.SIGTERM)
        running.await_log("Handling signal: term")
    assert answered(busy) == answered(waiting) != b""
    assert running.process.wait(PATIENCE) == 0


def test_whoever_waits_is_served_when_the_worker_is_replaced(running, pipe):
    old = running.ask(running.unix)
    busy = running.connect(running.unix, waiting_for(pipe))
    with pipe.open("w"):
        waiting = [running.connect(address) for address in (running.unix, running.tcp, running.unix, running.tcp)]
        os.kill(old, signal.SIGTERM)
    assert int(answered(busy)) == old
    by = [int(answered(client)) for client in waiting]
    assert set(by) - {old}, "a new worker goes on"
    assert running.ask(running.unix) != old


def test_under_overload_one_worker_serves_for_each_seat_and_the_others_stand_by(tmp_path):
    """An overload that does not end, and one seat for two workers."""
    (tmp_path / "gunicorn.conf.py").write_text(
        "from gunicorn_worker import Admission, Worker\n"
        "Worker.admission = Admission(1)\n"
        "Admission._overloaded = lambda self: True\n"
    )
    with gunicorn(tmp_path, "--workers", "2") as running, ThreadPoolExecutor(8) as clients:

        def ask_at_once() -> set[int]:
            return set(clients.map(lambda _: running.ask(running.unix, GET % b"nap"), range(40)))

        by = ask_at_once()
        assert len(by) == 1
        os.kill(by.pop(), signal.SIGKILL)
        assert len(ask_at_once()) == 1, "another takes the seat"
        assert _ends(running.process, signal.SIGTERM), "who stands by hears it, too"


def test_a_worn_out_worker_is_replaced_and_no_call_lost(tmp_path):
    with gunicorn(tmp_path, "--max-requests", "5") as worn:
        by = [worn.ask(worn.unix) for _ in range(20)]
    assert len(set(by)) >= 4


def test_a_client_that_never_sends_holds_a_worker_for_the_timeout_at_the_most(tmp_path):
    with gunicorn(tmp_path, "--timeout", "2") as running:
        old = running.ask(running.unix)
        with running.connect(running.unix, b""):
            assert running.ask(running.unix) != old
        assert f"WORKER TIMEOUT (pid:{old})" in running.log


def test_the_heart_beats_while_idle_and_while_busy(tmp_path):
    with gunicorn(tmp_path, "--timeout", "2") as running:
        first, until = running.ask(running.unix), time.monotonic() + 4

        def ask() -> set[int]:
            by = set()
            while time.monotonic() < until:
                by.add(running.ask(running.unix, GET % b"nap"))
            return by

        # So many that whenever one is answered the next one waits.
        with ThreadPoolExecutor(4) as clients:
            assert set().union(*clients.map(lambda _: ask(), range(4))) == {first}
        time.sleep(3)  # longer than the timeout, with nothing to do
        assert running.ask(running.tcp) == first
        assert "TIMEOUT" not in running.log
