"""Strings in which no character stands more than ``run`` times in a row."""

from functools import cached_property
from itertools import islice

from .languages import Ranked
from .samplers import Measure, Span, chooser, power, span


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
        if self.run > 1 or len(self.alphabet) == 1:
            return super().rows(count)
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
