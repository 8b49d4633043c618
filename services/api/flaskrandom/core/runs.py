"""Strings in which no character stands more than ``run`` times in a row."""

from codecs import charmap_decode
from functools import cached_property, lru_cache
from itertools import islice
from math import isqrt

from .languages import Ranked
from .rejection import no_run_over, run_over
from .rng import Symbols
from .samplers import Measure, Span, chooser, cut, free_strings, power, span

# Fewest strings to step through at once, and most characters so that two sum up to a byte.
_FEW, _LANES = 32, 128


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


class Runs(Ranked):
    """All strings of ``length`` over ``alphabet`` with no run over ``run``.

    Args:
        alphabet: The characters.
        length: Characters of a string.
        run: Longest allowed run of one character.
        end: The characters allowed at one of the ends (None: all).
        last: Whether ``end`` is for the last place, not the first.
    """

    def __init__(self, alphabet: str, length: int, run: int, end: str | None = None, last: bool = False):
        self.alphabet, self.length, self.run = alphabet, length, run
        self.end, self._last = end or alphabet, last
        # By symmetry each character begins, and ends, an equal share of the strings.
        self.size = run_limited(len(alphabet), length, run) // len(alphabet) * len(self.end)

    @cached_property
    def characters(self) -> frozenset[str]:
        return frozenset(self.alphabet)

    def rows(self, count: int) -> list[str]:
        size, half = len(self.alphabet), self.length // 2
        if self.run == 1 < size:
            return self._stepped(count) if count >= _FEW and size <= _LANES else self._one_by_one(count)
        pairs = run_limited(size, half, self.run) * run_limited(size, self.length - half, self.run)
        if 20 * run_limited(size, self.length, self.run) < 19 * pairs:
            # Too many pairs of halves would be rejected.
            return super().rows(count)
        # Exchange two characters where the end is not an allowed one: that keeps runs, and undoes itself.
        at = -1 if self._last else 0
        return [
            row if row[at] in self.end else row.translate({ord(row[at]): new, ord(new): row[at]})
            for row, new in zip(self._joined(self.length, count), chooser(self.end)(count), strict=True)
        ]

    def _joined(self, length: int, count: int) -> list[str]:
        """Draw strings freely, or join halves drawn so; reject those with too long a run. All others stay as likely."""
        size, half, run = len(self.alphabet), length // 2, self.run
        valid, passes, search = run_limited(size, length, run), no_run_over(run), run_over(run)
        pairs = run_limited(size, half, run) * run_limited(size, length - half, run)
        out: list[str] = []
        while len(out) < count:
            missing = count - len(out) + 2 * isqrt(count - len(out))
            if 3 * valid >= 2 * size**length:
                out += passes(free_strings(self.alphabet, length).rows(missing * size**length // valid + 4))
                continue
            tries = missing * pairs // valid + 4
            halves = zip(self._joined(half, tries), self._joined(length - half, tries), strict=True)
            out += [a + b for a, b in halves if a[-1] != b[0] or not search(a[-run:] + b[:run])]
        del out[count:]
        return out

    def _stepped(self, count: int) -> list[str]:
        """Runs of one: each place is the place before it plus a step other than zero, modulo the alphabet's size.

        All strings take a step at once, as the bytes of a large integer.
        """
        size, length = len(self.alphabet), self.length
        column = Symbols(bytes(map(self.alphabet.index, self.end))).draw(count)
        steps, wrapped = Symbols(bytes(range(1, size))), bytes(value % size for value in range(256))
        places = range(length - 1, -1, -1) if self._last else range(length)
        buffer = bytearray(count * length)
        for number, place in enumerate(places):
            if number:
                moved = int.from_bytes(column, "little") + int.from_bytes(steps.draw(count), "little")
                column = moved.to_bytes(count, "little").translate(wrapped)
            buffer[place::length] = column
        return cut(charmap_decode(buffer, "strict", self.alphabet)[0], length, count)

    def _one_by_one(self, count: int) -> list[str]:
        # Draw from all characters but the last of the alphabet, which replaces a repeated character.
        spare, drawn = self.alphabet[-1], iter(chooser(self.alphabet[:-1])(count * (self.length - 1)))
        out = []
        for before in chooser(self.end)(count):
            row = [before]
            for char in islice(drawn, self.length - 1):
                before = spare if char == before else char
                row.append(before)
            out.append("".join(row[::-1] if self._last else row))
        return out

    def span(self, measure: Measure) -> Span:
        return span(self.alphabet, self.length, measure)
