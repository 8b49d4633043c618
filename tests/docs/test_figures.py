"""The tables of docs/reliability.md and docs/benchmarks/swarm.md show what runs recorded."""

from __future__ import annotations

import json

from faults.conftest import DOCUMENT, RECORD
from faults.figures import BEGIN, END, Figures, Row, current_test, recorded, where, written
from support.stack import ROOT
from swarm import figures as swarm


def table(text: str) -> str:
    return text.partition(BEGIN)[2].partition(END)[0]


def test_a_run_replaces_only_its_own_rows(tmp_path):
    page, record = tmp_path / "page.md", tmp_path / "record.jsonl"
    page.write_text(DOCUMENT.read_text())
    record.write_text(RECORD.read_text())
    first, *others = recorded(RECORD)
    figures = Figures()
    figures.add(first.tested, "promised", "seen")
    figures.write(page, record)
    rows = recorded(record)
    assert sorted(rows) == sorted([Row(first.tested, "promised", "seen", where()), *others])
    assert table(page.read_text()) == f"\n{written(rows)}\n"


def test_a_missed_promise_is_marked_as_missed():
    figures = Figures()
    figures.add("tested", "promised", "seen", met=False)
    figures.drop({current_test()})
    assert figures.rows["tested"] == ("promised", "missed: seen")


def test_a_test_that_fails_for_another_reason_writes_no_rows():
    figures = Figures()
    figures.add("tested", "promised", "seen")
    figures.drop({"another test"})
    assert figures.rows
    figures.drop({current_test()})
    assert not figures.rows


def test_the_pages_show_the_recorded_figures():
    assert table(DOCUMENT.read_text()) == f"\n{written(recorded(RECORD))}\n"
    run = json.loads((ROOT / "docs/benchmarks/swarm.json").read_text())
    assert swarm.page(**run) == (ROOT / "docs/benchmarks/swarm.md").read_text()
