"""Load shedding with real queues of real sockets, and waiting times as nginx sends them."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from flaskrandom.server import shedding
from flaskrandom.server.backlog import backlogs
from flaskrandom.server.shedding import HEADER, HOLDS, IDLE, LONG, NEW, Shedding

BACKLOG = 8


class Queue:
    """A listening socket and connections that nobody accepts."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._stack = ExitStack()
        listener = self._stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(path)
        listener.listen(BACKLOG)
        self._clients = ExitStack()
        self._listener = listener

    def hold(self, connections: int) -> None:
        """Keep exactly this number of connections waiting."""
        self._listener.setblocking(False)
        self._clients.close()
        try:
            while True:
                self._listener.accept()[0].close()
        except BlockingIOError:
            pass
        for _ in range(connections):
            self._clients.enter_context(socket.socket(socket.AF_UNIX)).connect(self.path)

    def close(self) -> None:
        self._clients.close()
        self._stack.close()


@pytest.fixture
def queue(tmp_path) -> Iterator[Queue]:
    queue = Queue(str(tmp_path / "api.sock"))
    yield queue
    queue.close()


@pytest.fixture
def shed(queue) -> Shedding:
    return Shedding(queue.path)


@contextmanager
def call(header: bytes = b"") -> Iterator[socket.socket]:
    """An accepted connection on which nginx has sent a request."""
    nginx, accepted = socket.socketpair()
    with nginx, accepted:
        nginx.sendall(b"GET /api/v1/strings?prefix=X-Request-Start:%20 HTTP/1.1" + header + b"\r\nHost: a\r\n\r\n")
        yield accepted


def waited(seconds: float) -> bytes:
    return HEADER + f"{time.time() - seconds:.3f}".encode()


def admits(shed: Shedding, header: bytes) -> bool:
    with call(header) as accepted:
        return shed.admits(accepted)


FRESH, OLDER, OLD = 0.0, NEW * 4, LONG * 2


def test_waiting_connections_are_counted(queue):
    queue.hold(5)
    assert backlogs()[queue.path] == (5, BACKLOG)


def test_every_call_is_admitted_if_the_queue_length_is_unknown(shed, queue, monkeypatch):
    def refused(*_: object) -> None:
        raise PermissionError

    queue.hold(BACKLOG)
    monkeypatch.setattr(socket.socket, "send", refused)
    assert admits(shed, waited(OLD))


def test_a_long_wait_without_a_full_queue_is_no_overload(shed, queue):
    queue.hold(BACKLOG // 2)
    assert admits(shed, waited(OLD))
    assert admits(shed, waited(OLDER))


def test_a_full_queue_with_short_waits_is_no_overload(shed, queue):
    queue.hold(BACKLOG)
    assert admits(shed, waited(OLDER))
    assert admits(shed, waited(FRESH))


@pytest.fixture
def overloaded(shed, queue) -> Shedding:
    """An overload was detected; the queue has been empty since."""
    queue.hold(BACKLOG)
    assert not admits(shed, waited(OLD))
    queue.hold(0)
    return shed


def test_under_overload_only_new_calls_are_admitted(overloaded):
    assert not admits(overloaded, waited(OLDER))
    assert admits(overloaded, waited(FRESH))


class Clock:
    """The monotonic clock, moved by hand."""

    now = 1000.0


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(shedding.time, "monotonic", lambda: clock.now)
    return clock


def test_an_idle_worker_ends_the_overload(clock, overloaded):
    overloaded.idle(IDLE / 2)
    assert not admits(overloaded, waited(OLDER))
    overloaded.idle(IDLE * 2)
    assert admits(overloaded, waited(OLDER))


def test_an_overload_expires_even_if_every_worker_is_busy(clock, overloaded):
    clock.now += HOLDS - 1
    assert not admits(overloaded, waited(OLDER))
    clock.now += 1
    assert admits(overloaded, waited(OLDER))


def test_a_queue_with_room_is_no_overload_just_after_boot(clock, shed, queue):
    clock.now = 5.0
    queue.hold(BACKLOG // 2)
    assert admits(shed, waited(OLD))
    assert admits(shed, waited(OLDER))


@pytest.mark.parametrize("ends", ["by time", "by idleness"])
def test_a_shorter_queue_and_wait_renew_a_recent_overload(clock, overloaded, queue, ends: str):
    if ends == "by time":
        clock.now += HOLDS
    else:
        overloaded.idle(1)
    assert admits(overloaded, waited(OLD)), "the queue is empty"
    queue.hold(BACKLOG // 2)
    clock.now += HOLDS * 0.9
    assert admits(overloaded, waited(NEW * 2))
    assert not admits(overloaded, waited(LONG / 2))
    clock.now += HOLDS * 2
    assert admits(overloaded, waited(OLD)), "too long ago to be the same overload"


def test_all_processes_share_the_overload(shed, queue):
    queue.hold(BACKLOG)
    child = os.fork()
    if not child:
        os._exit(admits(shed, waited(OLD)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not admits(shed, waited(OLDER))


@pytest.mark.parametrize(
    "sent",
    [b"", HEADER, HEADER + b"soon", -262, 262],
    ids=["no header", "no time", "no number", "in the future", "long ago"],
)
def test_a_call_without_a_known_wait_is_admitted(shed, queue, sent):
    header = waited(sent) if isinstance(sent, int) else sent
    queue.hold(BACKLOG)
    assert admits(shed, header)
    assert not admits(shed, waited(OLD))
    assert admits(shed, header), "it is admitted under overload too"


def test_shedding_leaves_the_request_unread(shed):
    with call(waited(OLDER)) as accepted:
        assert shed.admits(accepted)
        assert accepted.recv(4) == b"GET "


def test_the_wait_is_found_after_a_long_address(shed, queue):
    queue.hold(BACKLOG)
    address = b"/api/v1/strings?length=16&prefix=".ljust(8170, b"a")
    nginx, accepted = socket.socketpair()
    with nginx, accepted:
        nginx.sendall(b"GET " + address + b" HTTP/1.1" + waited(OLD) + b"\r\nHost: a\r\n\r\n")
        assert not shed.admits(accepted)


def test_a_connection_without_a_request_yet_is_admitted_at_once(shed):
    nginx, accepted = socket.socketpair()
    with nginx, accepted:
        assert shed.admits(accepted)
