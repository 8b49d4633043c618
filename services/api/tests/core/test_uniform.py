"""Draws are uniform over exactly the valid strings, for each source and for whole plans."""

import random
from itertools import permutations, product

import pytest
from brute_force import all_but, longest_run, valid_strings

from flaskrandom.core import IntegerSpec, Limits, StringSpec, plan, without_replacement
from flaskrandom.core.constraints import Shape
from flaskrandom.core.minimums import Minimums
from flaskrandom.core.rejection import Limited, at_least, no_run_over
from flaskrandom.core.rng import Symbols, below, many_below, shuffled
from flaskrandom.core.runs import Runs
from flaskrandom.core.samplers import Product, chooser
from support.statistics import ALPHA, evenness

PER_VALUE = 25


def check(source, expected):
    """Check that all values and no others occur equally often, and that each rank gives one of them."""
    expected = set(expected)
    assert source.size == len(expected)
    assert evenness(source.rows(PER_VALUE * len(expected)), expected) > ALPHA
    in_order(source, expected)


def in_order(source, expected):
    """Check that the ranks give each value once, shorter ones first, then by code point."""
    ordered = sorted(expected, key=lambda value: (len(value), value))
    assert list(map(source.unrank, range(source.size))) == ordered
    assert list(map(source.rank, ordered)) == list(range(source.size))
    everything = [value for batch in without_replacement.draw(source, source.size, [source.size]) for value in batch]
    assert len(everything) == len(expected)
    assert set(everything) == expected
    for value in ("", ordered[0] + ordered[0][-1:], ordered[-1][:-1] + "\t"):
        if value not in expected:
            with pytest.raises(ValueError, match="not a value"):
                source.rank(value)


def strings(alphabet, length):
    return map("".join, product(alphabet, repeat=length))


@pytest.mark.parametrize(
    "alphabets",
    [
        ["ab", "ab", "xyz", "-", "ab"],
        ["01"] * 8,
        ["äöü", "€", "ab"],
        ["".join(map(chr, range(0x4E00, 0x4E00 + 300))), "ab"],
        ["".join(map(chr, range(0x4E00, 0x4E00 + 200))), "".join(map(chr, range(0x5E00, 0x5E00 + 3))), "c"],
        ["ab", *map(chr, range(0x4E00, 0x4E00 + 300)), "xyz", "-", "ab"],
        ["abc", "ab", "ab", "ab"],
        ["abc"],
        ["a"] * 3,
    ],
)
def test_product_is_uniform(alphabets):
    check(Product(alphabets), map("".join, product(*alphabets)))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 2047, 2048, 2049, 5000])
@pytest.mark.parametrize(
    "alphabets", [["abc"] * 5, ["äöü"] * 5, ["a"] * 4, ["a"], ["ab"], ["ab", "-"], ["漢", "字"] * 200]
)
def test_product_gives_the_requested_number_of_values(alphabets, count):
    rows = Product(alphabets).rows(count)
    assert len(rows) == count
    assert all(len(row) == len(alphabets) for row in rows)


def test_product_of_300_different_literals():
    assert (
        Product(map(chr, range(0x4E00, 0x4E00 + 300))).rows(2) == ["".join(map(chr, range(0x4E00, 0x4E00 + 300)))] * 2
    )


def ranked(exact, classes, minimums, length, run, first, last):
    places = ["".join(classes)] * length
    for place, end in ((0, first), (-1, last)):
        if end is not None:
            places[place] = "".join(classes[kind] for kind in sorted(end))
    required = [(chars, least) for chars, least in zip(classes, minimums, strict=True) if least]
    language = Shape(Product(places), required, run).language
    return Limited(Product(places), {length: exact.size}, language, draw=exact.rows)


@pytest.mark.parametrize(
    ("classes", "minimums", "length", "first", "last"),
    [
        (["ab", "C", "01", "!"], [1, 1, 1, 1], 5, None, None),
        (["ab", "C", "01", "!"], [2, 0, 1, 1], 4, None, None),
        (["ab", "C", "01", "!"], [1, 1, 1, 0], 4, {0, 3}, None),
        (["ab", "C"], [1, 2], 5, None, None),
        (["ab", "C"], [1, 2], 5, {1}, None),
        (["ab", "C"], [1, 2], 5, None, {0}),
        (["ab", "C", "01"], [1, 1, 1], 4, {0, 1}, {1, 2}),
        (["abc"], [2], 4, None, None),
        (["ab", "01"], [1, 2], 5, {1}, None),
        (["a", "b", "c", "d", "e"], [1, 1, 1, 1, 1], 6, None, None),
    ],
)
def test_minimums_are_uniform(classes, minimums, length, first, last):
    def at(end, char):
        return end is None or any(char in classes[index] for index in end)

    def valid(string):
        met = all(sum(map(chars.__contains__, string)) >= least for chars, least in zip(classes, minimums, strict=True))
        return met and at(first, string[0]) and at(last, string[-1])

    made = ranked(Minimums(classes, minimums, length, first, last), classes, minimums, length, None, first, last)
    check(made, filter(valid, strings("".join(classes), length)))


@pytest.mark.parametrize(
    ("alphabet", "length", "run"), [("abcdefgh", 4, 2), ("äbcdefgh", 4, 2), ("abc", 5, 1), ("abc", 6, 2), ("äb", 7, 3)]
)
@pytest.mark.parametrize(("ends", "last"), [(None, False), (1, False), (2, True)])
def test_runs_drawn_in_steps_are_uniform(alphabet, length, run, ends, last):
    end = alphabet[:ends]
    made = Runs(alphabet, length, run, end, last)
    every = [value for value in strings(alphabet, length) if longest_run(value) <= run]
    expected = [value for value in every if value[-last] in end]
    assert evenness(made._stepped(PER_VALUE * len(expected)), expected) > ALPHA
    assert evenness(made.rows(PER_VALUE * len(expected)), expected) > ALPHA
    if run == 1:
        assert evenness(made._one_by_one(PER_VALUE * len(expected)), expected) > ALPHA


@pytest.mark.parametrize(("run", "left"), [(1, 69), (40, 30), (57, 6), (58, 6), (59, 1), (60, 5)])
def test_the_end_of_a_run_is_drawn_with_the_exact_probability(run, left):
    """With runs of up to 60 a random byte covers four levels, so the exact choice decides every fourth run."""
    made, levels, count = Runs("abc", 70, 60), 4, 20_000
    assert 3 * made._ways[69][0] == made.size
    drawn = made._continued(bytes([(run - 1) * levels]) * count, left)
    chance = made._ways[left - 1][run] / made._ways[left][run - 1] if run < 60 else 0
    assert set(drawn) <= {0, run * levels}
    assert abs(sum(map(bool, drawn)) - count * chance) <= 5 * (count * chance * (1 - chance)) ** 0.5


@pytest.mark.parametrize("run", [1, 2, 3])
@pytest.mark.parametrize(("end", "last"), [(None, False), ("b", False), ("bc", False), ("bc", True)])
def test_runs_are_uniform(run, end, last):
    ends = [None if end is None or last is not at_end else frozenset(map("abc".index, end)) for at_end in (False, True)]
    made = ranked(Runs("abc", 5, run, end, last), ["a", "b", "c"], [0] * 3, 5, run, *ends)
    check(
        made,
        (s for s in strings("abc", 5) if longest_run(s) <= run and (end is None or s[-1 if last else 0] in end)),
    )


@pytest.mark.parametrize("minimums", [[("ab", 1), ("é", 1)], [("ab", 2), ("é", 1)], [("é", 3)]])
def test_rejection_is_uniform(minimums):
    base = Product(["abcé"] * 4)
    valid = [s for s in strings("abcé", 4) if all(sum(map(c.__contains__, s)) >= n for c, n in minimums)]
    shape = Shape(Product(["abcé"] * 4), minimums)
    assert shape.language().size == len(valid)
    check(Limited(base, {4: len(valid)}, shape.language, lambda: [at_least(minimums, base.characters)]), valid)


@pytest.mark.parametrize("length", [254, 255, 256, 300])
def test_rejection_counts_more_than_255_characters(length):
    rows = ["a" * count + "b" * (length - count) for count in range(length + 1)]
    test = at_least([("a", 2), ("b", length - 200)], frozenset("abc"))
    assert [row.count("a") for row in test(rows)] == list(range(2, 201))
    test = at_least([("a", 255)], frozenset("ab"))
    assert [row.count("a") for row in test(rows)] == list(range(255, length + 1))


KEPT = "01abAB!@"
SPECS = [
    StringSpec(length=3, exclude=all_but("012ab")),
    StringSpec(length=4, exclude=all_but("01abA!"), special=True, min_digits=1, min_special=1),
    StringSpec(length=4, exclude=all_but("01ab!"), special=True, first="lower,special"),
    StringSpec(length=4, exclude=all_but("01ab"), max_repeat=1, first="digits"),
    StringSpec(length=5, exclude=all_but("01a"), max_repeat=2, first="lower"),
    StringSpec(length=5, exclude=all_but("01aB"), max_repeat=1, min_digits=2, min_upper=1),
    StringSpec(length=5, exclude=all_but("01aB"), max_repeat=2, min_digits=3, first="digits"),
    StringSpec(length=6, exclude=all_but("0aB!"), special=True, max_repeat=1, min_digits=2, min_lower=2),
    StringSpec(length=4, exclude=all_but("01abO"), exclude_similar=True, lower=True, prefix="p", suffix="s"),
    StringSpec(length=4, alphabet="äöü€"),
    StringSpec(length=5, alphabet="xyz", max_repeat=1),
    StringSpec(length=6, exclude=all_but("0ab"), min_digits=4),
    StringSpec(length=7, exclude=all_but("0abc"), min_digits=5, first="lower"),
    StringSpec(length=4, exclude=all_but("01aB"), last="digits"),
    StringSpec(length=4, exclude=all_but("01aB"), first="upper,lower", last="digits,lower", max_repeat=1),
    StringSpec(length=5, exclude=all_but("01aB"), last="upper", min_digits=2, min_lower=1, max_repeat=2),
    StringSpec(length=5, exclude=all_but("01aAb"), exclude_words="ab,aa,1B"),
    StringSpec(length=4, exclude=all_but("01aAb"), exclude_words="b0,a", min_digits=1, max_repeat=2, last="digits"),
    StringSpec(length=4, alphabet="asASx", exclude_words="ass,xx", prefix="xa", suffix="sX"),
    StringSpec(length=1, exclude=all_but("01aB"), first="digits,lower", last="lower,upper"),
]


@pytest.mark.parametrize("spec", SPECS, ids=range(len(SPECS)))
def test_plans_are_uniform(spec):
    expected = valid_strings(spec)
    made = plan(spec)
    assert made.size == len(expected)
    in_order(made._source, expected)
    assert evenness(made.draw(PER_VALUE * made.size), expected) > ALPHA
    assert evenness(b"".join(made.chunks(PER_VALUE * made.size)).decode().split("\n")[:-1], expected) > ALPHA


@pytest.mark.parametrize("size", [1, 2, 3, 10, 66, 100, 127, 128, 129, 200, 255, 256])
def test_symbols_are_uniform(size):
    drawn = Symbols(bytes(range(size))).draw(200 * size)
    assert len(drawn) == 200 * size
    assert evenness(drawn, range(size)) > ALPHA


def test_symbols_of_a_large_draw_stay_uniform_in_every_piece():
    drawn = Symbols(b"abc").draw(200_000)
    assert len(drawn) == 200_000
    assert evenness(drawn[:60_000], b"abc") > ALPHA
    assert evenness(drawn[-60_000:], b"abc") > ALPHA


@pytest.mark.parametrize("size", [257, 1000, 4096, 7776])
def test_wide_symbols_are_uniform(size):
    characters = "".join(map(chr, range(0x4E00, 0x4E00 + size)))
    assert evenness(chooser(characters)(20 * size), characters) > ALPHA


@pytest.mark.parametrize("bound", [1, 2, 3, 200, 257, 1000])
def test_integers_below_a_bound_are_uniform(bound):
    assert evenness(many_below(bound, 20 * bound), range(bound)) > ALPHA
    assert evenness((below(bound) for _ in range(20 * bound)), range(bound)) > ALPHA


@pytest.mark.parametrize("bits", [16, 31, 32, 33, 63, 64, 65, 500])
def test_large_integers_below_a_bound_are_uniform(bits):
    """The bound is three quarters of a power of two; modulo bias would show in the top eighth."""
    bound = 3 << (bits - 2)
    values = many_below(bound, 6000)
    assert all(0 <= value < bound for value in values)
    assert evenness((value * 24 // bound for value in values), range(24)) > ALPHA


def test_integers_with_a_negative_minimum_are_uniform():
    assert evenness(plan(IntegerSpec(min=-3, max=3), Limits(max_count=10**5)).draw(7000), range(-3, 4)) > ALPHA


def test_shuffles_are_uniform():
    orders = ("".join(shuffled("abcd")) for _ in range(5000))
    assert evenness(orders, map("".join, permutations("abcd"))) > ALPHA


# Controls: the same check rejects methods that are not uniform.


def fill_and_shuffle(classes, minimums, length):
    """Draw the minimums, then free characters, then shuffle: this favours strings with uneven class counts."""
    out = [random.choice(chars) for chars, least in zip(classes, minimums, strict=True) for _ in range(least)]
    out += random.choices("".join(classes), k=length - len(out))
    random.shuffle(out)
    return "".join(out)


def test_control_fill_and_shuffle_is_found():
    classes, minimums = ["ab", "C"], [1, 1]
    fair = Minimums(classes, minimums, 5)
    expected = set(fair.rows(5000))
    assert len(expected) == fair.size
    skewed = [fill_and_shuffle(classes, minimums, 5) for _ in range(200 * len(expected))]
    assert set(skewed) <= expected
    assert evenness(skewed, expected) < ALPHA


def test_control_rejecting_only_the_broken_character_is_found():
    """To redraw only the character that makes a run too long is not uniform over the valid strings."""

    def drawn():
        out = ""
        while len(out) < 8:
            char = random.choice("ab")
            if longest_run(out + char) <= 2:
                out += char
        return out

    expected = [s for s in strings("ab", 8) if longest_run(s) <= 2]
    assert evenness((drawn() for _ in range(400 * len(expected))), expected) < ALPHA


def test_run_limits_apply_to_every_kind_of_character():
    assert no_run_over(2)(["aab", "aaab", "\u2028\u2028x", "xx"]) == ["aab", "\u2028\u2028x", "xx"]
