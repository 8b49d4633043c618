"""The article's two routes, through the proxy: every row of the contract."""

from __future__ import annotations

import pytest

from cases.article import (
    CLASSES,
    DRAWN,
    EVERY_COMBINATION,
    FAIL,
    FAILED,
    HELLO,
    REFUSED,
    Drawn,
    Refused,
    alphabet,
    asking,
    check_drawn,
    check_refused,
)

TWO_MEGABYTES = b'{"intlen": 16, "note": "' + b"x" * 2_000_000 + b'"}'


def post(client, case: Refused):
    headers = {"Content-Type": case.content_type} if case.content_type else {}
    return client.post("/getrandomstr", data=case.body, headers=headers)


def test_the_root_says_hello(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.text == HELLO
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("chosen", EVERY_COMBINATION, ids="+".join)
def test_every_combination_of_classes_uses_its_alphabet(client, chosen):
    answer = client.ask(asking(intlen=30, intnum=200, **{name: name in chosen for name in CLASSES}))
    assert answer.status_code == 200
    check_drawn(answer.json(), Drawn({}, 30, 200, alphabet(chosen)))
    # 6,000 draws from at most 66 characters: a character that never comes up is not in the alphabet.
    assert set("".join(answer.json()["data"])) == set(alphabet(chosen))


@pytest.mark.parametrize("case", DRAWN.values(), ids=DRAWN)
def test_valid_fields_get_strings(client, case):
    answer = client.ask(case.fields)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    check_drawn(answer.json(), case)


def test_the_last_of_duplicate_fields_wins(client):
    body = b'{"intlen": 5, "intlen": 7, "intnum": 2, "withnum": true, "withlow": true, "withlow": false}'
    answer = client.post("/getrandomstr", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    check_drawn(answer.json(), Drawn({}, 7, 2, CLASSES["withnum"]))


def test_no_string_is_repeated(client):
    drawn = [string for _ in range(3) for string in client.ask(asking(intlen=30, intnum=1000)).json()["data"]]
    assert len(set(drawn)) == 3000


@pytest.mark.parametrize("fields", FAILED.values(), ids=FAILED)
def test_numbers_out_of_range_get_fail(client, fields):
    answer = client.ask(fields)
    assert answer.status_code == 200
    assert answer.json() == FAIL


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_a_bad_request_gets_400(client, case):
    answer = post(client, case)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/json"
    check_refused(answer.json(), case)


@pytest.mark.parametrize(
    ("path", "allowed"), [("/", {"GET", "HEAD", "OPTIONS"}), ("/getrandomstr", {"POST", "OPTIONS"})]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "BREW"])
def test_other_methods_get_405_with_the_allowed_ones(client, path, allowed, method):
    answer = client.request(method, path)
    if method not in allowed:
        assert answer.status_code == 405
    if method not in allowed or method == "OPTIONS":
        assert {name.strip() for name in answer.headers["Allow"].split(",")} == allowed
    if method in {"HEAD", "OPTIONS"}:
        assert answer.content == b""


def test_head_is_get_without_the_body(client):
    head, get = client.head("/"), client.get("/")
    assert head.status_code == 200
    assert head.content == b""
    for name in ("Content-Type", "Content-Length"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.local
def test_bad_input_kills_no_worker(stack, client):
    """A dead worker is replaced and its 500 goes unnoticed, so the process ids must stay the same."""
    before = stack.master_pid(), stack.workers()
    assert before[1]
    for case in REFUSED.values():
        assert post(client, case).status_code == 400
    assert client.post("/getrandomstr", data=TWO_MEGABYTES).status_code == 413
    assert client.post("/getrandomstr", data=iter([TWO_MEGABYTES])).status_code == 413
    assert client.get("/").text == HELLO
    assert (stack.master_pid(), stack.workers()) == before
