"""Streams of values as bytes: plain text, newline-delimited JSON, and CSV (RFC 4180).

A format belongs to one source, whose characters decide whether values may need escaping. If not,
``frame`` is the fixed text around each value, and whole blocks are encoded at once; otherwise
``frame`` is None.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from json.encoder import encode_basestring as json_string
from typing import Any

from .samplers import Measure, Source

HEADER = "value"

# Fewest values that are encoded as a block.
_MANY = 64


def utf8_width(char: str) -> int:
    return len(char.encode())


class Text:
    """One value a line, every line ended by a newline. Values hold no line breaks."""

    header = b""
    frame: tuple[str, str] | None = ("", "\n")
    _around = ("", "\n")

    def __init__(self, source: Source):
        self._measure(source, utf8_width)

    def _measure(self, source: Source, measure: Measure) -> None:
        around = sum(map(len, self._around))
        least, most = source.span(measure)
        #: Most bytes in a line, its ending included.
        self.longest_line = most + around
        #: Bytes in each line; None when lines may differ.
        self.line_length = self.longest_line if least == most else None

    @classmethod
    def check(cls, source: Source, count: int) -> None:
        """Check that this format can hold ``count`` values of ``source``.

        Raises:
            Impossible: it cannot.
        """

    def encode(self, values: Sequence[Any]) -> bytes:
        """The lines of these values."""
        return ("\n".join(map(str, values)) + "\n").encode() if values else b""

    def file(self, chunks: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        """Turn chunks of lines into the whole file; each chunk has its number of values."""
        if self.header:
            count, chunk = next(chunks, (0, b""))
            yield count, self.header + chunk
        yield from chunks


class NDJSON(Text):
    """A JSON value a line: a number for an integer, else a string, escaped only where it must be."""

    _end = "\n"

    def __init__(self, source: Source):
        self._as_json = str if source.numbers else json_string
        self._around = ("", self._end) if source.numbers else ('"', f'"{self._end}')
        self.frame = None if source.characters & {'"', "\\"} else self._around
        self._measure(source, lambda char: utf8_width(json_string(char)) - 2)

    def encode(self, values: Sequence[Any]) -> bytes:
        return (self._end.join(map(self._as_json, values)) + self._end).encode() if values else b""


class JSONItems(NDJSON):
    """The values of a JSON array, each with a comma after it."""

    _end = ","

    def _measure(self, source: Source, measure: Measure) -> None:
        """Do nothing: an array is not cut into chunks."""


def json_array(source: Source, count: int) -> bytes | None:
    """Draw ``count`` values as a JSON array; None if encoding a list is as fast."""
    if count < _MANY:
        return None
    form = JSONItems(source)
    return None if form.frame is None else b"[" + source.encoded(count, form)[:-1] + b"]"


class CSV(Text):
    """RFC 4180: a header line, lines ended by CR LF. All fields are quoted if any could need it."""

    header = f"{HEADER}\r\n".encode()

    def __init__(self, source: Source):
        quoted = bool(source.characters & {'"', ","})
        self._around = ('"', '"\r\n') if quoted else ("", "\r\n")
        self.frame = None if '"' in source.characters else self._around
        self._measure(source, lambda char: utf8_width(char) + (char == '"'))

    def encode(self, values: Sequence[Any]) -> bytes:
        before, after = self._around
        doubled = (str(value).replace('"', '""') for value in values)
        return "".join(f"{before}{value}{after}" for value in doubled).encode()
