"""Streams of values as an XLSX workbook: one sheet, a value a row, every cell text.

XlsxWriter makes an empty workbook once. Its parts are sent unchanged, and rows are inserted into its sheet while
streaming: XlsxWriter itself would keep a whole sheet in a temporary file until the last row.
The format is ECMA-376 (Office Open XML), part 1, SpreadsheetML.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import cache
from html import escape
from zipfile import ZIP_DEFLATED, ZipFile

from .errors import Impossible
from .formats import HEADER, AnySource, Text

#: Excel's limits, which LibreOffice shares; the first row holds the header.
MAX_VALUES = 1_048_576 - 1
MAX_CELL = 32_767

#: Most bytes in a part of a ZIP archive without ZIP64. With it Excel asks to repair the file (XlsxWriter, use_zip64).
MAX_SHEET = 2**32 - 1

_SHEET = "xl/worksheets/sheet1.xml"

#: Text that Excel reads as an escaped character, as in `_x0041_` for A (ECMA-376, part 1, 22.9.2.19).
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED_UNDERSCORE = "_x005F_"


class XLSX(Text):
    """A workbook. Unlike the other formats it ends with an index, and is compressed."""

    def __init__(self, source: AnySource):
        super().__init__(source)
        characters = source.characters
        preserve = ' xml:space="preserve"' if " " in characters else ""
        self._around = (f'<row><c s="1" t="inlineStr"><is><t{preserve}>', "</t></is></c></row>")
        self._may_hold_escapes = {"_", "x"} <= characters
        as_it_is = not self._may_hold_escapes and not characters & {"&", "<", ">"} and all(map(str.isascii, characters))
        self.frame = self._around if as_it_is else None

    def _escaped(self, text: str) -> str:
        text = escape(text, quote=False)
        return _ESCAPE.sub(_ESCAPED_UNDERSCORE, text) if self._may_hold_escapes else text

    def _width(self, char: str) -> int:
        return len(_ESCAPED_UNDERSCORE) if char == "_" and self._may_hold_escapes else super()._width(char)

    def length(self, count: int) -> None:
        """None: the file is compressed."""

    def check(self, count: int) -> None:
        """Raise Impossible if one spreadsheet cannot hold ``count`` values."""
        # A cell counts UTF-16 code units.
        length = self._source.span(lambda char: 1 + (ord(char) > 0xFFFF))[1]
        if length > MAX_CELL:
            message = f"a spreadsheet cell holds {MAX_CELL} characters, and these values may have {length}"
            raise Impossible([("format", f"{message}; use csv, text or ndjson")])
        # One line less leaves room for the XML around the rows.
        most = min(MAX_VALUES, MAX_SHEET // self.line_span[1] - 1)
        if count > most:
            message = f"one spreadsheet holds at most {most} of these values; use csv, text or ndjson for more"
            raise Impossible([("format", message), ("count", message)])

    def file(self, chunks: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        parts = _empty_workbook()
        before, end, after = parts[_SHEET].partition(b"</sheetData>")
        out = _Outgoing()
        with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=1) as archive:
            for name, content in parts.items():
                if name != _SHEET:
                    archive.writestr(name, content)
            with archive.open(_SHEET, "w") as sheet:
                sheet.write(before)
                for count, chunk in chunks:
                    sheet.write(chunk)
                    yield count, out.taken()
                sheet.write(end + after)
        yield 0, out.taken()


@cache
def _empty_workbook() -> dict[str, bytes]:
    """The parts of a workbook with a header and no values."""
    # Imported here: only workers that stream spreadsheets need it.
    from xlsxwriter import Workbook

    made = io.BytesIO()
    with Workbook(made, {"in_memory": True}) as workbook:
        # Edited cells stay text.
        text = workbook.add_format({"num_format": "@"})
        sheet = workbook.add_worksheet(HEADER)
        sheet.set_column("A:A", 32, text)
        sheet.freeze_panes(1, 0)
        sheet.write_string("A1", HEADER, text)
        # No warning in cells whose text is a number.
        sheet.ignore_errors({"number_stored_as_text": f"A1:A{MAX_VALUES + 1}"})
    with ZipFile(made) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    # Remove the size of the empty sheet.
    return parts | {_SHEET: parts[_SHEET].replace(b'<dimension ref="A1"/>', b"")}


class _Outgoing(io.BytesIO):
    """A file without positions; ``taken`` returns what was written since the last call."""

    def tell(self) -> int:
        raise io.UnsupportedOperation

    def taken(self) -> bytes:
        taken = self.getvalue()
        self.seek(0)
        self.truncate()
        return taken
