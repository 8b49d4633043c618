"""Sources: finite sets of known size with uniform draws.

The order of values for ``rank`` and ``unrank`` is the same everywhere: shorter values first, then by code point.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from codecs import charmap_build, charmap_decode, charmap_encode
from collections import Counter
from collections.abc import Callable, Iterable, MutableSequence, Sequence
from functools import cached_property, lru_cache
from itertools import groupby, islice, product
from math import log, prod
from operator import itemgetter
from typing import AnyStr, Generic, NamedTuple, TypeAlias, TypeVar

from .rng import Symbols, WideSymbols

NO_VALUE = "not a value of this set"

Value = TypeVar("Value", str, int)
Measure = Callable[[str], int]

# Minimum and maximum.
Span = tuple[int, int]

# A canonical description of a set: numbers, texts and tuples of them.
Definition = tuple["str | int | Definition", ...]

# Characters of equal width: bytes, or the 32-bit units of UTF-32.
Buffer: TypeAlias = "bytearray | array[int]"

# Some choices, repeated: a part of a value. All its texts are written down: about so many for all pieces of a source.
_Piece = tuple[str | tuple[str], int]
_WRITTEN = 10_000

# Most pieces of a block, whose number of texts a rank is divided by, and most ranks that are divided together.
_BLOCK, _TOGETHER = 64, 1024

# Up to _CUTS strings over one alphabet (others than ASCII: any number) are cut from one text; more are faster as lines.
# From _FEW strings on, the places to cut are cached.
_CUTS, _FEW = 2048, 32


class Source(ABC, Generic[Value]):
    """A finite set of strings or integers, each equally likely to be drawn.

    A set with an order for series defines ``unrank`` or ``unrank_all``, ``rank``, and ``define``.
    """

    #: The exact number of values.
    size: int
    #: Whether the values are integers.
    numbers = False
    #: Whether each value is greater than all that were drawn before it.
    ordered = False

    @property
    @abstractmethod
    def characters(self) -> frozenset[str]:
        """All characters that may occur in a value, as text."""

    @abstractmethod
    def rows(self, count: int) -> list[Value]:
        """Return ``count`` independent values, each uniform over the set."""

    @abstractmethod
    def span(self, measure: Measure) -> Span:
        """Return the minimum and maximum length of a value if each character counts ``measure(character)``."""

    def lines(self, count: int, before: str, after: str) -> bytes | None:
        """Return ``count`` such values as bytes, each between these texts; None if encoding rows is as fast."""
        return None

    def unrank(self, index: int) -> Value:
        """Return the value with this index, from 0 to ``size - 1``."""
        return self.unrank_all([index])[0]

    def unrank_all(self, indexes: Iterable[int]) -> list[Value]:
        """Return the values with these indexes."""
        return list(map(self.unrank, indexes))

    def rank(self, value: Value) -> int:
        """Return the index of a value; raises ValueError if it is not in the set."""
        raise NotImplementedError

    @cached_property
    def order_time(self) -> float:
        """About how many microseconds one value of a series takes; TooComplex if ordering takes too long."""
        return self.span(len)[1] * self.size.bit_length() / 40_000

    #: Computes ``definition``.
    define: Callable[[], Definition]

    @cached_property
    def definition(self) -> Definition:
        """A canonical description of the set. Series depend on it: do not change it within a major version."""
        return self.define()


class Product(Source[str]):
    """Strings whose characters are independent: each position has its own alphabet.

    A literal is an alphabet of one. Strings are made in blocks: a buffer is filled with copies of a template line, and
    each drawn position is written as a column, with a stride. The buffer has one byte for each character if all are
    ASCII, otherwise the four of UTF-32.
    """

    def __init__(self, alphabets: Iterable[str]):
        self.alphabets = tuple(alphabets)
        # Few alphabets are counted one by one in a tenth of the time.
        ends = {*self.alphabets[:2], *self.alphabets[-1:]}
        self.times = {alphabet: self.alphabets.count(alphabet) for alphabet in ends}
        if sum(self.times.values()) < len(self.alphabets):
            self.times = Counter(self.alphabets)

    @cached_property
    def size(self) -> int:  # type: ignore[override]
        return prod([power(len(alphabet), times) for alphabet, times in self.times.items() if len(alphabet) != 1])

    @cached_property
    def characters(self) -> frozenset[str]:
        return frozenset("".join(self.times))

    @cached_property
    def _is_ascii(self) -> bool:
        return all(map(str.isascii, self.times))

    @cached_property
    def _line(self) -> str:
        return "".join(alphabet[0] for alphabet in self.alphabets)

    @cached_property
    def _drawn(self) -> Sequence[tuple[Callable[[int], str | bytes], list[int]]]:
        """For each alphabet of two or more characters a function that draws of it, and its positions."""
        places: dict[str, list[int]] = {}
        for position, alphabet in enumerate(self.alphabets):
            if len(alphabet) > 1:
                places.setdefault(alphabet, []).append(position)
        choose = _ascii_chooser if self._is_ascii else chooser
        return [(choose(alphabet), at) for alphabet, at in places.items()]

    def _pack(self, text: str) -> Buffer:
        return bytearray(text, "ascii") if self._is_ascii else array("I", text.encode("utf-32-le"))

    def _filled(self, count: int, before: str, after: str) -> Buffer:
        """A buffer of ``count`` fresh lines."""
        line = before + self._line + after
        buffer = self._pack(line) * count
        self._fill(buffer, count, len(before), len(line))
        return buffer

    def _fill(self, buffer: MutableSequence[int], count: int, start: int, stride: int) -> None:
        """Draw all columns of the lines, which begin at ``start``."""
        for draw, positions in self._drawn:
            chars, done = draw(count * len(positions)), 0
            drawn = self._pack(chars) if isinstance(chars, str) else chars
            for position in positions:
                buffer[position + start :: stride] = drawn[done : done + count]
                done += count

    def rows(self, count: int) -> list[str]:
        length = len(self.alphabets)
        if len(self.times) == 1 and (count <= _CUTS or not self._is_ascii):
            return cut(chooser(self.alphabets[0])(count * length), length)
        text = str(self._filled(count, "", "\n"), "ascii" if self._is_ascii else "utf-32-le")
        return text.split("\n")[:-1]

    def lines(self, count: int, before: str, after: str) -> bytes:
        if len(self.times) == 1 and 0 < count <= _CUTS and self._is_ascii:
            length, start, end = len(self.alphabets), before.encode(), after.encode()
            drawn = _ascii_chooser(self.alphabets[0])(count * length)
            return start + (end + start).join(cut(drawn, length)) + end
        buffer = self._filled(count, before, after)
        return bytes(buffer) if self._is_ascii else str(buffer, "utf-32-le").encode()

    @cached_property
    def _by_code_point(self) -> dict[str, str]:
        return {alphabet: "".join(sorted(alphabet)) for alphabet in self.times}

    def define(self) -> Definition:
        places = (self._by_code_point[alphabet] for alphabet in self.alphabets)
        return "places", tuple((alphabet, len(list(group))) for alphabet, group in groupby(places))

    @cached_property
    def _pieces(self) -> tuple[_Piece, ...]:
        """Groups of equal adjacent alphabets with few texts together; adjacent literals as one text."""
        groups = [
            (alphabet, list(group))
            for alphabet, group in groupby(self.alphabets, lambda alphabet: alphabet if len(alphabet) > 1 else "")
        ]
        share = _WRITTEN / max(1, sum(alphabet != "" for alphabet, _ in groups))
        pieces: list[_Piece] = []
        for alphabet, places in groups:
            if not alphabet:
                pieces.append((("".join(places),), 1))
                continue
            most = max(1, int(log(share, len(alphabet))))
            whole, rest = divmod(len(places), most)
            pieces += [(self._by_code_point[alphabet], times) for times in [most] * whole + [rest] * (rest > 0)]
        return tuple(pieces)

    def unrank_all(self, indexes: Iterable[int]) -> list[str]:
        pieces, values = [texts for texts, _ in _written(self._pieces)] or [[""]], list[str]()
        indexes = iter(indexes)
        while rest := list(islice(indexes, _TOGETHER)):
            columns: list[Iterable[str]] = []
            # By blocks, as long numbers are divided seldom then. The last block comes first.
            for at in reversed(range(0, len(pieces), _BLOCK)):
                parts, (first, *others) = rest, pieces[at : at + _BLOCK]
                if at:
                    whole = prod(map(len, pieces[at : at + _BLOCK]))
                    parts, rest = [index % whole for index in rest], [index // whole for index in rest]
                for each in others[::-1]:
                    size = len(each)
                    columns.append([each[part % size] for part in parts] if size > 1 else each * len(parts))
                    parts = [part // size for part in parts] if size > 1 else parts
                columns.append(map(first.__getitem__, parts))
            values += map("".join, zip(*columns[::-1], strict=True))
        return values

    def rank(self, value: str) -> int:
        rank, start = 0, 0
        for texts, places in _written(self._pieces):
            end = start + len(texts[0])
            place = places.get(value[start:end])
            if place is None:
                raise ValueError(NO_VALUE)
            rank, start = rank * len(texts) + place, end
        if start != len(value):
            raise ValueError(NO_VALUE)
        return rank

    def span(self, measure: Measure) -> Span:
        widths = [(times, set(map(measure, alphabet))) for alphabet, times in self.times.items()]
        return sum(times * min(each) for times, each in widths), sum(times * max(each) for times, each in widths)


@lru_cache(maxsize=8)
def _written(pieces: tuple[_Piece, ...]) -> list[tuple[list[str], dict[str, int]]]:
    """All texts of each piece in order, and the index of each."""
    known = {}
    for choices, times in {*pieces}:
        texts = list(map("".join, product(choices, repeat=times)))
        known[choices, times] = texts, {text: place for place, text in enumerate(texts)}
    return [known[piece] for piece in pieces]


@lru_cache(maxsize=64)
def chooser(alphabet: str) -> Callable[[int], str]:
    """Return a function that draws a number of characters from an alphabet."""
    if len(alphabet) > 256:
        return lambda count: _wide_symbols(alphabet).draw(count)
    codes = byte_codes(alphabet)
    symbols = Symbols(codes.encode(alphabet))
    return lambda count: codes.decode(symbols.draw(count))


@lru_cache(maxsize=64)
def _ascii_chooser(alphabet: str) -> Callable[[int], bytes]:
    """Return a function that draws a number of characters from an ASCII alphabet, as bytes."""
    return Symbols(alphabet.encode()).draw


# Few tables of wide alphabets are cached, as each takes up to a MiB.
_wide_symbols = lru_cache(maxsize=8)(WideSymbols)


class Codes(NamedTuple):
    """One byte a character."""

    encode: Callable[[str], bytes]
    decode: Callable[[bytes], str]


_ASCII = Codes(str.encode, bytes.decode)


def byte_codes(characters: Iterable[str]) -> Codes:
    """Choose byte codes for a set of at most 256 characters."""
    if all(map(str.isascii, characters)):
        return _ASCII
    table = "".join(sorted(characters))
    codes = charmap_build(table.ljust(256, "\ufffe"))
    return Codes(
        lambda text: charmap_encode(text, "strict", codes)[0], lambda data: charmap_decode(data, "strict", table)[0]
    )


@lru_cache(maxsize=128)
def free_strings(alphabet: str, length: int) -> Product:
    """All strings of ``length`` over one alphabet; cached for the article's route."""
    return Product([alphabet] * length)


@lru_cache(maxsize=32)
def power(base: int, exponent: int) -> int:
    """``base ** exponent``, cached; twos are one shift."""
    twos = (base & -base).bit_length() - 1
    result: int = base**exponent if twos < 1 else power(base >> twos, exponent) << twos * exponent
    return result


def cut(text: AnyStr, length: int) -> list[AnyStr]:
    """Cut a text into strings of ``length`` characters."""
    if _FEW * length < len(text) <= _CUTS * length:
        return list(_cutter(length, len(text))(text))
    return [text[start : start + length] for start in range(0, len(text), length)]


@lru_cache(maxsize=16)
def _cutter(length: int, end: int) -> Callable[[AnyStr], tuple[AnyStr, ...]]:
    return itemgetter(*[slice(start, start + length) for start in range(0, end, length)])
