"""The layout around the drawn characters: prefix, check characters, groups, suffix.

The layout is an injective function of the drawn characters, so it changes neither the number of
values nor their probabilities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from .checksums import SCHEMES
from .samplers import NO_VALUE, Definition, Measure, Product, Source, Span

# Most values that are faster to lay out one by one.
_FEW = 32


class LaidOut(Source[str]):
    """The values of a source of strings, laid out."""

    def __init__(
        self, source: Source[str], prefix: str, suffix: str, group: int | None, separator: str, checksum: str | None
    ):
        self.source, self.size = source, source.size
        self.prefix, self.suffix, self.group, self.separator = prefix, suffix, group, separator
        self.checksum = checksum or ""
        self.scheme = SCHEMES[checksum] if checksum else None

    def _laid_out(self, row: str) -> str:
        if self.scheme:
            # A check covers the letters and digits.
            row += self.scheme.check(row if row.isalnum() else "".join(filter(str.isalnum, row)))
        if self.group:
            groups = [row[at : at + self.group] for at in range(0, len(row), self.group)] if self.group > 1 else row
            row = self.separator.join(groups)
        return f"{self.prefix}{row}{self.suffix}"

    def _fixed(self, length: int) -> str:
        """The characters that are the same in every value, given the length drawn."""
        total = length + (self.scheme.length if self.scheme else 0)
        between = max(0, total - 1) // self.group if self.group else 0
        return self.prefix + self.separator * between + self.suffix

    @cached_property
    def characters(self) -> frozenset[str]:
        check = self.scheme.characters if self.scheme else ""
        return self.source.characters.union(self._fixed(self.source.span(len)[1]), check)

    @cached_property
    def _whole(self) -> Product | None:
        """The values as one product, with fixed characters as alphabets of one; None if they have checks."""
        if self.scheme or not isinstance(self.source, Product):
            return None
        places = list(self.prefix)
        for place, alphabet in enumerate(self.source.alphabets):
            if self.group and place and place % self.group == 0:
                places += self.separator
            places.append(alphabet)
        return Product([*places, *self.suffix])

    def rows(self, count: int) -> list[str]:
        if count > _FEW and self._whole:
            return self._whole.rows(count)
        return list(map(self._laid_out, self.source.rows(count)))

    def lines(self, count: int, before: str, after: str) -> bytes | None:
        return self._whole.lines(count, before, after) if self._whole else None

    def define(self) -> Definition:
        # Groups do not change the set of codes.
        if self.prefix or self.suffix or self.checksum:
            return "around", self.source.definition, self.prefix, self.suffix, self.checksum
        return self.source.definition

    @cached_property
    def order_time(self) -> float:
        return self.source.order_time

    def unrank_all(self, indexes: Iterable[int]) -> list[str]:
        if self._whole:
            return self._whole.unrank_all(indexes)
        return list(map(self._laid_out, self.source.unrank_all(indexes)))

    def rank(self, value: str) -> int:
        if self._whole:
            return self._whole.rank(value)
        row = value[len(self.prefix) : len(value) - len(self.suffix)]
        if self.group:
            step = self.group + len(self.separator)
            row = "".join(row[start : start + self.group] for start in range(0, len(row), step))
        row = row[: len(row) - self.scheme.length] if self.scheme else row
        if not self.source.characters.issuperset(row) or self._laid_out(row) != value:
            raise ValueError(NO_VALUE)
        return self.source.rank(row)

    def span(self, measure: Measure) -> Span:
        least, most = self.source.span(measure)
        shortest, longest = self.source.span(len)
        return least + self._around(shortest, measure), most + self._around(longest, measure)

    def _around(self, length: int, measure: Measure) -> int:
        # Check characters are ASCII letters and digits: of width 1 in every format.
        check = self.scheme.length if self.scheme else 0
        return check + sum(times * measure(char) for char, times in Counter(self._fixed(length)).items())
