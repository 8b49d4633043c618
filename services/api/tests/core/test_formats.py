"""Streams: other programs can read them, the announced length is right, and chunks have a bounded size."""

import csv
import io
import json
import tracemalloc
import zipfile

import msgspec
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from flaskrandom.core import (
    Impossible,
    IntegerSpec,
    Limits,
    PassphraseSpec,
    StringSpec,
    TokenSpec,
    UUIDSpec,
    plan,
)
from flaskrandom.core.plans import FORMATS

MANY = Limits(max_count=10**7)


def lines(made, count):
    return b"".join(made.chunks(count, "text")).decode().split("\n")


def read(data, format):
    if format == "xlsx":
        (sheet,) = map(CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index, [0])
        header, *rows = sheet.to_python()
        assert header == ["value"]
        return [value for (value,) in rows]
    text = data.decode()
    if format == "text":
        assert text.endswith("\n")
        return text.split("\n")[:-1]
    if format == "ndjson":
        assert text.endswith("\n")
        return [json.loads(line) for line in text.split("\n")[:-1]]
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert header == ["value"]
    assert text.endswith("\r\n")
    return [row[0] for row in rows]


SPECS = [
    StringSpec(),
    StringSpec(length=1),
    StringSpec(length=200, special=True, min_special=3),
    StringSpec(alphabet='a"\\,'),
    StringSpec(alphabet="a,b c"),
    StringSpec(alphabet='"a'),
    StringSpec(alphabet="\\a"),
    StringSpec(alphabet="äé€😀"),
    StringSpec(alphabet="あいうえお", prefix='"', suffix="\\"),
    StringSpec(length=9, special=True, special_chars='"\\,;é', min_special=2, max_repeat=1),
    StringSpec(pattern='?d,"?d'),
    StringSpec(alphabet="&<>]"),
    StringSpec(alphabet="=+-@ '", length=9),
    StringSpec(alphabet="_x041F", length=40),
    StringSpec(pattern="_x0041_x0042_?d"),
    StringSpec(alphabet="€_x04é1", length=40, prefix=" ", suffix=" "),
    StringSpec(length=50, unique=True),
    StringSpec(lower=False, checksum="iso7064", group=4, prefix="né,"),
    TokenSpec(encoding="base64", bytes=10),
    UUIDSpec(),
    UUIDSpec(version=7),
    IntegerSpec(min=-5, max=500),
    IntegerSpec(min=100, max=999),
    PassphraseSpec(separator=", ", words=3),
]


@pytest.mark.parametrize("format", ["text", "ndjson", "csv", "xlsx"])
@pytest.mark.parametrize("spec", SPECS, ids=range(len(SPECS)))
@pytest.mark.parametrize("count", [0, 1, 3, 5000])
def test_a_stream_can_be_read_back(spec, format, count):
    made = plan(spec, MANY)
    data = b"".join(made.chunks(count, format))
    values = read(data, format) if count or format in ("csv", "xlsx") else []
    assert len(values) == count
    announced = made.content_length(count, format)
    assert announced is None or announced == len(data)
    # The values have the same type and length as values drawn directly.
    drawn = made.draw(200)
    if isinstance(drawn[0], int) and format != "ndjson":
        values = list(map(int, values))
    assert {type(value) for value in values} <= {type(drawn[0])}
    if isinstance(spec, StringSpec) and count:
        assert {len(value) for value in values} == {len(drawn[0])}


def test_lengths_are_announced_if_all_lines_are_equally_long():
    made = plan(StringSpec(length=16))
    assert made.content_length(10_000_000, "text") == 170_000_000
    assert [made.content_length(1, format) for format in ("text", "ndjson", "csv")] == [17, 19, 18 + len("value\r\n")]
    assert made.content_length(10, "csv") == 180 + len("value\r\n")
    assert plan(StringSpec(length=3, alphabet="あいう")).content_length(1, "text") == 10
    assert plan(StringSpec(length=3, alphabet="aé")).content_length(1, "text") is None
    assert plan(StringSpec(length=3, alphabet='a"')).content_length(1, "ndjson") is None
    assert plan(StringSpec(length=3, alphabet='a"')).content_length(1, "text") == 4
    assert plan(IntegerSpec(min=10, max=99)).content_length(1, "ndjson") == 3
    assert plan(IntegerSpec(min=-9, max=99)).content_length(1, "text") is None
    assert plan(PassphraseSpec()).content_length(1, "text") is None
    assert plan(UUIDSpec()).content_length(1, "text") == 37


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(str.isprintable), st.integers(1, 4))
def test_any_printable_unicode_is_preserved(text, length):
    alphabet = "".join(dict.fromkeys(text))
    made = plan(StringSpec(alphabet=alphabet, length=length, prefix=text))
    for format in ("text", "ndjson", "csv", "xlsx"):
        data = b"".join(made.chunks(20, format))
        values = read(data, format)
        assert len(values) == 20
        assert all(value.startswith(text) and set(value[len(text) :]) <= set(alphabet) for value in values)
        assert made.content_length(20, format) in (None, len(data))


def test_the_first_chunk_is_small_and_all_are_bounded():
    sizes = list(map(len, plan(StringSpec(), MANY).chunks(100_000)))
    assert sizes[0] <= 4096
    assert max(sizes) <= 1 << 17
    assert sum(sizes) == 1_700_000
    assert next(plan(StringSpec(), MANY).chunks(100_000, "csv")).startswith(b"value\r\n")


HAN = "".join(map(chr, range(0x4E00, 0x4E00 + 4095)))


@pytest.mark.parametrize(
    ("spec", "format"),
    [
        (StringSpec(alphabet="a" + HAN, length=4096), "text"),
        (StringSpec(alphabet='a"\\', length=4096), "ndjson"),
        (StringSpec(alphabet='a"', length=4096), "csv"),
        (StringSpec(alphabet="a" + HAN, length=4096, group=1, separator="漢", unique=True), "csv"),
        (StringSpec(alphabet="a" + HAN, length=400, max_repeat=1), "ndjson"),
        (PassphraseSpec(words=64, separator="-" * 16), "text"),
        (PassphraseSpec(words=64, separator='"' * 16), "ndjson"),
        (IntegerSpec(min=-(2**1023), max=2**1023), "csv"),
    ],
    ids=range(8),
)
def test_chunks_are_bounded_if_lines_differ_in_length(spec, format):
    made = plan(spec)
    chunks = list(made.chunks(200, format))
    longest = max(map(len, b"".join(chunks).splitlines())) + 2
    assert len(chunks[0]) <= 4096 + len("value\r\n") or chunks[0].count(b"\n") <= 1 + (format == "csv")
    assert max(map(len, chunks)) <= max(1 << 17, longest)


def test_a_chunk_does_not_change_later():
    chunks = plan(StringSpec(), MANY).chunks(50_000)
    kept = [(chunk, hash(bytes(chunk))) for chunk in chunks]
    assert all(type(chunk) is bytes and hash(bytes(chunk)) == seen for chunk, seen in kept)


@pytest.mark.parametrize("fields", [{}, {"unique": True}, {"min_digits": 1}])
def test_memory_does_not_grow_with_the_stream(fields):
    made = plan(StringSpec(count=300_000, **fields), MANY)
    stream = made.chunks()
    for _ in range(3):
        next(stream)
    tracemalloc.start()
    for _ in stream:
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize("format", ["text", "ndjson", "csv", "xlsx"])
@pytest.mark.parametrize("spec", SPECS, ids=range(len(SPECS)))
def test_the_values_read_are_the_values_drawn(spec, format):
    made = plan(spec)
    values = made.draw(40) if not made.unique else made.draw(3)
    form = FORMATS[format](made._source)
    data = b"".join(chunk for _, chunk in form.file(iter([(len(values), form.encode(values))])))
    assert read(data, format) == (values if format == "ndjson" else list(map(str, values)))


def cells(data):
    """The cells of a workbook below its header, as openpyxl reads them."""
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    (header,), *rows = sheet.iter_rows()
    assert header.value == "value"
    return [cell for (cell,) in rows]


@pytest.mark.parametrize(
    "spec",
    [
        IntegerSpec(min=10**17, max=10**18),
        IntegerSpec(min=0, max=1),
        StringSpec(pattern="0000?d?d", checksum="luhn"),
        StringSpec(pattern="=1+?d"),
        StringSpec(pattern="@SUM(A1)?d"),
        StringSpec(pattern="1E?d"),
        StringSpec(pattern="1/?d"),
        StringSpec(pattern=" ?d "),
    ],
    ids=range(8),
)
def test_every_cell_of_a_spreadsheet_is_text(spec):
    """A cell is no number that loses digits, no date and no formula, and it stays text when a user edits it."""
    made = plan(spec)
    found = cells(b"".join(made.chunks(100, "xlsx")))
    assert {(cell.data_type, cell.number_format) for cell in found} == {("s", "@")}
    length = len(str(made.draw(1)[0]))
    assert {len(cell.value) for cell in found} == {length}


def test_a_value_that_looks_like_an_escape_is_preserved():
    """Excel reads _x0041_ in a workbook as A, so the first underscore is written as an escape."""
    spec = StringSpec(pattern="_x0041_x0042_?d")
    data = b"".join(plan(spec).chunks(1, "xlsx"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert b">_x005F_x0041_x005F_x0042_" in archive.read("xl/worksheets/sheet1.xml")
    assert read(data, "xlsx")[0].startswith("_x0041_x0042_")


@pytest.mark.parametrize(
    ("spec", "most"),
    [
        (StringSpec(), 1_048_575),
        (StringSpec(length=4096), 1034930),
        (StringSpec(length=4096, alphabet="&<"), 209162),
    ],
    ids=["rows", "bytes", "bytes of escapes"],
)
def test_a_spreadsheet_is_limited_by_rows_and_bytes(spec, most):
    """Excel's row limit, or 4 GiB: 54 bytes of markup around each value; `&` takes five bytes, `<` four."""
    fits = request(spec, count=most)
    plan(fits, MANY)
    with pytest.raises(Impossible, match=f"one spreadsheet holds at most {most} of these values") as refused:
        plan(request(spec, count=most + 1), MANY)
    assert [field for field, _ in refused.value.errors] == ["format", "count"]


@pytest.mark.parametrize(("alphabet", "longest"), [("ab", 32_767), ("😀😁", 16_383)])
def test_a_value_must_fit_into_a_cell(alphabet, longest):
    limits = Limits(max_length=65_536)
    plan(request(StringSpec(alphabet=alphabet, length=longest)), limits)
    with pytest.raises(Impossible, match="a spreadsheet cell holds 32767 characters"):
        plan(request(StringSpec(alphabet=alphabet, length=longest + 1)), limits)
    plan(request(StringSpec(alphabet=alphabet, length=longest + 1), format="csv"), limits)


def request(spec, format="xlsx", **changes):
    """The spec as an HTTP request has it: a subclass with a field for the format."""
    fields = msgspec.structs.asdict(spec) | changes | {"format": format}
    return Requested(**fields)


class Requested(StringSpec, frozen=True, kw_only=True):
    format: str


def test_a_spreadsheet_is_drawn_as_it_is_read():
    """The first bytes come at once, and memory does not grow with the number of rows."""
    made = plan(StringSpec(), MANY)
    next(made.chunks(1, "xlsx"))  # makes the empty workbook, once
    stream = made.chunks(300_000, "xlsx")
    assert len(next(stream)) < 8192
    tracemalloc.start()
    size = sum(map(len, stream))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 3_000_000
    assert peak < 2_000_000


def test_an_incomplete_spreadsheet_cannot_be_opened():
    data = b"".join(plan(StringSpec(), MANY).chunks(10_000, "xlsx"))
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(data[:-100]))
