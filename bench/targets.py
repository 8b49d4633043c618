"""The targets of the benchmark, and whether a run met them."""

from __future__ import annotations

from dataclasses import dataclass

import calls
import footprint
import streams
from report import Row, Table, median


@dataclass(frozen=True)
class Target:
    what: str
    seen: float
    bound: float
    most: bool = False  #: the bound is the most allowed, not the least
    form: str = "{:.2f}x"

    @property
    def met(self) -> bool:
        return self.seen <= self.bound if self.most else self.seen >= self.bound

    @property
    def sign(self) -> str:
        return "≤" if self.most else "≥"

    def __str__(self) -> str:
        verdict = "pass" if self.met else "MISS"
        return f"{verdict} {self.what} {self.form.format(self.seen)} ({self.sign} {self.form.format(self.bound)})"


CALLS = {
    (calls.NEW, "fastapi"): 1.2,
    (calls.NEW, "article"): 1.7,
    (calls.NEW, "ceiling"): 0.6,
    (calls.PREFIX, "fastapi"): 1.0,
    (calls.PREFIX, "article"): 1.4,
    (calls.PREFIX, "ceiling"): 0.5,
    (calls.REPEATED, "fastapi"): 1.3,
    (calls.REPEATED, "article"): 1.8,
    (calls.REPEATED, "ceiling"): 0.65,
    (calls.LARGE, "fastapi"): 62,
    (calls.LARGE, "article"): 18.5,
}


def targets(rows: dict[str, list[Row]]) -> list[Target]:
    """Every target for which this run has figures."""
    return [*_of_calls(rows), *_others(rows)]


def _of_calls(rows: dict[str, list[Row]]) -> list[Target]:
    if not (seen := rows.get("calls")):
        return []
    return [
        Target(f"{call}, against {contender}", calls.ratio(seen, call, contender), bound)
        for (call, contender), bound in CALLS.items()
    ]


def _others(rows: dict[str, list[Row]]) -> list[Target]:
    found = []
    if seen := rows.get("streams"):
        millions = median(seen, "strings_per_s", way=streams.OURS) / 1e6
        found.append(Target("stream, million strings/s", millions, 20.4, form="{:.1f}"))
        found.append(Target("stream, against tr | fold", streams.ratio(seen, streams.TR), 10.3, form="{:.1f}x"))
    if seen := rows.get("footprint"):
        found.append(Target("memory at rest", footprint.memory(seen), 115, most=True, form="{:.0f} MB"))
        lines = median(seen, "lines")
        found.append(Target("Python without core/", lines, 2300, most=True, form="{:,.0f} lines"))
    return found


def tables(rows: dict[str, list[Row]]) -> list[Table]:
    """Each figure with its bound: for calls, how many times as many requests a second our stack answers; and others."""
    found = []
    if of_calls := _of_calls(rows):
        its = dict(zip(CALLS, of_calls, strict=True))
        against = ("fastapi", "article", "ceiling")
        table = Table("Targets, misses in bold", ["requests/s against", *against])
        for call in dict.fromkeys(call for call, _ in CALLS):
            table.add(call, *(_cell(its.get((call, contender))) for contender in against))
        found.append(table)
    if others := _others(rows):
        table = Table("Other targets, misses in bold", ["measured", "seen and target"])
        for target in others:
            table.add(target.what, _cell(target))
        found.append(table)
    return found


def _cell(target: Target | None) -> str:
    if target is None:
        return ""
    seen, bound = target.form.format(target.seen), target.form.format(target.bound)
    return f"{seen if target.met else f'**{seen}**'} {target.sign}{bound}"
