"""The table of what a run measured: printed at its end, and written to docs/benchmarks/swarm.md."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from report import machine

from faults.figures import current_test

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
            self.missed.add(current_test())
        self.rows.append(f"| {what} | {seen.count:,} | {len(seen.failed)} | {p99} |")

    def table(self, text: str) -> None:
        self.tables.append(text)

    def run(self) -> dict[str, Any]:
        """What `page` takes."""
        return {"rate": self.rate, "cpus": self.cpus, "machine": machine(), "rows": self.rows, "tables": self.tables}

    def write(self, path: Path) -> None:
        path.write_text(page(**self.run()))
        path.with_suffix(".json").write_text(json.dumps(self.run(), indent=1, ensure_ascii=False) + "\n")


def page(rows: list[str], tables: list[str], **run: object) -> str:
    """The page of a run."""
    return "\n\n".join((HEAD.format(**run) + "\n".join(rows), *tables)) + "\n"
