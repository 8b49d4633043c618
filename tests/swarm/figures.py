"""The table of what a run measured: printed at its end, and written to docs/benchmarks/swarm.md."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from report import machine

HEAD = """\
# The stack on a Swarm, measured

What clients see during updates and failures. Written by `make test SUITE=swarm`: three nodes, each a Docker Engine in
a container, share {cpus} CPUs with the load generator. It sends {rate} requests a second to all nodes (open loop, half
on new connections). Replicas have one worker each.

{machine}.

| event | requests | failed | p99, ms |
|---|--:|--:|--:|
"""


@dataclass
class Figures:
    rate: int
    cpus: int
    rows: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    #: Tests that missed a target, as their rows say.
    missed: set[str] = field(default_factory=set)

    def row(self, what: str, seen, beside: str = "", missed: str = "") -> None:
        p99 = f"{seen.percentile(99):.1f}"
        what = f"{what} ({beside or missed})" if beside or missed else what
        if missed:
            self.missed.add(os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0])
        self.rows.append(f"| {what} | {seen.count:,} | {len(seen.failed)} | {p99} |")

    def table(self, text: str) -> None:
        self.tables.append(text)

    def text(self) -> str:
        head = HEAD.format(cpus=self.cpus, rate=self.rate, machine=machine())
        return "\n\n".join((head + "\n".join(self.rows), *self.tables)) + "\n"

    def write(self, path: Path) -> None:
        path.write_text(self.text())
