"""The table of what a run measured: printed at its end, and written to docs/benchmarks/swarm.md when all was well."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

HEAD = """\
# The stack on a Swarm, measured

Written by `make test SUITE=swarm`: a Swarm of three nodes, each an engine of its own in a container, on one
machine whose {cpus} CPUs they share with the load generator. {rate} requests a second on all nodes' ports,
open loop, half on new connections and half on kept ones, POST and GET in turn. Replicas have one worker each.

| what happened | requests | failed | p50 ms | p99 ms | beside that |
|---|--:|--:|--:|--:|---|
"""


@dataclass
class Figures:
    rate: int
    cpus: int
    rows: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)

    def row(self, what: str, seen, beside: str = "") -> None:
        times = [f"{seen.percentile(percent):.1f}" for percent in (50, 99)]
        self.rows.append(f"| {what} | {seen.count:,} | {len(seen.failed)} | {times[0]} | {times[1]} | {beside} |")

    def table(self, text: str) -> None:
        self.tables.append(text)

    def text(self) -> str:
        return "\n\n".join((HEAD.format(cpus=self.cpus, rate=self.rate) + "\n".join(self.rows), *self.tables)) + "\n"

    def write(self, path: Path) -> None:
        path.write_text(self.text())
