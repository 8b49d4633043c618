"""Excluded words occur in no value, in upper or lower case, even across prefix, suffix and separators."""

import re
import tracemalloc
from contextlib import suppress
from itertools import combinations, islice, pairwise, product
from random import Random
from string import ascii_lowercase

import pytest
import real_patterns
from brute_force import longest_run
from costs import check_cost
from hypothesis import assume, given
from hypothesis import strategies as st

from flaskrandom.core import Impossible, Invalid, StringSpec, TooComplex, plan, regex
from flaskrandom.core.alphabets import PRINTABLE
from flaskrandom.core.automata import Budget, explore
from flaskrandom.core.constraints import Shape, number_of
from flaskrandom.core.languages import Language
from flaskrandom.core.matches import Matches
from flaskrandom.core.samplers import Product
from flaskrandom.core.words import WordsAvoided, fold, profanities
from support.statistics import ALPHA, evenness

MINIMUMS = ("min_digits", "min_upper", "min_lower", "min_special")


def bare(value, separator="-"):
    return value.replace(separator, "").lower()


@pytest.mark.parametrize("words", ["ass,tit", " ass , tit ", "ASS,Tit"])
def test_no_value_contains_an_excluded_word(words):
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
def test_every_value_without_the_words_is_equally_likely(fields):
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


def test_a_word_with_more_digits_than_the_minimum_is_counted_right():
    fields = {"length": 4, "upper": False, "exclude": "cdefghijklmnopqrstuvwxyz23456789", "exclude_words": "0101"}
    made = plan(StringSpec(**fields, min_lower=2, min_digits=2))
    assert made.size == 6 * 2**4  # the places of the digits, times the choices at each place
    shape = Shape(
        Product(["01abcdefg"] * 8), [("01", 2), ("abcdefg", 3)], words=WordsAvoided(profanities(), "01abcdefg")
    )
    assert number_of(shape, shape.words) == shape.language().size


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"exclude_words": "a" * 2000}, 62**20),
        ({"exclude_words": "ab" * 1000}, 62**20),
        ({"exclude_words": "a" * 1000, "alphabet": "ab"}, 2**20),
    ],
)
def test_long_words_are_counted_exactly(fields, size):
    """The automaton of these words has thousands of similar states."""
    assert plan(StringSpec(length=20, **fields)).size == size


@pytest.mark.parametrize(
    "fields",
    [{"regex": "b", "length": 6, "exclude_words": "zz"}, {"regex": "[a-c]{2}", "length": 3, "exclude_profanity": True}],
)
def test_a_pattern_without_a_match_of_this_length_is_impossible(fields):
    with pytest.raises(Impossible):
        plan(StringSpec(**fields))


def test_offensive_words_are_excluded():
    assert len(profanities()) > 500
    made = plan(StringSpec(length=5, lower=False, digits=False, exclude_profanity=True))
    words = [word for word in profanities() if word.isalpha() and len(word) <= 5]
    every = 26**5
    assert 0.9 * every < made.size < every
    assert not any(word in value.lower() for value in made.draw(50_000) for word in words)
    # Control: unconstrained draws do contain some of the words.
    free = plan(StringSpec(length=5, lower=False, digits=False)).draw(50_000)
    assert any(word in value.lower() for value in free for word in words)


def test_sizes_without_offensive_words_are_exact():
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
def test_offensive_words_can_be_excluded_with_other_constraints(fields):
    values = plan(StringSpec(exclude_profanity=True, **fields)).draw(200)
    assert not any(word in value.lower() for value in values for word in profanities())


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"exclude_words": "a,,b"}, {"exclude_words"}),
        ({"exclude_words": "a\tb"}, {"exclude_words"}),
        ({"exclude_words": ",".join(map(str, range(1001)))}, {"exclude_words"}),
        ({"exclude_words": "a-b", "group": 4}, {"exclude_words"}),
        ({"exclude_profanity": True, "group": 1, "separator": "S"}, {"separator"}),
        ({"exclude_words": "1", "checksum": "luhn", "lower": False, "upper": False}, {"exclude_words"}),
        ({"exclude_profanity": True, "checksum": "luhn", "lower": False, "upper": False}, {"exclude_profanity"}),
    ],
)
def test_wrong_fields_are_refused(fields, named):
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
def test_impossible_words_are_refused(fields):
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
def test_offensive_words_are_excluded_from_patterns(fields):
    made = plan(StringSpec(exclude_profanity=True, **fields))
    values = made.draw(2000)
    assert not any(word in value for value in values for word in profanities())
    assert made.size < plan(StringSpec(**fields)).size
    assert [made._source.rank(made._source.unrank(index)) for index in (0, made.size - 1)] == [0, made.size - 1]


def test_a_cached_automaton_gives_exact_counts_at_other_lengths():
    """The automaton of the words is cached; it must not mix up lengths, runs and minimums."""
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


@st.composite
def shapes_without_words(draw):
    """Random shapes with the same characters at all inner places, excluded words, a prefix and a suffix."""
    alphabet = draw(st.sampled_from(["ab", "aAb", "aA01", "AaBb", "abx", "ab0X1", "äÄb", "σςΣ", "ßẞa", "ayz", "uvwz"]))
    some = st.just(alphabet) | st.text(st.sampled_from(alphabet), min_size=1, max_size=2).map(
        lambda chars: "".join(sorted(set(chars)))
    )
    length = draw(st.integers(1, 5 if len(alphabet) < 5 else 4))
    places = [draw(some), *[alphabet] * (length - 2), draw(some)][:length]
    required = draw(st.lists(st.tuples(some, st.integers(1, 3)), max_size=3))
    letters = "abAx01" if alphabet.isascii() else alphabet
    words = draw(st.lists(st.text(letters, min_size=1, max_size=4), min_size=1, max_size=5))
    around = st.text(letters, max_size=3)
    avoided = WordsAvoided(tuple(words), alphabet, draw(around), draw(around))
    assume(avoided.start is not None)
    return Shape(Product(places), required, draw(st.none() | st.integers(1, 3)), avoided)


def is_unequal(shape):
    """Whether both ends are limited, or a minimum over 1 counts only one case of a letter."""
    alphabet = shape.alphabet
    alike = [(one, two) for one, two in product(alphabet, repeat=2) if fold(one) == fold(two)]
    uneven = any((one in some) != (two in some) for some, least in shape.required if least > 1 for one, two in alike)
    return uneven or all(len(shape.places[end]) < len(alphabet) for end in (0, -1))


@given(shapes_without_words())
def test_counts_match_a_search_of_all_strings(shape):
    assume(shape.is_even)
    avoided, expected = shape.words, 0
    for chars in product(*shape.places):
        whole = fold(avoided.prefix + "".join(chars) + avoided.suffix)
        expected += (
            (shape.run is None or longest_run(chars) <= shape.run)
            and all(sum(map(some.__contains__, chars)) >= least for some, least in shape.required)
            and not any(fold(word) in whole for word in avoided.words)
        )
    assert shape.language(10**7).size == expected
    found = number_of(shape, avoided)
    if found is None:
        assert shape.run is not None
        assert is_unequal(shape)
    else:
        assert found == expected


@pytest.mark.parametrize("length", [3, 7, 33, 64])
@pytest.mark.parametrize("fields", [{}, {"max_repeat": 2}, {"min_digits": 1, "min_upper": 2}, {"prefix": "as"}])
def test_counts_do_not_depend_on_earlier_lengths(length, fields):
    """Counts of other lengths are cached; the cache must not change the result."""
    from flaskrandom.core import strings, word_counts

    def size():
        strings._counted_source.cache_clear()
        return plan(StringSpec(length=length, exclude_profanity=True, **fields)).size

    word_counts._counts.cache_clear()
    fresh = size()
    for other in (4, 60, 5):
        plan(StringSpec(length=other, exclude_profanity=True, **fields))
    assert size() == fresh


@pytest.mark.parametrize(
    "fields",
    [
        {"regex": "[A-Za-z0-9]{4,12}"},
        {"regex": "[a-z]{1,8}"},
        {"regex": "[a-z]+", "max_length": 5},
        {"regex": "[a-z]+", "max_repeat": 1, "max_length": 5},
        {"regex": "[ab0-9]*", "suffix": "ss"},
        {"regex": "[a-z]+", "bits": 20},
        {"regex": "[A-Z][a-z]+", "suffix": "ss", "max_length": 5},
        {"regex": "([a-z]{2}-?){2,3}", "suffix": "x", "prefix": "Se"},
        {"regex": "[^aeiou]{3,4}[ai]", "suffix": "t-Ss"},
    ],
)
def test_patterns_without_offensive_words_are_counted_exactly(fields):
    source = plan(StringSpec(exclude_profanity=True, **fields))._source
    counted = getattr(source, "source", source)
    assert counted.language.size == counted.size == source.size
    pattern = fields.get("prefix", "") + fields["regex"] + fields.get("suffix", "")
    values = source.rows(500)
    assert all(re.fullmatch(pattern, value) for value in values)
    assert not any(word in value.lower() for value in values for word in profanities())
    for index in (0, source.size // 2, source.size - 1):
        assert source.rank(source.unrank(index)) == index


LETTERS = st.text("abcdefghijkl AB1", min_size=1, max_size=4)


@given(
    st.sampled_from(
        ["[a-l]*", ".{2,4}", "[a-c]+-?[b-lA]*", "(ab|c[d-f])+", "a.b|b+[A-C1]", "[ab][cd]?[ef1]{0,2}", "(?!ab).+"]
    ),
    st.lists(LETTERS, min_size=1, max_size=12),
    st.text("abA", max_size=2),
    st.text("abAB", max_size=3),
)
def test_matches_without_words_are_counted_as_an_automaton_counts_them(pattern, words, prefix, suffix):
    avoided = WordsAvoided(tuple(words), PRINTABLE, prefix, suffix)
    assume(avoided.start is not None)

    def made(machines):
        machine = regex.Regex(regex.parse(pattern), "abcdefghijklAB1- ", frozenset(), 5, Budget())
        return explore([machine, *machines], machine.alphabet, 5, Budget())

    expected = Language(made([avoided]), 0, 5).by_length
    found = Matches(avoided, made([]), 5, Budget()).by_length(range(6))
    assert found == [expected.get(length, 0) for length in range(6)]


@pytest.mark.parametrize("pattern", ["?l?l?u-?d?d", "?l?d?l?d", "x?ux?l?a", "?h?h?u?H", "?l?u?l?d?a-" * 4])
@pytest.mark.parametrize("prefix", ["", "as"])
def test_masks_without_words_are_counted_as_an_automaton_counts_them(pattern, prefix):
    source = plan(StringSpec(pattern=pattern, prefix=prefix, exclude_profanity=True))._source
    counted = getattr(source, "source", source)
    assert counted.size == counted.language.size


@real_patterns.needed
def test_most_public_patterns_can_be_free_of_offensive_words():
    accepted, texts = 0, real_patterns.texts()[::3]
    for text in texts:
        with suppress(Invalid):
            accepted += plan(StringSpec(regex=text, exclude_profanity=True)).size > 0
    assert accepted > 0.83 * len(texts)  # 0.55 with an automaton over the words


def test_patterns_without_many_long_words_are_accepted():
    choices = Random(1).choices
    begin = "abcdefghijk" * 9
    words = [begin[: 20 + number % 70] + "".join(choices(ascii_lowercase, k=3)) for number in range(420)]
    assert plan(StringSpec(regex="[0-9]+-[a-z]+", exclude_words=",".join(words))).size > 0


def test_an_unreachable_run_limit_costs_nothing():
    words = ",".join(map("".join, zip("abcdefghijklm", "nopqrstuvwxyz", strict=True)))
    fields = {"regex": "[a-z]*", "exclude_words": words, "max_length": 64}
    assert plan(StringSpec(max_repeat=200, **fields)).size == plan(StringSpec(**fields)).size


def test_a_failed_trial_leaves_enough_budget_for_the_automaton():
    """Each length has few strings left, one more than its number of places, so the language can count them."""
    made = plan(StringSpec(regex="[ab]*", exclude_words="ab", max_length=2000))
    assert made.size == sum(length + 1 for length in range(2001))


def test_the_cost_does_not_depend_on_earlier_requests():
    """Counts for other prefixes are cached; the next request must not pay for them."""
    from flaskrandom.core import strings, word_counts

    def sizes():
        strings._counted_source.cache_clear()
        found = []
        for fields in ({"length": 128}, {"length": 60, "prefix": "as"}, {"length": 128, "first": "lower"}):
            found.append(plan(StringSpec(exclude_profanity=True, **fields)).size)
        with pytest.raises(TooComplex):
            plan(StringSpec(exclude_profanity=True, length=128, first="lower", min_digits=9))
        return found

    word_counts._counts.cache_clear()
    fresh = sizes()
    every = {word[:size] for word in profanities() for size in range(1, len(word))}
    prefixes = [begun for begun in sorted(every) if not any(word in begun for word in profanities())][:1000]
    assert len(prefixes) == 1000
    for prefix in prefixes:
        with suppress(Impossible):
            plan(StringSpec(exclude_profanity=True, length=128, first="lower", prefix=prefix))
    assert sizes() == fresh


def test_characters_of_no_word_are_one_class():
    """With max_repeat, each class has states of its own: such requests were refused, or took 10 s and 280 MiB."""
    alphabet = "ot-PY7NdDy3SLA15czKj m#suTWx64"
    made = plan(StringSpec(alphabet=alphabet, length=1025, max_repeat=1, exclude_words="11,a"))
    assert len(made._source.automaton.classes) < 10
    assert all(longest_run(value) == 1 for value in made.draw(10))


def test_what_is_kept_for_one_list_of_words_is_bounded():
    """The counts of one list serve any characters at the first place, of which there are many sets."""
    words = ",".join(Random(1).sample([*map("".join, product("abcdefghijkl", repeat=3))], 800))

    def grown(sets):
        for some in sets:
            plan(StringSpec(regex=f"[{''.join(some)}][a-z]{{9}}", exclude_words=words))
        return tracemalloc.get_traced_memory()[0]

    sets = combinations("abcdefghijkl", 6)
    tracemalloc.start()
    try:
        few, many = grown(islice(sets, 10)), grown(islice(sets, 100))
    finally:
        tracemalloc.stop()
    assert many - few < 1 << 18


TWELVE = "abc1,def2,ghi3,jkl4,mno5,pqr6,stu7,vwx8,yza9,bcd0,efg1,hij2"


@pytest.mark.parametrize(
    "fields",
    [
        {"length": 200, "exclude_words": TWELVE, "min_digits": 3},
        {"length": 150, "exclude_words": TWELVE, "min_digits": 2, "min_upper": 2},
        {"length": 200, "exclude_words": "ab,Cd", "first": "digits", "last": "lower", "max_repeat": 2},
        {"length": 1000, "exclude_words": "ab", "min_digits": 3},
        {"length": 32, "exclude_profanity": True, **dict.fromkeys(MINIMUMS, 1), "special": True},
        {"length": 16, "exclude_profanity": True, "min_digits": 2, "min_upper": 2, "min_lower": 2},
        {"length": 64, "exclude_profanity": True, "min_digits": 2},
        {"regex": "[a-e]*", "exclude_words": "ab", "max_length": 1500},
        {"length": 128, "exclude_profanity": True, "max_repeat": 2},
    ],
)
def test_long_values_and_minimums_are_accepted(fields):
    words = [*fields.get("exclude_words", "").split(","), *profanities() * ("exclude_profanity" in fields)]
    value = plan(StringSpec(**fields)).draw(1)[0].lower()
    assert not any(word.lower() in value for word in words if word)


WORDS = ",".join(f"{number:010b}".translate(str.maketrans("01", "ab")) for number in range(1000))
LONG_AND_SHORT = ",".join([*map("".join, islice(product("bcdefghijk", repeat=2), 92)), "a" * 138])
#: Takes 1.9 to 2.4 times `ALLOWED`.
COSTLIEST = {"exclude_profanity": True, "length": 128, "min_digits": 1, "min_lower": 1}
LONG_LETTERS = ",".join("".join(Random(number).choices(ascii_lowercase, k=31)) for number in range(1000))
HOSTILE = [
    {"exclude_words": LONG_LETTERS, "pattern": "?a?l" * 8},
    {"exclude_words": LONG_LETTERS, "regex": "[A-Z][a-z]+([0-9]{1,4}-[a-z]+)*"},
    {"exclude_profanity": True, "regex": "[A-Z][a-z]+([0-9]{1,4}-[a-z]+)*"},
    {"exclude_profanity": True, "regex": "([a-z]{2,5}-){2,9}[0-9]{1,4}"},
    {"exclude_profanity": True, "regex": r"[^\s@\"]{1,64}@[^\s@]{1,255}"},
    {"exclude_profanity": True, "regex": "([a-zA-Z0-9]{1,30})::([a-zA-Z0-9]{1,30})"},
    {"exclude_profanity": True, "regex": ".*system[.]json"},
    {"exclude_profanity": True, "regex": ".*" * 20, "max_length": 4096},
    {"exclude_profanity": True, "regex": "(?=.*[0-9]).*", "max_repeat": 3},
    {"exclude_profanity": True, "regex": "[A-Za-z]+|[0-9]+", "max_repeat": 2},
    {"exclude_profanity": True, "regex": "([a-z]*-?[A-Z]*){9}", "max_length": 4096},
    {"exclude_profanity": True, "length": 4096},
    {"exclude_profanity": True, "length": 1000, "min_digits": 1, "min_lower": 1, "min_upper": 1},
    {"exclude_profanity": True, "length": 64, "min_digits": 9, "min_lower": 9, "min_upper": 9},
    {"exclude_profanity": True, "length": 500, "first": "lower", "last": "digits", "max_repeat": 2},
    {"exclude_profanity": True, "length": 500, "max_repeat": 400},
    {"exclude_profanity": True, "length": 400, "rules": "required: lower; required: upper; required: digit"},
    {"exclude_profanity": True, "pattern": "?l?u?d?a" * 500},
    {"exclude_profanity": True, "pattern": "?l" * 15 + "?d"},
    {"exclude_profanity": True, "pattern": "?u" + "?l" * 11 + "?d?d?d"},
    {"exclude_words": WORDS, "length": 400},
    {"exclude_words": WORDS, "regex": "[ab]+(c[ab]+)*"},
    {"exclude_words": WORDS, "regex": "(a|b|ab)*c*"},
    {"exclude_words": ",".join("ab" * number for number in range(1, 120)), "length": 4000, "max_repeat": 3},
    {"exclude_words": ",".join("a" * number + "b" for number in range(120)), "regex": "([ac]*b?){50}"},
    {"exclude_words": ",".join("a" * number + "b" * (150 - number) for number in range(150)), "length": 2000},
    {"exclude_words": "ab", "regex": "[a-z]*", "max_length": 1000},
    {"exclude_words": "a,b,c", "regex": "[a-e]*", "max_length": 1000},
    {"exclude_words": "ab", "regex": "[a-e]*", "max_length": 1500},
    {"exclude_words": LONG_AND_SHORT, "suffix": "a" * 137, "length": 20},
    {"exclude_words": LONG_AND_SHORT, "suffix": "a" * 137, "length": 20, "max_repeat": 2},
    {"exclude_words": LONG_AND_SHORT, "suffix": "a" * 137, "regex": "([a-k]{1,9}-?)+"},
    {"exclude_profanity": True, "suffix": "s", "regex": "[A-Z][a-z]+([0-9]{1,4}-[a-z]+)*"},
    {"exclude_profanity": True, "length": 64, **dict.fromkeys(MINIMUMS, 1), "special": True},
    {"exclude_profanity": True, "length": 64, **dict.fromkeys(MINIMUMS, 1), "special": True, "exclude": "x"},
    COSTLIEST,
    {"exclude_profanity": True, "length": 64, "min_digits": 2, "min_lower": 2},
]


@pytest.mark.parametrize("fields", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_requests_cost_little(fields):
    from flaskrandom.core import matches, strings, word_counts, words

    caches = [strings._source, strings._counted_source, word_counts._counts, words.words_avoided, matches._trees]

    def forget():
        for cache in caches:
            cache.cache_clear()
        if "exclude_words" in fields:
            words.rests.cache_clear()

    def run():
        with suppress(TooComplex):
            plan(StringSpec(**fields))

    profanities()
    check_cost(run, forget, 3 if fields is COSTLIEST else 2)
