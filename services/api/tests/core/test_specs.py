"""Every constraint, alone and with others, compared with a search of all strings."""

import re
import sys
import tracemalloc
from random import Random
from string import ascii_lowercase, ascii_uppercase, digits

import pytest
from brute_force import all_but, valid_strings
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import structs

from flaskrandom.annotations import Fields
from flaskrandom.core import Impossible, Invalid, Limits, StringSpec, TooComplex, plan
from flaskrandom.kinds import KINDS

MANY = Limits(max_count=10**7)
(STRINGS,) = (kind for kind in KINDS if kind.name == "strings")


@st.composite
def specs(draw):
    """Specs with few enough strings to check them all."""
    kept = "".join(chars[: draw(st.integers(0, 2))] for chars in ("O0", "la", "OB", "!#") if draw(st.booleans())) or "0"
    flags = {name: draw(st.booleans()) for name in ("digits", "lower", "upper", "special")}
    assume(any(flags.values()))
    length = draw(st.integers(1, 6))
    assume(len(kept) ** length <= 2000)
    minimums = {
        f"min_{name}": draw(st.integers(0, 3)) for name, allowed in flags.items() if allowed and draw(st.booleans())
    }
    allowed = [name for name, flag in flags.items() if flag]
    first = draw(st.none() | st.lists(st.sampled_from(allowed), min_size=1, max_size=2).map(",".join))
    return StringSpec(
        length=length,
        **flags,
        **minimums,
        first=first,
        exclude=all_but(kept),
        exclude_similar=draw(st.booleans()),
        max_repeat=draw(st.none() | st.integers(1, 4)),
        prefix=draw(st.sampled_from(["", "p-"])),
        suffix=draw(st.sampled_from(["", "é"])),
    )


@given(specs())
def test_size_draws_and_uniqueness_match_a_search_of_all_strings(spec):
    expected = valid_strings(spec)
    try:
        made = plan(spec)
    except Impossible:
        assert not expected
        return
    assert made.size == len(expected) > 0
    assert set(made.draw(50)) <= expected
    # A draw of all values has every valid string once, so the ranks are complete.
    everything = plan(structs.replace(spec, count=made.size, unique=True), MANY).draw()
    assert len(everything) == len(expected)
    assert set(everything) == expected
    some = plan(structs.replace(spec, count=max(1, made.size // 2), unique=True), MANY).draw()
    assert len(some) == len(set(some)) == max(1, made.size // 2)
    assert set(some) <= expected


def one(**fields):
    return plan(StringSpec(**fields)).draw()[0]


def test_a_spec_has_the_default_length_and_alphabet():
    value = one()
    assert len(value) == 16
    assert set(value) <= set(digits + ascii_lowercase + ascii_uppercase)


def test_length_counts_only_the_drawn_code_points():
    value = one(length=5, alphabet="é€😀", prefix="→", suffix="←", group=2)
    assert len(value) == 5 + 2 + 2
    assert value[0] + value[3] + value[6] + value[-1] == "→--←"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"group": 4, "length": 12}, "aaaa-aaaa-aaaa"),
        ({"group": 5, "length": 12}, "aaaaa-aaaaa-aa"),
        ({"group": 12, "length": 12}, "aaaaaaaaaaaa"),
        ({"group": 3, "length": 6, "separator": " · "}, "aaa · aaa"),
        ({"group": 2, "length": 4, "prefix": "<", "suffix": ">", "separator": "/"}, "<aa/aa>"),
    ],
)
def test_values_are_grouped(fields, expected):
    assert one(alphabet="a", **fields) == expected


@pytest.mark.parametrize(
    ("pattern", "alphabets"),
    [
        ("?d", [digits]),
        ("?l?u", [ascii_lowercase, ascii_uppercase]),
        ("?s", ["!@#$"]),
        ("?h?H", ["0123456789abcdef", "0123456789ABCDEF"]),
        ("?a", [digits + ascii_lowercase + ascii_uppercase + "!@#$"]),
        ("AB??-?d", ["A", "B", "?", "-", digits]),
        ("é?d", ["é", digits]),
    ],
)
def test_masks_use_the_right_alphabets(pattern, alphabets):
    made = plan(StringSpec(pattern=pattern))
    size = 1
    for alphabet in alphabets:
        size *= len(alphabet)
    assert made.size == size
    for value in made.draw(200):
        assert len(value) == len(alphabets)
        assert all(char in alphabet for char, alphabet in zip(value, alphabets, strict=True))


def test_exclusions_apply_inside_masks_but_not_to_literals():
    made = plan(StringSpec(pattern="0?d", exclude="0123", exclude_similar=True))
    assert made.size == 6
    assert set(made.draw(500)) == {f"0{digit}" for digit in "456789"}


@pytest.mark.parametrize("letter", "dlushHa")
@pytest.mark.parametrize("similar", [False, True])
def test_exclusions_apply_to_every_class_letter(letter, similar):
    spec = StringSpec(pattern=f"x?{letter}0?{letter}", exclude="12ABabyz!xé", exclude_similar=similar)
    made = plan(spec)
    expected = valid_strings(spec)
    assert made.size == len(expected)
    assert not {value[1] for value in made.draw(500)} & set(spec.exclude + ("0Oo1lI|" if similar else ""))
    assert set(made.draw(500)) <= expected


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("ab?d?x", "character 5: '?x'"),
        ("??é?d?", "character 6: '?'"),
        ("?d\t", "character 3, U+0009"),
        ("??a?\t?d", "character 4: '?\\t'"),
        ("漢?漢?d", "character 2: '?漢'"),
    ],
)
def test_an_error_in_a_mask_is_named_with_its_place(pattern, message):
    with pytest.raises(Invalid, match=re.escape(message)):
        plan(StringSpec(pattern=pattern))


@pytest.mark.parametrize(
    ("fields", "longest"),
    [
        ({"length": 4096, "alphabet": "ab", "max_repeat": 2}, 2048),
        ({"length": 2049, "alphabet": "ab", "max_repeat": 30}, 2048),
        ({"length": 1025, "max_repeat": 2}, 1024),
        ({"length": 1537, "alphabet": digits, "max_repeat": 3}, 1536),
    ],
)
def test_the_message_for_a_run_limit_names_the_longest_length(fields, longest):
    with pytest.raises(TooComplex, match=f"up to length {longest} "):
        plan(StringSpec(**fields))
    for length, accepted in ((longest, True), (longest + 1, False)):
        if accepted:
            assert len(plan(StringSpec(**{**fields, "length": length})).draw()[0]) == length
        else:
            fields_of({**fields, "length": length}, kind=TooComplex)


WIDE = "".join(map(chr, range(0x4E00, 0x4E00 + 4096)))


@pytest.mark.parametrize(
    "fields",
    [
        {"alphabet": WIDE, "group": 1, "separator": "漢", "prefix": "漢" * 256, "suffix": "漢" * 256},
        {"alphabet": "a" + WIDE[:400], "group": 16, "separator": "漢a" * 8},
        {"alphabet": WIDE[:200], "group": 1, "prefix": WIDE[200:456]},
        {"alphabet": WIDE, "length": 3000, "group": 1, "max_repeat": 1},
    ],
    ids=range(4),
)
def test_the_layout_of_wide_characters_takes_few_calls(fields):
    """The test counts work, not time: a few function calls per string, none per character."""
    made = plan(StringSpec(**{"length": 4096, **fields}))
    made.draw(1)  # does the work that is needed only once
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        drawn = made.draw(20)
    finally:
        sys.setprofile(None)
    assert len(drawn) == 20
    assert calls < 4096


def test_the_s_in_a_mask_stands_for_special_chars():
    assert set(plan(StringSpec(pattern="?s", special_chars="*+")).draw(100)) == {"*", "+"}


def fields_of(fields, limits=Limits(), kind=Invalid):  # noqa: B008
    """The refused fields: msgspec checks the type of each, the core checks how they combine."""
    with pytest.raises(kind) as caught:
        plan(Fields(STRINGS.request(limits), lambda spec: plan(spec, limits)).from_values(fields), limits)
    assert all(message for _, message in caught.value.errors)
    return [field for field, _ in caught.value.errors]


def test_every_wrong_field_is_named_at_once():
    fields = {
        "length": 0, "count": 0, "special_chars": "aa", "min_digits": -1, "min_upper": True, "first": "vowels",
        "max_repeat": 0, "prefix": "\n", "suffix": "x" * 300, "checksum": "crc32", "group": 0, "separator": "",
    }  # fmt: skip
    assert set(fields_of(fields)) == {
        "length", "count", "special_chars", "min_digits", "min_upper", "first", "max_repeat", "prefix", "suffix",
        "checksum", "group", "separator",
    }  # fmt: skip


@pytest.mark.parametrize("value", [True, 1.0, 1.5, -1, 0, 1001, "3", None, 10**100, float("nan")])
def test_an_invalid_count_is_refused(value):
    assert fields_of({"count": value}) == ["count"]


@pytest.mark.parametrize("value", [True, 1.0, -1, 0, 4097, "3", float("inf")])
def test_an_invalid_length_is_refused(value):
    assert fields_of({"length": value}) == ["length"]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"pattern": ""}, ["pattern"]),
        ({"pattern": "?"}, ["pattern"]),
        ({"pattern": "?x"}, ["pattern"]),
        ({"pattern": "ddd"}, ["pattern"]),
        ({"pattern": "?d\t"}, ["pattern"]),
        ({"pattern": "?d" * 4097}, ["pattern"]),
        ({"pattern": "?d", "length": 1}, ["length"]),
        ({"pattern": "?d", "alphabet": "ab"}, ["alphabet"]),
        ({"pattern": "?d", "digits": False, "special": True}, ["digits", "special"]),
        ({"pattern": "?d", "min_digits": 1, "first": "digits", "max_repeat": 2}, ["first", "max_repeat", "min_digits"]),
        ({"alphabet": ""}, ["alphabet"]),
        ({"alphabet": "aba"}, ["alphabet"]),
        ({"alphabet": "a\u200b"}, ["alphabet"]),
        ({"alphabet": "a\ud800"}, ["alphabet"]),
        ({"alphabet": "".join(map(chr, range(0x4E00, 0x4E00 + 4097)))}, ["alphabet"]),
        ({"alphabet": "ab", "lower": False}, ["lower"]),
        (
            {"alphabet": "ab", "special_chars": "+", "first": "lower", "min_lower": 1},
            ["first", "min_lower", "special_chars"],
        ),
        ({"special_chars": "a!"}, ["special_chars"]),
        ({"special_chars": ""}, ["special_chars"]),
        ({"special_chars": "".join(map(chr, range(0x4E00, 0x4E00 + 129)))}, ["special_chars"]),
        ({"exclude": "x" * 5000}, ["exclude"]),
        ({"min_special": 1}, ["min_special"]),
        ({"digits": False, "min_digits": 1}, ["min_digits"]),
        ({"first": ""}, ["first"]),
        ({"first": "special"}, ["first"]),
        ({"separator": "-"}, ["separator"]),
        ({"group": 4, "separator": "x" * 17}, ["separator"]),
        ({"checksum": "luhn"}, ["lower", "upper"]),
        ({"checksum": "iso7064", "special": True}, ["lower", "special"]),
        ({"checksum": "iso7064", "alphabet": "abc"}, ["alphabet"]),
        ({"checksum": "luhn", "pattern": "A?d"}, ["pattern"]),
        ({"checksum": "luhn", "pattern": "?l"}, ["pattern"]),
        ({"checksum": "iso7064", "lower": False, "group": 2, "separator": "x"}, ["separator"]),
    ],
)
def test_wrong_fields_are_refused(fields, wrong):
    assert sorted(fields_of(fields)) == sorted(wrong)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"length": 3, "min_digits": 2, "min_lower": 2}, ["min_digits", "min_lower"]),
        ({"digits": False, "lower": False, "upper": False}, ["digits"]),
        ({"lower": False, "upper": False, "exclude": digits}, ["exclude"]),
        ({"exclude": digits, "min_digits": 1}, ["min_digits"]),
        ({"exclude": digits, "first": "digits"}, ["first"]),
        ({"alphabet": "0O", "exclude_similar": True}, ["exclude_similar"]),
        ({"pattern": "?d", "exclude": digits}, ["pattern"]),
        ({"alphabet": "a", "length": 5, "max_repeat": 4}, ["max_repeat"]),
        ({"length": 1, "min_digits": 1, "first": "lower"}, ["first", "min_digits"]),
        (
            {"length": 4, "lower": False, "upper": False, "count": 1000, "unique": True, "exclude": "123456789"},
            ["count", "unique"],
        ),
        ({"length": 5, "exclude": "123456789", "min_digits": 4, "max_repeat": 1}, ["max_repeat", "min_digits"]),
    ],
)
def test_impossible_fields_are_refused(fields, wrong):
    assert sorted(fields_of(fields, kind=Impossible)) == sorted(wrong)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"length": 1025, "max_repeat": 2}, ["max_repeat"]),
        ({"length": 2049, "alphabet": "ab", "max_repeat": 2}, ["max_repeat"]),
        ({"length": 4096, "min_digits": 2000}, ["min_digits"]),
        ({"length": 200, "min_digits": 100}, ["min_digits"]),
        (
            {"length": 64, "min_digits": 20, "min_lower": 20, "min_upper": 20, "max_repeat": 1},
            ["max_repeat", "min_digits", "min_lower", "min_upper"],
        ),
    ],
)
def test_too_complex_fields_are_refused(fields, wrong):
    assert sorted(fields_of(fields, kind=TooComplex)) == sorted(wrong)


@pytest.mark.parametrize(
    "fields",
    [
        {"length": 4096, "min_digits": 4, "min_lower": 4, "min_upper": 4, "min_special": 4, "special": True},
        {"length": 128, "min_digits": 32, "min_lower": 32, "min_upper": 32, "min_special": 32, "special": True},
        {"length": 128, "min_digits": 128, "first": "digits"},
        {"length": 4096, "max_repeat": 1, "first": "lower"},
        {"length": 1024, "max_repeat": 2},
        {"length": 128, "alphabet": "ab", "max_repeat": 2},
        {
            "length": 128,
            "min_digits": 1,
            "min_lower": 1,
            "min_upper": 1,
            "min_special": 1,
            "special": True,
            "max_repeat": 1,
        },
        {
            "length": 16,
            "min_digits": 4,
            "min_lower": 4,
            "min_upper": 4,
            "min_special": 4,
            "special": True,
            "max_repeat": 2,
            "first": "lower",
        },
    ],
)
def test_complex_fields_within_the_budget_are_accepted(fields):
    assert len(plan(StringSpec(**fields)).draw(2)[1]) == fields["length"]


def test_the_given_limits_apply():
    limits = Limits(max_length=8, max_count=3)
    assert len(plan(StringSpec(length=8, count=3), limits).draw()) == 3
    assert fields_of({"length": 9, "count": 4}, limits) == ["length", "count"]
    assert fields_of({"pattern": "?d" * 9}, limits) == ["pattern"]


def test_plans_that_differ_only_in_count_share_their_source():
    assert plan(StringSpec(length=9, count=3))._source is plan(StringSpec(length=9, count=7, unique=True))._source


@pytest.mark.parametrize(
    ("fields", "use", "most"),
    [
        # 64 sources of 2.2 MiB each would fill a worker.
        (
            [{"alphabet": "01", "length": 2000 + more, "max_repeat": 6} for more in range(10)],
            lambda made: made.draw(1),
            14,
        ),
        # All choices at all places would take 60 MiB.
        ([{"length": 240, "exclude_profanity": True}], lambda made: made._source.unrank_all(indexes(made, 50)), 44),
    ],
    ids=["max_repeat", "words"],
)
def test_what_a_worker_keeps_is_bounded(fields, use, most):
    plan(StringSpec(exclude_profanity=True))  # loads the list
    tracemalloc.start()
    try:
        for each in fields:
            use(plan(StringSpec(**each)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < most << 20


def indexes(made, count):
    chosen = Random(1)
    return [chosen.randrange(made.size) for _ in range(count)]
