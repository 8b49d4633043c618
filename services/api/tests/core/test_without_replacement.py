"""Unique values: never twice, at any density, in an order that favours nothing."""

import tracemalloc
from itertools import chain

import pytest

from flaskrandom.core import Impossible, IntegerSpec, Limits, StringSpec, TooComplex, plan, without_replacement
from flaskrandom.core.rng import ranks_in_random_order
from flaskrandom.core.samplers import Product
from support.statistics import ALPHA, evenness

MANY = Limits(max_count=10**7)


def codes(count, length=4, **fields):
    return plan(StringSpec(length=length, lower=False, upper=False, unique=True, count=count, **fields), MANY)


def test_all_four_digit_codes(monkeypatch):
    monkeypatch.delattr(Product, "rows")  # not one is drawn by chance and found to be there already
    drawn = codes(10_000).draw()
    assert sorted(drawn) == [f"{number:04d}" for number in range(10_000)]
    assert drawn != sorted(drawn)


def test_too_many_to_put_in_order():
    """Most of a large set, constrained: the ranks of the larger free set would have to be put in order."""
    fields = {"length": 5, "max_repeat": 2, "min_digits": 1}
    size = plan(StringSpec(**fields)).size
    with pytest.raises(TooComplex):
        plan(StringSpec(**fields, unique=True, count=size * 4 // 5), Limits(max_count=10**9))


@pytest.mark.parametrize("count", [1, 10, 749, 750, 751, 999, 1000])
def test_any_density(count):
    drawn = codes(count, length=3).draw()
    assert len(drawn) == len(set(drawn)) == count


def test_one_more_than_there_are():
    with pytest.raises(Impossible):
        codes(1001, length=3)


@pytest.mark.parametrize("count", [2, 3])
def test_every_ordered_selection_is_equally_likely(count):
    """Two of four is drawn until new, three of four and more by order."""
    made = plan(IntegerSpec(min=0, max=3, count=count, unique=True))
    assert without_replacement.is_dense(count, 4) == (count > 3)
    selections = [tuple(made.draw()) for _ in range(6000)]
    possible = {(a, b) for a in range(4) for b in range(4) if a != b}
    assert evenness((selection[:2] for selection in selections), possible) > ALPHA
    assert evenness((selection[-1] for selection in selections), range(4)) > ALPHA


def test_every_order_of_a_dense_draw_is_equally_likely():
    made = plan(IntegerSpec(min=0, max=3, count=4, unique=True))
    orders = ["".join(map(str, made.draw())) for _ in range(6000)]
    assert len(set(orders)) == 24
    assert evenness(orders, set(orders)) > ALPHA


def test_fisher_yates_orders_are_equally_likely(monkeypatch):
    monkeypatch.setattr("flaskrandom.core.rng.SORTED", 0)
    orders = ["".join(map(str, ranks_in_random_order(4))) for _ in range(6000)]
    assert len(set(orders)) == 24
    assert evenness(orders, set(orders)) > ALPHA


def test_values_of_a_dense_set_too_large_to_list():
    source = Product(["01"] * 17)
    assert source.size > 1 << 16
    batches = without_replacement.draw(source, source.size, [1000, source.size - 1000])
    assert sorted(chain(*batches)) == [f"{number:017b}" for number in range(1 << 17)]


def test_fingerprints_forget_nothing_and_waste_little():
    seen = without_replacement.Fingerprints(20_000)
    values = [f"{number}" for number in range(20_000)]
    new = seen.new_among(values)
    assert len(new) > 19_000
    assert seen.new_among(values) == []
    assert set(new) <= set(values)


def test_fingerprints_favour_no_value():
    """In a map so small that values are often left out, each ordered pair is still equally likely."""
    pairs, left_out = [], 0
    for _ in range(6000):
        seen = without_replacement.Fingerprints(2)
        new = seen.new_among(Product(["abcd"]).rows(50))
        left_out += 4 - len(new)
        # Once in some 30,000 all four fall on one place; that too is as likely for any value.
        pairs += ["".join(new[:2])] if len(new) > 1 else []
    assert left_out > 500
    assert evenness(pairs, {a + b for a in "abcd" for b in "abcd" if a != b}) > ALPHA


def test_a_long_unique_stream_repeats_nothing():
    made = plan(StringSpec(length=6, lower=False, count=100_000, unique=True), MANY)
    lines = b"".join(made.chunks()).decode().splitlines()
    assert len(lines) == len(set(lines)) == 100_000


def test_a_dense_unique_stream():
    made = codes(100_000, length=5)
    assert sorted(b"".join(made.chunks()).decode().splitlines()) == [f"{number:05d}" for number in range(100_000)]


def test_unique_values_never_collide():
    assert codes(10).collision_probability() == 0.0


@pytest.mark.parametrize(
    ("spec", "chunks"),
    [
        (StringSpec(pattern="?h?h?h?h" + "x" * 4092, unique=True, count=65_536), 30),
        (StringSpec(pattern="?h?h?h?h" + "漢" * 4092, unique=True, count=65_536), 30),
        (StringSpec(pattern="?h?h?h?h", suffix="漢" * 256, unique=True, count=65_536), 100),
        (StringSpec(pattern="?h?h?h?h", unique=True, count=65_536), 1000),
        (StringSpec(pattern="?d?d?d?d", suffix="漢" * 256, unique=True, count=10_000), 1000),
        (StringSpec(alphabet="ab", length=14, max_repeat=13, unique=True, count=16_000), 1000),
        (StringSpec(length=4, lower=False, upper=False, min_digits=2, max_repeat=3, unique=True, count=9_000), 1000),
        (StringSpec(length=2000, unique=True, count=20_000), 400),
        (StringSpec(alphabet="漢字", length=1000, unique=True, count=20_000), 600),
        (StringSpec(alphabet="漢字", length=4096, unique=True, count=250), 600),
        (StringSpec(length=10, unique=True, count=13_000), 1000),
        (StringSpec(length=10, unique=True, count=70_000), 1000),
        (IntegerSpec(min=0, max=2**1023, unique=True, count=9_000), 1000),
        (IntegerSpec(min=0, max=89_999, unique=True, count=90_000), 1000),
    ],
    ids=range(14),
)
def test_a_unique_stream_remembers_no_more_than_it_says(spec, chunks):
    made = plan(spec, MANY)
    stream = made.chunks()
    tracemalloc.start()
    try:
        for _, _chunk in zip(range(chunks), stream, strict=False):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # On top of what is remembered there are chunks in the making.
    assert peak < made.memory(spec.count) + (4 << 20)
    assert made.memory(spec.count) < 12 << 20


def test_values_too_long_to_be_remembered_themselves():
    made = plan(StringSpec(length=2000, alphabet="ab", unique=True, count=5_000), MANY)
    assert len(set(made.draw())) == 5_000
    assert made.memory(5_000) < 100_000


def test_long_values_of_a_dense_set():
    made = plan(StringSpec(pattern="?h?h" + "é" * 3000 + "?h", unique=True, count=4096), MANY)
    assert sorted({value[:2] + value[-1] for value in made.draw()}) == [f"{number:03x}" for number in range(4096)]
