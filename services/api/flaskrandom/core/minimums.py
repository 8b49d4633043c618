"""Strings with a minimum number of characters of each class.

Characters of a class are interchangeable, so only the classes' sizes matter. Both ways of counting use one recurrence
over the subsets of the classes with a minimum: a string of n + 1 characters meets all minimums if its first n do, or if
these lack one character of one class and the last character is of this class. With the sign changed it counts the
strings that meet none of the minimums. From these, inclusion-exclusion gives the size for any length.

A draw first chooses the number of characters in each class, with exact weights. It then draws the characters within
their classes and shuffles them. That is exactly uniform; drawing the minimums first and filling up the rest is not.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, combinations, product
from math import comb, prod

from .rng import Symbols, many_below, shuffled
from .samplers import byte_codes, power

Numbers = tuple[int, ...]


def steps(minimums: Iterable[int]) -> int:
    """Estimate the work of :func:`count`, in steps of about half a microsecond."""
    needed = [minimum for minimum in minimums if minimum]
    subsets = (subset for size in range(1, len(needed) + 1) for subset in combinations(needed, size))
    return sum((1 + len(subset)) * sum(subset) * (150 + sum(subset)) // 150 for subset in subsets)


def count(length: int, sizes: Sequence[int], minimums: Sequence[int], common: int = 0) -> int:
    """Return the number of strings over classes of these sizes that meet the minimums.

    Args:
        length: Characters of a string.
        sizes: The number of characters in each class.
        minimums: Least characters of each class.
        common: A common part of all exponents. Calls with the same one share powers.
    """
    if sum(minimums) > length:
        return 0
    needed = tuple((size, least) for size, least in zip(sizes, minimums, strict=True) if least)
    if length <= 2 * sum(minimums):
        # Strings of half of the classes between strings of the others.
        half, free = len(needed) // 2, sum(sizes) - sum([size for size, _ in needed])
        back = _rows(free, needed[half:], length)[-1][1]
        front = enumerate(_rows(0, needed[:half], length)[-1][1])
        return sum([comb(length, done) * ways * back[length - done] for done, ways in front if ways])
    total = 0
    for subset, (size, row) in enumerate(_rows(0, needed, None)):
        others, ways, choices = sum(sizes) - size, 0, 1
        for chosen, short in enumerate(row):
            ways = ways * others + short * choices
            choices = choices * (length - chosen) // (chosen + 1)
        left = length + 1 - len(row)
        total += (-1) ** subset.bit_count() * ways * power(others, min(common, left)) * others ** max(0, left - common)
    return total


@lru_cache(maxsize=16)
def _rows(free: int, needed: tuple[tuple[int, int], ...], length: int | None) -> list[tuple[int, list[int]]]:
    """For each subset of classes, its size and the numbers of strings of 0, 1, ... characters that meet all minimums.

    Args:
        free: Characters without a minimum.
        needed: The size and the minimum of each class.
        length: Most characters; None to count the strings that meet none of the minimums instead.
    """
    short = length is None
    most = sum(least for _, least in needed) if length is None else length
    # The ways to place all but the last required character of a class, and to choose all.
    chosen = [(least, -(size**least) if short else size**least) for size, least in needed]
    lacking = [[comb(done, least - 1) * ways for done in range(most)] for least, ways in chosen]
    rows = [(free, [free**done for done in range(1 if short else most + 1)])]
    for subset in range(1, 1 << len(needed)):
        inside = [place for place in range(len(needed)) if subset >> place & 1]
        size = rows[subset ^ 1 << inside[0]][0] + needed[inside[0]][0]
        least = sum([needed[place][1] for place in inside])
        terms = [(needed[place][1] - 1, lacking[place], rows[subset ^ 1 << place][1]) for place in inside]
        row = [1] if short else [0] * min(least, most + 1)
        for done in range(len(row) - 1, least - len(inside) if short else most):
            ways = size * row[done]
            for before, ways_there, rest in terms:
                if before <= done < before + len(rest):
                    ways += ways_there[done] * rest[done - before]
            row.append(ways)
        rows.append((size, row))
    return rows


class Minimums:
    """All strings of ``length`` that hold at least ``minimums[i]`` characters of ``classes[i]``.

    Args:
        classes: Disjoint alphabets.
        minimums: Least characters of each.
        length: Characters of a string.
        first: Indexes of the classes allowed in the first place (None: all).
        last: Indexes of the classes allowed in the last place (None: all); for strings of two characters or more.
    """

    def __init__(
        self,
        classes: Sequence[str],
        minimums: Sequence[int],
        length: int,
        first: frozenset[int] | None = None,
        last: frozenset[int] | None = None,
    ):
        self.classes = classes
        self._sizes = tuple(map(len, classes))
        # The classes at the ends, and the minimums of the rest.
        ends = [sorted(end) for end in (first, last) if end is not None]
        self._first, self._rest = first is not None, length - len(ends)
        self._openings = [
            (at_ends, tuple(max(0, least - at_ends.count(place)) for place, least in enumerate(minimums)))
            for at_ends in product(*ends)
        ]
        common = max(0, self._rest - sum(minimums))
        different = {least for _, least in self._openings}
        known = {least: count(self._rest, self._sizes, least, common) for least in different}
        self._cumulative = list(
            accumulate(prod(self._sizes[at] for at in at_ends) * known[least] for at_ends, least in self._openings)
        )
        self.size = self._cumulative[-1] if self._cumulative else 0
        self._splits: dict[tuple[Numbers, int, int], list[int]] = {}

    def rows(self, count: int) -> list[str]:
        codes = byte_codes("".join(self.classes))
        draws = [Symbols(codes.encode(chars)).draw for chars in self.classes]
        out = []
        for index in many_below(self.size, count):
            at_ends, counts = self._counts(index)
            ends = [draws[place](1) for place in at_ends]
            first = ends.pop(0) if self._first else b""
            drawn = b"".join(draw(number) for draw, number in zip(draws, counts, strict=True))
            out.append(codes.decode(first + bytes(shuffled(drawn)) + b"".join(ends)))
        return out

    def _counts(self, index: int) -> tuple[Numbers, list[int]]:
        """The classes at the ends, and the number of other characters in each class, for an index."""
        place = bisect_right(self._cumulative, index)
        at_ends, least = self._openings[place]
        index -= self._cumulative[place - 1] if place else 0
        index //= prod(self._sizes[at] for at in at_ends)
        left, counts = self._rest, []
        for place, size in enumerate(self._sizes):
            split = self._split(least, place, left)
            number = bisect_right(split, index)
            index = (index - (split[number - 1] if number else 0)) // (comb(left, number) * size**number)
            counts.append(number)
            left -= number
        return at_ends, counts

    def _split(self, minimums: Numbers, place: int, left: int) -> list[int]:
        """Running totals of the strings over the classes from ``place`` on, by the number of characters in it."""
        key = minimums, place, left
        if key not in self._splits:
            later = range(place + 1, len(self._sizes))
            free = sum(self._sizes[at] for at in later if not minimums[at])
            needed = tuple((self._sizes[at], minimums[at]) for at in later if minimums[at])
            met = _rows(free, needed, self._rest)[-1][1]
            size, least = self._sizes[place], minimums[place]
            self._splits[key] = list(
                accumulate(
                    comb(left, number) * size**number * met[left - number] if number >= least else 0
                    for number in range(left + 1)
                )
            )
        return self._splits[key]
