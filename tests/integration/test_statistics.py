"""The running service's output, from all workers at once, cannot be told from uniform draws.

The threshold is about one in a million, with Holm's correction for the number of p-values, so a good build does not
fail by chance. The controls below are generators with a known flaw; the same checks must detect each flaw.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from math import comb, factorial, prod

import pytest

from cases.v1 import address
from support.polling import await_until
from support.stack import PROGRAM
from support.statistics import evenness, goodness, holm, neighbours, poisson_p, symbols_by_position

CLASSES = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "!@#$")
SYMBOLS = "".join(CLASSES)
CONNECTIONS = 8

FREE = {"length": 4, "special": True}
MINIMUMS = {"length": 8, "special": True, "min_digits": 1, "min_lower": 1, "min_upper": 1, "min_special": 1}
SAMPLE = 66_000  # a little over 2^16 strings


def class_vectors(length: int, least: int) -> dict[tuple[int, ...], int]:
    """The exact number of strings for each allowed vector of class counts."""
    ways = {}
    for counts in product(range(least, length + 1), repeat=len(CLASSES)):
        if sum(counts) == length:
            orders = factorial(length) // prod(map(factorial, counts))
            ways[counts] = orders * prod(len(chars) ** n for chars, n in zip(CLASSES, counts, strict=True))
    return ways


def class_vectors_p(strings: list[str], least: int) -> float:
    """p-value: class-count vectors are as frequent as the exact distribution says."""
    weights = class_vectors(len(strings[0]), least)
    share = len(strings) / sum(weights.values())
    table = str.maketrans({char: str(number) for number, chars in enumerate(CLASSES) for char in chars})
    kinds = Counter("".join(sorted(string.translate(table))) for string in strings)
    observed = Counter()
    for kind, times in kinds.items():
        observed[tuple(kind.count(str(number)) for number in range(len(CLASSES)))] += times
    return goodness(observed, {counts: weight * share for counts, weight in weights.items()})


def collisions_p(strings: list[str], size: int) -> float:
    """Two-sided p-value for pairs of equal strings; too few is as wrong as too many."""
    pairs = sum(comb(times, 2) for times in Counter(strings).values())
    return poisson_p(pairs, comb(len(strings), 2) / size)


def free_checks(strings: list[str]) -> list[float]:
    """All p-values for strings of four unconstrained symbols."""
    return [
        evenness("".join(strings), SYMBOLS),
        *symbols_by_position(strings, SYMBOLS),
        neighbours(strings, SYMBOLS),
        class_vectors_p(strings, 0),
        collisions_p(strings, len(SYMBOLS) ** 4),
    ]


def minimum_checks(strings: list[str]) -> list[float]:
    """All p-values for strings with at least one symbol of each class."""
    everything = "".join(strings)
    by_position = []
    for column in zip(*strings, strict=True):
        # By symmetry all symbols of a class are equally frequent at each position; the vectors cover the classes.
        by_position += [evenness([char for char in column if char in chars], chars) for chars in CLASSES]
    return [
        class_vectors_p(strings, 1),
        *(evenness([char for char in everything if char in chars], chars) for chars in CLASSES),
        *by_position,
        collisions_p(strings, sum(class_vectors(len(strings[0]), 1).values())),
    ]


@pytest.fixture(scope="module")
def fetch(connect):
    """Draw `SAMPLE` strings, 1000 per call, over several connections at once."""

    def batch(fields: dict) -> list[str]:
        with connect() as client:
            answer = client.get(address("strings", {**fields, "count": 1000}), timeout=20)
            assert answer.status_code == 200
            return answer.json()["data"]

    def fetch(fields: dict) -> list[str]:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            return [string for part in pool.map(batch, [fields] * (SAMPLE // 1000)) for string in part]

    return fetch


def test_free_strings(fetch):
    p_values = free_checks(fetch(FREE))
    assert holm(p_values), p_values


def test_strings_with_minimums_are_uniform(fetch):
    p_values = minimum_checks(fetch(MINIMUMS))
    assert holm(p_values), p_values


def test_a_stream_passes_the_same_checks(client):
    """The bulk pool draws column by column; it must pass the same checks."""
    answer = client.get(address("strings/stream", {**FREE, "count": SAMPLE}), timeout=20)
    p_values = free_checks(answer.text.split("\n")[:-1])
    assert holm(p_values), p_values


@pytest.mark.local
def test_several_workers_took_part(stack, fetch):
    """Otherwise the sample would say nothing about draws in different processes."""

    def spent() -> dict[int, int]:
        return {
            pid: int(stack.api.must("cat", f"/proc/{pid}/stat").rpartition(")")[2].split()[11])
            for pid in stack.workers()
        }

    before = spent()
    assert len(before) > 1
    fetch(MINIMUMS)
    after = spent()
    assert set(after) == set(before)
    # Not all of them: a worker sleeps while the others keep up.
    assert sum(after[pid] > before[pid] for pid in before) > 1


@pytest.mark.local
def test_workers_that_start_together_draw_different_values(disturbed, fetch):
    """If workers inherited a shared state, it would still be the same in each just after a start."""
    assert disturbed.supervisorctl("restart", PROGRAM).returncode == 0
    await_until(disturbed.serves, 20, "the pool serves again")
    p_values = free_checks(fetch(FREE))
    assert holm(p_values), p_values


# Controls: each generator has one flaw that real generators have.


def cut(symbols: str, length: int) -> list[str]:
    return [symbols[at : at + length] for at in range(0, len(symbols) - length + 1, length)][:SAMPLE]


def test_control_a_fair_generator_passes():
    fair = "".join(SYMBOLS[byte % 66] for byte in os.urandom(12 * SAMPLE) if byte < 198)
    assert holm(free_checks(cut(fair, 4)))
    met = [string for string in cut(fair, 8) if all(set(string) & set(chars) for chars in CLASSES)]
    assert holm(minimum_checks(met))


def test_control_modulo_bias_is_found():
    skewed = "".join(SYMBOLS[byte % 66] for byte in os.urandom(4 * SAMPLE))
    assert not holm(free_checks(cut(skewed, 4)))


def test_control_fill_and_shuffle_is_found():
    """One character of each class, then free ones, then a shuffle: the strings are valid, but not equally likely."""

    def drawn() -> str:
        chars = [random.choice(chars) for chars in CLASSES] + random.choices(SYMBOLS, k=4)
        random.shuffle(chars)
        return "".join(chars)

    assert not holm(minimum_checks([drawn() for _ in range(SAMPLE)]))


def test_control_a_generator_seeded_before_the_fork_is_found():
    """Three workers forked after the generator was seeded: each is fair, but all draw the same values."""
    key = os.urandom(16)
    workers = [random.Random(key) for _ in range(3)]
    told = ["".join(workers[turn % 3].choices(SYMBOLS, k=4)) for turn in range(SAMPLE)]
    assert not holm(free_checks(told))


def test_control_no_repeats_at_all_is_found():
    """Drawing without replacement, like dealing a deck, is too even to be random."""
    ranks = random.sample(range(66**4), SAMPLE)
    dealt = ["".join(SYMBOLS[rank // 66**place % 66] for place in range(4)) for rank in ranks]
    assert not holm(free_checks(dealt))


def test_control_a_class_in_a_fixed_place_is_found():
    """The first character is always a letter, as after filling the minimums without a shuffle."""
    shuffled = (
        "".join(random.choice(CLASSES[1] + CLASSES[2]) + "".join(random.choices(SYMBOLS, k=3))) for _ in range(SAMPLE)
    )
    assert not holm(free_checks(list(shuffled)))
