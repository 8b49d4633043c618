"""Our Gunicorn worker beside the stock sync worker, under overload; and what each optimization of ours gives.

Not part of a whole run: `make bench ONLY=workers`.
"""

from __future__ import annotations

import json
import math
import subprocess
import time

from calls import CALLS, REPEATED
from report import Row, Table, median, spread
from stacks import Contender, Stacks

#: A call of some thirty milliseconds, as in tests/faults/test_overload.py.
CALL = "/api/v1/strings?length=600&count=1000&max_repeat=2"
PEAK, OPEN_LOOP, STORM = 3, 8, 10  # seconds
CALM = 1  # second without a call, after which an overload has ended
RETRYING, SAMPLED = 200, 20  # connections of a storm; so many of them are timed by status

WORKERS = {"ours": "ours", "sync": "stock sync worker"}
#: Ours with one optimization less, by contender.
OPTIMIZATIONS = {
    "every_beat": "heartbeat at intervals, not at each call",
    "late_close": "the connection is closed at once, not when nginx has closed it",
    "close_on_exec": "no fcntl() for a flag that Python sets anyway",
}
#: For a status that no call got: infinite, or serving nothing would look quick.
NONE = {"count": 0, "p99_ms": math.inf}
SMALL_ROUNDS = 3  # of small calls in each round of overload, since their difference is small


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
    """Served calls, as a part of the peak, and p99 by status: in an open loop and in a storm of retries."""
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
    small = ["ours", *OPTIMIZATIONS]
    for name in (*small, *WORKERS):
        stacks[name].load(1, *CALLS[REPEATED].arguments)  # warm
    for round_ in range(rounds):
        for name in list(WORKERS)[:: -1 if round_ % 2 else 1]:
            rows.append({"what": "overload", "contender": name, **overload(stacks[name])})
        time.sleep(CALM)
        for turn in range(SMALL_ROUNDS):
            for name in small[:: -1 if turn % 2 else 1]:
                seen = stacks[name].load(seconds, *CALLS[REPEATED].arguments)
                rows.append({"what": "small", "contender": name, **seen})
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
    gains = Table(
        f"Optimizations of the worker: {REPEATED}", ["optimization", "app µs without", "app µs", "gain", "spread"]
    )
    ours = median(rows, "app_us", what="small", contender="ours")
    for name, optimization in OPTIMIZATIONS.items():
        without = [row["app_us"] for row in rows if row["what"] == "small" and row["contender"] == name]
        middle_one = median(rows, "app_us", what="small", contender=name)
        gains.add(
            optimization, f"{middle_one:.0f}", f"{ours:.0f}", f"{1 - ours / middle_one:.1%}", f"±{spread(without):.0%}"
        )
    return [workers, gains]
