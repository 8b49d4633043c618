"""The cost of metrics for a small call: the stack with and without them, in turn."""

from __future__ import annotations

from calls import CALLS, REPEATED
from report import Row, Table, median
from stacks import Stacks


def measure(stacks: Stacks, rounds: int, seconds: int) -> list[Row]:
    rows = []
    for round_ in range(-1, rounds):
        for name in ("ours", "unmetered") if round_ % 2 else ("unmetered", "ours"):
            seen = stacks[name].load(seconds, *CALLS[REPEATED].arguments)
            if round_ >= 0:  # the first round is a warm-up
                rows.append({"contender": name, **seen, "cpu_us": seen["app_us"] + seen["proxy_us"]})
    return rows


def tables(rows: list[Row]) -> list[Table]:
    table = Table(f"Metrics: CPU of {REPEATED}", ["part", "µs with", "µs without", "ratio"])
    for name, key in (("app", "app_us"), ("nginx", "proxy_us"), ("both", "cpu_us")):
        ours, without = (median(rows, key, contender=contender) for contender in ("ours", "unmetered"))
        table.add(name, f"{ours:.0f}", f"{without:.0f}", f"{ours / without:.3f}")
    return [table]
