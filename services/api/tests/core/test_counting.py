"""Counting is exact: against every string of small alphabets, and one method against another."""

from itertools import product
from math import comb

import pytest
from brute_force import longest_run
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flaskrandom.core import counting
from flaskrandom.core.minimums import Minimums
from flaskrandom.core.runs import Runs

LETTERS = ["abc", "DEF", "012", "!@#"]


def by_trying(length, sizes, minimums, run, first):
    symbols = [(kind, number) for kind, size in enumerate(sizes) for number in range(size)]
    total = 0
    for string in product(symbols, repeat=length):
        kinds = [kind for kind, _ in string]
        total += (
            all(kinds.count(kind) >= minimum for kind, minimum in enumerate(minimums))
            and (run is None or longest_run(string) <= run)
            and (first is None or not length or kinds[0] in first)
        )
    return total


@st.composite
def shapes(draw):
    number = draw(st.integers(1, 4))
    sizes = draw(st.lists(st.integers(0, 3), min_size=number, max_size=number))
    length = draw(st.integers(0, 7))
    assume(0 < sum(sizes) ** length <= 2500)
    minimums = draw(st.lists(st.integers(0, 4), min_size=number, max_size=number))
    run = draw(st.none() | st.integers(1, 5))
    first = draw(st.none() | st.frozensets(st.integers(0, number - 1), min_size=1))
    return length, sizes, minimums, run, first


@given(shapes())
@settings(max_examples=300, deadline=None)
def test_every_combination_is_counted_exactly(shape):
    assert counting.count(*shape) == by_trying(*shape)


@given(shapes())
@settings(max_examples=150, deadline=None)
def test_the_other_method_for_minimums_agrees(shape):
    length, sizes, minimums, _, first = shape
    assume(length and all(size or not minimum for size, minimum in zip(sizes, minimums, strict=True)))
    classes = [LETTERS[kind][:size] for kind, size in enumerate(sizes)]
    assert Minimums(classes, minimums, length, first).size == by_trying(length, sizes, minimums, None, first)


@given(
    st.integers(9, 128),
    st.lists(st.integers(1, 30), min_size=4, max_size=4),
    st.lists(st.integers(0, 12), min_size=4, max_size=4),
    st.none() | st.frozensets(st.integers(0, 3), min_size=1),
)
@settings(max_examples=60, deadline=None)
def test_the_methods_agree_where_trying_is_hopeless(length, sizes, minimums, first):
    classes = ["".join(map(chr, range(1000 * kind + 256, 1000 * kind + 256 + size))) for kind, size in enumerate(sizes)]
    assert Minimums(classes, minimums, length, first).size == counting.count(length, sizes, minimums, None, first)


@given(st.integers(1, 60), st.integers(1, 70), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_runs_count_the_same_both_ways(length, size, run):
    alphabet = "".join(map(chr, range(300, 300 + size)))
    assert Runs(alphabet, length, run).size == counting.count(length, [size], [0], run)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    ids=range(6),
    argvalues=[
        ((8, [10, 26, 26, 4], [0] * 4), 66**8),
        ((4, [10, 26, 26, 4], [1] * 4), 24 * 10 * 26 * 26 * 4),
        ((4096, [62], [0]), 62**4096),
        ((10, [2, 3], [3, 0]), sum(comb(10, k) * 2**k * 3 ** (10 - k) for k in range(3, 11))),
        ((5, [10], [0], 1), 10 * 9**4),
        ((20, [2], [0], 2), 2 * 10946),  # twice a Fibonacci number
    ],
)
def test_known_numbers(arguments, expected):
    assert counting.count(*arguments) == expected
