"""Check characters: published examples, the errors that each scheme detects, and drawn values that verify."""

import random
from string import ascii_uppercase, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskrandom.core import StringSpec, plan, verify
from flaskrandom.core.checksums import SCHEMES as CHECKSUMS

COVERED = {name: "".join(sorted(scheme.characters)) for name, scheme in CHECKSUMS.items()}


@pytest.mark.parametrize(
    ("checksum", "value"),
    [
        ("luhn", "79927398713"),
        ("luhn", "4111 1111 1111 1111"),
        ("verhoeff", "2363"),
        ("damm", "5724"),
        ("iso7064-11-10", "07945"),
        ("iso7064-97-10", "79444"),
        ("iso7064", "A12425GABC1234002M"),
        ("iso7064", "a1-2425g-abc1234002-m"),
        ("iso7064-97-10", "3214282912345698765432161182"),  # GB82 WEST ..., rearranged as the IBAN standard says
    ],
)
def test_published_examples_verify(checksum, value):
    assert verify(value, checksum)


@pytest.mark.parametrize("checksum", CHECKSUMS)
def test_every_single_wrong_character_is_detected(checksum):
    covered, scheme = COVERED[checksum], CHECKSUMS[checksum]
    body = "".join(random.choices(covered, k=9))
    value = body + scheme.check(body)
    assert verify(value, checksum)
    for place in range(len(body)):
        for other in covered:
            # MOD 97-10 writes a letter as two digits, so it only detects a wrong letter or a wrong digit.
            if other != value[place] and other.isdigit() == value[place].isdigit():
                assert not verify(value[:place] + other + value[place + 1 :], checksum)


@pytest.mark.parametrize("checksum", ["verhoeff", "damm", "iso7064-97-10"])
@given(data=st.data())
def test_every_swap_of_neighbours_is_detected(checksum, data):
    body = data.draw(st.text(digits, min_size=2, max_size=12))
    value = body + CHECKSUMS[checksum].check(body)
    place = data.draw(st.integers(0, len(body) - 2))
    swapped = value[:place] + value[place + 1] + value[place] + value[place + 2 :]
    assert verify(swapped, checksum) == (swapped == value)


@pytest.mark.parametrize("checksum", CHECKSUMS)
@pytest.mark.parametrize("fields", [{}, {"group": 3}, {"group": 4, "separator": " / "}])
def test_drawn_values_verify(checksum, fields):
    spec = StringSpec(alphabet=COVERED[checksum], length=11, checksum=checksum, **fields)
    made = plan(spec)
    values = made.draw(300)
    assert all(verify(value, checksum) for value in values)
    assert made.size == len(COVERED[checksum]) ** 11  # the check characters add no entropy
    bare = [value.replace("-", "").replace(" / ", "") for value in values]
    assert {len(value) for value in bare} == {11 + CHECKSUMS[checksum].length}


def test_prefix_and_suffix_are_not_part_of_the_checksum():
    value = plan(StringSpec(pattern="?d?d?d?d", checksum="luhn", prefix="7", suffix="X")).draw()[0]
    assert verify(value, "luhn", prefix="7", suffix="X")
    assert not verify(value, "luhn")
    assert not verify(value, "luhn", prefix="8", suffix="X")


def test_literals_of_a_mask_are_part_of_the_checksum():
    for value in plan(StringSpec(pattern="4000-?d?d?d", checksum="luhn")).draw(50):
        assert value.startswith("4000-")
        assert verify(value, "luhn")
        assert not verify("5" + value[1:], "luhn")


def test_a_separator_of_letters_must_be_given_to_verify():
    value = plan(StringSpec(pattern="?d?d?d?d", checksum="damm", group=2, separator="x")).draw()[0]
    assert verify(value, "damm", separator="x")
    assert not verify(value, "damm")


@pytest.mark.parametrize("value", ["", "-", "0", "é", "12a4", "²³"])
def test_invalid_text_never_verifies(value):
    assert not verify(value, "luhn")


@pytest.mark.parametrize(
    ("checksum", "value"),
    [("iso7064", "A12425GABC1234002M"), ("luhn", "4111 1111 1111 1111"), ("iso7064-27-26", "STRASSE")],
)
def test_only_ascii_punctuation_is_ignored(checksum, value):
    body = value if checksum != "iso7064-27-26" else value + CHECKSUMS[checksum].check(value)
    assert verify(body, checksum)
    assert verify(" " + "-".join(body.lower()) + "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", checksum)
    for wrong in ("é", "→", "·", "\n", "\t", "\u00a0", "\u200b", "²", "１", "Ａ", "ａ", "\0"):
        assert not verify(body + wrong, checksum)
        assert not verify(wrong + body, checksum)
    assert verify("·".join(body), checksum, separator="·")


@pytest.mark.parametrize("lookalike", ["ſTRASSE", "STRAßE", "ﬆRASSE", "STRAẞE"])
def test_look_alike_characters_are_not_accepted(lookalike):
    check = CHECKSUMS["iso7064-27-26"].check("STRASSE")
    assert verify("strasse" + check, "iso7064-27-26")
    assert not verify(lookalike + check, "iso7064-27-26")
    assert not verify(lookalike.lower() + check, "iso7064-27-26")


def test_an_unknown_checksum_is_an_error():
    with pytest.raises(KeyError):
        verify("123", "crc32")


def test_each_checksum_covers_its_alphabet():
    assert COVERED["luhn"] == COVERED["damm"] == COVERED["verhoeff"] == COVERED["iso7064-11-10"] == digits
    assert COVERED["iso7064"] == COVERED["iso7064-97-10"] == digits + ascii_uppercase
    assert COVERED["iso7064-27-26"] == ascii_uppercase
