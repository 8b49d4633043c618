"""`/api/v1/verify`: values drawn with a checksum are valid, values with one wrong character are not."""

from __future__ import annotations

import pytest

from cases.v1 import DIGITS_ONLY
from flaskrandom import create_app
from flaskrandom.config import Config
from support.answers import check_problem

UPPER_ONLY = {"digits": False, "lower": False}
BOTH_CASES = {"lower": False}
SCHEMES = {
    "luhn": DIGITS_ONLY,
    "verhoeff": DIGITS_ONLY,
    "damm": DIGITS_ONLY,
    "iso7064": BOTH_CASES,
    "iso7064-11-10": DIGITS_ONLY,
    "iso7064-27-26": UPPER_ONLY,
    "iso7064-97-10": BOTH_CASES,
}

# These values come from the standards and their best-known users, not from this code.
KNOWN = [
    ("luhn", "79927398713"),
    ("luhn", "4111111111111111"),
    ("verhoeff", "2363"),
    ("damm", "5724"),
    ("iso7064-11-10", "07945"),
    ("iso7064-97-10", "54930084UKLVMY22DS16"),  # a legal entity identifier (ISO 17442)
]


@pytest.fixture(scope="module")
def client():
    return create_app(Config()).test_client()


def valid(client, value: str, checksum: str) -> bool:
    answer = client.post("/api/v1/verify", json={"value": value, "checksum": checksum})
    assert answer.status_code == 200
    assert set(answer.json) == {"valid"}
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json["valid"]


@pytest.mark.parametrize(("checksum", "value"), KNOWN)
def test_known_values_are_valid(client, checksum, value):
    assert valid(client, value, checksum) is True


@pytest.mark.parametrize(("checksum", "classes"), SCHEMES.items(), ids=SCHEMES)
def test_drawn_values_are_valid_and_one_wrong_character_is_not(client, checksum, classes):
    asked = {"length": 12, "checksum": checksum, "group": 4, "count": 5, **classes}
    symbols = "ABCDEFGHIJ" if classes is UPPER_ONLY else "0123456789"
    for value in client.post("/api/v1/strings", json=asked).json["data"]:
        assert valid(client, value, checksum)
        assert valid(client, value.replace("-", " ").lower(), checksum)
        for place in range(len(value)):
            for other in symbols:
                if value[place] != other and value[place] in symbols:
                    assert not valid(client, value[:place] + other + value[place + 1 :], checksum)


@pytest.mark.parametrize(
    "value", ["", "-", "4", "not a number", "4111x1111", "١٢٣٤", "4111 1111 1111 1112", "🂡", "\0", "ß1", "ǆ1"]
)
@pytest.mark.parametrize("checksum", SCHEMES)
def test_other_text_is_invalid_but_no_error(client, checksum, value):
    assert valid(client, value, checksum) is False


def test_a_very_long_value_is_verified(client):
    # Luhn doubles every second digit from the right: 30,000 zeros and 30,000 times 8 (4 doubled) add up to 240,000,
    # a multiple of ten. With one 5 in place of a 0 the sum is 240,005.
    digits = "40" * 30_000
    assert valid(client, digits, "luhn") is True
    assert valid(client, digits[:-1] + "5", "luhn") is False


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({}, {"value", "checksum"}),
        ({"value": "2363"}, {"checksum"}),
        ({"checksum": "luhn"}, {"value"}),
        ({"value": "2363", "checksum": "crc32"}, {"checksum"}),
        ({"value": "2363", "checksum": ""}, {"checksum"}),
        ({"value": 2363, "checksum": "luhn"}, {"value"}),
        ({"value": None, "checksum": None}, {"value", "checksum"}),
        ({"value": "2363", "checksum": "luhn", "colour": "blue"}, {"colour"}),
        ({"colour": "blue"}, {"value", "checksum", "colour"}),
    ],
)
def test_wrong_fields_are_named(client, asked, wrong):
    answer = client.post("/api/v1/verify", json=asked)
    check_problem(answer, answer.json, 400)
    assert {error["field"] for error in answer.json["errors"]} == wrong


def test_an_unknown_checksum_gets_the_list_of_known_ones(client):
    answer = client.post("/api/v1/verify", json={"value": "1", "checksum": "crc32"})
    check_problem(answer, answer.json, 400)
    assert all(name in answer.json["detail"] for name in SCHEMES)


def test_a_field_of_the_draw_needs_a_series(client):
    asked = {"value": "79", "checksum": "luhn", "length": 5, "min": 1}
    answer = client.post("/api/v1/verify", json=asked)
    check_problem(answer, answer.json, 400)
    message = "works only with series; without it, the fields are value, checksum, prefix, suffix, separator"
    assert answer.json["errors"] == [{"field": name, "message": message} for name in ("length", "min")]
