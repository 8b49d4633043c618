"""Figures that a run measured, written into a table of a document between two marks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

BEGIN, END = "<!-- figures: written by make test SUITE=faults -->", "<!-- end of figures -->"


class Figures:
    """Rows by what was tested: what is promised, and what was seen."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[str, str]] = {}

    def add(self, tested: str, promised: str, seen: str) -> None:
        self.rows[tested] = (promised, seen)

    def lines(self) -> list[str]:
        today = datetime.now(UTC).date().isoformat()
        return [f"| {tested} | {promised} | {seen} | {today} |" for tested, (promised, seen) in self.rows.items()]

    def write(self, document: Path) -> None:
        """Put these rows into `document`, each in the place of the one that an earlier run left."""
        before, _, rest = document.read_text().partition(BEGIN)
        table, _, after = rest.partition(END)
        rows = {line.split(" | ")[0]: line for line in table.splitlines() if line.startswith("| ")}
        head = ["| injected | promised | seen | on |", "|---|---|---|---|"]
        rows = {first: line for first, line in rows.items() if first != "| injected"}
        rows.update({line.split(" | ")[0]: line for line in self.lines()})
        document.write_text("\n".join([before + BEGIN, *head, *rows.values(), END + after]))
