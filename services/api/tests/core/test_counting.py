"""Counts are exact: they match all strings of small alphabets, and the methods agree."""

from itertools import product
from math import comb, prod

import pytest
from brute_force import longest_run
from hypothesis import assume, example, given
from hypothesis import strategies as st

from flaskrandom.core.constraints import Shape
from flaskrandom.core.minimums import Minimums, count
from flaskrandom.core.runs import run_limited
from flaskrandom.core.samplers import Product


def by_trying(length, sizes, minimums, run=None, first=None, last=None):
    symbols = [(kind, number) for kind, size in enumerate(sizes) for number in range(size)]
    total = 0
    for string in product(symbols, repeat=length):
        kinds = [kind for kind, _ in string]
        total += (
            all(kinds.count(kind) >= minimum for kind, minimum in enumerate(minimums))
            and (run is None or longest_run(string) <= run)
            and (first is None or kinds[0] in first)
            and (last is None or kinds[-1] in last)
        )
    return total


@st.composite
def shapes(draw):
    """Random lengths, class sizes, minimums, run limits, and classes allowed at the ends."""
    number = draw(st.integers(1, 4))
    sizes = draw(st.lists(st.integers(1, 3), min_size=number, max_size=number))
    length = draw(st.integers(2, 7))
    assume(sum(sizes) ** length <= 2500)
    minimums = draw(st.lists(st.integers(0, 4), min_size=number, max_size=number))
    run = draw(st.none() | st.integers(1, length - 1))
    ends = st.none() | st.frozensets(st.integers(0, number - 1), min_size=1)
    return length, sizes, minimums, run, draw(ends), draw(ends)


def shape_of(sizes, minimums, length, run=None, first=None, last=None):
    classes = classes_of(sizes)
    places = ["".join(classes)] * length
    for place, end in ((0, first), (-1, last)):
        if end is not None:
            places[place] = "".join(classes[kind] for kind in sorted(end))
    return Shape(
        Product(places), [(chars, least) for chars, least in zip(classes, minimums, strict=True) if least], run
    )


def classes_of(sizes):
    return ["".join(map(chr, range(1000 * kind + 256, 1000 * kind + 256 + size))) for kind, size in enumerate(sizes)]


@given(shapes())
def test_every_combination_is_counted_exactly(shape):
    length, sizes, minimums, run, first, last = shape
    found = shape_of(sizes, minimums, length, run, first, last).language(10**7)
    assert found.size == by_trying(*shape)


@given(shapes())
def test_minimums_are_counted_exactly(shape):
    length, sizes, minimums, _, first, last = shape
    assert count(length, sizes, minimums) == by_trying(length, sizes, minimums)
    expected = by_trying(length, sizes, minimums, None, first, last)
    assert Minimums(classes_of(sizes), minimums, length, first, last).size == expected


@given(
    st.integers(9, 40),
    st.lists(st.integers(1, 30), min_size=4, max_size=4),
    st.lists(st.integers(0, 4), min_size=4, max_size=4),
    st.none() | st.frozensets(st.integers(0, 3), min_size=1),
    st.none() | st.frozensets(st.integers(0, 3), min_size=1),
)
def test_the_methods_agree_on_sets_too_large_to_list(length, sizes, minimums, first, last):
    classes = classes_of(sizes)
    counted = Minimums(classes, minimums, length, first, last)
    language = shape_of(sizes, minimums, length, None, first, last).language(10**9)
    assert counted.size == language.size
    # Drawing uses a third count: the ways to divide the characters among the classes.
    totals = [sum(counted._split(least, 0, counted._rest)[-1:]) for _, least in counted._openings]
    sizes_at = [[sizes[at] for at in ends] for ends, _ in counted._openings]
    assert counted.size == sum(prod(at) * total for at, total in zip(sizes_at, totals, strict=True))


@given(
    st.integers(9, 128), st.lists(st.integers(1, 30), min_size=4, max_size=4), st.lists(st.integers(0, 40), max_size=4)
)
def test_both_methods_count_large_minimums_the_same(length, sizes, minimums):
    minimums += [0] * (4 - len(minimums))
    counted = Minimums(classes_of(sizes), minimums, length)
    assert counted.size == sum(counted._split(tuple(minimums), 0, length)[-1:])


@given(st.integers(0, 30), st.lists(st.tuples(st.integers(1, 9), st.integers(0, 2)), min_size=1, max_size=12))
@example(20, [(1, 1)] * 20)
@example(30, [(1, 1)] * 10 + [(2, 2)] * 10)
@example(60, [(1, 2)] * 12)
def test_many_classes_are_counted_exactly(spare, classes):
    sizes, minimums = zip(*classes, strict=True)
    length = spare + sum(minimums)
    ways = [1] + [0] * length
    for size, least in classes:
        ways = [
            sum(comb(whole, number) * size**number * ways[whole - number] for number in range(least, whole + 1))
            for whole in range(length + 1)
        ]
    assert count(length, sizes, minimums) == ways[length]
    counted = Minimums(classes_of(sizes), minimums, length)
    assert counted.size == ways[length] == counted._split(minimums, 0, length)[-1]


@given(st.integers(1, 60), st.integers(1, 70), st.integers(1, 8))
def test_both_methods_count_runs_the_same(length, size, run):
    shape = shape_of([size], [0], length, run)
    assert run_limited(size, length, run) == shape.language(10**7).size


@pytest.mark.parametrize(
    ("counted", "expected"),
    ids=range(6),
    argvalues=[
        (count(8, [10, 26, 26, 4], [0] * 4), 66**8),
        (count(4, [10, 26, 26, 4], [1] * 4), 24 * 10 * 26 * 26 * 4),
        (count(4096, [62], [0]), 62**4096),
        (count(10, [2, 3], [3, 0]), sum(comb(10, k) * 2**k * 3 ** (10 - k) for k in range(3, 11))),
        (run_limited(10, 5, 1), 10 * 9**4),
        (run_limited(2, 20, 2), 2 * 10946),  # twice a Fibonacci number
    ],
)
def test_counts_match_known_numbers(counted, expected):
    assert counted == expected
