"""Strings in which no character stands more than ``run`` times in a row."""

from functools import cached_property
from math import inf, isqrt, log2

from .counting import power, run_limited
from .languages import Ranked
from .rejection import no_run_over
from .rng import Symbols, many_below
from .samplers import Measure, Product, Span, span

# The least share of free strings, one in so many, for which rejecting is considered, rather than joining halves.
_WORTH_REJECTING = 4

# Halves of so few characters are joined only if they must be.
_SHORT = 8

# Up to so many characters a sum of two places fits a byte.
_STEPPED = 128


class Runs(Ranked):
    """All strings of ``length`` over ``alphabet`` with no run over ``run``, each equally likely.

    ``first`` holds the characters allowed in the first place (None: all).
    """

    def __init__(self, alphabet: str, length: int, run: int, first: str | None = None):
        self.alphabet, self.length, self.run = alphabet, length, run
        self.first = first or alphabet
        # By symmetry each character begins an equal share of the strings.
        self.size = self.number(length) // len(alphabet) * len(self.first)
        self._passes = no_run_over(run)
        self._ways: dict[int, tuple[float, bool]] = {}

    @cached_property
    def characters(self) -> frozenset[str]:
        return frozenset(self.alphabet)

    @cached_property
    def _numbers(self) -> list[int]:
        return run_limited(len(self.alphabet), self.length, self.run)

    def number(self, length: int) -> int:
        """How many strings of this length there are, whatever stands first."""
        if self.run == 1 and length:
            size = len(self.alphabet)
            return size * power(size - 1, length - 1)
        return self._numbers[length]

    def rows(self, count: int) -> list[str]:
        if self.run == 1 and len(self.alphabet) <= _STEPPED:
            return self._stepped(count)
        rows = self._joined(self.length, count)
        return rows if self.first is self.alphabet else self._begun(rows)

    def _stepped(self, count: int) -> list[str]:
        """Runs of one: each character is the one before it plus a step other than zero.

        The modulo is no bias here: from any character the steps 1 to K-1 lead to the K-1 others,
        once each. All strings take a step at once, as byte lanes of a large integer.
        """
        alphabet, size = self.alphabet, len(self.alphabet)
        column = Symbols(bytes(map(alphabet.index, self.first))).draw(count)
        steps = Symbols(bytes(range(1, size)))
        wrap = bytes(value % size for value in range(256))
        product = Product([alphabet] * self.length)
        codes = product.pack(alphabet).ljust(256, b"\0")
        buffer, stride = product.blank(count)
        for position in range(self.length):
            if position:
                moved = int.from_bytes(column, "little") + int.from_bytes(steps.draw(count), "little")
                column = moved.to_bytes(count, "little").translate(wrap)
            buffer[position::stride] = column.translate(codes)
        return product.split(buffer)

    # Floating point serves the choice between the ways and their cost, never a draw: each way is exact.

    def cost(self, length: int | None = None) -> float:
        """About how many characters are drawn or copied for one string (of this length, at most its own)."""
        length = length or self.length
        if self.run == 1 and len(self.alphabet) <= _STEPPED:
            return length
        # Characters beyond a byte are some half dearer.
        return self._way(length)[0] * (1.5 if len(self.alphabet) > 256 else 1)

    def _way(self, length: int) -> tuple[float, bool]:
        """What a string of this length costs, and whether by drawing it freely and rejecting, or of halves."""
        if length not in self._ways:
            share = 2.0 ** (self._bits(length) - length * log2(len(self.alphabet)))
            worth_rejecting = share * _WORTH_REJECTING >= 1
            rejecting = (length + 8) / share if worth_rejecting else inf
            joining = inf
            if not worth_rejecting or length > _SHORT:
                left = length // 2
                tries = self._bits(left) + self._bits(length - left) - self._bits(length)
                halves = self._way(left)[0] + self._way(length - left)[0]
                joining = (halves + length / 16 + 8) * 2.0**tries
            self._ways[length] = min(rejecting, joining), rejecting <= joining
        return self._ways[length]

    def _bits(self, length: int) -> float:
        """About log2 of ``number(length)``."""
        if self.run == 1:
            return log2(len(self.alphabet)) + (length - 1) * log2(len(self.alphabet) - 1)
        return log2(self.number(length))

    def _joined(self, length: int, count: int) -> list[str]:
        """Draw freely and reject; or, where too few would pass, join halves drawn in this same way.

        Two independent uniform halves, kept only if no run over the joint is too long, are
        uniform over the valid wholes.
        """
        source, valid = Product([self.alphabet] * length), self.number(length)
        out: list[str] = []
        if self._way(length)[1]:
            while len(out) < count:
                out += self._passes(source.candidates(_tries(count - len(out), source.size, valid)))
        else:
            left = length // 2
            pairs = self.number(left) * self.number(length - left)
            while len(out) < count:
                tries = _tries(count - len(out), pairs, valid)
                halves = zip(self._joined(left, tries), self._joined(length - left, tries), strict=True)
                out += [a + b for a, b in halves if a[-1] != b[0] or self._fits(a, b)]
        del out[count:]
        return out

    def _fits(self, left: str, right: str) -> bool:
        char = left[-1]
        return len(left) - len(left.rstrip(char)) + len(right) - len(right.lstrip(char)) <= self.run

    def _begun(self, rows: list[str]) -> list[str]:
        """Exchange two characters throughout, where need be, so that an allowed one stands first.

        An exchange keeps runs as they are and undoes itself, so equal chances stay equal.
        """
        picks = many_below(len(self.first), len(rows))
        allowed, first = set(self.first), self.first
        return [
            row if row[0] in allowed else row.translate({ord(row[0]): first[pick], ord(first[pick]): row[0]})
            for row, pick in zip(rows, picks, strict=True)
        ]

    def span(self, measure: Measure) -> Span:
        return span(self.alphabet, self.length, measure)


def _tries(missing: int, size: int, valid: int) -> int:
    """How many draws from ``size`` are likely to give ``missing`` of ``valid``, and a little over."""
    return (missing + 2 * isqrt(missing)) * size // valid + 4
