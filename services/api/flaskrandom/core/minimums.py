"""Strings with a minimum number of characters of each class.

Characters of a class are interchangeable, so only the classes' sizes matter. Strings with many required characters are
counted class by class: see :func:`_met`. Others are counted by inclusion and exclusion: all strings, less those that
lack characters of one class, and so on. Minimums of one leave few terms then, however many classes have them: only the
number of characters of the lacking classes counts. Larger ones, which at most four classes have, need a term for each
subset of the classes. One recurrence gives it: a string of n + 1 characters lacks some of each class if its first n do,
unless the last one completes the minimum of its class.

A draw first chooses the number of characters in each class, with exact weights. It then draws the characters within
their classes and shuffles them. That is exactly uniform; drawing the minimums first and filling up the rest is not.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from itertools import accumulate, product, repeat
from math import comb, prod
from operator import mul

from .rng import Symbols, many_below, shuffled
from .samplers import byte_codes, power

Numbers = tuple[int, ...]


def steps(minimums: Iterable[int]) -> int:
    """Estimate the work of :func:`count` for long strings, to a factor of two: in steps of about half a microsecond."""
    needed = [minimum for minimum in minimums if minimum]
    total, number = sum(needed), len(needed)
    return ((number + 3) << number) * total * (300 + total) // 1200


def count(length: int, sizes: Sequence[int], minimums: Sequence[int], common: int = 0) -> int:
    """Return the number of strings over classes of these sizes that meet the minimums.

    Args:
        length: Characters of a string.
        sizes: The number of characters in each class.
        minimums: Least characters of each class.
        common: A common part of all exponents. Calls with the same one share powers.
    """
    spare = length - sum(minimums)
    if spare < 0:
        return 0
    needed = tuple(sorted((size, least) for size, least in zip(sizes, minimums, strict=True) if least))
    if max(minimums, default=0) > 1 and (len(needed) > 4 or spare**2 <= 16 * sum(minimums)):
        powers, later = _met(tuple(sizes), tuple(minimums), spare)[0]
        return sum(_ways(length, minimums[0], powers, later))
    total = 0
    for gone, sign, row in _lacking(needed):
        others, ways, choices = sum(sizes) - gone, 0, 1
        for chosen, short in enumerate(row):
            ways = ways * others + short * choices
            choices = choices * (length - chosen) // (chosen + 1)
        left = length + 1 - len(row)
        total += sign * ways * power(others, min(common, left)) * others ** max(0, left - common)
    return total


@lru_cache(maxsize=16)
def _lacking(needed: tuple[tuple[int, int], ...]) -> list[tuple[int, int, list[int]]]:
    """The terms of inclusion and exclusion for classes, each with its size and its minimum.

    A term is the number of characters in the lacking classes, a factor, and the numbers of strings of 0, 1, ... of
    these characters that meet none of the minimums.
    """
    if all(least == 1 for _, least in needed):
        factors = {0: 1}
        for size, _ in needed:
            for gone, factor in list(factors.items()):
                factors[gone + size] = factors.get(gone + size, 0) - factor
        return [(gone, factor, [1]) for gone, factor in factors.items()]
    most = sum(least for _, least in needed)
    # The ways to place all but the last required character of a class, and to choose all.
    lacking = [[comb(done, least - 1) * size**least for done in range(most)] for size, least in needed]
    terms = [(0, 1, [1])]
    for subset in range(1, 1 << len(needed)):
        inside = [place for place in range(len(needed)) if subset >> place & 1]
        size = terms[subset ^ 1 << inside[0]][0] + needed[inside[0]][0]
        shorter = [(needed[place][1] - 1, lacking[place], terms[subset ^ 1 << place][2]) for place in inside]
        row = [1]
        for done in range(sum([needed[place][1] for place in inside]) - len(inside)):
            ways = size * row[done]
            for before, ways_there, rest in shorter:
                if before <= done < before + len(rest):
                    ways -= ways_there[done] * rest[done - before]
            row.append(ways)
        terms.append((size, (-1) ** len(inside), row))
    return terms


@lru_cache(maxsize=16)
def _met(sizes: Numbers, minimums: Numbers, spare: int) -> list[tuple[list[int], list[int]]]:
    """For each class, the powers of its size from its minimum on, and the numbers of strings over all later classes.

    The strings meet the minimums and have 0, 1, ... to ``spare`` characters more than these.
    """
    found, length, later = [], 0, [1] + [0] * spare
    for size, least in zip(reversed(sizes), reversed(minimums), strict=True):
        powers = [size ** (least + more) for more in range(spare + 1)]
        found.append((powers, later))
        length += least
        if len(found) == 1:
            later = powers
        elif len(found) < len(sizes):
            later = [sum(_ways(length + more, least, powers, later[: more + 1])) for more in range(spare + 1)]
    return found[::-1]


def _ways(length: int, least: int, powers: list[int], later: list[int]) -> Iterator[int]:
    """The numbers of strings of ``length`` with ``least``, ``least + 1``, ... characters of one class.

    ``powers`` are those of its size, ``later`` the numbers of ways to choose the other characters, from none on.
    """
    choices = map(comb, repeat(length), range(least, least + len(later)))
    return map(mul, map(mul, choices, powers), reversed(later))


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
        chosen = [self._counts(index) for index in many_below(self.size, count)]
        numbers = zip(*[counts for _, counts in chosen], strict=True)
        reads = [BytesIO(draw(sum(each))).read for draw, each in zip(draws, numbers, strict=True)]
        out = []
        for at_ends, counts in chosen:
            ends = [draws[place](1) for place in at_ends]
            first = ends.pop(0) if self._first else b""
            drawn = b"".join([read(number) for read, number in zip(reads, counts, strict=True)])
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
            more = bisect_right(split, index)
            number = least[place] + more
            index = (index - (split[more - 1] if more else 0)) // (comb(left, number) * size**number)
            counts.append(number)
            left -= number
        return at_ends, counts

    def _split(self, minimums: Numbers, place: int, left: int) -> list[int]:
        """Running totals of the strings over the classes from ``place`` on, by the number of characters in it."""
        key = minimums, place, left
        if key not in self._splits:
            powers, met = _met(self._sizes, minimums, self._rest - sum(minimums))[place]
            later = met[: left - sum(minimums[place:]) + 1]
            self._splits[key] = list(accumulate(_ways(left, minimums[place], powers, later)))
        return self._splits[key]
