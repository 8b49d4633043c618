"""Strings in which no character stands more than ``run`` times in a row."""

from functools import cached_property
from math import isqrt

from .counting import run_limited
from .entropy import Symbols, many_below
from .rejection import no_run_over
from .sources import Measure, Product, Source, same_width

# The least share of free strings, one in so many, for which rejecting is preferred to joining halves.
_WORTH_REJECTING = 4

# Up to so many characters a sum of two places fits a byte.
_STEPPED = 128


class Runs(Source):
    """All strings of ``length`` over ``alphabet`` with no run over ``run``, each equally likely.

    ``first`` holds the characters allowed in the first place (None: all).
    """

    def __init__(self, alphabet: str, length: int, run: int, first: str | None = None):
        self.alphabet, self.length, self.run = alphabet, length, run
        self.first = first or alphabet
        self.characters = frozenset(alphabet)
        # By symmetry each character begins an equal share of the strings.
        self.size = self.number(length) // len(alphabet) * len(self.first)
        self._passes = no_run_over(run)

    @cached_property
    def _numbers(self) -> list[int]:
        return run_limited(len(self.alphabet), self.length, self.run)

    def number(self, length: int) -> int:
        """How many strings of this length there are, whatever stands first."""
        if self.run == 1 and length:
            size = len(self.alphabet)
            steps: int = (size - 1) ** (length - 1)
            return size * steps
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

    def cost(self) -> int:
        """About how many characters are drawn or copied for one string."""
        if self.run == 1 and len(self.alphabet) <= _STEPPED:
            return self.length
        # Characters beyond a byte are some three times dearer.
        return self._joining_cost(self.length) * (3 if len(self.alphabet) > 256 else 1)

    def _joining_cost(self, length: int) -> int:
        size: int = len(self.alphabet) ** length
        valid = self.number(length)
        if valid * _WORTH_REJECTING >= size:
            return (length + 8) * size // valid
        left = length // 2
        pairs = self.number(left) * self.number(length - left)
        return (self._joining_cost(left) + self._joining_cost(length - left) + length + 8) * pairs // valid

    def _joined(self, length: int, count: int) -> list[str]:
        """Draw freely and reject; or, where too few would pass, join halves drawn in this same way.

        Two independent uniform halves, kept only if no run over the joint is too long, are
        uniform over the valid wholes.
        """
        source, valid = Product([self.alphabet] * length), self.number(length)
        out: list[str] = []
        if valid * _WORTH_REJECTING >= source.size:
            while len(out) < count:
                out += self._passes(source.rows(_tries(count - len(out), source.size, valid)))
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

    def unrank(self, index: int) -> str:
        index, place = divmod(index, len(self.first))
        char, run = self.first[place], 1
        out = [char]
        for rest in range(self.length - 2, -1, -1):
            same = self._endings(run + 1, rest) if run < self.run else 0
            if index < same:
                run += 1
            else:
                index, place = divmod(index - same, len(self.alphabet) - 1)
                char, run = self.alphabet.replace(char, "")[place], 1
            out.append(char)
        return "".join(out)

    def _endings(self, run: int, rest: int) -> int:
        """In how many ways a string that ends in a run of ``run`` goes on for ``rest`` characters."""
        size, more = len(self.alphabet), self.run - run
        ways = 1 if rest <= more else 0
        return ways + sum(self.number(rest - same) // size * (size - 1) for same in range(min(more, rest - 1) + 1))

    def width(self, measure: Measure) -> int | None:
        return same_width(self.alphabet, self.length, measure)


def _tries(missing: int, size: int, valid: int) -> int:
    """How many draws from ``size`` are likely to give ``missing`` of ``valid``, and a little over."""
    return (missing + 2 * isqrt(missing)) * size // valid + 4
