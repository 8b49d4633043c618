"""Entropy and collision figures, compared with exact fractions."""

from fractions import Fraction
from math import exp, log2

import pytest

from flaskrandom.core import StringSpec, plan
from flaskrandom.core.collisions import collision_probability


def exactly(size, count):
    different = Fraction(1)
    for place in range(count):
        different *= Fraction(size - place, size)
    return float(1 - different)


@pytest.mark.parametrize(
    ("size", "count"), [(365, 23), (10, 2), (10, 10), (10**6, 1000), (10**4, 900), (2**122, 1000), (66**30, 2), (3, 3)]
)
def test_collision_probability_is_exact(size, count):
    assert collision_probability(size, count) == pytest.approx(exactly(size, count), rel=1e-12)


@pytest.mark.parametrize(
    ("size", "count"), [(10**6, 1001), (10**6, 1500), (10**5, 1100), (10**30, 1200), (20_000, 1250)]
)
def test_collision_probability_of_many_values_is_exact(size, count):
    assert collision_probability(size, count) == pytest.approx(exactly(size, count), rel=1e-9)


def test_collision_probability_at_the_extremes():
    assert collision_probability(10, 0) == collision_probability(10, 1) == 0.0
    assert collision_probability(10, 11) == 1.0
    assert collision_probability(1, 2) == 1.0
    assert collision_probability(2**4000, 2) == 0.0  # below the smallest float
    assert collision_probability(2**1000, 2) == 2.0**-1000
    assert collision_probability(10**14, 10**7) == pytest.approx(1 - exp(-0.5), rel=1e-6)
    assert collision_probability(10**7, 10**7) == 1.0


def test_the_two_formulas_agree_where_they_meet():
    below, above = collision_probability(10**8, 1000), collision_probability(10**8, 1001)
    assert above / below == pytest.approx(1001 * 1000 / (1000 * 999), rel=1e-5)


def test_entropy_is_right_beyond_the_range_of_floats():
    assert plan(StringSpec(length=20000, alphabet="ab")).entropy_bits == 20000
    assert plan(StringSpec(length=4096)).entropy_bits == pytest.approx(4096 * log2(62), rel=1e-15)
    assert plan(StringSpec(length=1, alphabet="a")).entropy_bits == 0
    assert plan(StringSpec(length=16)).entropy_bits == pytest.approx(16 * log2(62))
