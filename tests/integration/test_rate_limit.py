"""RATE_LIMIT, on a throw-away stack where it is small."""

from __future__ import annotations

import pytest

from support.answers import check_every_answer, check_problem
from support.clients import get_all
from support.stack import throwaway

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def limited(stack):
    """One request a second, and two at once beyond that. It needs the images that `stack` builds."""
    with throwaway(RATE_LIMIT="1", RATE_BURST="2") as other:
        other.up()
        yield other


def test_a_flood_is_told_to_wait(limited):
    answers = get_all(f"{limited.url}/", 20)
    refused = [answer for answer in answers if answer.status_code == 429]
    served = [answer for answer in answers if answer.status_code == 200]
    assert len(refused) + len(served) == 20
    assert served
    assert len(refused) >= 10
    for answer in refused:
        check_every_answer(answer)
        check_problem(answer, answer.json(), 429)
        assert int(answer.headers["Retry-After"]) > 0


def test_health_is_never_limited(limited):
    assert {answer.status_code for answer in get_all(f"{limited.url}/readyz", 20)} == {200}


def test_zero_means_no_limit(stack):
    with throwaway(RATE_LIMIT="0") as other:
        other.up()
        assert {answer.status_code for answer in get_all(f"{other.url}/", 100)} == {200}
