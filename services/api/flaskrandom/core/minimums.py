"""Strings with at least so many characters of each class, where free strings seldom have them.

The number of characters in each class is drawn first, with exact integer weights: n! / (c1! c2! ...)
times K1^c1 K2^c2 ... The characters are then drawn freely within their classes and put in an order
drawn uniformly. No string is favoured, unlike when minimums are drawn first and the rest filled up.

Four classes are taken as two pairs: first how many characters belong to the first pair, then how
those divide. ``_pair`` counts the strings over one pair for every length at once.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import accumulate
from math import comb
from operator import mul

from .counting import binomials
from .languages import Ranked
from .rng import Symbols, many_below, shuffled
from .samplers import Measure, Span, byte_codes, span

# One number for each class of a pair, or of both.
Pair = tuple[int, ...]

# How a string begins: the class of its first character if that is restricted, then what the rest has to meet.
Opening = tuple[int | None, Pair, int]

# For pairs met before, the running totals of how they divide.
Splits = dict[tuple[Pair, Pair, int], list[int]]


@lru_cache(maxsize=64)
def _pair(sizes: Pair, minimums: Pair, length: int) -> list[int]:
    """How many strings of 0, 1, ... ``length`` characters over two classes meet both minimums.

    A string of n + 1 meets them if its first n characters do, or if they are one short of one
    minimum and the last character makes up for it.
    """
    (size, other), (least, other_least) = sizes, minimums
    powers = list(accumulate([size] * length, mul, initial=1))
    other_powers = list(accumulate([other] * length, mul, initial=1))
    ways = [int(least == other_least == 0)]
    for done in range(length):
        met = ways[done] * (size + other)
        if least and done - least + 1 >= other_least:
            met += comb(done, least - 1) * powers[least] * other_powers[done - least + 1]
        if other_least and done - other_least + 1 >= least:
            met += comb(done, other_least - 1) * other_powers[other_least] * powers[done - other_least + 1]
        ways.append(met)
    return ways


class Minimums(Ranked):
    """All strings of ``length`` that hold at least ``minimums[i]`` characters of ``classes[i]``.

    ``classes`` are disjoint alphabets, at most four; an empty one is allowed when its minimum
    is 0. ``first`` is the set of class indexes allowed in the first place (None: all).
    """

    def __init__(
        self, classes: Sequence[str], minimums: Sequence[int], length: int, first: frozenset[int] | None = None
    ):
        padding = 4 - len(classes)
        self.classes = [*classes, *[""] * padding]
        self.minimums: Pair = (*minimums, *[0] * padding)
        self.length, self.first = length, first
        self.size = self._cumulative[-1]

    @cached_property
    def characters(self) -> frozenset[str]:
        return frozenset("".join(self.classes))

    @cached_property
    def _openings(self) -> list[Opening]:
        """The ways to begin: ``(class index or None, minimums of the rest, length of the rest)``."""
        if self.first is None:
            return [(None, self.minimums, self.length)]
        return [
            (
                index,
                tuple(least - (place == index and least > 0) for place, least in enumerate(self.minimums)),
                self.length - 1,
            )
            for index in sorted(self.first)
            if self.classes[index]
        ]

    @cached_property
    def _sizes(self) -> Pair:
        return tuple(map(len, self.classes))

    @cached_property
    def _choices(self) -> list[tuple[Opening, int]]:
        """Every (opening, number of characters in the first pair)."""
        return [(opening, inner) for opening in self._openings for inner in range(opening[2] + 1)]

    @cached_property
    def _cumulative(self) -> list[int]:
        """Running totals of the strings that each choice stands for."""
        weights: list[int] = []
        for index, least, length in self._openings:
            front = _pair(self._sizes[:2], least[:2], length)
            back = _pair(self._sizes[2:], least[2:], length)
            scale = 1 if index is None else self._sizes[index]
            weights += [
                scale * times * one * two
                for times, one, two in zip(binomials(length, length), front, reversed(back), strict=True)
            ]
        return list(accumulate(weights)) or [0]

    def rows(self, count: int) -> list[str]:
        codes = byte_codes(self.characters)
        symbols = {index: Symbols(codes.encode(chars)) for index, chars in enumerate(self.classes) if chars}
        splits: Splits = {}
        plans = [self._counts(index, splits) for index in many_below(self.size, count)]
        return [codes.decode(self._filled(symbols, opening, counts)) for opening, counts in plans]

    @staticmethod
    def _filled(symbols: dict[int, Symbols], opening: int | None, counts: list[int]) -> bytes:
        drawn = b"".join(symbols[index].draw(number) for index, number in enumerate(counts) if number)
        head = b"" if opening is None else symbols[opening].draw(1)
        return head + bytes(shuffled(drawn))

    def _counts(self, index: int, splits: Splits) -> tuple[int | None, list[int]]:
        """The opening class and class counts that ``index`` stands for."""
        place = bisect_right(self._cumulative, index)
        (opening, least, length), inner = self._choices[place]
        if place:
            index -= self._cumulative[place - 1]
        index //= comb(length, inner) * (1 if opening is None else self._sizes[opening])
        back = _pair(self._sizes[2:], least[2:], length)[length - inner]
        one, two = divmod(index, back)
        counts: list[int] = []
        for pair, (total, rank) in enumerate(((inner, one), (length - inner, two))):
            at = slice(2 * pair, 2 * pair + 2)
            number = self._split(self._sizes[at], least[at], total, rank, splits)
            counts += [number, total - number]
        return opening, counts

    @staticmethod
    def _split(sizes: Pair, least: Pair, total: int, index: int, known: Splits) -> int:
        """How many of ``total`` characters of a pair belong to its first class, for this index."""
        key = sizes, least, total
        if key not in known:
            (size, other), (low, other_low) = sizes, least
            weights = [
                comb(total, number) * size**number * other ** (total - number)
                for number in range(low, total - other_low + 1)
            ]
            known[key] = list(accumulate(weights))
        return least[0] + bisect_right(known[key], index)

    def span(self, measure: Measure) -> Span:
        return span("".join(self.classes), self.length, measure)
