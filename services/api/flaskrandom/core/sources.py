"""A source: a set of strings of known size, drawn from uniformly.

Every source offers the same things: ``size``, the exact number of values; ``rows(n)``, n
independent values each uniform over the set; ``unrank(i)``, the i-th value, a bijection from
``range(size)``; ``characters``, all that may occur; and ``width(measure)``, the length of every
value when each character counts ``measure(character)``, or None when lengths differ.
"""

from __future__ import annotations

from codecs import charmap_build, charmap_decode, charmap_encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

from .entropy import Symbols, WideSymbols, ranks_in_random_order, shuffled

if TYPE_CHECKING:
    from .formats import Text

Measure = Callable[[str], int]

# What a format may put around values; see formats.py.
FRAMING = '"\r\n'

# Up to so many values are all written down when all, or nearly all, are wanted.
_LISTED = 1 << 16


class Source:
    """What every kind of value comes down to."""

    size: int
    characters: frozenset[str]
    numbers = False

    def rows(self, count: int) -> list[Any]:
        raise NotImplementedError

    def unrank(self, index: int) -> Any:
        raise NotImplementedError

    @property
    def ranked(self) -> int:
        """How many ranks ``in_random_order`` puts in order."""
        return self.size

    def in_random_order(self) -> Iterator[Any]:
        """Iterate over all values, each once, in an order drawn uniformly from all orders."""
        return map(self.unrank, ranks_in_random_order(self.size))

    def width(self, measure: Measure) -> int | None:
        return None

    def encoded(self, count: int, form: Text) -> bytes:
        """``count`` fresh values in a format's own bytes."""
        return form.encode(self.rows(count))


class Product(Source):
    """Strings whose characters are independent: each position has its own alphabet.

    A literal is an alphabet of one. Many strings are made at once, column by column: a buffer is
    filled with the line they have in common, then each drawn position is laid into it with a
    stride. That takes one byte a character; where more than 256 different characters occur,
    columns of characters are joined instead.
    """

    def __init__(self, alphabets: Iterable[str]):
        self.alphabets = tuple(alphabets)
        self._times = Counter(self.alphabets)
        self.size = prod(len(alphabet) ** times for alphabet, times in self._times.items())
        self.characters = frozenset[str]().union(*self._times)
        self._wide = len(self.characters.union(FRAMING)) > 256

    @cached_property
    def _codes(self) -> _Codes:
        return byte_codes(self.characters.union(FRAMING))

    @cached_property
    def _line(self) -> bytes:
        return self.pack("".join(alphabet[0] for alphabet in self.alphabets))

    @cached_property
    def _drawn(self) -> list[tuple[Symbols, list[int]]]:
        """The alphabets with something to draw, each with its symbols and its positions."""
        places: dict[str, list[int]] = {}
        for position, alphabet in enumerate(self.alphabets):
            if len(alphabet) > 1:
                places.setdefault(alphabet, []).append(position)
        return [(Symbols(self.pack(alphabet)), at) for alphabet, at in places.items()]

    @cached_property
    def _choosers(self) -> dict[str, Callable[[int], str]]:
        """For each alphabet, what draws a column of its characters."""
        return {alphabet: _chooser(alphabet) for alphabet in self._times}

    def pack(self, text: str) -> bytes:
        """Byte codes for characters of this source."""
        return self._codes.encode(text)

    def blank(self, count: int, before: str = "", after: str = "\n") -> tuple[bytearray, int]:
        """A buffer with ``count`` lines still to be filled, and the distance between lines."""
        line = self.pack(before) + self._line + self.pack(after)
        return bytearray(line) * count, len(line)

    def lines(self, count: int, before: str = "", after: str = "\n") -> bytearray:
        """A buffer of ``count`` fresh lines in byte codes."""
        buffer, stride = self.blank(count, before, after)
        for symbols, positions in self._drawn:
            drawn, start = symbols.draw(count * len(positions)), 0
            for position in positions:
                buffer[position + len(before) :: stride] = drawn[start : start + count]
                start += count
        return buffer

    def split(self, buffer: bytearray) -> list[str]:
        """The lines of a filled buffer as strings."""
        return self._codes.decode(buffer).split("\n")[:-1]

    def rows(self, count: int) -> list[str]:
        if not self._wide:
            return self.split(self.lines(count))
        if len(self._choosers) == 1:
            # One alphabet throughout: any cut of a long draw will do.
            (choose,), length = self._choosers.values(), len(self.alphabets)
            text = choose(count * length)
            return [text[start : start + length] for start in range(0, count * length, length)]
        return list(map("".join, zip(*(self._choosers[alphabet](count) for alphabet in self.alphabets), strict=True)))

    def encoded(self, count: int, form: Text) -> bytes:
        if form.frame is None or self._wide:
            return super().encoded(count, form)
        buffer = self.lines(count, *form.frame)
        return bytes(buffer) if self._codes is ASCII else self._codes.decode(buffer).encode()

    def in_random_order(self) -> Iterator[str]:
        if self.size > _LISTED or self._wide:
            return super().in_random_order()
        # Few enough to write all of them down at once, the last position changing fastest.
        buffer, stride = self.blank(self.size)
        inner = self.size
        for position, alphabet in enumerate(self.alphabets):
            inner //= len(alphabet)
            once = b"".join(code * inner for code in map(self.pack, alphabet))
            buffer[position::stride] = once * (self.size // len(once))
        return iter(shuffled(self.split(buffer)))

    def unrank(self, index: int) -> str:
        out = []
        for alphabet in reversed(self.alphabets):
            index, place = divmod(index, len(alphabet))
            out.append(alphabet[place])
        return "".join(reversed(out))

    def width(self, measure: Measure) -> int | None:
        total = 0
        for alphabet, times in self._times.items():
            width = same_width(alphabet, times, measure)
            if width is None:
                return None
            total += width
        return total


def _chooser(alphabet: str) -> Callable[[int], str]:
    if len(alphabet) > 256:
        return WideSymbols(alphabet).text
    codes, symbols = byte_codes(alphabet), Symbols(byte_codes(alphabet).encode(alphabet))
    return lambda count: codes.decode(symbols.draw(count))


class _Codes:
    """One byte a character, by a table of at most 256 characters."""

    def __init__(self, table: str):
        self._table, self._map = table, charmap_build(table.ljust(256, "\ufffe"))

    def encode(self, text: str) -> bytes:
        return charmap_encode(text, "strict", self._map)[0]

    def decode(self, data: bytes | bytearray) -> str:
        return charmap_decode(data, "strict", self._table)[0]


class _ASCII(_Codes):
    """The same where a character's code is its ASCII value: no table needed."""

    def __init__(self) -> None:
        pass

    def encode(self, text: str) -> bytes:
        return text.encode("ascii")

    def decode(self, data: bytes | bytearray) -> str:
        return data.decode("ascii")


ASCII = _ASCII()


def byte_codes(characters: Iterable[str]) -> _Codes:
    """Choose byte codes for a set of at most 256 characters."""
    return ASCII if all(map(str.isascii, characters)) else _Codes("".join(sorted(characters)))


def same_width(alphabet: str, length: int, measure: Measure) -> int | None:
    """The width of ``length`` characters if all of the alphabet are equally wide, else None."""
    widths = set(map(measure, alphabet))
    return length * widths.pop() if len(widths) == 1 else None
