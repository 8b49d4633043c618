"""`/api/v1`: the answers of each kind by GET and POST; every value meets every constraint."""

from __future__ import annotations

from itertools import permutations, product
from math import log2

import pytest

from cases.v1 import ANSWER, CASES, DIGITS_ONLY, KINDS, ask, check_answer
from flaskrandom import create_app
from flaskrandom.config import Config

EVERY_CASE = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
BOTH = pytest.mark.parametrize("method", ["GET", "POST"])


@pytest.fixture(scope="module")
def client():
    return create_app(Config()).test_client()


@BOTH
@EVERY_CASE
def test_values_meet_the_constraints(client, method, case):
    answer = ask(client, method, case.kind, {**case.fields, "count": 50})
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    check_answer(answer.json, case, 50)


@BOTH
@pytest.mark.parametrize("kind", KINDS)
def test_a_request_without_fields_gets_one_value(client, method, kind):
    answer = ask(client, method, kind, {}).json
    assert list(answer) == ["data", "count", "entropy_bits", "collision_probability"]
    assert answer["count"] == len(answer["data"]) == 1
    assert answer["collision_probability"] == 0


@BOTH
@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_may_hold_a_thousand_values(client, method, kind):
    answer = ask(client, method, kind, {"count": 1000}).json
    assert answer["count"] == len(answer["data"]) == 1000


@pytest.mark.parametrize(
    "field", ["length", "alphabet", "first", "max_repeat", "pattern", "checksum", "group", "separator"]
)
def test_null_in_json_means_the_default(client, field):
    assert ask(client, "POST", "strings", {field: None}).json["entropy_bits"] == log2(62**16)


@pytest.mark.parametrize(("text", "expected"), [("true", 62), ("false", 52), ("1", 62), ("0", 52)])
def test_a_query_may_spell_booleans_in_two_ways(client, text, expected):
    answer = client.get(f"/api/v1/strings?length=1&digits={text}").json
    assert answer["entropy_bits"] == log2(expected)


def words(alphabet: str, length: int) -> list[str]:
    return ["".join(chars) for chars in product(alphabet, repeat=length)]


# A draw of all values, each once, shows the whole set: it holds every valid string and no other.
EVERY_VALUE = {
    "free": ({"alphabet": "abc", "length": 4}, words("abc", 4)),
    "a permutation": ({"alphabet": "abc", "length": 2, "max_repeat": 1}, ["".join(p) for p in permutations("abc", 2)]),
    "excluded": ({"alphabet": "abcd", "exclude": "bd", "length": 3}, words("ac", 3)),
    "at least one digit": (
        {"exclude": "23456789cdefghijklmnopqrstuvwxyz", "upper": False, "length": 4, "min_digits": 1},
        [word for word in words("01ab", 4) if set(word) & set("01")],
    ),
    "first and runs": (
        {
            "exclude": "23456789bcdefghijklmnopqrstuvwxyz",
            "upper": False,
            "length": 5,
            "first": "lower",
            "max_repeat": 2,
        },
        [word for word in words("01a", 5) if word[0] == "a" and not any(char * 3 in word for char in "01a")],
    ),
    "a pattern with ends": ({"pattern": "x?d", "prefix": "<", "suffix": ">"}, [f"<x{digit}>" for digit in range(10)]),
    "grouped": (
        {"alphabet": "ab", "length": 3, "group": 1, "separator": "/"},
        ["/".join(word) for word in words("ab", 3)],
    ),
    "four digits": ({"length": 3, **DIGITS_ONLY}, words("0123456789", 3)),
}


@BOTH
@pytest.mark.parametrize(("fields", "every"), EVERY_VALUE.values(), ids=EVERY_VALUE)
def test_a_draw_of_all_values_gives_exactly_the_valid_strings(client, method, fields, every):
    answer = ask(client, method, "strings", {**fields, "unique": True, "count": len(every)}).json
    assert sorted(answer["data"]) == sorted(every)
    assert answer["entropy_bits"] == pytest.approx(log2(len(every)), rel=1e-15)
    assert answer["collision_probability"] == 0


@BOTH
def test_a_draw_of_all_integers_gives_each_once(client, method):
    answer = ask(client, method, "integers", {"min": -20, "max": 29, "count": 50, "unique": True}).json
    assert sorted(answer["data"]) == list(range(-20, 30))
    assert answer["collision_probability"] == 0


def test_more_values_than_the_set_has_collide_for_certain(client):
    assert ask(client, "POST", "integers", {"min": 1, "max": 6, "count": 7}).json["collision_probability"] == 1


def test_version_7_uuids_ascend(client):
    data = ask(client, "GET", "uuids", {"version": 7, "count": 1000}).json["data"]
    assert data == sorted(data)


def test_two_answers_differ(client):
    answers = [ask(client, "GET", "strings", {"count": 1000}).json for _ in range(2)]
    assert not set(answers[0]["data"]) & set(answers[1]["data"])
    assert all(set(answer) == ANSWER for answer in answers)
