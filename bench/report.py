"""Tables, medians, and the line that names the machine."""

from __future__ import annotations

import platform
import statistics
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stacks import CPUS, run

Row = dict[str, Any]


class Table:
    """A Markdown table under a heading."""

    def __init__(self, title: str, columns: list[str]) -> None:
        self.title, self.columns = title, columns
        self.rows: list[tuple[str, ...]] = []

    def add(self, *cells: str) -> None:
        self.rows.append(tuple(cell.replace("|", "\\|") for cell in cells))

    def __str__(self) -> str:
        lines = [f"| {' | '.join(cells)} |" for cells in (self.columns, *self.rows)]
        lines.insert(1, "|---" * len(self.columns) + "|")
        return f"### {self.title}\n\n" + "\n".join(lines) + "\n"


def median(rows: list[Row], key: str, **where: Any) -> float:
    """Median of a figure over the rows that match."""
    found = [float(row[key]) for row in rows if all(row[name] == value for name, value in where.items())]
    return statistics.median(found)


def spread(values: list[float]) -> float:
    """Half the range of the rounds, as a fraction of their median."""
    return (max(values) - min(values)) / 2 / statistics.median(values)


def machine() -> str:
    """The machine, the day and the commit in one line."""
    lines = [line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line]
    about = {key.strip(): value.strip() for key, value in lines}
    kind = about.get("model name", platform.machine())
    if "cpu family" in about:
        kind += f" (family {about['cpu family']}, model {about['model']}, stepping {about['stepping']})"
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    kernel = platform.release().split("-")[0]
    return f"{CPUS} cores of {kind}, {memory:.0f} GiB, Linux {kernel}, {datetime.now(UTC):%Y-%m-%d}, commit {commit()}"


def commit() -> str:
    """The commit that is measured, and whether files differ from it."""
    try:
        return run("git", "describe", "--always", "--dirty", "--exclude=*").strip()
    except (RuntimeError, FileNotFoundError):
        return "unknown"
