"""Tokens, UUIDs, integers and passphrases."""

import base64
import re
import time
import uuid
from itertools import pairwise

import pytest

from flaskrandom.annotations import Fields
from flaskrandom.config import Config
from flaskrandom.core import (
    Impossible,
    IntegerSpec,
    Invalid,
    Limits,
    PassphraseSpec,
    TokenSpec,
    UUIDSpec,
    plan,
)
from flaskrandom.core.passphrases import word_list
from flaskrandom.kinds import KINDS
from support.statistics import ALPHA, evenness, holm, symbols_by_position

MANY = Limits(max_count=10**6)


def padded(value):
    return value + "=" * (-len(value) % 4)


DECODERS = {
    "hex": (bytes.fromhex, bytes.hex),
    "base64": (lambda v: base64.b64decode(v, validate=True), lambda b: base64.b64encode(b).decode()),
    "base64url": (
        lambda v: base64.urlsafe_b64decode(padded(v)),
        lambda b: base64.urlsafe_b64encode(b).decode().rstrip("="),
    ),
    "base32": (base64.b32decode, lambda b: base64.b32encode(b).decode()),
}


@pytest.mark.parametrize("encoding", DECODERS)
@pytest.mark.parametrize("size", range(1, 17))
def test_a_token_encodes_the_given_number_of_bytes(encoding, size):
    decode, encode = DECODERS[encoding]
    made = plan(TokenSpec(bytes=size, encoding=encoding, prefix="tok_"))
    assert made.size == 256**size
    for value in made.draw(50):
        assert value.startswith("tok_")
        data = decode(value[4:])
        assert len(data) == size
        assert encode(data) == value[4:]


@pytest.mark.parametrize("encoding", DECODERS)
def test_every_byte_of_a_token_is_uniform(encoding):
    decode, _ = DECODERS[encoding]
    values = [decode(value) for value in plan(TokenSpec(bytes=2, encoding=encoding), MANY).draw(20_000)]
    assert holm(evenness(column, range(256)) for column in zip(*values, strict=True))


def test_version_4_uuids_are_valid():
    values = plan(UUIDSpec(), MANY).draw(5000)
    assert len(set(values)) == 5000
    assert all(re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value) for value in values)
    assert {(uuid.UUID(value).version, uuid.UUID(value).variant) for value in values} == {(4, uuid.RFC_4122)}
    assert plan(UUIDSpec()).entropy_bits == 122
    assert holm(symbols_by_position([value[:8] for value in values], "0123456789abcdef"))
    assert evenness((value[19] for value in values), "89ab") > ALPHA


def test_version_7_carries_the_time_and_ascends():
    before = time.time_ns() // 1_000_000
    values = plan(UUIDSpec(version=7), MANY).draw(1000)
    after = time.time_ns() // 1_000_000
    parsed = [uuid.UUID(value) for value in values]
    assert {(one.int >> 76 & 15, one.variant) for one in parsed} == {(7, uuid.RFC_4122)}
    assert all(before <= one.int >> 80 <= after for one in parsed)
    assert all(one < other for one, other in pairwise(values))
    assert plan(UUIDSpec(version=7)).entropy_bits == 62
    assert plan(UUIDSpec(version=7, count=1000)).collision_probability() == 0
    # The counter of RFC 9562, 6.2, is not secret; entropy_bits counts only the random bits.
    assert [one.int >> 64 & 0xFFF for one in parsed] == list(range(1000))
    assert holm(symbols_by_position([value[20:23] + value[24:] for value in values], "0123456789abcdef"))
    assert evenness((value[19] for value in values), "89ab") > ALPHA


def test_version_7_ascends_beyond_the_counter():
    values = plan(UUIDSpec(version=7), MANY).draw(10_000)
    assert len(values) == 10_000
    assert all(one < other for one, other in pairwise(values))


@pytest.mark.parametrize("format", ["text", "ndjson"])
def test_version_7_ascends_through_a_stream(format):
    values = b"".join(plan(UUIDSpec(version=7), MANY).chunks(20_000, format)).split()
    assert len(values) == 20_000
    assert all(one < other for one, other in pairwise(values))


def test_version_7_random_part_is_uniform():
    values = []
    for _ in range(300):
        values += plan(UUIDSpec(version=7)).draw(10)
    assert evenness((value[-1] for value in values), "0123456789abcdef") > ALPHA
    assert evenness((value[19] for value in values), "89ab") > ALPHA


def test_integers_cover_their_range():
    made = plan(IntegerSpec(min=-2, max=2), MANY)
    assert made.size == 5
    assert set(made.draw(1000)) == {-2, -1, 0, 1, 2}
    assert plan(IntegerSpec(min=7, max=7, count=3)).draw() == [7, 7, 7]
    low = -(2**1024) + 1
    assert all(low <= value <= -low for value in plan(IntegerSpec(min=low, max=-low)).draw(100))


def test_passphrases_use_words_of_the_list():
    made = plan(PassphraseSpec(words=3, separator=" "))
    assert made.size == 7776**3
    for value in made.draw(100):
        assert len(value.split(" ")) == 3
        assert set(value.split(" ")) <= set(word_list())


def test_every_word_of_a_passphrase_can_be_capitalized():
    """The separator is a space, because some words of the list contain a hyphen."""
    capitalized = {word[0].upper() + word[1:] for word in word_list()}
    assert "T-shirt" in capitalized
    for value in plan(PassphraseSpec(words=3, separator=" ", capitalize=True)).draw(100):
        words = value.split(" ")
        assert len(words) == 3
        assert set(words) <= capitalized


@pytest.mark.parametrize(
    ("kind", "fields", "wrong"),
    [
        (
            "tokens",
            {"bytes": 0, "count": 0, "encoding": "base58", "prefix": 1},
            ["bytes", "count", "encoding", "prefix"],
        ),
        ("tokens", {"bytes": 1025, "prefix": "\n"}, ["bytes", "prefix"]),
        ("tokens", {"bytes": True}, ["bytes"]),
        ("tokens", {"prefix": "\n"}, ["prefix"]),
        ("uuids", {"version": 1}, ["version"]),
        ("uuids", {"version": 4.5}, ["version"]),
        ("integers", {"min": 3, "max": 2}, ["min"]),
        ("integers", {"min": 0.5, "max": True}, ["max", "min"]),
        ("integers", {"max": 2**1024}, ["max"]),
        ("passphrases", {"words": 0, "separator": "x" * 17, "count": 1001}, ["count", "separator", "words"]),
        ("passphrases", {"words": 65}, ["words"]),
        ("passphrases", {"separator": "\n"}, ["separator"]),
    ],
)
def test_wrong_fields_are_refused(kind, fields, wrong):
    """msgspec checks the types, the core checks everything that types cannot express."""
    (found,) = (one for one in KINDS if one.name == kind)
    with pytest.raises(Invalid) as caught:
        plan(Fields(found.request(Config()), plan).from_values(fields))
    assert sorted(field for field, _ in caught.value.errors) == wrong


def test_more_unique_integers_than_exist_are_impossible():
    with pytest.raises(Impossible):
        plan(IntegerSpec(min=1, max=3, count=4, unique=True))
