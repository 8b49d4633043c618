"""Rejection sampling: draw free strings, and keep those that meet the constraints.

The result is uniform, because all free strings are equally likely. Used if the acceptance rate,
known from exact counts, is high enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from math import isqrt
from operator import add, or_

from .samplers import Definition, Measure, Source, Span, byte_codes

Test = Callable[[list[str]], list[str]]

# Approximate number of characters in a block of candidates.
_BLOCK = 1 << 20

# A lane of one byte counts to 255.
_LANE = 255


class Filtered(Source):
    """The values of ``exact``, drawn as those of ``base`` that pass every test."""

    def __init__(self, base: Source, exact: Source, tests: list[Test]):
        self.base, self.exact, self._tests = base, exact, tests
        self.size = exact.size

    @property
    def define(self) -> Callable[[], Definition]:
        return self.exact.define

    @define.setter
    def define(self, define: Callable[[], Definition]) -> None:
        self.exact.define = define

    def rows(self, count: int) -> list[str]:
        out: list[str] = []
        share = max(1, _BLOCK // max(1, self.span(len)[1]))
        while len(out) < count:
            missing = count - len(out)
            wanted = (missing + 2 * isqrt(missing)) * self.base.size // self.size + 8
            rows = self.base.rows(min(wanted, share))
            for test in self._tests:
                rows = test(rows)
            out += rows
        del out[count:]
        return out

    def prepare_order(self) -> None:
        self.exact.prepare_order()

    def unrank(self, index: int) -> str:
        return self.exact.unrank(index)  # type: ignore[no-any-return]

    def rank(self, value: str) -> int:
        return self.exact.rank(value)

    @property
    def characters(self) -> frozenset[str]:
        return self.base.characters

    def span(self, measure: Measure) -> Span:
        return self.base.span(measure)


def no_run_over(run: int) -> Test:
    """A test: no character more than ``run`` times in a row."""
    search = run_over(run)
    return lambda rows: [row for row in rows if not search(row)]


def run_over(run: int) -> Callable[[str], re.Match[str] | None]:
    """A search for a character more than ``run`` times in a row."""
    return re.compile(rf"(.)\1{{{run}}}", re.DOTALL).search


def _from(minimum: int) -> bytes:
    """A table: 1 for bytes of at least ``minimum``, else 0."""
    return bytes(min(minimum, 256)) + b"\1" * (256 - minimum)


def at_least(minimums: Sequence[tuple[str, int]], characters: Iterable[str]) -> Test:
    """A test: each ``(some characters, minimum)`` is met. ``characters`` are all that rows may hold.

    Counts in all rows at once. Column by column, a table maps each row's byte to its weight, and
    the columns are added as large integers, with one byte lane for each row.
    """
    codes = byte_codes(characters)

    def table(weights: list[tuple[str, int]]) -> bytes:
        out = bytearray(256)
        for chars, weight in weights:
            for code in codes.encode(chars):
                out[code] |= weight  # sets may overlap
        return bytes(out)

    counted = [(table([(chars, 1)]), minimum) for chars, minimum in minimums]
    # Minimums of one need no sum: a bit for each, combined by "or".
    once = [chars for chars, minimum in minimums if minimum == 1]
    marks = table([(chars, 1 << bit) for bit, chars in enumerate(once)])
    tallies = [(marks, or_, _from((1 << len(once)) - 1))] if once else []
    for weights, minimum in counted:
        if minimum > 1:
            tallies.append((weights, add, _from(minimum)))

    def in_lanes(data: bytes, length: int, number: int) -> Iterable[int]:
        passed = -1
        for weights, join, enough in tallies:
            weighed, lanes = data.translate(weights), 0
            for column in range(length):
                lanes = join(lanes, int.from_bytes(weighed[column::length], "little"))
            passed &= int.from_bytes(lanes.to_bytes(number, "little").translate(enough), "little")
        return passed.to_bytes(number, "little")

    def one_by_one(data: bytes, length: int) -> Iterable[int]:
        pieces = (data[start : start + length] for start in range(0, len(data), length))
        return [all(piece.translate(weights).count(1) >= minimum for weights, minimum in counted) for piece in pieces]

    def test(rows: list[str]) -> list[str]:
        if not rows:
            return rows
        data, length = codes.encode("".join(rows)), len(rows[0])
        passed = in_lanes(data, length, len(rows)) if length <= _LANE else one_by_one(data, length)
        return list(compress(rows, passed))

    return test
