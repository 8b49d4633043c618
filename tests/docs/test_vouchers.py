"""The table of docs/vouchers.md matches the core's figures: how long codes must be so that guesses fail."""

from __future__ import annotations

import re

from flaskrandom.core import StringSpec, plan
from support.stack import ROOT

CHANCE = 1 / 1000
DAYS = 365


def least_length(issued: int, guesses: int) -> int:
    """The shortest length at which a year of guesses hits a code with at most the promised chance."""
    length = 1
    while issued * guesses * DAYS / plan(StringSpec(length=length, lower=False, exclude_similar=True)).size > CHANCE:
        length += 1
    return length


def test_the_table_of_lengths_is_right():
    rows = re.findall(r"^\| ([\d,]+) \| (.+) \|$", (ROOT / "docs/vouchers.md").read_text(), re.MULTILINE)
    shown = {int(issued.replace(",", "")): [int(length) for length in cells.split(" | ")] for issued, cells in rows}
    assert shown == {
        issued: [least_length(issued, guesses) for guesses in (100, 10_000, 1_000_000, 17_280_000)]
        for issued in (1000, 100_000, 10_000_000)
    }
