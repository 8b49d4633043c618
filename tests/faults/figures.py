"""Figures that a run measured, written into a table of a document between two marks."""

from __future__ import annotations

import os
import re
from collections.abc import Set
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

BEGIN, END = "<!-- figures: written by make test SUITE=faults -->", "<!-- end of figures -->"
HEAD = "| injected | promised | seen |\n|---|---|---|"


class Row(NamedTuple):
    """What was tested, what is promised, what was seen, and the day."""

    tested: str
    promised: str
    seen: str
    day: str


class Figures:
    """Rows by what was tested: what is promised, and what was seen."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[str, str]] = {}
        self._tests: dict[str, str] = {}
        self._missed: set[str] = set()

    def add(self, tested: str, promised: str, seen: str, met: bool = True) -> None:
        """A row of the test that runs now; `met`: whether it kept its promise."""
        self.rows[tested] = (promised, seen if met else f"missed: {seen}")
        self._tests[tested] = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
        if not met:
            self._missed.add(self._tests[tested])

    def drop(self, failed: Set[str]) -> None:
        """Forget the rows of tests that failed for another reason than a promise that their rows call missed."""
        for tested, test in self._tests.items():
            if test in failed - self._missed:
                self.rows.pop(tested, None)

    def write(self, document: Path) -> None:
        """Put these rows into `document`, with those of earlier runs that this run did not measure again."""
        before, _, rest = document.read_text().partition(BEGIN)
        table, _, after = rest.partition(END)
        today = datetime.now(UTC).date().isoformat()
        rows = {row.tested: row for row in parsed(table)}
        rows |= {tested: Row(tested, *figures, today) for tested, figures in self.rows.items()}
        document.write_text(f"{before}{BEGIN}\n{written(list(rows.values()))}\n{END}{after}")


def parsed(table: str) -> list[Row]:
    """The rows of what `written` made."""
    rows, day = [], ""
    for line in table.splitlines():
        if found := re.fullmatch(r"On ([\d-]+):", line):
            day = found[1]
        elif line.startswith("| ") and line not in HEAD:
            rows.append(Row(*line[2:-2].split(" | "), day))
    return rows


def written(rows: list[Row]) -> str:
    """A Markdown table for each day, the oldest first."""
    tables = []
    for day, its in groupby(sorted(rows, key=attrgetter("day")), attrgetter("day")):
        lines = [f"| {row.tested} | {row.promised} | {row.seen} |" for row in its]
        tables.append("\n".join((f"On {day}:\n", HEAD, *lines)))
    return "\n\n".join(tables)
