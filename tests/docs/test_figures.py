"""The table of docs/reliability.md: a run replaces the rows that it measured, and keeps all others with their day."""

from __future__ import annotations

from datetime import UTC, datetime

from faults.figures import BEGIN, END, Figures, Row, parsed, written
from support.stack import ROOT

PAGE = ROOT / "docs" / "reliability.md"


def table(text: str) -> str:
    return text.partition(BEGIN)[2].partition(END)[0]


def test_a_run_replaces_its_own_rows_alone(tmp_path):
    copy = tmp_path / "page.md"
    copy.write_text(PAGE.read_text())
    first, *others = parsed(table(PAGE.read_text()))
    figures = Figures()
    figures.add(first.tested, "promised", "seen")
    figures.write(copy)
    today = datetime.now(UTC).date().isoformat()
    assert sorted(parsed(table(copy.read_text()))) == sorted([Row(first.tested, "promised", "seen", today), *others])


def test_the_page_is_as_a_run_writes_it():
    assert table(PAGE.read_text()) == f"\n{written(parsed(table(PAGE.read_text())))}\n"
