"""The table of docs/reliability.md: a run replaces the rows that it measured and keeps all others with their date."""

from __future__ import annotations

import os

from faults.figures import BEGIN, END, Figures, Row, parsed, where, written
from support.stack import ROOT

PAGE = ROOT / "docs" / "reliability.md"


def table(text: str) -> str:
    return text.partition(BEGIN)[2].partition(END)[0]


def test_a_run_replaces_only_its_own_rows(tmp_path):
    copy = tmp_path / "page.md"
    copy.write_text(PAGE.read_text())
    first, *others = parsed(table(PAGE.read_text()))
    figures = Figures()
    figures.add(first.tested, "promised", "seen")
    figures.write(copy)
    assert sorted(parsed(table(copy.read_text()))) == sorted([Row(first.tested, "promised", "seen", where()), *others])


def test_a_missed_promise_is_marked_as_missed(tmp_path):
    copy = tmp_path / "page.md"
    copy.write_text(f"{BEGIN}\n\n{END}")
    figures = Figures()
    figures.add("tested", "promised", "seen", met=False)
    figures.drop({os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]})
    figures.write(copy)
    assert "| tested | promised | missed: seen |" in copy.read_text()


def test_a_test_that_fails_for_another_reason_writes_no_rows():
    figures = Figures()
    figures.add("tested", "promised", "seen")
    figures.drop({"another test"})
    assert figures.rows
    figures.drop({os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]})
    assert not figures.rows


def test_the_page_has_the_format_that_a_run_writes():
    assert table(PAGE.read_text()) == f"\n{written(parsed(table(PAGE.read_text())))}\n"
