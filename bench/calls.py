"""`make bench`, first part: requests a second, latency and CPU a request, of every contender side by side."""

from __future__ import annotations

import statistics
from typing import Any

from contenders import Contender
from report import Table, spread

ARTICLE = '{"intlen":%d,"intnum":%d,"withnum":true,"withlow":true,"withup":true,"withspecial":true}'
CALLS: dict[str, tuple[str, str, str]] = {
    "article 1 x 16": ("POST", "/getrandomstr", ARTICLE % (16, 1)),
    "v1 1 x 16": ("GET", "/api/v1/strings?length=16&count=1", ""),
    # Never the same twice, so that nothing which was worked out for an earlier request is of use.
    "v1 1 x 16, ever new": ("GET", "/api/v1/strings?length=16&count=1&prefix=#", ""),
    "article 1000 x 30": ("POST", "/getrandomstr", ARTICLE % (30, 1000)),
}
CONTENDERS = ("ours", "article", "fastapi", "ceiling", "nginx")
# The article has no v1 route: its own small call stands for it. nginx has no large answer in memory.
LACKS = {
    ("article", "v1 1 x 16"),
    ("article", "v1 1 x 16, ever new"),
    ("nginx", "v1 1 x 16, ever new"),
    ("nginx", "article 1000 x 30"),
}
CONNECTIONS = 32


def measure(rounds: int, seconds: int) -> list[dict[str, Any]]:
    """Every contender on every call, in interleaved rounds whose order rotates."""
    contenders = [Contender(name) for name in CONTENDERS]
    rows = []
    try:
        for contender in contenders:
            contender.start()
        for round_ in range(rounds):
            turn = round_ % len(contenders)
            for contender in contenders[turn:] + contenders[:turn]:
                for call, (method, path, body) in CALLS.items():
                    if (contender.name, call) in LACKS:
                        continue
                    contender.load(1, CONNECTIONS, method, path, body)  # warm
                    seen = contender.load(seconds, CONNECTIONS, method, path, body)
                    rows.append({"round": round_, "contender": contender.name, "call": call, **seen})
    finally:
        for contender in contenders:
            contender.stop()
    return rows


def table(rows: list[dict[str, Any]]) -> Table:
    """Medians over the rounds, with ours over theirs."""
    result = Table(
        "Calls",
        ["call", "contender", "requests/s", "spread", "ours is", "app µs", "proxy µs", "p50 ms", "p99 ms"],
    )
    for call in CALLS:
        seen = {name: [row for row in rows if row["contender"] == name and row["call"] == call] for name in CONTENDERS}
        if not seen["article"]:
            seen["article"] = [row for row in rows if row["contender"] == "article" and row["call"] == "article 1 x 16"]
        for name, its_rows in seen.items():
            if not its_rows:
                continue
            # Within each round, so that what slows the machine for a while slows both.
            ratios = [ours["rps"] / theirs["rps"] for ours, theirs in zip(seen["ours"], its_rows, strict=True)]
            middle = {
                key: statistics.median(row[key] for row in its_rows)
                for key in its_rows[0]
                if key not in ("contender", "call")
            }
            result.add(
                call, name, f"{middle['rps']:,.0f}", spread([row["rps"] for row in its_rows]),
                f"{statistics.median(ratios):.2f}x", f"{middle['app_us']:.0f}", f"{middle['proxy_us']:.0f}",
                f"{middle['p50_ms']:.1f}", f"{middle['p99_ms']:.1f}",
            )  # fmt: skip
    return result
