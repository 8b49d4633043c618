"""Streams of values as bytes: plain text, newline-delimited JSON, and CSV (RFC 4180).

A format belongs to one source, whose characters decide whether values may need escaping. If not,
``frame`` is the fixed text around each value, and whole blocks are encoded at once; otherwise
``frame`` is None.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import msgspec

from .samplers import Source, Span

AnySource = Source[str] | Source[int]
HEADER = "value"

_JSON = msgspec.json.Encoder()

# Fewest values that are encoded as a block.
_MANY = 256


class Text:
    """One value a line, every line ended by a newline. Values hold no line breaks."""

    header = b""
    frame: tuple[str, str] | None = ("", "\n")
    _around = ("", "\n")

    def __init__(self, source: AnySource):
        self._source = source

    def _escaped(self, text: str) -> str:
        return text

    def _width(self, char: str) -> int:
        """The bytes of a character in a line."""
        return len(self._escaped(char).encode())

    @cached_property
    def line_span(self) -> Span:
        """Fewest and most bytes in a line, its ending included."""
        around = sum(map(len, self._around))
        least, most = self._source.span(self._width)
        return least + around, most + around

    def length(self, count: int) -> int | None:
        """Bytes in a file of ``count`` values; None when that is not known before they are drawn."""
        least, most = self.line_span
        return len(self.header) + count * most if least == most else None

    def draw(self, count: int) -> bytes:
        """Draw values and return their lines."""
        lines = self._source.lines(count, *self.frame) if self.frame else None
        return self.encode(self._source.rows(count)) if lines is None else lines

    def encode(self, values: Sequence[object]) -> bytes:
        """The lines of these values."""
        before, after = self._around
        # No value holds a line break: escape all at once.
        text = self._escaped("\n".join(map(str, values)))
        return (before + text.replace("\n", after + before) + after).encode() if values else b""

    def file(self, chunks: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        """Turn chunks of lines into the whole file; each chunk has its number of values."""
        if self.header:
            count, chunk = next(chunks, (0, b""))
            yield count, self.header + chunk
        yield from chunks


class NDJSON(Text):
    """A JSON value a line: a number for an integer, else a string, escaped only where it must be."""

    def __init__(self, source: AnySource):
        super().__init__(source)
        self._around = ("", "\n") if source.numbers else ('"', '"\n')
        self.frame = None if source.characters & {'"', "\\"} else self._around

    def _escaped(self, text: str) -> str:
        return _JSON.encode(text)[1:-1].decode()

    def encode(self, values: Sequence[object]) -> bytes:
        return _JSON.encode_lines(values)


def json_array(source: AnySource, count: int) -> bytes | None:
    """Draw ``count`` values as a JSON array; None if encoding a list is as fast."""
    if count < _MANY:
        return None
    form = NDJSON(source)
    return None if form.frame is None else b"[" + form.draw(count)[:-1].replace(b"\n", b",") + b"]"


class CSV(Text):
    """RFC 4180: a header line, lines ended by CR LF. All fields are quoted if any could need it."""

    header = f"{HEADER}\r\n".encode()

    def __init__(self, source: AnySource):
        super().__init__(source)
        quoted = bool(source.characters & {'"', ","})
        self._around = ('"', '"\r\n') if quoted else ("", "\r\n")
        self.frame = None if '"' in source.characters else self._around

    def _escaped(self, text: str) -> str:
        return text.replace('"', '""')
