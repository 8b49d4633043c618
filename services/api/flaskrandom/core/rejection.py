"""Strings under constraints, and rejection sampling: draw free strings, and keep those that meet the constraints.

The result is uniform, because all free strings are equally likely. Used if the acceptance rate,
known from exact counts, is high enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from itertools import compress
from math import isqrt
from operator import add, or_

from .automata import TooLarge
from .errors import TooComplex
from .languages import Language
from .samplers import Measure, Product, Source, Span, byte_codes

Test = Callable[[list[str]], list[str]]

Draw = Callable[[int], list[str]]

# Approximate number of characters in a block of candidates.
_BLOCK = 1 << 20

# A lane of one byte counts to 255.
_LANE = 255


class Limited(Source[str]):
    """Some of the strings of a base. Only their numbers are known; their language does the rest.

    Args:
        base: Strings to draw from; without tests, only its characters and lengths count.
        by_length: How many strings there are, by length.
        make_language: Makes the language of these strings. It may raise TooLarge.
        tests: Returns the tests that the base's strings must pass; none if they are not to be drawn by rejection.
        draw: Another way to draw that is faster than the language's.
    """

    def __init__(
        self,
        base: Product | Language,
        by_length: dict[int, int],
        make_language: Callable[[], Language],
        tests: Callable[[], Sequence[Test]] = list,
        draw: Draw | None = None,
    ):
        self._base, self.by_length, self.size = base, by_length, sum(by_length.values())
        self._make_language, self._tests, self._draw = make_language, cache(tests), draw

    def only(self, length: int) -> Limited:
        """Return the values of one length."""
        base = self._base if isinstance(self._base, Product) else self._base.only(length)
        return Limited(base, {length: self.by_length[length]}, lambda: self.language.only(length), self._tests)

    @cached_property
    def language(self) -> Language:
        """The language of the same values; raises TooComplex if making it would take too long."""
        try:
            return self._make_language()
        except TooLarge:
            message = "takes too long to put all values in order; use a shorter length or fewer constraints"
            raise TooComplex([("length", message)]) from None

    @cached_property
    def order_time(self) -> float:
        return self.language.order_time

    def unrank_all(self, indexes: Iterable[int]) -> list[str]:
        return self.language.unrank_all(indexes)

    def rank(self, value: str) -> int:
        return self.language.rank(value)

    @property
    def characters(self) -> frozenset[str]:
        return self._base.characters

    def span(self, measure: Measure) -> Span:
        return self._base.span(measure)

    def rows(self, count: int) -> list[str]:
        tests = self._tests()
        if not tests:
            return (self._draw or self.language.rows)(count)
        out: list[str] = []
        share = max(1, _BLOCK // max(1, self.span(len)[1]))
        while len(out) < count:
            missing = count - len(out)
            wanted = (missing + 2 * isqrt(missing)) * self._base.size // self.size + 8
            rows = self._base.rows(min(wanted, share))
            for test in tests:
                rows = test(rows)
            out += rows
        del out[count:]
        return out


def no_run_over(run: int) -> Test:
    """A test: no character more than ``run`` times in a row."""
    search = re.compile(rf"(.)\1\1{{{run - 1}}}", re.DOTALL).search  # faster than one \1 with a count
    return lambda rows: [row for row in rows if not search(row)]


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
    # Minimums of one need no sum: a bit for each, combined by "or", of eight in a byte.
    once = [chars for chars, minimum in minimums if minimum == 1]
    eights = [once[at : at + 8] for at in range(0, len(once), 8)]
    tallies = [
        (table([(chars, 1 << bit) for bit, chars in enumerate(eight)]), or_, _from((1 << len(eight)) - 1))
        for eight in eights
    ]
    tallies += [(weights, add, _from(minimum)) for weights, minimum in counted if minimum > 1]

    def in_lanes(data: bytes, length: int, number: int) -> Iterable[int]:
        passed = -1
        for weights, join, enough in tallies:
            weighed, lanes = data.translate(weights), 0
            for column in range(length):
                lanes = join(lanes, int.from_bytes(weighed[column::length], "little"))
            passed &= int.from_bytes(lanes.to_bytes(number, "little").translate(enough), "little")
        return passed.to_bytes(number, "little")

    def test(rows: list[str]) -> list[str]:
        if len(rows[0]) <= _LANE:
            return list(compress(rows, in_lanes(codes.encode("".join(rows)), len(rows[0]), len(rows))))
        return [
            row
            for row, data in zip(rows, map(codes.encode, rows), strict=True)
            if all(data.translate(weights).count(1) >= minimum for weights, minimum in counted)
        ]

    return test
