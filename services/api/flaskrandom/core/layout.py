"""The layout around the drawn characters: prefix, check characters, groups, suffix.

The layout is an injective function of the drawn characters, so it changes neither the number of
values nor their probabilities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from .checksums import SCHEMES, covered
from .samplers import NO_VALUE, Definition, Form, Measure, Product, Source, Span

# Most values that are faster to lay out one by one.
_FEW = 32


class Layout:
    """Turns a drawn string into a value."""

    def __init__(
        self,
        prefix: str = "",
        suffix: str = "",
        group: int | None = None,
        separator: str = "-",
        checksum: str | None = None,
    ):
        self.prefix, self.suffix, self.group, self.separator = prefix, suffix, group, separator
        self.checksum = checksum or ""
        self.scheme = SCHEMES[checksum] if checksum else None

    def around(self, source: Source) -> Source:
        """Return the source of laid-out values for a source of strings."""
        if self.scheme or self.prefix or self.suffix or self.group:
            return LaidOut(source, self)
        return source

    def apply(self, row: str) -> str:
        if self.scheme:
            row += self.scheme.check(covered(row))
        if self.group:
            row = self.separator.join(self.pieces(row))
        return f"{self.prefix}{row}{self.suffix}"

    def pieces(self, row: str) -> Iterable[str]:
        """The groups of a row."""
        size = self.group or len(row)
        return row if size == 1 else [row[at : at + size] for at in range(0, len(row), size)]

    def drawn(self, value: str) -> str:
        """The drawn characters of a value."""
        row = value[len(self.prefix) : len(value) - len(self.suffix)]
        if self.group:
            step = self.group + len(self.separator)
            row = "".join(row[start : start + self.group] for start in range(0, len(row), step))
        return row[: len(row) - self.scheme.length] if self.scheme else row

    def positions(self, alphabets: Sequence[str]) -> Iterator[str]:
        """The characters allowed at each place of a value, given those of the drawn characters."""
        yield from self.prefix
        for place, alphabet in enumerate(alphabets):
            if self.group and place and place % self.group == 0:
                yield from self.separator
            yield alphabet
        yield from self.suffix

    def fixed(self, length: int) -> str:
        """The characters that are the same in every value, given the length drawn."""
        total = length + (self.scheme.length if self.scheme else 0)
        between = max(0, total - 1) // self.group if self.group else 0
        return self.prefix + self.separator * between + self.suffix


class LaidOut(Source):
    """The values of a source, laid out."""

    def __init__(self, source: Source, layout: Layout):
        self.source, self.layout = source, layout
        self.size = source.size

    @cached_property
    def characters(self) -> frozenset[str]:
        scheme = self.layout.scheme
        return self.source.characters.union(
            self.layout.fixed(self.source.span(len)[1]), scheme.characters if scheme else ""
        )

    @cached_property
    def _whole(self) -> Product | None:
        """The values as one product, with fixed characters as alphabets of one; None if that is wide or has checks."""
        if self.layout.scheme or not isinstance(self.source, Product) or self.source.wide:
            return None
        whole = Product(self.layout.positions(self.source.alphabets))
        return None if whole.wide else whole

    def rows(self, count: int) -> list[str]:
        if count > _FEW and self._whole:
            return self._whole.rows(count)
        return list(map(self.layout.apply, self.source.rows(count)))

    def encoded(self, count: int, form: Form) -> bytes:
        return self._whole.encoded(count, form) if self._whole else super().encoded(count, form)

    @cached_property
    def definition(self) -> Definition:
        # Groups do not change the set of codes.
        layout = self.layout
        if layout.prefix or layout.suffix or layout.checksum:
            return "around", self.source.definition, layout.prefix, layout.suffix, layout.checksum
        return self.source.definition

    def prepare_order(self) -> None:
        self.source.prepare_order()

    def unrank(self, index: int) -> str:
        return self.layout.apply(self.source.unrank(index))

    def unrank_all(self, indexes: Iterable[int]) -> list[str]:
        if self._whole:
            return self._whole.unrank_all(indexes)
        return list(map(self.layout.apply, self.source.unrank_all(indexes)))

    def rank(self, value: str) -> int:
        if self._whole:
            return self._whole.rank(value)
        row = self.layout.drawn(value)
        if not self.source.characters.issuperset(row) or self.layout.apply(row) != value:
            raise ValueError(NO_VALUE)
        return self.source.rank(row)

    def span(self, measure: Measure) -> Span:
        least, most = self.source.span(measure)
        shortest, longest = self.source.span(len)
        return least + self._around(shortest, measure), most + self._around(longest, measure)

    def _around(self, length: int, measure: Measure) -> int:
        # Check characters are ASCII letters and digits: of width 1 in every format.
        check = self.layout.scheme.length if self.layout.scheme else 0
        return check + sum(times * measure(char) for char, times in Counter(self.layout.fixed(length)).items())
