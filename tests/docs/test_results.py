"""The benchmark's page shows what the run measured: no figure was edited by hand."""

from __future__ import annotations

import json
import math
import re

import pytest
import targets
import workers
from run import MEASURED, headline

from support.stack import ROOT

FOLDER = ROOT / "docs" / "benchmarks"
if not (FOLDER / "results.jsonl").exists():
    pytest.skip("make bench has not written its results yet", allow_module_level=True)
PAGE = (FOLDER / "results.md").read_text()
ROWS: dict[str, list[dict]] = {}
for line in (FOLDER / "results.jsonl").read_text().splitlines():
    row = json.loads(line)
    ROWS.setdefault(row.pop("part"), []).append(row)


@pytest.mark.parametrize("part", [name for name, part in MEASURED.items() if part.whole])
def test_tables_match_the_recorded_figures(part):
    for table in MEASURED[part].tables(ROWS[part]):
        assert str(table) in PAGE


def test_targets_match_the_recorded_figures():
    tables = targets.tables(ROWS)
    assert len(tables) == 2
    for table in tables:
        assert str(table) in PAGE


def test_the_performance_page_shows_the_same_run():
    (about,) = re.findall(r"^(.*)\. \d+ interleaved rounds", PAGE, re.MULTILINE)
    assert headline(ROWS, about) in (ROOT / "docs" / "performance.md").read_text()


def test_a_value_equal_to_its_bound_meets_the_target():
    least, most = targets.Target("speed", 1.2, 1.2), targets.Target("memory", 115, 115, most=True)
    assert least.met
    assert most.met
    assert str(targets.Target("speed", 1.19, 1.2)) == "MISS speed 1.19x (≥ 1.20x)"
    assert str(targets.Target("memory", 116, 115, most=True, form="{:.0f} MB")) == "MISS memory 116 MB (≤ 115 MB)"


def test_workers_without_a_served_call_have_figures():
    refused = {"503": {"count": 9, "p99_ms": 5.0}}
    seen = workers.figures(60.0, {"statuses": refused, "seconds": 8}, {"statuses": {"503": 9}}, refused)
    assert [seen["open_goodput"], seen["storm_goodput"]] == [0, 0]
    assert [seen["open_p99_ms"], seen["storm_p99_ms"]] == [math.inf, math.inf]
    assert [seen["open_refused_p99_ms"], seen["storm_refused_p99_ms"]] == [5, 5]


def test_the_tables_of_workers_match_the_recorded_figures():
    """A full benchmark run does not include these tables."""
    keys = [f"{load}_{key}" for load in ("open", "storm") for key in ("goodput", "p99_ms", "refused_p99_ms")]
    rows = [
        {"what": "overload", "contender": name, "peak": 60.0, **dict.fromkeys(keys, 0.5)} for name in workers.WORKERS
    ]
    (overload,) = workers.tables(rows)
    assert "| stock sync worker | 5 times the peak, open loop | 60 | 50% | 0 ms | 0 ms |" in str(overload)
