"""`/api/v1` through the proxy: the same cases as in the unit tests, and what nginx adds."""

from __future__ import annotations

import pytest

from cases.v1 import CASES, KINDS, address, ask, check_answer
from support.answers import check_every_answer, check_problem

BOTH = pytest.mark.parametrize("method", ["GET", "POST"])


@BOTH
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_values_meet_the_constraints(client, method, case):
    answer = ask(client, method, case.kind, {**case.fields, "count": 20})
    check_every_answer(answer)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    check_answer(answer.json(), case, 20)


@BOTH
@pytest.mark.parametrize("path", [f"{kind}{suffix}" for kind in KINDS for suffix in ("", "/stream")])
def test_problems_name_the_fields_and_the_request_id(client, method, path):
    answer = ask(client, method, path, {"colour": "blue", "seed": 7})
    check_every_answer(answer)
    check_problem(answer, answer.json(), 400)
    assert {error["field"] for error in answer.json()["errors"]} == {"colour", "seed"}
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("path", ["strings", "strings/stream"])
def test_an_impossible_request_gets_422(client, path):
    answer = client.get(address(path, {"length": 2, "min_digits": 3}))
    check_every_answer(answer)
    check_problem(answer, answer.json(), 422)


@pytest.mark.parametrize("kind", KINDS)
def test_an_estimate_has_its_three_fields(client, kind):
    answer = client.post(f"/api/v1/{kind}/estimate", json={"count": 1000})
    check_every_answer(answer)
    assert set(answer.json()) == {"possible", "entropy_bits", "collision_probability"}


def test_drawn_values_verify(client):
    asked = {"pattern": "4000?d?d?d?d?d?d?d?d?d?d?d", "checksum": "luhn", "count": 20}
    for value in client.post("/api/v1/strings", json=asked).json()["data"]:
        answer = client.post("/api/v1/verify", json={"value": value, "checksum": "luhn"})
        check_every_answer(answer)
        assert answer.json() == {"valid": True}


@pytest.mark.parametrize("path", ["strings", "strings/stream"])
def test_head_has_no_body_and_options_lists_the_methods(client, path):
    head = client.head(f"/api/v1/{path}?count=3")
    check_every_answer(head)
    assert head.status_code == 200
    assert head.content == b""
    options = client.options(f"/api/v1/{path}")
    check_every_answer(options)
    assert set(options.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("path", ["strings", "strings/stream", "strings/estimate", "verify"])
def test_405_names_the_allowed_methods(client, method, path):
    """This also holds when nginx itself refuses (RFC 9110, section 15.5.6)."""
    answer = client.request(method, f"/api/v1/{path}")
    check_every_answer(answer)
    check_problem(answer, answer.json(), 405)
    assert "POST" in answer.headers["Allow"]


def test_the_longest_alphabet_fits_into_a_body(client):
    alphabet = "".join(map(chr, range(0x20000, 0x20000 + 4096)))
    answer = client.post("/api/v1/strings", json={"alphabet": alphabet, "length": 30, "count": 100})
    assert answer.status_code == 200
    assert set("".join(answer.json()["data"])) <= set(alphabet)


def test_a_problem_for_a_query_that_is_too_long_suggests_post(client):
    answer = client.get("/api/v1/strings?exclude=" + "a" * 9000)
    check_problem(answer, answer.json(), 414)
    assert "POST" in answer.json()["detail"]


@pytest.mark.parametrize("number", ["9" * 5000, "1e400"])
def test_huge_numbers_are_refused(client, number):
    body = f'{{"length": {number}}}'
    answer = client.post("/api/v1/strings", data=body, headers={"Content-Type": "application/json"})
    check_every_answer(answer)
    check_problem(answer, answer.json(), 400)
