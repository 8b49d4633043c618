"""Families of metrics: a name, its labels, and a column for each number that is counted.

All label values are known beforehand. So a family can never grow without bound, whatever clients send, and a
column's place is the same in every process.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import product
from math import inf

Totals = Sequence[float]


class Family:
    """Numbers of one name, one for each combination of label values.

    Args:
        name: as Prometheus has it, with its unit.
        help: one line that says what is counted.
        sparse: of many combinations of label values most never occur; only those that did are shown.
        labels: for each label all values that it can take.
    """

    type: str
    #: Columns that one combination of label values takes.
    width = 1

    def __init__(self, name: str, help: str, *, sparse: bool = False, **labels: Sequence[str]) -> None:
        self.sparse = sparse
        self.name = name
        self.help = help
        self.labels = tuple(labels)
        self.start = 0
        self._places = {values: place * self.width for place, values in enumerate(product(*labels.values()))}

    @property
    def columns(self) -> int:
        """How many columns it takes in all."""
        return len(self._places) * self.width

    def column(self, *values: str) -> int:
        """The (first) column of a combination of label values.

        Raises:
            KeyError: they are not among those declared.
        """
        return self.start + self._places[values]

    def lines(self, totals: Totals) -> Iterator[str]:
        """The family in Prometheus' text format (version 0.0.4)."""
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} {self.type}"
        for values, place in self._places.items():
            pairs = [f'{name}="{value}"' for name, value in zip(self.labels, values, strict=True)]
            numbers = totals[self.start + place : self.start + place + self.width]
            if any(numbers) or not self.sparse:
                yield from self._samples(pairs, numbers)

    def _samples(self, pairs: list[str], numbers: Totals) -> Iterator[str]:
        yield sample(self.name, pairs, numbers[0])


class Counter(Family):
    """A number that only grows."""

    type = "counter"


class Gauge(Family):
    """A number that goes up and down."""

    type = "gauge"


class Histogram(Family):
    """How often a value fell below each of some bounds, and the sum of all values."""

    type = "histogram"
    BOUNDS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
    #: A column a bound, one for what is beyond, one for the sum.
    width = len(BOUNDS) + 2
    #: Where the sum is, counted from the first column.
    SUM = width - 1

    @classmethod
    def bucket(cls, value: float) -> int:
        """Where `value` is counted, from the first column."""
        return bisect_left(cls.BOUNDS, value)

    def _samples(self, pairs: list[str], numbers: Totals) -> Iterator[str]:
        count = 0.0
        for bound, number in zip((*self.BOUNDS, inf), numbers, strict=False):
            count += number
            yield sample(f"{self.name}_bucket", [*pairs, f'le="{"+Inf" if bound == inf else bound}"'], count)
        yield sample(f"{self.name}_sum", pairs, numbers[self.SUM])
        yield sample(f"{self.name}_count", pairs, count)


def sample(name: str, pairs: list[str], number: float) -> str:
    """One line of the text format."""
    labels = f"{{{','.join(pairs)}}}" if pairs else ""
    return f"{name}{labels} {int(number) if number == int(number) else repr(number)}"
