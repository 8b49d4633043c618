"""Who is let in under overload: real queues of real sockets, and times as nginx would say them."""

from __future__ import annotations

import os
import socket
import time
from contextlib import ExitStack, contextmanager

import pytest

from admission import HEADER, LONG, NEW, Admission
from flaskrandom.metrics.backlog import fullness

PLACES = 8


@contextmanager
def queue(tmp_path, waiting: int):
    """A listening socket with so many connections that nobody accepts."""
    path = str(tmp_path / "api.sock")
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(path)
        listener.listen(PLACES)
        for _ in range(waiting):
            stack.enter_context(socket.socket(socket.AF_UNIX)).connect(path)
        yield path


@contextmanager
def call(header: bytes = b""):
    """A connection that has been accepted, and what nginx has sent on it."""
    nginx, accepted = socket.socketpair()
    with nginx, accepted:
        nginx.sendall(b"GET /api/v1/strings?prefix=X-Request-Start:%20 HTTP/1.1" + header + b"\r\nHost: a\r\n\r\n")
        yield accepted


def waited(seconds: float) -> bytes:
    return HEADER + f"{time.time() - seconds:.3f}".encode()


def admits(admission: Admission, path: str, header: bytes) -> bool:
    with call(header) as accepted:
        return admission.admits(accepted, path)


NEWEST, OLDER, OLDEST = 0.0, NEW * 4, LONG * 2


def test_fullness(tmp_path):
    with queue(tmp_path, PLACES // 2) as path:
        assert fullness(path) == 0.5
        assert fullness(path + "x") == 0


def test_fullness_where_the_kernel_does_not_tell(monkeypatch, tmp_path):
    def refused(*_: object) -> None:
        raise PermissionError

    with queue(tmp_path, PLACES) as path:
        assert fullness(path) == 1
        monkeypatch.setattr(socket.socket, "send", refused)
        assert fullness(path) == 0


def test_long_waiting_in_a_queue_with_room_is_no_overload(tmp_path):
    with queue(tmp_path, PLACES // 2) as path:
        admission = Admission()
        assert admits(admission, path, waited(OLDEST))
        assert admits(admission, path, waited(OLDER))


def test_a_full_queue_is_no_overload_while_nobody_waits_long(tmp_path):
    with queue(tmp_path, PLACES) as path:
        admission = Admission()
        assert admits(admission, path, waited(OLDER))
        assert admits(admission, path, waited(NEWEST))


def test_under_overload_only_the_newest_are_admitted_until_a_worker_is_idle(tmp_path):
    with queue(tmp_path, PLACES) as path:
        admission = Admission()
        assert not admits(admission, path, waited(OLDEST))
        assert not admits(admission, path, waited(OLDER))
        assert admits(admission, path, waited(NEWEST))
    # It goes on while the queue is shorter, too.
    admission.idle(NEW / 2)
    assert not admits(admission, path, waited(OLDER))
    admission.idle(NEW * 2)
    assert admits(admission, path, waited(OLDER))


def test_all_processes_judge_alike(tmp_path):
    with queue(tmp_path, PLACES) as path:
        admission = Admission()
        child = os.fork()
        if not child:
            os._exit(admits(admission, path, waited(OLDEST)))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert not admits(admission, path, waited(OLDER))


@pytest.mark.parametrize("header", [b"", HEADER, HEADER + b"soon", waited(-262), waited(262)])
def test_whose_waiting_is_not_known_is_admitted(tmp_path, header):
    with queue(tmp_path, PLACES) as path:
        admission = Admission()
        assert admits(admission, path, header)
        assert not admits(admission, path, waited(OLDEST))
        assert admits(admission, path, header), "under overload, too"


def test_what_was_peeked_at_is_still_there_to_be_read(tmp_path):
    with queue(tmp_path, 0) as path, call(waited(OLDER)) as accepted:
        assert Admission().admits(accepted, path)
        assert accepted.recv(4) == b"GET "


def test_a_call_that_has_not_been_sent_yet_is_admitted_without_waiting_for_it(tmp_path):
    nginx, accepted = socket.socketpair()
    with nginx, accepted, queue(tmp_path, 0) as path:
        assert Admission().admits(accepted, path)
