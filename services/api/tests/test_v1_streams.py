"""Streams: four formats that parse, exactly announced lengths, and constant memory."""

from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
from itertools import islice

import pytest
from python_calamine import CalamineWorkbook

from cases.v1 import CASES, DIGITS_ONLY, KINDS, SPECIAL_ONLY, address, ask
from flaskrandom import create_app
from flaskrandom.config import Config

BOTH = pytest.mark.parametrize("method", ["GET", "POST"])
FORMATS = {
    "text": ("text/plain; charset=utf-8", "txt"),
    "ndjson": ("application/x-ndjson", "ndjson"),
    "csv": ("text/csv; charset=utf-8; header=present", "csv"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
}
#: Formats in which the length of a line can be known in advance.
LINES = ("text", "ndjson", "csv")


@pytest.fixture(scope="module")
def client():
    return create_app(Config()).test_client()


def parse(body: bytes, form: str) -> list:
    """The values of a stream, read with standard tools."""
    if form == "xlsx":
        header, *rows = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
        assert header == ["value"]
        return [value for (value,) in rows]
    text = body.decode()
    if form == "csv":
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        assert rows.pop(0) == ["value"]
        assert all(len(row) == 1 for row in rows)
        return [row[0] for row in rows]
    lines = text.split("\n")
    assert lines.pop() == "", "the last line must end with a newline too"
    return [json.loads(line) for line in lines] if form == "ndjson" else lines


@BOTH
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_case_streams_in_every_format(client, method, form, case):
    answer = ask(client, method, f"{case.kind}/stream", {**case.fields, "count": 30, "format": form})
    assert answer.status_code == 200
    values = parse(answer.data, form)
    assert len(values) == 30
    wanted = re.compile(case.pattern)
    assert [value for value in values if not wanted.fullmatch(str(value))] == []
    if form == "ndjson":
        assert {type(value) for value in values} == {int if case.kind == "integers" else str}
    announced = answer.headers.get("Content-Length")
    assert announced in (None, str(len(answer.data)))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_has_its_type_and_file_name(client, kind, form):
    answer = client.get(address(f"{kind}/stream", {"format": form}))
    media_type, suffix = FORMATS[form]
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Disposition"] == f"attachment; filename={kind}.{suffix}"
    assert answer.headers["Cache-Control"] == "no-store"


def test_text_is_the_default_format(client):
    answer = client.get("/api/v1/strings/stream?count=3")
    assert re.fullmatch(r"([0-9A-Za-z]{16}\n){3}", answer.text)


# If all lines are equally long, the total length is known before the first draw.
EQUAL = {
    "ASCII": {"length": 9},
    "two bytes each": {"length": 9, "alphabet": "αβγ"},
    "four bytes each": {"length": 9, "alphabet": "😀😁"},
    "a wide prefix": {"length": 9, "prefix": "€ü", "suffix": "😀"},
    "minimums": {"length": 9, "min_digits": 2},
    "runs": {"length": 9, "max_repeat": 1},
    "groups": {"length": 9, "group": 2, "separator": "·"},
    "a checksum": {"length": 9, "checksum": "luhn", **DIGITS_ONLY},
    "two check characters": {"length": 9, "checksum": "iso7064-97-10", "lower": False},
    "unique": {"length": 9, "unique": True},
    "a pattern": {"pattern": "ü?d?l"},
    "commas": {"length": 9, **SPECIAL_ONLY, "special_chars": ",;"},
    "only quotes": {"length": 9, **SPECIAL_ONLY, "special_chars": '"'},
    "a quote before": {"length": 9, "prefix": '"\\'},
}


@pytest.mark.parametrize("form", LINES)
@pytest.mark.parametrize("fields", EQUAL.values(), ids=EQUAL)
def test_the_length_is_announced_exactly(client, fields, form):
    answer = client.get(address("strings/stream", {**fields, "count": 700, "format": form}))
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert len(parse(answer.data, form)) == 700


@pytest.mark.parametrize("kind", ["tokens", "uuids"])
@pytest.mark.parametrize("form", LINES)
def test_other_kinds_announce_the_length_too(client, kind, form):
    answer = client.get(address(f"{kind}/stream", {"count": 700, "format": form}))
    assert answer.headers["Content-Length"] == str(len(answer.data))


@pytest.mark.parametrize("form", LINES)
@pytest.mark.parametrize(
    ("least", "most", "known"), [(100, 999, True), (0, 10, False), (-9, 9, False), (-99, -10, True)]
)
def test_integers_announce_the_length_if_it_is_known(client, least, most, known, form):
    answer = client.get(address("integers/stream", {"min": least, "max": most, "count": 700, "format": form}))
    assert answer.headers.get("Content-Length") == (str(len(answer.data)) if known else None)


@pytest.mark.parametrize(
    ("path", "fields", "form"),
    [
        ("strings", {"alphabet": "aé€😀"}, "text"),
        ("strings", {"alphabet": 'a"'}, "csv"),
        ("strings", {"alphabet": "a\\"}, "ndjson"),
        ("passphrases", {}, "text"),
        ("strings", {}, "xlsx"),
    ],
)
def test_no_length_is_announced_if_lines_differ_in_length(client, path, fields, form):
    answer = client.get(address(f"{path}/stream", {**fields, "count": 700, "format": form}))
    assert "Content-Length" not in answer.headers
    assert len(parse(answer.data, form)) == 700


def test_csv_lines_end_with_cr_lf(client):
    body = client.get("/api/v1/strings/stream?count=40&format=csv").data
    assert body.count(b"\r\n") == body.count(b"\n") == 41


@pytest.mark.parametrize("form", LINES)
def test_a_stream_is_drawn_as_it_is_read(client, form):
    """The request is for ten million values, but reading a few of them takes little memory."""
    tracemalloc.start()
    try:
        with client.get(address("strings/stream", {"count": 10_000_000, "format": form})) as answer:
            chunks = list(islice(answer.iter_encoded(), 20))
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()
    assert len(chunks[0]) < 8192, "the first chunk must be small"
    assert sum(map(len, chunks)) > 2**20


def test_memory_stays_constant(client):
    tracemalloc.start()
    try:
        with client.get("/api/v1/strings/stream?count=2000000") as answer:
            size = sum(map(len, answer.iter_encoded()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 2_000_000 * 17
    assert peak < 4 * 2**20


@pytest.mark.parametrize("count", [1, 2, 240, 241, 242, 7_951, 7_952, 30_000])
def test_counts_near_chunk_borders_are_exact(client, count):
    body = client.get(f"/api/v1/strings/stream?count={count}").data
    assert len(body) == count * 17
    assert body.count(b"\n") == count


@BOTH
@pytest.mark.parametrize(("fields", "count"), [({"length": 4, **DIGITS_ONLY}, 10_000), ({"length": 10}, 100_000)])
def test_unique_streams_never_repeat(client, method, fields, count):
    """One stream is dense, with every existing code once; the other is sparse."""
    values = parse(ask(client, method, "strings/stream", {**fields, "count": count, "unique": True}).data, "text")
    assert len(set(values)) == len(values) == count
    assert values != sorted(values)


def test_version_7_uuids_ascend_through_a_stream(client):
    values = parse(client.get("/api/v1/uuids/stream?version=7&count=20000").data, "text")
    assert values == sorted(values)
    assert len(set(values)) == 20_000


def test_two_chunks_of_a_stream_differ(client):
    values = parse(client.get("/api/v1/strings/stream?count=60000").data, "text")
    assert len(set(values)) == 60_000


def test_a_spreadsheet_with_too_many_rows_is_refused_before_sending(client):
    fields = {"format": "xlsx", "count": 1_048_576}
    answer = client.get(address("strings/stream", fields))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == ["format", "count"]
    assert "at most 1048575" in answer.json["errors"][0]["message"]
    estimate = client.post("/api/v1/strings/estimate", json=fields)
    assert estimate.json["possible"] is False
    assert client.post("/api/v1/strings/estimate", json={**fields, "count": 1_048_575}).json["possible"] is True


def test_the_metrics_count_the_values_of_a_spreadsheet(client):
    def drawn():
        samples = client.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in samples if "drawn_values" in line and 'kind="uuids"' in line)

    before = drawn()
    assert len(parse(client.get("/api/v1/uuids/stream?count=5000&format=xlsx").data, "xlsx")) == 5000
    assert drawn() == before + 5000
