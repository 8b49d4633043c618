"""The article's route, row by row of the contract: what is asked, and what must come back.

The same table serves the unit tests (Flask's test client) and the integration tests (through nginx).
"""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any, NamedTuple

HELLO = "<h1>Hello World! From Flask!</h1>"
FAIL = {"data": [], "datalen": 0, "msg": "fail"}
CLASSES = {
    "withnum": "0123456789",
    "withlow": "abcdefghijklmnopqrstuvwxyz",
    "withup": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "withspecial": "!@#$",
}
EVERY_COMBINATION = [chosen for size in range(1, 5) for chosen in combinations(CLASSES, size)]


def alphabet(chosen: tuple[str, ...]) -> str:
    return "".join(CLASSES[name] for name in chosen)


def asking(**changes: Any) -> dict[str, Any]:
    """A good request, with some fields changed."""
    return {"intlen": 16, "intnum": 3, **dict.fromkeys(CLASSES, True), **changes}


def asking_without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in asking().items() if name not in names}


class Drawn(NamedTuple):
    """A request that is met: so many strings, so long, with every character from `alphabet`."""

    fields: dict[str, Any]
    length: int
    count: int
    alphabet: str


def check_drawn(answer: dict[str, Any], case: Drawn) -> None:
    assert set(answer) == {"data", "datalen", "msg"}
    assert answer["msg"] == "success"
    assert answer["datalen"] == case.count
    assert [len(string) for string in answer["data"]] == [case.length] * case.count
    assert set("".join(answer["data"])) <= set(case.alphabet)


ALL = alphabet(tuple(CLASSES))
DIGITS = CLASSES["withnum"]

DRAWN = {
    "as in the README": Drawn(asking(), 16, 3, ALL),
    "one character": Drawn(asking(intlen=1, intnum=1), 1, 1, ALL),
    "one below the longest": Drawn(asking(intlen=29), 29, 3, ALL),
    "the longest": Drawn(asking(intlen=30), 30, 3, ALL),
    "one below the most": Drawn(asking(intnum=999), 16, 999, ALL),
    "the most": Drawn(asking(intnum=1000), 16, 1000, ALL),
    "the longest and the most": Drawn(asking(intlen=30, intnum=1000), 30, 1000, ALL),
    "flags as 1 and 0": Drawn(asking(withnum=1, withlow=0, withup=0, withspecial=0), 16, 3, DIGITS),
    "flags null": Drawn(asking(withlow=None, withup=None, withspecial=None), 16, 3, DIGITS),
    "flags missing": Drawn(asking_without("withlow", "withup", "withspecial"), 16, 3, DIGITS),
    "fields that nobody knows": Drawn(asking(colour="blue", nested={"a": [1]}), 16, 3, ALL),
    "length zero": Drawn(asking(intlen=0), 0, 3, ALL),
}

#: Answered with 200 and "fail", as the article does.
FAILED = {
    "too long": asking(intlen=31),
    "far too long": asking(intlen=2**31),
    "longer than 64 bits": asking(intlen=10**30),
    "too many": asking(intnum=1001),
    "too many for 64 bits": asking(intnum=10**30),
    "too long and too many": asking(intlen=31, intnum=1001),
    "none": asking(intnum=0),
    "fewer than none": asking(intnum=-1),
    "far fewer than none": asking(intnum=-(10**30)),
    "none of length zero": asking(intlen=0, intnum=0),
}


class Refused(NamedTuple):
    """A request that is answered with 400; `named` is the field or the fault that `error` speaks of."""

    body: bytes
    named: str
    content_type: str | None = "application/json"


def _wrong(named: str, **changes: Any) -> Refused:
    return Refused(json.dumps(asking(**changes)).encode(), named)


NOT_INTEGERS: dict[str, Any] = {
    "true": True,
    "false": False,
    "a string": "16",
    "an empty string": "",
    "a fraction": 1.5,
    "a float": 16.0,
    "null": None,
    "an array": [16],
    "an object": {"value": 16},
}
NOT_FLAGS: dict[str, Any] = {
    "yes": "yes",
    "the string true": "true",
    "an empty string": "",
    "two": 2,
    "minus one": -1,
    "one point nought": 1.0,
    "an array": [],
    "an object": {},
}
GOOD = json.dumps(asking()).encode()

REFUSED = {
    **{
        f"{name} is {what}": _wrong(name, **{name: value})
        for name in ("intlen", "intnum")
        for what, value in NOT_INTEGERS.items()
    },
    **{f"{name} is {what}": _wrong(name, **{name: value}) for name in CLASSES for what, value in NOT_FLAGS.items()},
    "intlen is missing": Refused(json.dumps(asking_without("intlen")).encode(), "intlen"),
    "intnum is missing": Refused(json.dumps(asking_without("intnum")).encode(), "intnum"),
    "nothing but braces": Refused(b"{}", "intlen"),
    "intlen is negative": _wrong("intlen", intlen=-1),
    "intlen is far below zero": _wrong("intlen", intlen=-(10**30)),
    "intlen has 5,000 digits below zero": Refused(GOOD.replace(b"16", b"-" + b"9" * 5000), "intlen"),
    "every class is false": _wrong("withnum", **dict.fromkeys(CLASSES, False)),
    "every class is 0": _wrong("withnum", **dict.fromkeys(CLASSES, 0)),
    "every class is null": _wrong("withnum", **dict.fromkeys(CLASSES)),
    "no class is named": Refused(b'{"intlen": 16, "intnum": 3}', "withnum"),
    "not a number": Refused(GOOD.replace(b"16", b"NaN"), "JSON"),
    "infinity": Refused(GOOD.replace(b"16", b"Infinity"), "JSON"),
    "an array": Refused(b"[16, 3]", "must be a JSON object"),
    "an array of objects": Refused(b"[" + GOOD + b"]", "must be a JSON object"),
    "a number": Refused(b"16", "must be a JSON object"),
    "a string": Refused(b'"intlen"', "must be a JSON object"),
    "null": Refused(b"null", "must be a JSON object"),
    "true": Refused(b"true", "must be a JSON object"),
    "an empty body": Refused(b"", "JSON"),
    "blanks": Refused(b" \r\n\t", "JSON"),
    "words": Refused(b"sixteen please", "JSON"),
    "half an object": Refused(GOOD[:-1], "JSON"),
    "an object and more": Refused(GOOD + b"x", "JSON"),
    "two objects": Refused(GOOD + GOOD, "JSON"),
    "single quotes": Refused(GOOD.replace(b'"', b"'"), "JSON: JSON is malformed: object keys must be strings"),
    "a form": Refused(b"intlen=16&intnum=3&withnum=true", "JSON", "application/x-www-form-urlencoded"),
    "JSON called text": Refused(GOOD, "header Content-Type: application/json", "text/plain"),
    "JSON called a form": Refused(GOOD, "application/json", "application/x-www-form-urlencoded"),
    "JSON called nothing": Refused(GOOD, "application/json", None),
    "invalid UTF-8": Refused(GOOD[:-1] + b', "note": "\xff\xfe"}', "JSON"),
    "half a surrogate pair of bytes": Refused(GOOD[:-1] + b', "note": "\xed\xa0\x80"}', "JSON"),
    "a zero byte": Refused(b"\0" + GOOD, "JSON"),
    "30,000 open brackets": Refused(b"[" * 30_000, "JSON"),
    "30,000 closed brackets": Refused(b"[" * 30_000 + b"]" * 30_000, "JSON"),
    "10,000 objects in each other": Refused(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "JSON"),
}


def check_refused(answer: dict[str, Any], case: Refused) -> None:
    assert set(answer) == {"data", "datalen", "msg", "error"}
    assert {name: answer[name] for name in FAIL} == FAIL
    assert case.named in answer["error"]
    assert "\n" not in answer["error"]
    assert ("header" in answer["error"]) is (case.content_type != "application/json")
