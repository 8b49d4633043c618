"""Readiness: how the bulk pool judges the pool for short calls."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from flaskrandom.server import healthcheck, readiness


@pytest.fixture
def pool(tmp_path: Path, monkeypatch) -> Iterator[socket.socket]:
    """A listening socket in place of the pool's, with a fresh beat of a worker."""
    path = str(tmp_path / "api.sock")
    monkeypatch.setattr(readiness, "watched", path)
    monkeypatch.setattr(readiness, "BEAT", tmp_path / "beat")
    readiness.beat()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(2)
        yield listener


def fill(listener: socket.socket) -> ExitStack:
    """Connect until the queue is full."""
    stack = ExitStack()
    while True:
        client = stack.enter_context(socket.socket(socket.AF_UNIX))
        client.setblocking(False)
        try:
            client.connect(listener.getsockname())
        except BlockingIOError:
            return stack


def test_ready_with_a_listening_socket_and_a_fresh_beat(pool, client):
    assert readiness.fault() == ""
    assert client.get("/readyz").status_code == 200


def test_ready_while_the_queue_is_full(pool, client):
    with fill(pool):
        assert readiness.fault() == ""
        assert client.get("/readyz").status_code == 200


def test_not_ready_when_nothing_listens(pool, client, caplog):
    pool.close()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"status": "not ready"})
    assert "Connection refused" in caplog.text
    assert client.get("/healthz").status_code == 200


def test_not_ready_without_the_socket(pool):
    Path(pool.getsockname()).unlink()
    assert "No such file" in readiness.fault()


def test_not_ready_when_no_worker_looks_for_calls(pool):
    silent = time.monotonic() - readiness.STUCK - 1
    os.utime(readiness.BEAT, (silent, silent))
    assert "no worker took a call for 16 s" in readiness.fault()
    readiness.beat()
    assert readiness.fault() == ""


def test_a_worker_killed_during_a_beat_does_not_leave_a_newer_one(pool, monkeypatch):
    utime, before = os.utime, readiness.BEAT.stat().st_mtime

    def killed(path: Path, times: tuple[float, float] | None = None) -> None:
        if times:
            raise SystemExit
        utime(path)  # by Path.touch()

    monkeypatch.setattr(os, "utime", killed)
    with pytest.raises(SystemExit):
        readiness.beat()
    assert readiness.BEAT.stat().st_mtime == before


def test_not_ready_before_the_first_worker(pool):
    readiness.BEAT.unlink()
    assert readiness.fault() == "no worker has started"


def test_a_pool_that_watches_no_other_pool_is_ready(monkeypatch):
    monkeypatch.setattr(readiness, "watched", None)
    assert readiness.fault() == ""


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    path = str(tmp_path / "bulk.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        yield path, listener


@pytest.mark.parametrize(("status", "wrong"), [("200 OK", ""), ("503 Service Unavailable", "HTTP/1.1 503")])
def test_the_health_check_reports_what_readyz_says(answering, status: str, wrong: str):
    path, listener = answering
    child = os.fork()
    if not child:
        connection, _ = listener.accept()
        assert connection.recv(100).startswith(b"GET /readyz ")
        connection.sendall(f"HTTP/1.1 {status}\r\n\r\n".encode())
        connection.close()
        os._exit(0)
    said = healthcheck.main(path)
    os.waitpid(child, 0)
    assert wrong in said
    assert bool(said) == bool(wrong)


def test_the_health_check_fails_without_an_answer(answering):
    path, listener = answering
    began = time.monotonic()
    assert "timed out" in healthcheck.main(path)
    assert time.monotonic() - began < 2.9, "Docker's timeout is 3 s"
    listener.close()
    assert "Connection refused" in healthcheck.main(path)
