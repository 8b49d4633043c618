"""The limits of the settings, impossible requests, and estimates, which draw nothing."""

from __future__ import annotations

import sys
from math import log2

import pytest

from cases.v1 import CASES, DIGITS_ONLY, KINDS, ask, collisions
from flaskrandom import create_app
from flaskrandom.config import Config
from support.answers import check_problem

BOTH = pytest.mark.parametrize("method", ["GET", "POST"])


@pytest.fixture(scope="module")
def client():
    return create_app(Config()).test_client()


@pytest.fixture(scope="module")
def narrow():
    return create_app(Config(max_length=7, max_count=5, max_stream_count=9)).test_client()


@BOTH
@pytest.mark.parametrize(
    ("path", "fields", "most"),
    [
        ("strings", {"length": 8}, 7),
        ("strings/stream", {"length": 8}, 7),
        ("strings", {"pattern": "?d" * 8}, 7),
        *[(kind, {"count": 6}, 5) for kind in KINDS],
        *[(f"{kind}/stream", {"count": 10}, 9) for kind in KINDS],
    ],
)
def test_a_value_over_a_configured_limit_gets_400(narrow, method, path, fields, most):
    answer = ask(narrow, method, path, {"length": 7, **fields} if path == "strings" and "count" in fields else fields)
    check_problem(answer, answer.json, 400)
    (message,) = [error["message"] for error in answer.json["errors"] if error["field"] in fields]
    assert str(most) in message


@BOTH
def test_values_equal_to_the_limits_are_accepted(narrow, method):
    assert ask(narrow, method, "strings", {"length": 7, "count": 5}).json["count"] == 5
    assert ask(narrow, method, "strings", {"pattern": "?d" * 7}).status_code == 200
    assert len(ask(narrow, method, "strings/stream", {"length": 7, "count": 9}).data) == 9 * 8
    # An estimate may also be for a stream, so the larger limit applies.
    assert ask(narrow, "POST", "strings/estimate", {"length": 7, "count": 9}).status_code == 200


@BOTH
def test_a_default_over_the_limit_shrinks_to_it(narrow, method):
    """The default length of 16 shrinks to a lower MAX_LENGTH, and the answer stays within it."""
    answer = ask(narrow, method, "strings", {})
    assert answer.status_code == 200
    assert len(answer.json["data"][0]) == 7


IMPOSSIBLE = {
    "minimums over length": (
        "strings",
        {"length": 5, "min_digits": 3, "min_lower": 3},
        {"min_digits", "min_lower"},
        "6",
    ),
    "unique beyond the set": (
        "strings",
        {"length": 1, "count": 11, "unique": True, **DIGITS_ONLY},
        {"unique", "count"},
        "10",
    ),
    "unique integers beyond the range": (
        "integers",
        {"min": 1, "max": 6, "count": 7, "unique": True},
        {"unique", "count"},
        "6",
    ),
    "nothing left": ("strings", {"exclude": "0123456789", **DIGITS_ONLY}, {"exclude"}, "no characters"),
    "nothing left of the alphabet": (
        "strings",
        {"alphabet": "01", "exclude_similar": True, "exclude": "01"},
        {"exclude"},
        "no characters",
    ),
    "a class without characters": (
        "strings",
        {"min_digits": 1, "exclude": "0123456789"},
        {"min_digits"},
        "no characters",
    ),
    "no class first": ("strings", {"first": "digits", "exclude": "0123456789"}, {"first"}, "no"),
    "one symbol without repeats": ("strings", {"alphabet": "a", "length": 3, "max_repeat": 2}, {"max_repeat"}, "3"),
    "minimums that force a repeat": (
        "strings",
        {"exclude": "123456789", "length": 3, "min_digits": 3, "max_repeat": 1},
        {"min_digits", "max_repeat"},
        "3",
    ),
    "a pattern of nothing": ("strings", {"pattern": "?d", "exclude": "0123456789"}, {"pattern"}, "no characters"),
}
EVERY_IMPOSSIBLE = pytest.mark.parametrize(("kind", "fields", "blamed", "reason"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)


@BOTH
@EVERY_IMPOSSIBLE
@pytest.mark.parametrize("suffix", ["", "/stream"])
def test_an_impossible_request_says_why(client, method, suffix, kind, fields, blamed, reason):
    answer = ask(client, method, kind + suffix, fields)
    check_problem(answer, answer.json, 422)
    assert answer.json["title"] == "Impossible"
    assert {error["field"] for error in answer.json["errors"]} == blamed
    assert all(reason in error["message"] for error in answer.json["errors"])


@BOTH
def test_a_request_without_any_class_gets_422(client, method):
    answer = ask(client, method, "strings", {"digits": False, "lower": False, "upper": False})
    check_problem(answer, answer.json, 422)
    assert "at least one" in answer.json["detail"]


TOO_COMPLEX = {
    "long with large minimums": {"length": 4096, "min_digits": 900, "min_lower": 900, "min_upper": 900},
    "long with runs": {"length": 4096, "max_repeat": 2},
    "both": {"length": 1000, "min_digits": 100, "min_lower": 100, "min_upper": 100, "max_repeat": 1},
}


@BOTH
@pytest.mark.parametrize("fields", TOO_COMPLEX.values(), ids=TOO_COMPLEX)
def test_a_too_complex_request_names_its_fields(client, method, fields):
    answer = ask(client, method, "strings", fields)
    check_problem(answer, answer.json, 422)
    assert answer.json["title"] == "Too Complex"
    assert {error["field"] for error in answer.json["errors"]} <= set(fields) - {"length"}
    estimate = ask(client, "POST", "strings/estimate", fields)
    check_problem(estimate, estimate.json, 422)


class Drawn(Exception):
    """Code under test asked for random bytes."""


@pytest.fixture
def no_entropy(client, monkeypatch):
    """Make every source of randomness in the core fail."""

    def refuse(*_):
        raise Drawn

    for name, module in list(sys.modules.items()):
        if name.startswith("flaskrandom.core") and hasattr(module, "random_bytes"):
            monkeypatch.setattr(module, "random_bytes", refuse)
    monkeypatch.setattr("os.urandom", refuse)


@pytest.mark.usefixtures("no_entropy")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_estimate_draws_nothing(client, case):
    answer = ask(client, "POST", f"{case.kind}/estimate", {**case.fields, "count": 50})
    assert answer.status_code == 200
    assert set(answer.json) == {"possible", "entropy_bits", "collision_probability"}
    assert answer.json["possible"] is True
    assert answer.json["entropy_bits"] == pytest.approx(log2(case.size), rel=1e-15)
    assert answer.json["collision_probability"] == pytest.approx(collisions(case.size, 50), rel=1e-9)


@pytest.mark.usefixtures("no_entropy")
def test_control_a_draw_without_entropy_fails(client):
    for kind in KINDS:
        assert ask(client, "POST", kind, {}).status_code == 500


@pytest.mark.usefixtures("no_entropy")
@EVERY_IMPOSSIBLE
def test_an_estimate_says_why_a_request_is_impossible(client, kind, fields, blamed, reason):
    answer = ask(client, "POST", f"{kind}/estimate", fields)
    assert answer.status_code == 200
    assert set(answer.json) == {"possible", "reason", "errors"}
    assert answer.json["possible"] is False
    assert reason in answer.json["reason"]
    assert any(field in answer.json["reason"] for field in blamed)
    assert {error["field"] for error in answer.json["errors"]} <= set(blamed)


def test_an_estimate_gives_the_same_figures_as_the_draw(client):
    fields = {"length": 8, "min_digits": 2, "max_repeat": 1, "count": 700}
    drawn, estimate = (ask(client, "POST", path, fields).json for path in ("strings", "strings/estimate"))
    for figure in ("entropy_bits", "collision_probability"):
        assert drawn[figure] == estimate[figure]


@pytest.mark.parametrize(("count", "expected"), [(1, 0.0), (1000, 0.39), (10_000, 1 - 2e-22), (10_000_000, 1.0)])
def test_the_collision_probability_of_many_values_is_right(client, count, expected):
    """A thousand codes of six digits collide with a probability of 39 %."""
    answer = ask(client, "POST", "strings/estimate", {"length": 6, "count": count, **DIGITS_ONLY}).json
    assert answer["collision_probability"] == pytest.approx(expected, abs=0.005)


def test_an_estimate_refuses_wrong_fields_too(client):
    answer = ask(client, "POST", "strings/estimate", {"length": 0, "max_repeat": 0})
    check_problem(answer, answer.json, 400)
    assert {error["field"] for error in answer.json["errors"]} == {"length", "max_repeat"}
