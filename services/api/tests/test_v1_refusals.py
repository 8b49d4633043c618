"""`/api/v1` refuses what it does not understand, and names every wrong field at once."""

from __future__ import annotations

import json
import re

import pytest

from cases.v1 import DIGITS_ONLY, KINDS, ask
from flaskrandom import create_app
from flaskrandom.config import Config
from support.answers import check_problem

BOTH = pytest.mark.parametrize("method", ["GET", "POST"])
JSON = "application/json"


@pytest.fixture(scope="module")
def client():
    return create_app(Config()).test_client()


def named(answer, status: int = 400) -> dict[str, str]:
    """The wrong fields of a problem, each with its message."""
    document = answer.json
    check_problem(answer, document, status)
    errors = document["errors"]
    assert errors
    assert all(set(error) == {"field", "message"} and error["message"] for error in errors)
    assert all(error["message"] in document["detail"] for error in errors)
    return {error["field"]: error["message"] for error in errors}


# Each of these fields is wrong by itself, by either method.
WRONG = {
    "strings": {
        "count 0": {"count": 0},
        "count below 0": {"count": -1},
        "count beyond the limit": {"count": 1001},
        "length 0": {"length": 0},
        "length beyond the limit": {"length": 4097},
        "length beyond 64 bits": {"length": 10**30},
        "a character twice": {"alphabet": "aba"},
        "no characters": {"alphabet": ""},
        "an alphabet with a control character": {"alphabet": "ab\x07"},
        "an alphabet with a line break": {"alphabet": "ab\n"},
        "an alphabet too long": {"alphabet": "".join(map(chr, range(0x4E00, 0x4E00 + 4097)))},
        "a special character twice": {"special_chars": "!!"},
        "a special character that is a letter": {"special_chars": "!a"},
        "excluded line break": {"exclude": "\n"},
        "min_digits below 0": {"min_digits": -1},
        "min_special without special": {"min_special": 1},
        "min_digits without digits": {"min_digits": 1, "digits": False},
        "an unknown class first": {"first": "numbers"},
        "a class first that is not drawn": {"first": "special"},
        "an unknown class last": {"last": "numbers"},
        "a class last that is not drawn": {"last": "special"},
        "a regex that cannot be read": {"regex": "[b-a]"},
        "a regex with a backreference": {"regex": r"(a)\1"},
        "a regex that is too long": {"regex": "a" * 1025},
        "max_length without regex": {"max_length": 9},
        "rules that cannot be read": {"rules": "required: numbers"},
        "an empty excluded word": {"exclude_words": "a,,b"},
        "too many excluded words": {"exclude_words": ",".join(map(str, range(1001)))},
        "an excluded word with the separator": {"exclude_words": "a-b", "group": 4},
        "bits 0": {"bits": 0},
        "bits beyond the limit": {"bits": 8193},
        "max_repeat 0": {"max_repeat": 0},
        "a prefix of 257": {"prefix": "x" * 257},
        "a line break before": {"prefix": "a\nb"},
        "a zero byte after": {"suffix": "\0"},
        "an empty pattern": {"pattern": ""},
        "an unknown letter in a pattern": {"pattern": "?x"},
        "half a letter in a pattern": {"pattern": "?d?"},
        "a pattern of literals": {"pattern": "abc"},
        "a pattern too long": {"pattern": "?d" * 4097},
        "an unknown checksum": {"checksum": "crc32", **DIGITS_ONLY},
        "group 0": {"group": 0},
        "a separator without group": {"separator": "-"},
    },
    "tokens": {
        "bytes 0": {"bytes": 0},
        "bytes 1025": {"bytes": 1025},
        "bits beyond 1024 bytes": {"bits": 8193},
        "an unknown encoding": {"encoding": "base58"},
        "a prefix with a line break": {"prefix": "\r"},
    },
    "uuids": {"version 1": {"version": 1}, "version 0": {"version": 0}},
    "integers": {"min over max": {"min": 2, "max": 1}, "too large": {"max": 2**1024}, "too small": {"min": -(2**1024)}},
    "passphrases": {
        "words 0": {"words": 0},
        "words 65": {"words": 65},
        "bits beyond 64 words": {"bits": 828},
        "a line break between": {"separator": "\n"},
        "a language without a list": {"language": "de"},
        "Spanish words that run together": {"separator": "", "language": "es"},
        "bits beyond 64 words of 2,048": {"bits": 705, "language": "ko"},
    },
}
EACH_WRONG = {f"{kind}: {what}": (kind, fields) for kind, table in WRONG.items() for what, fields in table.items()}


@BOTH
@pytest.mark.parametrize(("kind", "fields"), EACH_WRONG.values(), ids=EACH_WRONG)
def test_a_wrong_field_is_named(client, method, kind, fields):
    answer = ask(client, method, kind, fields)
    assert next(iter(fields)) in named(answer)


@BOTH
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["", "/stream"])
def test_unknown_fields_are_refused(client, method, kind, suffix):
    assert set(named(ask(client, method, kind + suffix, {"colour": "blue", "seed": 42}))) == {"colour", "seed"}


def test_format_is_a_field_of_streams_only(client):
    assert set(named(ask(client, "GET", "strings", {"format": "csv"}))) == {"format"}
    assert set(named(ask(client, "GET", "strings/stream", {"format": "xml"}))) == {"format"}


# Two fields that cannot be combined. The error is at the first field, and its message names the second.
COMBINATIONS = [
    ("strings", {"length": 10, "bits": 128}),
    ("strings", {"length": 3, "max_length": 4, "regex": "a+"}),
    ("strings", {"pattern": "?d", "regex": "a"}),
    ("strings", {"digits": False, "regex": "a"}),
    ("strings", {"min_lower": 1, "regex": "a"}),
    ("strings", {"last": "lower", "regex": "a"}),
    ("strings", {"last": "digits", "pattern": "?d"}),
    ("strings", {"last": "digits", "alphabet": "ab"}),
    ("strings", {"regex": "a", "rules": "required: lower"}),
    ("strings", {"alphabet": "ab", "rules": "required: lower"}),
    ("strings", {"max_repeat": 2, "rules": "required: lower"}),
    ("strings", {"bits": 9, "pattern": "?d"}),
    ("strings", {"regex": r"\d{4}", "checksum": "luhn"}),
    ("strings", {"rules": "allowed: digit", "checksum": "luhn"}),
    ("strings", {"exclude_words": "12", "checksum": "luhn", **DIGITS_ONLY}),
    ("strings", {"exclude_profanity": True, "checksum": "luhn", **DIGITS_ONLY}),
    ("tokens", {"bytes": 16, "bits": 128}),
    ("tokens", {"bytes": 32, "bits": 64}),  # 32 is the default
    ("tokens/stream", {"bytes": 32, "bits": 64}),
    ("passphrases", {"words": 4, "bits": 128}),
    ("passphrases", {"words": 6, "bits": 40}),  # 6 is the default
]


@BOTH
@pytest.mark.parametrize(("kind", "fields"), COMBINATIONS)
def test_fields_that_do_not_combine_are_both_named(client, method, kind, fields):
    first, second, *_ = {field: None for field in fields if field not in DIGITS_ONLY or field == "digits"}
    message = named(ask(client, method, kind, fields))[first]
    assert re.match(rf"cannot be combined with {second}\b", message)


@pytest.mark.parametrize(
    ("fields", "named_too", "message"),
    [
        ({"regex": "[a-z]{65}"}, set(), "raise max_length"),
        ({"regex": "a", "length": 2}, set(), "no string of 2 printable ASCII characters matches"),
        ({"regex": "ab", "exclude": "b"}, set(), "without the excluded ones"),
        ({"regex": "a+", "bits": 64}, {"bits"}, "no length up to 64 has enough matches for 64 bits"),
        ({"rules": "minlength: 9; maxlength: 8"}, set(), "minlength is 9, but maxlength is 8"),
        ({"rules": "maxlength: 8", "length": 9}, {"length"}, "the rules allow 1 to 8 characters, not 9"),
        ({"rules": "maxlength: 8", "bits": 99}, {"bits"}, "no length that the rules"),
        ({"exclude_words": "sale", "prefix": "SALE"}, set(), "the prefix contains one of these words"),
    ],
)
def test_an_impossible_request_says_why(client, fields, named_too, message):
    wrong = named(client.post("/api/v1/strings", json=fields), 422)
    assert set(wrong) == {next(iter(fields)), *named_too}
    assert all(message in text for text in wrong.values())


@BOTH
def test_every_wrong_field_is_named_at_once(client, method):
    wrong = named(ask(client, method, "strings", {"count": 0, "max_repeat": 0, "prefix": "\n", "group": 0}))
    assert set(wrong) == {"count", "max_repeat", "prefix", "group"}


@BOTH
def test_fields_with_different_faults_are_named_at_once(client, method):
    """One answer reports an unknown field, a wrong type and values out of range."""
    wrong = named(ask(client, method, "strings", {"colour": "blue", "length": "long", "count": 0, "max_repeat": 0}))
    assert set(wrong) == {"colour", "length", "count", "max_repeat"}


@pytest.mark.parametrize("value", [True, False, "5", "", 5.0, 5.5, 1e2, [5], {"is": 5}, None])
@pytest.mark.parametrize(
    ("kind", "field"), [("strings", "count"), ("integers", "min"), ("strings", "min_digits"), ("tokens", "bytes")]
)
def test_only_whole_numbers_are_accepted_as_numbers_in_json(client, kind, field, value):
    assert set(named(ask(client, "POST", kind, {field: value}))) == {field}


@pytest.mark.parametrize("value", [True, "4", 4.0, None])
def test_a_version_must_be_a_number_in_json(client, value):
    assert set(named(ask(client, "POST", "uuids", {"version": value}))) == {"version"}


@pytest.mark.parametrize("value", [1, 0, "true", "", 1.0, None, []])
def test_only_true_and_false_are_accepted_as_booleans_in_json(client, value):
    assert set(named(ask(client, "POST", "strings", {"digits": value}))) == {"digits"}


@pytest.mark.parametrize("value", [1, True, ["a"], {"a": "b"}, 1.5])
def test_only_text_is_accepted_as_text_in_json(client, value):
    assert set(named(ask(client, "POST", "strings", {"prefix": value}))) == {"prefix"}


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1.0",
        "1.",
        ".5",
        "1e2",
        "1E2",
        "0x10",
        "1_0",
        " 1",
        "1 ",
        "%2B1",
        "--1",
        "-",
        "1,000",
        "true",
        "null",
        "NaN",
        "inf",
        "%D9%A1%D9%A6",
        "%EF%BC%91",
        "%C2%B9",
        "9" * 5000,
        "%001",
        "5%0A",
    ],
)
@pytest.mark.parametrize(("kind", "field"), [("strings", "length"), ("strings", "count"), ("uuids", "version")])
def test_only_whole_numbers_are_accepted_as_numbers_in_a_query(client, kind, field, value):
    assert set(named(client.get(f"/api/v1/{kind}?{field}={value}"))) == {field}


@pytest.mark.parametrize("value", ["", "yes", "no", "on", "2", "-1", "1.0", "null", " true", "%EF%BC%91"])
def test_only_true_and_false_are_accepted_as_booleans_in_a_query(client, value):
    assert set(named(client.get(f"/api/v1/strings?digits={value}"))) == {"digits"}


@pytest.mark.parametrize("value", ["null", "NULL", "", " luhn", "LUHN"])
@pytest.mark.parametrize(
    ("path", "field"),
    [("strings", "checksum"), ("strings/stream", "format"), ("tokens", "encoding"), ("uuids", "version")],
)
def test_only_exact_choices_are_accepted_in_a_query(client, path, field, value):
    """Neither "null" nor an empty value stands for the default."""
    assert set(named(client.get(f"/api/v1/{path}?{field}={value}"))) == {field}


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("length=5&length=6", {"length"}),
        ("length=5&length=5", {"length"}),
        ("length=5&count=1&length=6&count=2", {"length", "count"}),
        ("digits=true&digits", {"digits"}),
        ("l%65ngth=5&length=6", {"length"}),
    ],
)
def test_a_name_given_twice_in_a_query_is_refused(client, query, fields):
    assert set(named(client.get(f"/api/v1/strings?{query}"))) == fields


@pytest.mark.parametrize("query", ["length", "length=", "count=", "=5", "colour"])
def test_an_empty_value_or_name_is_refused(client, query):
    named(client.get(f"/api/v1/strings?{query}"))


def test_a_post_with_a_query_is_refused(client):
    """POST takes its fields from the body, and must not silently ignore a field in the query."""
    answer = client.post("/api/v1/strings?length=40", json={})
    check_problem(answer, answer.json, 400)


@pytest.mark.parametrize(
    "query", ["prefix=%FF", "prefix=%ED%A0%80", "prefix=%C3", "%FF=1", "prefix=\xfc", "prefix=%C0%80"]
)
@pytest.mark.parametrize("path", ["strings", "strings/stream"])
def test_a_query_that_is_not_utf_8_is_refused(client, path, query):
    answer = client.get(f"/api/v1/{path}?{query}")
    check_problem(answer, answer.json, 400)


DEEP = {
    "open brackets": b"[" * 30_000,
    "arrays": b"[" * 10_000 + b"]" * 10_000,
    "objects": b'{"a":' * 8_000 + b"1" + b"}" * 8_000,
    "in an unknown field": b'{"colour":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "in a known field": b'{"length":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
}
NOT_OBJECTS = {
    "nothing": b"",
    "blanks": b" \r\n\t",
    "null": b"null",
    "a number": b"16",
    "a string": b'"length"',
    "an array": b"[]",
    "an array of objects": b'[{"length": 5}]',
    "half an object": b'{"length": 5',
    "an object and more": b"{}x",
    "two objects": b"{}{}",
    "single quotes": b"{'length': 5}",
    "a trailing comma": b'{"length": 5,}',
    "a query": b"length=5",
    "not a number": b'{"length": NaN}',
    "infinity": b'{"length": Infinity}',
    "a leading zero": b'{"length": 05}',
    "a leading plus": b'{"length": +5}',
    "invalid UTF-8": b'{"prefix": "\xff"}',
    "invalid UTF-8 in a name": b'{"\xff": 1}',
    "half a surrogate pair in bytes": b'{"prefix": "\xed\xa0\x80"}',
    "half a surrogate pair escaped": rb'{"prefix": "\ud800"}',
    "half a surrogate pair, then text": rb'{"prefix": "\ud800abcdef"}',
    "the other half": rb'{"prefix": "\udc00"}',
    "half a surrogate pair in a name": rb'{"\ud800": 1}',
    "a zero byte": b"\0{}",
    **{f"deep: {what}": body for what, body in DEEP.items()},
}


@pytest.mark.parametrize("body", NOT_OBJECTS.values(), ids=NOT_OBJECTS)
@pytest.mark.parametrize("path", ["strings", "tokens/estimate", "integers/stream", "verify"])
def test_a_body_that_is_no_json_object_is_refused(client, path, body):
    answer = client.post(f"/api/v1/{path}", data=body, content_type=JSON)
    check_problem(answer, answer.json, 400)
    assert "JSON" in answer.json["detail"]
    assert "header" not in answer.json["detail"]


@pytest.mark.parametrize(
    "number", ["9" * 5000, "-" + "9" * 5000, "1e400", "-1e400", "1e99999", "0." + "1" * 5000, "1E+2", "1.0e0"]
)
@pytest.mark.parametrize("field", ["length", "colour"])
def test_huge_numbers_in_json_are_refused(client, field, number):
    answer = client.post("/api/v1/strings", data=f'{{"{field}": {number}}}'.encode(), content_type=JSON)
    check_problem(answer, answer.json, 400)
    assert "header" not in answer.json["detail"]
    if number.endswith("9" * 5000):
        assert set(named(answer)) == {field}


@pytest.mark.parametrize("sign", ["", "-"])
def test_an_integer_beyond_what_python_reads_is_not_cut(client, sign):
    for field in ("min", "max"):
        body = f'{{"{field}": {sign}{"1" * 5000}}}'.encode()
        assert "2^1024" in named(client.post("/api/v1/integers", data=body, content_type=JSON))[field]


def test_digits_in_a_text_beside_a_long_number_stay_text(client):
    body = b'{"exclude_words": "%s", "length": %s}' % (b"1" * 5000, b"1" * 5000)
    assert set(named(client.post("/api/v1/strings", data=body, content_type=JSON))) == {"length"}


def test_a_long_number_beside_a_colon_in_a_text_is_refused(client):
    """The colon has the body searched for repeated names."""
    body = b'{"prefix": ":", "length": %s}' % (b"1" * 5000)
    assert set(named(client.post("/api/v1/strings", data=body, content_type=JSON))) == {"length"}


def test_a_body_nested_as_deeply_as_one_parser_reads_is_refused(client):
    """The search for repeated names needs a few levels more."""
    for depth in range(800, 1001):
        body = b'{"length": %s}' % (b'{"a": ' * depth + b"1" + b"}" * depth)
        answer = client.post("/api/v1/strings", data=body, content_type=JSON)
        check_problem(answer, answer.json, 400)


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_a_body_without_the_json_media_type_is_refused(client, content_type):
    answer = client.post("/api/v1/strings", data=b"{}", content_type=content_type)
    check_problem(answer, answer.json, 400)
    assert JSON in answer.json["detail"]


@pytest.mark.parametrize("content_type", [JSON, "application/json; charset=utf-8", "Application/JSON"])
def test_all_spellings_of_the_json_media_type_are_accepted(client, content_type):
    assert client.post("/api/v1/strings", data=b"{}", content_type=content_type).status_code == 200


def test_the_size_of_a_problem_is_bounded_by_its_request(client):
    """Thousands of unknown fields must not turn 64 KiB into megabytes."""
    body = json.dumps({f"f{number}": 1 for number in range(5000)}).encode()
    answer = client.post("/api/v1/strings", data=body, content_type=JSON)
    check_problem(answer, answer.json, 400)
    assert len(answer.data) < 4 * len(body)


def test_the_size_of_an_answer_is_bounded_by_the_values(client):
    """Separators must not turn one call within the limits into hundreds of megabytes."""
    fields = {"length": 4096, "count": 10, "group": 1, "separator": "😀" * 16}
    answer = client.post("/api/v1/strings", json=fields)
    assert len(answer.data) < 10 * 4096 * 10


def test_a_problem_carries_the_id_of_its_request(client):
    answer = client.get("/api/v1/strings?length=0", headers={"X-Request-Id": "trace-0001"})
    assert answer.json["request_id"] == "trace-0001"


def test_a_repeated_wrong_request_gets_the_same_answer(client):
    """A refused request leaves no state behind."""
    answers = [client.post("/api/v1/strings", json={"length": 0}) for _ in range(2)]
    assert named(answers[0]) == named(answers[1])
    assert client.post("/api/v1/strings", json={"length": 1}).status_code == 200


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"alphabet": ""}, "must be text of 1 to 4096 characters"),
        ({"special_chars": ""}, "must be text of 1 to 128 characters"),
        ({"group": 2, "separator": ""}, "must be text of 1 to 16 characters"),
        ({"prefix": "x" * 257}, "must be text of at most 256 characters"),
        ({"exclude": "x" * 4097}, "must be text of at most 4096 characters"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_message_gives_the_length_limits_of_a_text(client, method, fields, message):
    answer = ask(client, method, "strings", fields)
    check_problem(answer, answer.json, 400)
    assert answer.json["errors"] == [{"field": list(fields)[-1], "message": message}]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"alphabet": "❤️☀️⭐"}, "U+FE0F VARIATION SELECTOR-16 is given more than once"),
        ({"alphabet": "e\u0301a\u0301"}, "U+0301 COMBINING ACUTE ACCENT is given more than once"),
        ({"special_chars": "+\u0301\u0301"}, "U+0301 COMBINING ACUTE ACCENT is given more than once"),
        ({"alphabet": "a\u200bb"}, "U+200B ZERO WIDTH SPACE is not a printable character"),
        ({"alphabet": "abca"}, "'a' is given more than once"),
        ({"prefix": "a\u200b"}, "must hold printable characters only, not U+200B ZERO WIDTH SPACE"),
        ({"pattern": "?d\u200b"}, "character 3, U+200B ZERO WIDTH SPACE, is not printable"),
    ],
)
def test_an_invisible_character_is_named(client, fields, named):
    answer = client.post("/api/v1/strings", json=fields)
    check_problem(answer, answer.json, 400)
    assert named in answer.json["errors"][0]["message"]
