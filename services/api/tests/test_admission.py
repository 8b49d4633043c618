"""Who is let in under overload: real queues of real sockets, and times as nginx would say them."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import Pipe, get_context

import pytest

from admission import HEADER, HOLDS, LONG, NEW, Admission
from flaskrandom.metrics.backlog import fullness

PLACES = 8


@contextmanager
def queue(folder, waiting: int):
    """A listening socket with so many connections that nobody accepts."""
    path = str(folder / f"{uuid.uuid4().hex[:8]}.sock")
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
        admission = Admission(2)
        assert admits(admission, path, waited(OLDEST))
        assert admits(admission, path, waited(OLDER))


def test_a_full_queue_is_no_overload_while_nobody_waits_long(tmp_path):
    with queue(tmp_path, PLACES) as path:
        admission = Admission(2)
        assert admits(admission, path, waited(OLDER))
        assert admits(admission, path, waited(NEWEST))


@pytest.fixture
def overloaded(tmp_path) -> Callable[[], Admission]:
    """Makes an overload; the queue is shorter afterwards, and that does not end it."""

    def overloaded() -> Admission:
        admission = Admission(2)
        with queue(tmp_path, PLACES) as path:
            assert not admits(admission, path, waited(OLDEST))
        return admission

    return overloaded


def ended(admission: Admission) -> bool:
    return admits(admission, "", waited(OLDER))


def test_under_overload_only_the_newest_are_admitted(overloaded):
    admission = overloaded()
    assert not admits(admission, "", waited(OLDER))
    assert admits(admission, "", waited(NEWEST))


def works(admission: Admission, clock, idle: float, busy: float, seconds: float) -> None:
    """A worker that is idle and busy in turn."""
    for _ in range(round(seconds / (idle + busy))):
        clock.now += busy + idle
        admission.idle(idle)


class Clock:
    now = 1000.0


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    return clock


def test_overload_ends_when_nothing_comes_any_more(overloaded, clock):
    admission = overloaded()
    works(admission, clock, idle=1, busy=0, seconds=1)
    assert ended(admission)


@pytest.mark.parametrize("call", [0.001, 0.03, 0.3])
def test_overload_goes_on_while_new_calls_come_almost_at_once(overloaded, clock, call):
    admission = overloaded()
    works(admission, clock, idle=call / 15, busy=call, seconds=HOLDS * 0.9)
    assert not ended(admission)


@pytest.mark.parametrize("call", [0.001, 0.03, 0.3])
def test_overload_ends_when_workers_are_idle_for_a_part_of_their_time(overloaded, clock, call):
    admission = overloaded()
    works(admission, clock, idle=call / 4, busy=call, seconds=1.5)
    assert ended(admission)


def test_overload_is_judged_anew_although_every_worker_is_busy(overloaded, clock):
    admission = overloaded()
    clock.now += HOLDS - 1
    assert not ended(admission)
    clock.now += 1.1
    assert ended(admission)


@pytest.mark.parametrize("ends", ["by itself", "by idleness"])
def test_it_takes_less_to_tell_that_an_overload_goes_on(overloaded, clock, tmp_path, ends):
    """For HOLDS after it; later it would be another one."""
    admission = overloaded()
    if ends == "by itself":
        clock.now += HOLDS
    else:
        works(admission, clock, idle=1, busy=0, seconds=1)
    assert admits(admission, "", waited(OLDEST)), "the queue is empty"
    with queue(tmp_path, PLACES // 2) as path:
        clock.now += HOLDS * 0.9
        assert not admits(admission, path, waited(OLDEST))
        assert not ended(admission)
        clock.now += HOLDS * 2
        assert admits(admission, path, waited(OLDEST))


def test_a_long_night_is_no_spare_time_when_overload_comes(overloaded, clock, tmp_path):
    admission = overloaded()
    works(admission, clock, idle=1, busy=0, seconds=100)
    with queue(tmp_path, PLACES) as path:
        assert not admits(admission, path, waited(OLDEST))
    works(admission, clock, idle=0.001, busy=0.03, seconds=1)
    assert not ended(admission)


class Worker:
    """A process that says, each time it is asked, whether it may serve."""

    def __init__(self, admission: Admission) -> None:
        self._ours, self._theirs = Pipe()
        self._process = get_context("fork").Process(target=self._answer, args=(admission,))
        self._process.start()

    def _answer(self, admission: Admission) -> None:
        while self._theirs.recv():
            self._theirs.send(admission.seated())

    def may_serve(self) -> bool:
        self._ours.send("?")
        assert self._ours.poll(20)
        return self._ours.recv()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()


@pytest.fixture
def employ() -> Iterator[Callable[[Admission], Worker]]:
    employed: list[Worker] = []

    def employ(admission: Admission) -> Worker:
        employed.append(Worker(admission))
        return employed[-1]

    yield employ
    for worker in employed:
        worker.kill()


def test_all_workers_serve_while_there_is_no_overload(employ):
    admission = Admission(2)
    assert all(employ(admission).may_serve() for _ in range(3))


def test_under_overload_no_more_workers_serve_than_there_are_seats(overloaded, employ):
    admission = overloaded()
    first, second, third = (employ(admission) for _ in range(3))
    for _ in range(3):
        assert (first.may_serve(), second.may_serve(), third.may_serve()) == (True, True, False)


def test_seats_are_given_back_when_the_overload_is_over(overloaded, employ, tmp_path):
    """Or a worker that hangs later would take one from those that do not."""
    admission = overloaded()
    first, second, third = (employ(admission) for _ in range(3))
    assert (first.may_serve(), second.may_serve(), third.may_serve()) == (True, True, False)
    admission.idle(HOLDS)
    admission.idle(HOLDS)
    assert ended(admission)
    assert (first.may_serve(), second.may_serve()) == (True, True)
    with queue(tmp_path, PLACES) as path:
        assert not admits(admission, path, waited(OLDEST))
    assert (third.may_serve(), second.may_serve(), first.may_serve()) == (True, True, False)


def test_a_worker_that_is_killed_leaves_its_seat(overloaded, employ):
    admission = overloaded()
    first, second, third = (employ(admission) for _ in range(3))
    assert (first.may_serve(), second.may_serve(), third.may_serve()) == (True, True, False)
    first.kill()
    assert (second.may_serve(), third.may_serve()) == (True, True)


def test_all_processes_judge_alike(tmp_path):
    with queue(tmp_path, PLACES) as path:
        admission = Admission(2)
        child = os.fork()
        if not child:
            os._exit(admits(admission, path, waited(OLDEST)))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert not admits(admission, path, waited(OLDER))


@pytest.mark.parametrize(
    "header",
    [b"", HEADER, HEADER + b"soon", waited(-262), waited(262)],
    ids=["no header", "no time", "no number", "in the future", "long ago"],
)
def test_whose_waiting_is_not_known_is_admitted(tmp_path, header):
    with queue(tmp_path, PLACES) as path:
        admission = Admission(2)
        assert admits(admission, path, header)
        assert not admits(admission, path, waited(OLDEST))
        assert admits(admission, path, header), "under overload, too"


def test_what_was_peeked_at_is_still_there_to_be_read(tmp_path):
    with queue(tmp_path, 0) as path, call(waited(OLDER)) as accepted:
        assert Admission(2).admits(accepted, path)
        assert accepted.recv(4) == b"GET "


def test_a_call_that_has_not_been_sent_yet_is_admitted_without_waiting_for_it(tmp_path):
    nginx, accepted = socket.socketpair()
    with nginx, accepted, queue(tmp_path, 0) as path:
        assert Admission(2).admits(accepted, path)
