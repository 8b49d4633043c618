"""The memory budget of unique streams holds for all processes together."""

from __future__ import annotations

import multiprocessing
from functools import partial

import pytest
from werkzeug.exceptions import ServiceUnavailable

from flaskrandom.core import TooComplex
from flaskrandom.http.stream_budget import reserve

MIB = 2**20


@pytest.fixture
def path(tmp_path):
    return tmp_path / "budget"


@pytest.fixture
def take(path):
    return partial(reserve, size=4, path=path)


def test_released_memory_can_be_taken_again(take):
    release = take(3 * MIB)
    with pytest.raises(ServiceUnavailable) as refused:
        take(2 * MIB)
    assert refused.value.retry_after
    take(1 * MIB)()
    release()
    take(4 * MIB)()


def test_zero_always_fits_and_more_than_the_budget_is_too_complex(take):
    release = take(4 * MIB)
    take(0)()
    release()
    with pytest.raises(TooComplex, match="at most 4 MiB are available"):
        take(4 * MIB + 1)


def _hold(path, taken, end):
    release = reserve(3 * MIB, 4, path)
    taken.set()
    end.wait(30)
    release()


def test_processes_share_the_budget_and_a_dead_process_frees_its_part(path, take):
    context = multiprocessing.get_context("spawn")
    taken, end = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(path, taken, end))
    other.start()
    try:
        assert taken.wait(30)
        with pytest.raises(ServiceUnavailable):
            take(2 * MIB)
        take(1 * MIB)()
        other.kill()
        other.join()
        take(4 * MIB)()
    finally:
        other.kill()
        other.join()
