"""The capacity model (bench/capacity.py)."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from capacity import Model

from support.stack import ROOT

#: A core handles 1000 calls/s, a call to another machine costs as much again, and the link is no limit.
ROUND = Model(
    app_us=600, proxy_us=400, hop_us=1000, cores=10, busy=0.5, spare=1, cell=5, answer_bytes=1, link_gbit=10, strings=3
)


def capacity(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "bench/capacity.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_capacity_follows_the_formula():
    assert ROUND.calls_of_a_core() == 1000
    # (machines - spare) x cores x busy x 1e6 / (1000 + 1000 x (machines - 1) / machines)
    assert ROUND.calls(2) == pytest.approx(1 * 10 * 0.5 * 1e6 / 1500)
    assert ROUND.calls(5) == pytest.approx(4 * 10 * 0.5 * 1e6 / 1800)
    assert replace(ROUND, hop_us=0, spare=0).calls(4) == pytest.approx(4 * 5000)


def test_spare_machines_do_not_count():
    assert ROUND.calls(1) == 0
    assert replace(ROUND, spare=2).calls(2) == 0
    assert ROUND.machines(1) == (1, 2)
    done = capacity("--app-us", "1", "--proxy-us", "1", "--cell", "2", "--spare", "2")
    assert done.returncode == 2
    assert "--cell 2 leaves no machine at work with --spare 2" in done.stderr


def test_the_link_limits_the_capacity_too():
    """A call to another machine uses two links; with five machines a call uses 1.8 links on average."""
    thin = replace(ROUND, answer_bytes=1e6, link_gbit=8)
    assert thin.calls(5) == pytest.approx(4 * 0.5 * 1e9 / (1e6 * 1.8))


@pytest.mark.parametrize("model", [ROUND, replace(ROUND, spare=0), replace(ROUND, answer_bytes=1e6)])
@pytest.mark.parametrize("calls", [1, 3_000, 10_000, 11_112, 123_456, 1e7])
def test_the_model_gives_the_smallest_sufficient_number_of_machines(model, calls):
    cells, machines = model.machines(calls)
    if cells == 1:
        assert model.calls(machines) >= calls
        assert machines == 1 or model.calls(machines - 1) < calls
    else:
        assert machines == cells * model.cell
        assert cells * model.calls(model.cell) >= calls > (cells - 1) * model.calls(model.cell)


def test_the_program_prints_the_number_of_machines():
    done = capacity("--app-us", "600", "--proxy-us", "400", "--strings", "3", "--calls", "30000")
    assert done.returncode == 0, done.stderr
    assert "1,000 calls/s, 3,000 strings/s" in done.stdout
    # 8 cores at 60 % handle 4,800 calls/s; 30,000 calls/s need 7 machines, plus one spare.
    assert done.stdout.splitlines()[-1] == "| 30,000 | 90,000 | 1,000 | 1 | 8 | 64 |"
