"""Streams through the proxy: exact to the byte, in constant memory, ended with their client, no obstacle to others."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event, Thread

import pytest

from cases.v1 import DIGITS_ONLY, address
from support.polling import await_until
from support.stack import Container, Stack

pytestmark = pytest.mark.long

ALPHANUMERIC = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
MIB = 2**20


def check_lines(chunks: Iterator[bytes], width: int) -> int:
    """Check that every line is `width` letters and digits, wherever the chunks are cut; return the number of bytes."""
    size, line = 0, width + 1
    for chunk in chunks:
        ends = chunk[-(size + 1) % line :: line]
        assert ends == b"\n" * len(ends)
        assert len(chunk.translate(None, ALPHANUMERIC)) == len(ends)
        size += len(chunk)
    return size


def resident(container: Container) -> float:
    """The memory of a container's processes, in MiB."""
    return sum(int(status["VmRSS"].split()[0]) for status in container.processes().values() if "VmRSS" in status) / 1024


def growth_during(download: Callable[[], None], *containers: Container) -> float:
    """The largest growth in MiB of the memory of `containers` while `download` runs, repeated until it was sampled."""
    done, seen = Event(), [sum(map(resident, containers))]

    def watch() -> None:
        while not done.is_set():
            seen.append(sum(map(resident, containers)))

    watcher = Thread(target=watch)
    watcher.start()
    try:
        while len(seen) < 4 and watcher.is_alive():
            download()
    finally:
        done.set()
        watcher.join()
    assert len(seen) > 3, "the watcher took too few samples"
    return max(seen) - seen[0]


def bulk_worker(stack: Stack) -> int:
    (worker,) = stack.api.children(int(stack.api.must("supervisorctl", "pid", "flaskrandom-bulk")))
    return worker


def open_files(stack: Stack, pid: int) -> int:
    return len(stack.api.must("ls", f"/proc/{pid}/fd").split())


def cpu_ticks(stack: Stack, pid: int) -> int:
    fields = stack.api.must("cat", f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_ten_million_strings_are_exact_to_the_byte(client, record_property):
    started = time.monotonic()
    path = address("strings/stream", {"length": 16, "count": 10_000_000, "format": "text"})
    with client.get(path, stream=True) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Length"] == "170000000"
        assert answer.headers["Content-Disposition"] == "attachment; filename=strings.txt"
        assert answer.headers["Cache-Control"] == "no-store"
        first = next(answer.iter_content(1))
        to_first_byte = time.monotonic() - started
        assert first.isalnum()
        record_property("seconds to the first byte", round(to_first_byte, 4))
        assert check_lines(prefixed(first, answer.iter_content(MIB)), 16) == 170_000_000
    record_property("MB/s", round(170 / (time.monotonic() - started)))
    assert to_first_byte < 1


def prefixed(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


@pytest.mark.local
def test_a_regex_of_one_length_is_exact_to_the_byte(client):
    fields = {"regex": r"(?=.*\d)[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){2}", "count": 20_000}
    answer = client.post("/api/v1/strings/stream", json=fields)
    lines = answer.text.splitlines()
    assert int(answer.headers["Content-Length"]) == len(answer.content) == 20_000 * 15
    assert len(lines) == 20_000
    assert all(re.fullmatch(fields["regex"], line) for line in lines)


def test_a_regex_of_several_lengths_streams_completely(client):
    fields = {"regex": "a{2,}b?", "max_length": 4, "count": 20_000, "format": "ndjson"}
    answer = client.post("/api/v1/strings/stream", json=fields)
    assert "Content-Length" not in answer.headers
    values = [json.loads(line) for line in answer.text.splitlines()]
    assert len(values) == 20_000
    assert set(values) == {"aa", "aaa", "aaaa", "aab", "aaab"}


@pytest.mark.local
def test_memory_stays_constant_during_a_stream(stack, client):
    def download() -> None:
        with client.get("/api/v1/strings/stream?count=10000000", stream=True) as answer:
            assert sum(map(len, answer.iter_content(MIB))) == 170_000_000

    assert growth_during(download, stack.api, stack.nginx) < 24


@pytest.mark.local
def test_a_million_unique_codes_in_bounded_memory(stack, client):
    def download() -> None:
        with client.get("/api/v1/strings/stream?length=10&count=1000000&unique=true", stream=True) as answer:
            body = answer.content
        assert len(body) == 11_000_000
        assert len(set(body.split())) == 1_000_000

    assert growth_during(download, stack.api, stack.nginx) < 32


@pytest.mark.local
def test_a_stream_ends_when_its_client_disconnects(stack, client):
    worker = bulk_worker(stack)
    await_until(lambda: open_files(stack, worker) == open_files(stack, worker), 5, "other streams have ended")
    before = open_files(stack, worker)
    with client.get("/api/v1/strings/stream?count=10000000", stream=True) as answer:
        next(answer.iter_content(MIB))
        assert open_files(stack, worker) > before, "the stream is running"
    await_until(lambda: open_files(stack, worker) <= before, 10, "the worker lets go of the stream")
    # Nothing more is drawn: the worker is idle.
    spent = cpu_ticks(stack, worker)
    time.sleep(0.5)  # the test measures a span of time
    assert cpu_ticks(stack, worker) - spent <= 5
    assert bulk_worker(stack) == worker


@pytest.mark.local
def test_a_client_that_does_not_read_uses_no_cpu(stack, client):
    """Backpressure: values that nobody reads are not drawn."""
    worker = bulk_worker(stack)
    with client.get("/api/v1/strings/stream?count=10000000", stream=True) as answer:
        next(answer.iter_content(1))

        def at_rest() -> bool:
            spent = cpu_ticks(stack, worker)
            time.sleep(0.3)
            return cpu_ticks(stack, worker) - spent <= 2

        await_until(at_rest, 10, "the worker waits for its client")


def test_short_calls_are_answered_while_streams_wait(connect, client):
    """There are more unread downloads than workers for short calls."""
    with ExitStack() as held:
        for _ in range(24):
            session = held.enter_context(connect())
            answer = held.enter_context(session.get("/api/v1/strings/stream?count=10000000", stream=True))
            assert next(answer.iter_content(1))
        for _ in range(30):
            assert client.get("/api/v1/strings?count=10", timeout=2).json()["count"] == 10


def test_short_calls_are_answered_while_streams_run(connect, client):
    def download() -> int:
        with connect() as session, session.get("/api/v1/strings/stream?count=5000000", stream=True) as answer:
            return sum(map(len, answer.iter_content(MIB)))

    with ThreadPoolExecutor(2) as pool:
        downloads = [pool.submit(download) for _ in range(2)]
        answered = 0
        while not all(one.done() for one in downloads):
            assert client.get("/api/v1/strings?count=10", timeout=5).json()["count"] == 10
            answered += 1
    assert [one.result() for one in downloads] == [85_000_000] * 2
    assert answered > 10


@pytest.mark.local
def test_many_unique_streams_do_not_kill_the_pool(disturbed, client, connect):
    """Each stream remembers its values; too many must get 503, and not end the worker of all downloads."""
    worker = bulk_worker(disturbed)
    path = address("strings/stream", {"length": 7, "count": 10_000_000, "unique": True, **DIGITS_ONLY})
    statuses = set()
    with ExitStack() as held:
        for _ in range(16):
            session = held.enter_context(connect())
            answer = held.enter_context(session.get(path, stream=True, timeout=20))
            statuses.add(answer.status_code)
            next(answer.iter_content(1))
    assert bulk_worker(disturbed) == worker
    assert not disturbed.api.state["OOMKilled"]
    assert statuses <= {200, 503}


@pytest.mark.parametrize(
    ("fields", "announced"),
    [
        ({"length": 8, "alphabet": "αβγ", "count": 50_000}, 50_000 * 17),
        ({"length": 8, "count": 50_000, "format": "csv"}, 7 + 50_000 * 10),
        ({"length": 8, "count": 50_000, "format": "ndjson"}, 50_000 * 11),
        ({"length": 8, "alphabet": "aé€😀", "count": 50_000}, None),
    ],
)
def test_a_client_can_tell_that_a_transfer_was_cut(client, fields, announced):
    """By the announced length, or because the final chunk is missing."""
    answer = client.get(address("strings/stream", fields), stream=True)
    if announced:
        assert answer.headers["Content-Length"] == str(announced)
        assert len(answer.content) == announced
    else:
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert answer.content.decode().count("\n") == fields["count"]
