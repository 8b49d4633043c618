"""Streams compared with their ceiling and shell pipelines, memory by length, and their effect on short calls."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from calls import CALLS, REPEATED
from report import Row, Table, median
from stacks import Contender, Stacks

COUNT, LENGTH = 10_000_000, 16
STREAM = "/api/v1/strings/stream?length=%d&count=%d"
OURS, CEILING, TR = "ours", "ceiling: constant blocks", "tr | fold"

# Shell pipelines are slow, so they make fewer strings. Strings a second are compared.
SHELL = {
    TR: ("tr -dc A-Za-z0-9 </dev/urandom | fold -w 16 | head -n {count} >/dev/null", 1_000_000),
    "pwgen -s": ("pwgen -s 16 {count} >/dev/null", 50_000),
}


def download(contender: Contender, count: int) -> Row:
    """Download one text stream to its end.

    Raises:
        RuntimeError: it had the wrong length.
    """
    seen: Row = json.loads(contender.inside("python3", "download.py", STREAM % (LENGTH, count)))
    if seen["bytes"] != count * (LENGTH + 1):
        raise RuntimeError(f"the stream had {seen['bytes']} bytes")
    return seen


def measure(stacks: Stacks, rounds: int, seconds: int) -> list[Row]:
    """Strings a second of a whole download through the proxy, and of shell pipelines, in turn."""
    rows = []
    for round_ in range(-1, rounds):
        seen = {OURS: download(stacks["ours"], COUNT), CEILING: download(stacks["ceiling"], COUNT)}
        these = [{"way": way, "count": COUNT, **figures} for way, figures in seen.items()]
        for way, (command, count) in SHELL.items():
            timed = f"TIMEFORMAT=%R; {{ time {command.format(count=count)}; }} 2>&1"
            took = float(stacks["ours"].inside("bash", "-c", timed))
            these.append({"way": way, "count": count, "seconds": took})
        if round_ >= 0:  # the first round is a warm-up
            rows += [{"round": round_, **row, "strings_per_s": row["count"] / row["seconds"]} for row in these]
    return rows


def ratio(rows: list[Row], way: str) -> float:
    """How many times as many strings our stack makes."""
    return median(rows, "strings_per_s", way=OURS) / median(rows, "strings_per_s", way=way)


def tables(rows: list[Row]) -> list[Table]:
    table = Table(f"Streams of {COUNT:,} x {LENGTH}", ["source", "strings/s", "ours is", "first byte, ms"])
    for way in (OURS, CEILING, *SHELL):
        its = [row for row in rows if row["way"] == way]
        first = f"{median(its, 'first_byte_s') * 1e3:.0f}" if "first_byte_s" in its[0] else ""
        speed = f"{median(its, 'strings_per_s'):,.0f}"
        table.add(way, speed, f"{ratio(rows, way):.2f}x", first)
    return [table]


def measure_growth(stacks: Stacks, rounds: int, seconds: int) -> list[Row]:
    """Seconds and memory of streams from a thousand strings to ten million."""
    ours = stacks["ours"]
    rows = []
    for count in (10**power for power in range(3, 8)):
        took = statistics.median(download(ours, count)["seconds"] for _ in range(rounds))
        rows.append(
            {"count": count, "seconds": took, "api_mb": ours.api.memory_mb(), "nginx_mb": ours.nginx.memory_mb()}
        )
    return rows


def growth_tables(rows: list[Row]) -> list[Table]:
    table = Table("Memory after a stream, MB", ["strings", "api", "nginx"])
    for row in (rows[0], rows[-1]):
        table.add(f"{row['count']:,}", f"{row['api_mb']:.0f}", f"{row['nginx_mb']:.0f}")
    return [table]


STREAMS, READERS = "4 streams", "200 slow readers"
NEIGHBOURS = {
    "alone": "",
    STREAMS: f"""
        for _ in 1 2 3 4; do
          while curl --silent --fail --output /dev/null 'http://127.0.0.1{STREAM % (LENGTH, COUNT)}'; do :; done &
        done
        cat; trap '' TERM; kill 0""",
    READERS: f"exec python3 slow_readers.py 200 10000 '{STREAM % (LENGTH, COUNT)}'",
}


def measure_isolation(stacks: Stacks, rounds: int, seconds: int) -> list[Row]:
    """Short calls alone, beside four endless downloads, and beside 200 slow readers, in turn."""
    ours = stacks["ours"]
    rows = []
    for round_ in range(rounds // 2 + 1):  # slow readers take seconds to settle
        for name, command in NEIGHBOURS.items():
            with neighbours(ours, command):
                if command:
                    settle(ours, endless=name == STREAMS)
                seen = ours.load(seconds, *CALLS[REPEATED].arguments)
            rows.append({"round": round_, "beside": name, **seen})
    return rows


def isolation_tables(rows: list[Row]) -> list[Table]:
    table = Table("Short calls beside streams", ["neighbours", "requests/s", "p99, ms"])
    for name in NEIGHBOURS:
        rate, late = median(rows, "rps", beside=name), median(rows, "p99_ms", beside=name)
        table.add(name, f"{rate:,.0f}", f"{late:.1f}")
    return [table]


@contextmanager
def neighbours(ours: Contender, command: str) -> Iterator[None]:
    """Run a shell command in the load container, which ends when its standard input is closed."""
    if not command:
        yield
        return
    process = subprocess.Popen(
        ours.exec("setsid", "--wait", "bash", "-c", command),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.communicate(timeout=30)


def settle(contender: Contender, endless: bool) -> None:
    """Wait until the neighbours have reached a steady state.

    Endless downloads need a moment to start. Slow readers first fill every buffer between the app and themselves, which
    takes the app some seconds of CPU. After that they cost almost nothing, and that is the state to measure.

    Raises:
        RuntimeError: the app is still busy after a minute.
    """
    for _ in range(60):
        before = contender.api.cpu_seconds()
        time.sleep(1)
        if endless or contender.api.cpu_seconds() - before < 0.1:
            return
    raise RuntimeError("the app is still busy with its slow readers")
