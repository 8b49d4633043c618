"""Strings in which no character stands more than ``run`` times in a row."""

import re
from codecs import charmap_decode
from functools import cached_property, lru_cache

from .rng import Symbols, below
from .samplers import chooser, cut, power

# Fewest strings to step through at once, and most characters so that two sum up to a byte.
_FEW, _LANES = 32, 128

_repeated = re.compile(r"(.)\1", re.DOTALL)

# An undecided run; and a table that gives ended runs all bits, others none.
_OPEN, _ENDED = b"\xff", b"\xff" + bytes(255)


@lru_cache(maxsize=64)
def run_limited(size: int, length: int, run: int) -> int:
    """Return the number of strings of ``length`` over ``size`` characters with no longer run."""
    if run == 1:
        return size * power(size - 1, length - 1)
    # Continuations after a character: all, except those that begin with too long a run of it.
    ways: list[int] = [size**shorter for shorter in range(min(run, length - 1) + 1)]
    less = size - 1
    for after in range(length - run - 1):
        ways.append(size * ways[-1] - less * ways[after])
    return size * (ways[length - 1] - (ways[length - 1 - run] if length > run else 0))


class Runs:
    """Draws of strings of ``length`` over ``alphabet`` with no run over ``run``.

    Args:
        alphabet: The characters: up to 128, or more with a run of 1.
        length: Characters of a string.
        run: Longest allowed run of one character, at most 128.
        end: The characters allowed at one of the ends (None: all).
        last: Whether ``end`` is for the last place, not the first.
    """

    def __init__(self, alphabet: str, length: int, run: int, end: str | None = None, last: bool = False):
        self.alphabet, self.length, self.run = alphabet, length, run
        self.end, self._last = end or alphabet, last
        # By symmetry each character begins, and ends, an equal share of the strings.
        self.size = run_limited(len(alphabet), length, run) // len(alphabet) * len(self.end)

    def rows(self, count: int) -> list[str]:
        if self.run == 1 and (count < _FEW or len(self.alphabet) > _LANES):
            return self._one_by_one(count)
        return self._stepped(count)

    def _stepped(self, count: int) -> list[str]:
        """All strings take a step at once, as the bytes of a large integer.

        Each place is the place before it plus a step, modulo the alphabet's size: zero if the run goes on.
        """
        size, length = len(self.alphabet), self.length
        column = Symbols(bytes(map(self.alphabet.index, self.end))).draw(count)
        steps = Symbols(bytes(range(1, size))).draw(count * length)
        wrapped = bytes(value % size for value in range(256))
        places = range(length - 1, -1, -1) if self._last else range(length)
        buffer, runs = bytearray(count * length), bytes(count)
        for number, place in enumerate(places):
            if number:
                step = int.from_bytes(steps[place * count : (place + 1) * count], "little")
                if self.run > 1:
                    runs = self._continued(runs, length - number)
                    step &= int.from_bytes(runs.translate(_ENDED), "little")
                column = (int.from_bytes(column, "little") + step).to_bytes(count, "little").translate(wrapped)
            buffer[place::length] = column
        return cut(charmap_decode(buffer, "strict", self.alphabet)[0], length)

    def _continued(self, runs: bytes, left: int) -> bytes:
        """Draw whether the runs go on, with ``left`` characters still to draw.

        ``runs`` and the result hold (length - 1) * levels for each run. A random level decides; at most one level
        leaves it to an exact choice.
        """
        levels = 256 // self.run if len(runs) >= _FEW else 1  # a table of one level is made at once
        table, ways = bytearray(), self._ways
        for run, (whole, longer) in enumerate(zip(ways[left], [*ways[left - 1][1:], 0], strict=True), 1):
            goes_on = levels * longer // whole
            ends = levels * (whole - longer) // whole
            table += bytes([run * levels & 255]) * goes_on + bytes(ends) + b"\xff" * (levels - goes_on - ends)
        level = Symbols(bytes(range(levels))).draw(len(runs))
        mixed = (int.from_bytes(runs, "little") + int.from_bytes(level, "little")).to_bytes(len(runs), "little")
        drawn = bytearray(mixed.translate(table.ljust(256, b"\0")))
        at = drawn.find(_OPEN)
        while at >= 0:
            run = mixed[at] // levels
            whole, longer = ways[left][run], ways[left - 1][run + 1]
            drawn[at] = (run + 1) * levels if below(whole) < levels * longer % whole else 0
            at = drawn.find(_OPEN, at + 1)
        return bytes(drawn)

    @cached_property
    def _ways(self) -> list[list[int]]:
        """The number of continuations by the number of characters left, and by the run so far, less one."""
        ways = [[1] * self.run]
        for _ in range(self.length - 1):
            others = (len(self.alphabet) - 1) * ways[-1][0]
            ways.append([others + longer for longer in [*ways[-1][1:], 0]])
        return ways

    def _one_by_one(self, count: int) -> list[str]:
        # Draw from all characters but the last of the alphabet, which replaces a repeated character.
        spare, size = self.alphabet[-1], self.length - 1
        drawn, begun = chooser(self.alphabet[:-1])(count * size), enumerate(chooser(self.end)(count))
        free = (first + drawn[at * size : (at + 1) * size] for at, first in begun)
        rows = [_repeated.sub(lambda pair: pair[1] + spare, row) for row in free]
        return [row[::-1] for row in rows] if self._last else rows
