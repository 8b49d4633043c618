"""Unique values never repeat, at any density, and their order is uniform."""

import tracemalloc
from itertools import chain
from pathlib import Path

import pytest

from flaskrandom.core import Impossible, IntegerSpec, Limits, StringSpec, TooComplex, plan, without_replacement
from flaskrandom.core.rng import ranks_in_random_order
from flaskrandom.core.samplers import Product
from support.statistics import ALPHA, evenness

MANY = Limits(max_count=10**7)


def codes(count, length=4, **fields):
    return plan(StringSpec(length=length, lower=False, upper=False, unique=True, count=count, **fields), MANY)


def test_all_four_digit_codes_are_drawn_once(monkeypatch):
    monkeypatch.delattr(Product, "rows")  # no code may be drawn at random and rejected as a repeat
    drawn = codes(10_000).draw()
    assert sorted(drawn) == [f"{number:04d}" for number in range(10_000)]
    assert drawn != sorted(drawn)


def test_too_many_constrained_values_to_order_are_refused():
    """Most values of a large constrained set: the ranks of the even larger free set would have to be ordered."""
    fields = {"length": 5, "max_repeat": 2, "min_digits": 1}
    size = plan(StringSpec(**fields)).size
    with pytest.raises(TooComplex):
        plan(StringSpec(**fields, unique=True, count=size * 4 // 5), Limits(max_count=10**9))


@pytest.mark.parametrize("count", [1, 10, 749, 750, 751, 999, 1000])
def test_values_are_unique_at_any_density(count):
    drawn = codes(count, length=3).draw()
    assert len(drawn) == len(set(drawn)) == count


def test_more_values_than_exist_are_impossible():
    with pytest.raises(Impossible):
        codes(1001, length=3)


@pytest.mark.parametrize("count", [2, 3])
def test_every_ordered_selection_is_equally_likely(count):
    """Two of four values are drawn until they differ; three or more come from a random order."""
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


def test_a_dense_set_too_large_to_list_is_drawn_completely():
    source = Product(["01"] * 17)
    assert source.size > 1 << 16
    batches = without_replacement.draw(source, source.size, [1000, source.size - 1000])
    assert sorted(chain(*batches)) == [f"{number:017b}" for number in range(1 << 17)]


def test_fingerprints_find_every_repeat_and_lose_few_values():
    seen = without_replacement.Fingerprints(20_000)
    values = [f"{number}" for number in range(20_000)]
    new = seen.new_among(values)
    assert len(new) > 19_000
    assert seen.new_among(values) == []
    assert set(new) <= set(values)


def test_fingerprints_favour_no_value():
    """The map is so small that values are often left out, but each ordered pair is still equally likely."""
    pairs, left_out = [], 0
    for _ in range(6000):
        seen = without_replacement.Fingerprints(2)
        new = seen.new_among(Product(["abcd"]).rows(50))
        left_out += 4 - len(new)
        # About once in 30,000 times all four values share one place; that is equally likely for each value.
        pairs += ["".join(new[:2])] if len(new) > 1 else []
    assert left_out > 500
    assert evenness(pairs, {a + b for a in "abcd" for b in "abcd" if a != b}) > ALPHA


def test_a_long_unique_stream_never_repeats():
    made = plan(StringSpec(length=6, lower=False, count=100_000, unique=True), MANY)
    lines = b"".join(made.chunks()).decode().splitlines()
    assert len(lines) == len(set(lines)) == 100_000


def test_a_dense_unique_stream_holds_every_code():
    made = codes(100_000, length=5)
    assert sorted(b"".join(made.chunks()).decode().splitlines()) == [f"{number:05d}" for number in range(100_000)]


def test_the_share_of_unique_values_is_as_documented():
    page = (Path(__file__).parents[3] / "nginx/ui/docs/problems/too-complex.html").read_text()
    listed, many = 2**24, Limits(max_count=10**9)
    assert f"all of up to {listed:,} possible values can be drawn; of more, at most three quarters" in page
    three_quarters = (listed + 1) * 3 // 4
    for most, count in ((listed, listed), (listed + 1, three_quarters)):
        assert plan(IntegerSpec(min=1, max=most, unique=True, count=count), many).size == most
    with pytest.raises(TooComplex, match=f"at most {three_quarters} are accepted"):
        plan(IntegerSpec(min=1, max=listed + 1, unique=True, count=three_quarters + 1), many)


def test_unique_values_have_no_collision_probability():
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
def test_a_unique_stream_uses_no_more_memory_than_announced(spec, chunks):
    made = plan(spec, MANY)
    stream = made.chunks()
    tracemalloc.start()
    try:
        for _, _chunk in zip(range(chunks), stream, strict=False):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The chunks being made need some memory too.
    assert peak < made.memory(spec.count) + (4 << 20)
    assert made.memory(spec.count) < 12 << 20


def test_long_unique_values_are_remembered_by_fingerprint():
    made = plan(StringSpec(length=2000, alphabet="ab", unique=True, count=5_000), MANY)
    assert len(set(made.draw())) == 5_000
    assert made.memory(5_000) < 100_000


def test_long_values_of_a_dense_set_are_unique():
    made = plan(StringSpec(pattern="?h?h" + "é" * 3000 + "?h", unique=True, count=4096), MANY)
    assert sorted({value[:2] + value[-1] for value in made.draw()}) == [f"{number:03x}" for number in range(4096)]
