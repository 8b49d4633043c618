"""The figures of a run, written into a document as a table between two marks."""

from __future__ import annotations

import os
import re
from collections.abc import Set
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from report import machine

BEGIN, END = "<!-- figures: written by make test SUITE=faults -->", "<!-- end of figures -->"
HEAD = "| injected | promised | seen |\n|---|---|---|"


class Row(NamedTuple):
    """What was tested, what is promised, what was seen, and on which day and machine."""

    tested: str
    promised: str
    seen: str
    where: str


class Figures:
    """Rows that map what was tested to what is promised and what was seen."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[str, str]] = {}
        self._tests: dict[str, str] = {}
        self._missed: set[str] = set()

    def add(self, tested: str, promised: str, seen: str, met: bool = True) -> None:
        """Add a row for the running test. `met` says whether it kept its promise."""
        self.rows[tested] = (promised, seen if met else f"missed: {seen}")
        self._tests[tested] = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
        if not met:
            self._missed.add(self._tests[tested])

    def drop(self, failed: Set[str]) -> None:
        """Drop the rows of failed tests, except tests whose rows already report a missed promise."""
        for tested, test in self._tests.items():
            if test in failed - self._missed:
                self.rows.pop(tested, None)

    def write(self, document: Path) -> None:
        """Write these rows to `document`, and keep earlier rows that this run did not measure again."""
        before, _, rest = document.read_text().partition(BEGIN)
        table, _, after = rest.partition(END)
        rows = {row.tested: row for row in parsed(table)}
        rows |= {tested: Row(tested, *figures, where()) for tested, figures in self.rows.items()}
        document.write_text(f"{before}{BEGIN}\n{written(list(rows.values()))}\n{END}{after}")


def where() -> str:
    """The day and the machine."""
    return f"{datetime.now(UTC).date().isoformat()}, {machine().partition(', Linux')[0]}"


def parsed(table: str) -> list[Row]:
    """The rows of the tables that `written` made."""
    rows, place = [], ""
    for line in table.splitlines():
        if found := re.fullmatch(r"On (.+):", line):
            place = found[1]
        elif line.startswith("| ") and line not in HEAD:
            rows.append(Row(*line[2:-2].split(" | "), place))
    return rows


def written(rows: list[Row]) -> str:
    """A Markdown table for each day and machine, the oldest first."""
    tables = []
    for place, its in groupby(sorted(rows, key=attrgetter("where")), attrgetter("where")):
        lines = [f"| {row.tested} | {row.promised} | {row.seen} |" for row in its]
        tables.append("\n".join((f"On {place}:\n", HEAD, *lines)))
    return "\n\n".join(tables)
