"""The statistical checks themselves, with known values and known bad generators."""

import os
from collections import Counter

import pytest

from support.statistics import ALPHA, chi_square_p, evenness, goodness, holm, neighbours, poisson_p, symbols


@pytest.mark.parametrize(
    ("statistic", "degrees", "p"),
    [
        # The values come from tables of the chi-square distribution.
        (3.841458820694124, 1, 0.05),
        (5.991464547107979, 2, 0.05),
        (18.307038053275146, 10, 0.05),
        (124.34211340400407, 100, 0.05),
        (23.20925115895436, 10, 0.01),
        (10.827566170662733, 1, 0.001),
        (27.631021115928547, 2, 1e-6),
        (0.5, 2, 0.7788007830714049),
    ],
)
def test_chi_square_matches_the_tables(statistic, degrees, p):
    assert chi_square_p(statistic, degrees) == pytest.approx(p, rel=1e-9)


def test_chi_square_at_the_extremes():
    assert chi_square_p(0, 5) == 1
    assert chi_square_p(1e4, 10) < 1e-300
    assert chi_square_p(1e-9, 10) == pytest.approx(1)
    assert chi_square_p(5000, 5000) == pytest.approx(0.5, abs=0.01)


def test_an_impossible_value_has_p_value_zero():
    assert goodness(Counter("aab"), {"a": 3.0}) == 0


def test_poisson_is_two_sided():
    assert poisson_p(100, 100.0) > 0.9
    assert poisson_p(30, 100.0) < 1e-9
    assert poisson_p(200, 100.0) < 1e-9


def test_holm_corrects_for_the_number_of_p_values():
    assert holm([2e-6, 0.5])
    assert not holm([1e-7, 0.5])
    assert holm([6e-7, 0.5])  # one of two: the level is halved


SYMBOLS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$"


def test_control_modulo_bias_is_found():
    skewed = "".join(SYMBOLS[byte % 66] for byte in os.urandom(60_000))
    assert symbols([skewed], SYMBOLS) < ALPHA


def test_control_a_fair_draw_passes():
    fair = "".join(SYMBOLS[byte % 66] for byte in os.urandom(90_000) if byte < 198)
    assert symbols([fair], SYMBOLS) > ALPHA
    assert neighbours([fair[:60_000]], SYMBOLS) > ALPHA


def test_control_dependent_neighbours_are_found():
    fair = [SYMBOLS[byte % 66] for byte in os.urandom(60_000) if byte < 198]
    assert neighbours(["".join(fair), "".join(char * 2 for char in fair[:2000])], SYMBOLS) < ALPHA


def test_control_a_deck_without_replacement_is_too_even():
    """The evenness check finds only uneven draws; the collision count finds draws that are too even."""
    assert evenness(list(range(100)) * 100, range(100)) == pytest.approx(1)
    assert poisson_p(0, 113.0) < ALPHA
