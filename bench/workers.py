"""Our Gunicorn worker under overload, compared with the stock sync worker and with ours without its early close.

Not part of a full run: use `make bench ONLY=workers`.
"""

from __future__ import annotations

import json
import math
import subprocess
import time

from report import Row, Table, median
from stacks import Contender, Stacks

#: A call of twenty to thirty milliseconds, the same as in tests/faults/test_overload.py.
CALL = "/api/v1/strings?length=240&count=1000&exclude_words=ab"
PEAK, OPEN_LOOP, STORM = 3, 8, 10  # seconds
CALM = 1  # second without a call, after which an overload has ended
RETRYING, SAMPLED = 200, 20  # connections of a storm, and how many of them are timed by status

WORKERS = {"ours": "ours", "late_close": "ours, closing after nginx", "sync": "stock sync worker"}
#: For a status that no call got. The time is infinite, because otherwise serving nothing would look quick.
NONE = {"count": 0, "p99_ms": math.inf}


def wrk(contender: Contender, seconds: int, connections: int) -> tuple[str, ...]:
    options = ("--threads=1", f"--connections={connections}", f"--duration={seconds}s", "--timeout=10s")
    script = ("--script", "/client/count.lua", "http://127.0.0.1", "--", "GET", CALL, "keep")
    return contender.exec("wrk", *options, *script)


def said(output: str) -> Row:
    found: Row = json.loads(output.strip().splitlines()[-1])
    return found


def python(contender: Contender, script: str, *arguments: str) -> tuple[str, ...]:
    return contender.exec("python3", f"/client/{script}", "127.0.0.1", *arguments, CALL)


def run(command: tuple[str, ...]) -> Row:
    return said(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def overload(contender: Contender) -> Row:
    """The share of the peak that is served, and p99 by status, in an open loop and in a storm of retries."""
    time.sleep(CALM)
    closed = run(wrk(contender, PEAK, 6))
    peak = closed["requests"] / closed["seconds"]
    time.sleep(CALM)
    offered = run(python(contender, "open_loop.py", f"{peak * 5:.1f}", str(OPEN_LOOP)))
    time.sleep(CALM)
    with subprocess.Popen(
        python(contender, "storm.py", str(SAMPLED), str(STORM)), stdout=subprocess.PIPE, text=True
    ) as sampling:
        storm = run(wrk(contender, STORM, RETRYING - SAMPLED))
        sampled = said(sampling.communicate(timeout=60)[0])
    return {"peak": peak, **figures(peak, offered, storm, sampled)}


def figures(peak: float, offered: Row, storm: Row, sampled: Row) -> Row:
    open_served, storm_served = offered["statuses"].get("200", NONE), sampled.get("200", NONE)
    return {
        "open_goodput": open_served["count"] / offered["seconds"] / peak,
        "open_p99_ms": open_served["p99_ms"],
        "open_refused_p99_ms": max(
            (times["p99_ms"] for status, times in offered["statuses"].items() if status != "200"), default=0.0
        ),
        "storm_goodput": (storm["statuses"].get("200", 0) + storm_served["count"]) / STORM / peak,
        "storm_p99_ms": storm_served["p99_ms"],
        "storm_refused_p99_ms": sampled.get("503", {"p99_ms": 0.0})["p99_ms"],
    }


def measure(stacks: Stacks, rounds: int, seconds: int) -> list[Row]:
    rows: list[Row] = []
    for round_ in range(rounds):
        for name in list(WORKERS)[:: -1 if round_ % 2 else 1]:
            rows.append({"what": "overload", "contender": name, **overload(stacks[name])})
    return rows


def tables(rows: list[Row]) -> list[Table]:
    columns = ["worker", "load", "peak, calls/s", "served, of the peak", "served p99", "refused p99"]
    workers = Table("Workers under overload, the same cpu_shares", columns)
    for load, title in (
        ("open", "5 times the peak, open loop"),
        ("storm", f"{RETRYING} connections that retry at once"),
    ):
        for name, worker in WORKERS.items():

            def middle(key: str, name: str = name) -> float:
                return median(rows, key, what="overload", contender=name)

            workers.add(
                worker, title, f"{middle('peak'):.0f}", f"{middle(f'{load}_goodput'):.0%}",
                f"{middle(f'{load}_p99_ms'):.0f} ms", f"{middle(f'{load}_refused_p99_ms'):.0f} ms",
            )  # fmt: skip
    return [workers]
