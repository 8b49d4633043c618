"""The memory budget of unique streams holds for all processes together."""

from __future__ import annotations

import multiprocessing

import pytest
from werkzeug.exceptions import ServiceUnavailable

from flaskrandom.core import TooComplex
from flaskrandom.http.stream_budget import Budget

MIB = 2**20


@pytest.fixture
def path(tmp_path):
    return tmp_path / "budget"


def test_what_is_given_back_can_be_taken_again(path):
    budget = Budget(4, path)
    release = budget.take(3 * MIB)
    with pytest.raises(ServiceUnavailable) as refused:
        budget.take(2 * MIB)
    assert refused.value.retry_after
    budget.take(1 * MIB)()
    release()
    budget.take(4 * MIB)()


def test_nothing_is_free_and_too_much_is_too_complex(path):
    budget = Budget(4, path)
    release = budget.take(4 * MIB)
    budget.take(0)()
    release()
    with pytest.raises(TooComplex, match="4 MiB is the most"):
        budget.take(4 * MIB + 1)


def _hold(path, taken, end):
    release = Budget(4, path).take(3 * MIB)
    taken.set()
    end.wait(30)
    release()


def test_processes_share_it_and_the_end_of_one_frees_its_part(path):
    context = multiprocessing.get_context("spawn")
    taken, end = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(path, taken, end))
    other.start()
    try:
        assert taken.wait(30)
        budget = Budget(4, path)
        with pytest.raises(ServiceUnavailable):
            budget.take(2 * MIB)
        budget.take(1 * MIB)()
        other.kill()
        other.join()
        budget.take(4 * MIB)()
    finally:
        other.kill()
        other.join()
