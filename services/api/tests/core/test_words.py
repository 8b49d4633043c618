"""Excluded words: in no value, whatever the case, and across what stands around the drawn characters."""

from itertools import pairwise, product

import pytest

from flaskrandom.core import Impossible, Invalid, StringSpec, TooComplex, plan
from flaskrandom.core.words import profanities
from support.statistics import ALPHA, evenness


def bare(value, separator="-"):
    return value.replace(separator, "").lower()


@pytest.mark.parametrize("words", ["ass,tit", " ass , tit ", "ASS,Tit"])
def test_no_word_is_in_a_value(words):
    made = plan(StringSpec(length=10, upper=False, exclude_words=words, alphabet=None))
    values = made.draw(20_000)
    assert not any("ass" in value or "tit" in value for value in values)
    assert made.size < 36**10


@pytest.mark.parametrize(
    "fields",
    [
        {"alphabet": "asAS", "length": 4, "exclude_words": "ass"},
        {"alphabet": "as", "length": 4, "exclude_words": "ass", "group": 1},
        {"alphabet": "as", "length": 4, "exclude_words": "ass", "group": 3, "separator": "."},
        {"alphabet": "as", "length": 3, "exclude_words": "assa,ss", "prefix": "as", "suffix": "A"},
        {"alphabet": "äÄö", "length": 3, "exclude_words": "äö"},
        {"pattern": "?d?d-?d", "special_chars": "+", "exclude": "3456789", "exclude_words": "1-2,00"},
        {"alphabet": "ab", "length": 6, "exclude_words": "ab,ba"},
        {"alphabet": "ab", "length": 6, "exclude_words": "abab,ab,b", "max_repeat": 6},
    ],
)
def test_every_value_without_them_is_equally_likely(fields):
    made = plan(StringSpec(**fields))
    without = plan(StringSpec(**{name: value for name, value in fields.items() if name != "exclude_words"}))
    every = [without._source.unrank(index) for index in range(without.size)]
    separator = fields.get("separator", "-") if "group" in fields else "\n"
    expected = [
        value
        for value in every
        if not any(word.lower() in bare(value, separator) for word in fields["exclude_words"].split(","))
    ]
    assert made.size == len(expected)
    assert evenness(made.draw(40 * made.size), expected) > ALPHA
    assert [made._source.unrank(index) for index in range(made.size)] == expected


def test_offensive_words_are_left_out():
    assert len(profanities()) > 500
    made = plan(StringSpec(length=5, lower=False, digits=False, exclude_profanity=True))
    words = [word for word in profanities() if word.isalpha() and len(word) <= 5]
    every = 26**5
    assert 0.9 * every < made.size < every
    assert not any(word in value.lower() for value in made.draw(50_000) for word in words)
    # A control: free draws do hold some.
    free = plan(StringSpec(length=5, lower=False, digits=False)).draw(50_000)
    assert any(word in value.lower() for value in free for word in words)


def test_sizes_of_offensive_words_are_exact():
    made = plan(StringSpec(length=3, upper=False, exclude_profanity=True))
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
    every = map("".join, product(alphabet, repeat=3))
    assert made.size == sum(not any(word in value for word in profanities()) for value in every)


@pytest.mark.parametrize(
    "fields",
    [
        {"min_digits": 1, "min_upper": 1, "min_lower": 1, "min_special": 1, "special": True},
        {"max_repeat": 2},
        {"length": 64},
        {"first": "lower", "last": "digits"},
        {"regex": "[a-z]{3}-[a-z0-9]*", "length": 12},
        {"pattern": "?l?l?l?l?d?d"},
        {"rules": "required: lower; required: upper; max-consecutive: 2"},
        {"bits": 64},
    ],
)
def test_offensive_words_go_with_other_constraints(fields):
    values = plan(StringSpec(exclude_profanity=True, **fields)).draw(200)
    assert not any(word in value.lower() for value in values for word in profanities())


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"exclude_words": "a,,b"}, {"exclude_words"}),
        ({"exclude_words": "a\tb"}, {"exclude_words"}),
        ({"exclude_words": ",".join(map(str, range(1001)))}, {"exclude_words"}),
        ({"exclude_words": "a-b", "group": 4}, {"exclude_words"}),
        ({"exclude_words": "1", "checksum": "luhn", "lower": False, "upper": False}, {"exclude_words"}),
        ({"exclude_profanity": True, "checksum": "luhn", "lower": False, "upper": False}, {"exclude_profanity"}),
    ],
)
def test_wrong_fields(fields, named):
    with pytest.raises(Invalid) as caught:
        plan(StringSpec(**fields))
    assert {field for field, _ in caught.value.errors} == named


@pytest.mark.parametrize(
    "fields",
    [
        {"exclude_words": "ass", "prefix": "Ass"},
        {"exclude_words": "ass", "suffix": "asS"},
        {"exclude_words": "a,b", "alphabet": "ab"},
        {"exclude_words": "1a", "pattern": "1A?d"},
        {"exclude_words": "a", "regex": "a+"},
        {"exclude_words": "a", "rules": "allowed: [a]"},
    ],
)
def test_what_is_impossible(fields):
    with pytest.raises(Impossible) as caught:
        plan(StringSpec(**fields))
    assert "exclude_words" in {field for field, _ in caught.value.errors}


def test_many_words_and_long_values_are_refused_in_time():
    with pytest.raises(TooComplex):
        plan(StringSpec(length=4096, exclude_profanity=True))
    words = ",".join(f"{number:09b}".translate(str.maketrans("01", "ab")) for number in range(511))
    assert plan(StringSpec(alphabet="abc", length=30, exclude_words=words)).size > 0


def test_words_of_many_characters_are_refused():
    for words in ("a" * 16_000 + ",b" + "a" * 16_000, "ab" * 16_000):
        with pytest.raises(TooComplex):
            plan(StringSpec(alphabet="abc", length=4000, exclude_words=words, prefix="ab" * 100))


@pytest.mark.parametrize(
    "fields", [{"regex": "[a-z]{8}"}, {"regex": "[a-z]{2,5}"}, {"regex": "[a-z]{4}", "max_repeat": 1}]
)
def test_offensive_words_are_left_out_of_patterns(fields):
    made = plan(StringSpec(exclude_profanity=True, **fields))
    values = made.draw(2000)
    assert not any(word in value for value in values for word in profanities())
    assert made.size < plan(StringSpec(**fields)).size
    assert [made._source.rank(made._source.unrank(index)) for index in (0, made.size - 1)] == [0, made.size - 1]


def test_words_seen_before_count_the_same_at_other_lengths():
    """The automaton of the words is kept; shorter and longer values, runs and minimums must not mix."""
    words = ["aba", "bb"]
    for options in ({}, {"max_repeat": 1}, {"prefix": "ab"}, {"suffix": "ba"}):
        for length in (5, 1, 2, 6, 3, 4):
            spec = StringSpec(alphabet="abc", length=length, exclude_words=",".join(words), **options)
            prefix, suffix = options.get("prefix", ""), options.get("suffix", "")
            wanted = 0
            for chars in product("abc", repeat=length):
                value = prefix + "".join(chars) + suffix
                alike = any(one == two for one, two in pairwise(chars)) and "max_repeat" in options
                wanted += not alike and not any(word in value for word in words)
            assert plan(spec).size == wanted
