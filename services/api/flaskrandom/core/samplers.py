"""Sources: finite sets of known size with uniform draws.

The order of values for ``rank`` and ``unrank`` is the same everywhere: shorter values first, then by code point.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from codecs import charmap_build, charmap_decode, charmap_encode
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import groupby, product
from math import log, prod
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple, Protocol

from .rng import Symbols, WideSymbols

NO_VALUE = "not a value of this set"

Measure = Callable[[str], int]

# Minimum and maximum.
Span = tuple[int, int]

# A canonical description of a set: numbers, texts and tuples of them.
Definition = tuple[Any, ...]

# Characters that a format may put around values; see formats.py.
FRAMING = '",\r\n'

# Most texts of a piece that are materialised.
_WRITTEN = 4096

# Most strings for which the cuts of a long text are cached.
_CUTS = 2048
_FEW_CUTS = 32


class Form(Protocol):
    """A format of values as bytes; see formats.py."""

    frame: tuple[str, str] | None

    def encode(self, values: Sequence[Any]) -> bytes:
        """The bytes of these values."""


class Source(ABC):
    """A finite set of strings or integers, each equally likely to be drawn."""

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
    def rows(self, count: int) -> list[Any]:
        """Return ``count`` independent values, each uniform over the set."""

    def unrank(self, index: int) -> Any:
        """Return the value with this index, from 0 to ``size - 1``."""
        raise NotImplementedError

    def rank(self, value: Any) -> int:
        """Return the index of a value; raises ValueError if it is not in the set."""
        raise NotImplementedError

    def prepare_order(self) -> None:  # noqa: B027 - most need nothing
        """Prepare ranking; raises TooComplex if that would take too long."""

    def unrank_all(self, indexes: Iterable[int]) -> list[Any]:
        """Return the values with these indexes."""
        return list(map(self.unrank, indexes))

    #: Computes ``definition``, unless a subclass overrides it.
    define: Callable[[], Definition]

    @cached_property
    def definition(self) -> Definition:
        """A canonical description of the set. Series depend on it: do not change it within a major version."""
        return self.define()

    @abstractmethod
    def span(self, measure: Measure) -> Span:
        """Return the minimum and maximum length of a value if each character counts ``measure(character)``."""

    def encoded(self, count: int, form: Form) -> bytes:
        """Draw ``count`` values and encode them in a format."""
        return form.encode(self.rows(count))


class Product(Source):
    """Strings whose characters are independent: each position has its own alphabet.

    A literal is an alphabet of one. Strings are made in blocks. With a single alphabet, one long draw
    is cut into strings. Otherwise a buffer is filled with copies of a template line, and each drawn
    position is written as a column, with a stride. That needs one byte for each character; with more
    than 256 different characters, strings are assembled one by one.
    """

    def __init__(self, alphabets: Iterable[str]):
        self.alphabets = tuple(alphabets)
        first, length = self.alphabets[:1], len(self.alphabets)
        alike = self.alphabets.count(self.alphabets[-1]) if first else 0
        self._alone = 0 < alike == length
        self._times: dict[str, int]
        if 0 < alike == length - 1 and first != self.alphabets[-1:]:
            # The common case, all alike but the first, counted in a tenth of the time.
            self._times = {self.alphabets[0]: 1, self.alphabets[-1]: alike}
        else:
            self._times = {self.alphabets[0]: length} if self._alone else Counter(self.alphabets)
        self.size = prod(power(len(alphabet), times) for alphabet, times in self._times.items() if len(alphabet) != 1)

    @cached_property
    def characters(self) -> frozenset[str]:
        return frozenset("".join(self._times))

    @cached_property
    def wide(self) -> bool:
        """Whether there are too many characters for one byte each."""
        return len(max(self._times, key=len, default="")) > 256 or len(self.characters.union(FRAMING)) > 256

    @cached_property
    def _codes(self) -> _Codes:
        return byte_codes(self.characters.union(FRAMING))

    @cached_property
    def _line(self) -> bytes:
        return self.pack("".join(alphabet[0] for alphabet in self.alphabets))

    @cached_property
    def _drawn(self) -> list[tuple[Symbols, list[int]]]:
        """The symbols and the positions of each alphabet of two or more characters."""
        places: dict[str, list[int]] = {}
        for position, alphabet in enumerate(self.alphabets):
            if len(alphabet) > 1:
                places.setdefault(alphabet, []).append(position)
        return [(Symbols(self.pack(alphabet)), at) for alphabet, at in places.items()]

    @cached_property
    def _choosers(self) -> dict[str, Callable[[int], str]]:
        """The chooser of each alphabet of two or more characters, or of the only alphabet."""
        return {alphabet: chooser(alphabet) for alphabet in self._times if len(alphabet) > 1 or self._alone}

    @cached_property
    def _places(self) -> tuple[str, Callable[[str], Iterable[str]]]:
        """The literals, and a function that puts a string's draws (by alphabet) and literals in their places."""
        literals = "".join(alphabet for alphabet in self._times if len(alphabet) == 1)
        starts, start = {}, 0
        for alphabet in self._choosers:
            starts[alphabet] = start
            start += self._times[alphabet]
        fixed = {literal: start + place for place, literal in enumerate(literals)}
        order = []
        for alphabet in self.alphabets:
            if alphabet in fixed:
                order.append(fixed[alphabet])
            else:
                order.append(starts[alphabet])
                starts[alphabet] += 1
        return literals, itemgetter(*order)

    def pack(self, text: str) -> bytes:
        """Byte codes for characters of this source."""
        return self._codes.encode(text)

    def blank(self, count: int, before: str = "", after: str = "\n") -> tuple[bytearray, int]:
        """A buffer with ``count`` copies of the template line, and the distance between lines."""
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

    def _joined(self, count: int, before: str, after: str) -> bytes:
        """The same for a single alphabet: faster if the cuts are cached."""
        length = len(self.alphabets)
        drawn = Symbols(self.pack(self.alphabets[0])).draw(count * length)
        start, end = self.pack(before), self.pack(after)
        return start + (end + start).join(_unpacker(length, count)(drawn)) + end

    def split(self, buffer: bytearray) -> list[str]:
        """The lines of a filled buffer as strings."""
        return self._codes.decode(buffer).split("\n")[:-1]

    def rows(self, count: int) -> list[str]:
        if self._alone and (count <= _CUTS or self.wide):
            length = len(self.alphabets)
            return cut(chooser(self.alphabets[0])(count * length), length, count)
        if not self.wide:
            return self.split(self.lines(count))
        literals, in_place = self._places
        drawn = (
            cut(choose(count * times), times, count)
            for choose, times in ((choose, self._times[alphabet]) for alphabet, choose in self._choosers.items())
        )
        if not self._choosers:
            return ["".join(in_place(literals))] * count
        return ["".join(in_place("".join(parts) + literals)) for parts in zip(*drawn, strict=True)]

    def candidates(self, count: int) -> list[str]:
        """The same as ``rows``, without a cache by count."""
        return self.rows(count) if self.wide else self.split(self.lines(count))

    def encoded(self, count: int, form: Form) -> bytes:
        if form.frame is None or self.wide:
            return super().encoded(count, form)
        buffer = self._joined(count, *form.frame) if self._alone and count <= _CUTS else self.lines(count, *form.frame)
        return bytes(buffer) if self._codes is ASCII else self._codes.decode(buffer).encode()

    @cached_property
    def definition(self) -> Definition:
        places = (self._by_code_point[alphabet] for alphabet in self.alphabets)
        return "places", tuple((alphabet, len(list(group))) for alphabet, group in groupby(places))

    @cached_property
    def _by_code_point(self) -> dict[str, str]:
        return {alphabet: "".join(sorted(alphabet)) for alphabet in self._times}

    @cached_property
    def _places_in_pieces(self) -> list[tuple[str, int]]:
        """Groups of equal adjacent alphabets with few texts each; literals as (text, 0)."""
        pieces: list[tuple[str, int]] = []
        for alphabet, group in groupby(self.alphabets, lambda alphabet: alphabet if len(alphabet) > 1 else ""):
            places = list(group)
            if not alphabet:
                pieces.append(("".join(places), 0))
                continue
            most = max(1, int(log(_WRITTEN, len(alphabet))))
            whole, rest = divmod(len(places), most)
            pieces += [(self._by_code_point[alphabet], times) for times in [most] * whole + [rest] * (rest > 0)]
        return pieces

    def unrank(self, index: int) -> str:
        return self.unrank_all([index])[0]

    def unrank_all(self, indexes: Iterable[int]) -> list[str]:
        texts = [_piece(*piece).texts for piece in reversed(self._places_in_pieces)]
        sizes = [(each, len(each)) for each in texts]
        values = []
        for index in indexes:
            parts = []
            for each, size in sizes:
                index, place = divmod(index, size)
                parts.append(each[place])
            parts.reverse()
            values.append("".join(parts))
        return values

    def rank(self, value: str) -> int:
        rank, start = 0, 0
        for piece in self._places_in_pieces:
            texts, find, length = _piece(*piece)
            place = find(value[start : start + length])
            if place is None or place < 0:
                raise ValueError(NO_VALUE)
            rank, start = rank * len(texts) + place, start + length
        if start != len(value):
            raise ValueError(NO_VALUE)
        return rank

    def span(self, measure: Measure) -> Span:
        spans = [span(alphabet, times, measure) for alphabet, times in self._times.items()]
        return sum(least for least, _ in spans), sum(most for _, most in spans)


class _Piece(NamedTuple):
    """A few places of a string: all texts in order, a function that finds a text's index, and the length."""

    texts: Sequence[str]
    find: Callable[[str], int | None]
    length: int


@lru_cache(maxsize=32)
def _piece(alphabet: str, times: int) -> _Piece:
    if not times:
        return _Piece([alphabet], {alphabet: 0}.get, len(alphabet))
    if len(alphabet) > _WRITTEN:
        return _Piece(alphabet, alphabet.find, 1)
    texts = list(map("".join, product(alphabet, repeat=times)))
    return _Piece(texts, {text: place for place, text in enumerate(texts)}.get, times)


@lru_cache(maxsize=64)
def chooser(alphabet: str) -> Callable[[int], str]:
    """Return a function that draws a number of characters from an alphabet."""
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
    """ASCII codes, which need no table."""

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


@lru_cache(maxsize=128)
def free_strings(alphabet: str, length: int) -> Product:
    """All strings of ``length`` over one alphabet; cached, as most requests need such a source."""
    return Product([alphabet] * length)


@lru_cache(maxsize=32)
def _odd_power(base: int, exponent: int) -> int:
    power: int = base**exponent
    return power


def power(base: int, exponent: int) -> int:
    """``base ** exponent``, quickly: shift by the factors of two, cache the odd part (26 and 52, 10 and 40)."""
    twos = (base & -base).bit_length() - 1 if base else 0
    return _odd_power(base >> twos, exponent) << twos * exponent


def span(alphabet: str, length: int, measure: Measure) -> Span:
    """The minimum and maximum width of ``length`` characters of an alphabet."""
    widths = set(map(measure, alphabet))
    return length * min(widths), length * max(widths)


def cut(text: str, length: int, count: int) -> list[str]:
    """Cut a text into ``count`` strings of ``length`` characters."""
    if _FEW_CUTS < count <= _CUTS:
        return list(_cutter(length, count)(text))
    return [text[start : start + length] for start in range(0, count * length, length)]


@lru_cache(maxsize=16)
def _unpacker(length: int, count: int) -> Callable[[bytes], tuple[bytes, ...]]:
    return Struct(f"{length}s" * count).unpack


@lru_cache(maxsize=16)
def _cutter(length: int, count: int) -> Callable[[str], tuple[str, ...]]:
    cuts: list[Any] = [slice(start, start + length) for start in range(0, count * length, length)]
    return itemgetter(*cuts)
