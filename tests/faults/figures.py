"""The figures of a run, written into a document as a table between two marks."""

from __future__ import annotations

import json
import os
from collections.abc import Set
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from report import machine

BEGIN, END = "<!-- figures: written by make test SUITE=faults -->", "<!-- end of figures -->"
HEAD = "| injected | promised | seen |\n|---|---|---|"


def current_test() -> str:
    """The node id of the running test."""
    return os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]


def failed_tests(reporter: Any) -> set[str]:
    """The node ids of the tests that failed or ended with an error."""
    return {report.nodeid for kind in ("failed", "error") for report in reporter.stats.get(kind, ())}


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
        self._tests[tested] = current_test()
        if not met:
            self._missed.add(self._tests[tested])

    def drop(self, failed: Set[str]) -> None:
        """Drop the rows of failed tests, except tests whose rows already report a missed promise."""
        for tested, test in self._tests.items():
            if test in failed - self._missed:
                self.rows.pop(tested, None)

    def write(self, document: Path, record: Path) -> None:
        """Put these rows into `record`, beside those that this run did not measure, and its table into `document`."""
        rows = {row.tested: row for row in recorded(record)}
        rows |= {tested: Row(tested, *figures, where()) for tested, figures in self.rows.items()}
        record.write_text("".join(f"{json.dumps(row._asdict(), ensure_ascii=False)}\n" for row in rows.values()))
        before, _, rest = document.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        document.write_text(f"{before}{BEGIN}\n{written(list(rows.values()))}\n{END}{after}")


def where() -> str:
    """The day and the machine."""
    return f"{datetime.now(UTC).date().isoformat()}, {machine().partition(', Linux')[0]}"


def recorded(record: Path) -> list[Row]:
    """The rows of a file that `Figures.write` wrote."""
    return [Row(**json.loads(line)) for line in record.read_text().splitlines()]


def written(rows: list[Row]) -> str:
    """A Markdown table for each day and machine, the oldest first."""
    tables = []
    for place, its in groupby(sorted(rows, key=attrgetter("where")), attrgetter("where")):
        lines = [f"| {row.tested} | {row.promised} | {row.seen} |" for row in its]
        tables.append("\n".join((f"On {place}:\n", HEAD, *lines)))
    return "\n\n".join(tables)
