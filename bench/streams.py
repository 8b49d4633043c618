"""`make bench`, second part: streams, beside the shell's own ways, and what a stream costs its neighbours."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from calls import ARTICLE, CONNECTIONS
from contenders import LOAD_IMAGE, Contender, run
from report import Table, spread

COUNT, LENGTH = 10_000_000, 16
STREAM = "/api/v1/strings/stream?length=%d&count=%d"
SMALL = ("POST", "/getrandomstr", ARTICLE % (16, 1))

# The shell's ways are as slow as they are: each makes fewer strings, and what counts is strings a second.
SHELL = {
    "tr | fold": ("tr -dc A-Za-z0-9 </dev/urandom | fold -w 16 | head -n {count} >/dev/null", 2_000_000),
    "pwgen -s": ("pwgen -s 16 {count} >/dev/null", 200_000),
}


def measure(rounds: int) -> list[dict[str, Any]]:
    """Strings a second of a whole download through the proxy, and of the shell's pipelines, in turns."""
    ours = Contender("ours")
    rows = []
    try:
        ours.start()
        for round_ in range(rounds):
            seen = download(ours, COUNT)
            rows.append({"round": round_, "way": "ours, through the proxy", "count": COUNT, **seen})
            for way, (command, count) in SHELL.items():
                seconds = float(
                    run("docker", "run", "--rm", LOAD_IMAGE, "bash", "-c", TIMED % command.format(count=count))
                )
                rows.append({"round": round_, "way": way, "count": count, "seconds": seconds})
    finally:
        ours.stop()
    for row in rows:
        row["strings_per_s"] = row["count"] / row["seconds"]
    return rows


TIMED = "TIMEFORMAT=%%R; { time %s; } 2>&1"


def download(ours: Contender, count: int) -> dict[str, float]:
    """One text stream to its end.

    Raises:
        RuntimeError: it was not as long as it had to be.
    """
    seen: dict[str, float] = json.loads(run(*ours.inside("python3", "first_byte.py", STREAM % (LENGTH, count))))
    if seen["bytes"] != count * (LENGTH + 1):
        raise RuntimeError(f"the stream had {seen['bytes']} bytes")
    return seen


def table(rows: list[dict[str, Any]]) -> Table:
    result = Table(f"Streams of {LENGTH} characters", ["way", "strings/s", "spread", "ours is", "first byte ms"])
    by_way: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_way.setdefault(row["way"], []).append(row)
    ours = by_way["ours, through the proxy"]
    for way, its_rows in by_way.items():
        rates = [row["strings_per_s"] for row in its_rows]
        ratios = [mine["strings_per_s"] / theirs for mine, theirs in zip(ours, rates, strict=True)]
        first = [row["first_byte_s"] * 1e3 for row in its_rows if "first_byte_s" in row]
        result.add(
            way, f"{statistics.median(rates):,.0f}", spread(rates), f"{statistics.median(ratios):.2f}x",
            f"{statistics.median(first):.0f}" if first else "",
        )  # fmt: skip
    return result


def growth() -> tuple[list[dict[str, Any]], Table]:
    """Seconds and memory of streams from a thousand strings to ten million."""
    ours = Contender("ours")
    rows = []
    try:
        ours.start()
        for count in (10**power for power in range(3, 8)):
            took = statistics.median(download(ours, count)["seconds"] for _ in range(5))
            rows.append(
                {"count": count, "seconds": took, "api_mb": ours.api.memory_mb(), "nginx_mb": ours.nginx.memory_mb()}
            )
    finally:
        ours.stop()
    result = Table("Growth", ["strings", "seconds", "strings/s", "api MB after it", "nginx MB after it"])
    for row in rows:
        result.add(
            f"{row['count']:,}", f"{row['seconds']:.4f}", f"{row['count'] / row['seconds']:,.0f}",
            f"{row['api_mb']:.0f}", f"{row['nginx_mb']:.0f}",
        )  # fmt: skip
    return rows, result


def _settled(contender: Contender, endless: bool) -> None:
    """Wait until the neighbours do what they will go on doing.

    Endless downloads need a moment to start. Slow readers first fill every buffer between the app and themselves, which
    takes the app some seconds of CPU; after that they cost next to nothing, and that is what is to be measured.

    Raises:
        RuntimeError: the app is still busy after a minute.
    """
    for _ in range(60):
        before = contender.api.cpu_seconds()
        time.sleep(1)
        if endless or contender.api.cpu_seconds() - before < 0.1:
            return
    raise RuntimeError("the app is still busy with its slow readers")


def isolation(rounds: int, seconds: int) -> tuple[list[dict[str, Any]], Table]:
    """Small calls alone, beside four endless downloads, and beside 200 slow readers, in turns."""
    ours = Contender("ours")
    beside = {
        "alone": [],
        "4 streams": [
            ["bash", "-c", f"while curl -sf -o /dev/null 'http://127.0.0.1{STREAM % (16, COUNT)}'; do :; done"]
        ]
        * 4,
        "200 slow readers": [["python3", "slow_readers.py", "200", "10000", STREAM % (16, COUNT)]],
    }
    rows = []
    try:
        ours.start()
        for round_ in range(rounds):
            for name, commands in beside.items():
                with ExitStack() as stack:
                    for command in commands:
                        stack.enter_context(_running(ours, command))
                    if commands:
                        _settled(ours, endless=name == "4 streams")
                    seen = ours.load(seconds, CONNECTIONS, *SMALL)
                    rows.append({"round": round_, "beside": name, **seen})
    finally:
        ours.stop()
    alone = [row for row in rows if row["beside"] == "alone"]
    result = Table("Small calls beside", ["neighbours", "requests/s", "kept", "p99 ms", "p99 of alone"])
    for name in beside:
        its_rows = [row for row in rows if row["beside"] == name]
        kept = [row["rps"] / base["rps"] for row, base in zip(its_rows, alone, strict=True)]
        later = [row["p99_ms"] / base["p99_ms"] for row, base in zip(its_rows, alone, strict=True)]
        result.add(
            name, f"{statistics.median(row['rps'] for row in its_rows):,.0f}", f"{statistics.median(kept):.0%}",
            f"{statistics.median(row['p99_ms'] for row in its_rows):.0f}", f"{statistics.median(later):.1f}x",
        )  # fmt: skip
    return rows, result


@contextmanager
def _running(ours: Contender, command: list[str]) -> Iterator[None]:
    name = f"bench-neighbour-{time.monotonic_ns()}"
    docker, run_, *rest = ours.inside(*command)
    process = subprocess.Popen(
        [docker, run_, f"--name={name}", *rest],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        run("docker", "kill", name)
        process.wait()
