"""The article's two routes: every row of the contract, without a server."""

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
    alphabet,
    asking,
    check_drawn,
    check_refused,
)


def test_the_root_says_hello(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.text == HELLO


@pytest.mark.parametrize("chosen", EVERY_COMBINATION, ids="+".join)
def test_every_combination_of_classes_uses_its_alphabet(client, chosen):
    answer = client.post(
        "/getrandomstr", json=asking(intlen=30, intnum=200, **{name: name in chosen for name in CLASSES})
    )
    check_drawn(answer.json, Drawn({}, 30, 200, alphabet(chosen)))
    # 6,000 draws from at most 66 characters: a character that never comes up is not in the alphabet.
    assert set("".join(answer.json["data"])) == set(alphabet(chosen))


@pytest.mark.parametrize("case", DRAWN.values(), ids=DRAWN)
def test_valid_fields_get_strings(client, case):
    answer = client.post("/getrandomstr", json=case.fields)
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    check_drawn(answer.json, case)


@pytest.mark.parametrize("fields", FAILED.values(), ids=FAILED)
def test_numbers_out_of_range_get_fail(client, fields):
    answer = client.post("/getrandomstr", json=fields)
    assert answer.status_code == 200
    assert answer.json == FAIL
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("fields", [b'"intlen":%d,"intnum":3', b'"intlen":3,"intnum":%d', b'"intnum":-%d,"intlen":0'])
def test_numbers_of_thousands_of_digits_get_fail(client, fields):
    for digits in (4300, 4301, 60_000):
        body = b"{%s}" % fields.replace(b"%d", b"9" * digits)
        answer = client.post("/getrandomstr", data=body, content_type="application/json")
        assert (answer.status_code, answer.json) == (200, FAIL)


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_a_bad_request_gets_400(client, case):
    answer = client.post("/getrandomstr", data=case.body, content_type=case.content_type)
    assert answer.status_code == 400
    assert answer.content_type == "application/json"
    check_refused(answer.json, case)


def test_a_charset_after_the_media_type_is_accepted(client):
    answer = client.post(
        "/getrandomstr", data=b'{"intlen":1,"intnum":1,"withnum":true}', content_type="application/json; charset=utf-8"
    )
    assert answer.json["msg"] == "success"


def test_random_bytes_come_from_the_system(client, monkeypatch):
    """Seeding Python's own generator changes nothing, and every draw asks the kernel for enough bytes."""
    import os
    import random

    asked = []
    urandom = os.urandom
    monkeypatch.setattr(os, "urandom", lambda size: asked.append(size) or urandom(size))
    drawn = []
    for _ in range(2):
        random.seed(1)
        asked.clear()
        drawn.append(client.post("/getrandomstr", json=asking(intlen=30)).json["data"])
        # Three strings of 30 characters from 66 hold 544 bits.
        assert sum(asked) >= 544 / 8
    assert drawn[0] != drawn[1]
