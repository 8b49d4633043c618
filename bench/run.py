"""`make bench`: every measurement of the stack, side by side, into docs/benchmarks/.

Options shorten it while working on one thing: run.py --only calls --rounds 3 --seconds 2
"""

from __future__ import annotations

import argparse
from pathlib import Path

import calls
import footprint
import plots
import streams
from contenders import build_images
from report import machine, write_csv

OUT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks"
PLOTS = """![Requests a second of every contender](calls.svg)

![Seconds for a stream of a thousand to ten million strings](growth.svg)
"""
PARTS = ("calls", "streams", "growth", "isolation", "footprint")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="this part alone; may be repeated")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of load for each contender, call and round")
    asked = parser.parse_args()
    parts = asked.only or PARTS

    OUT.mkdir(parents=True, exist_ok=True)
    build_images()
    tables = []
    if "calls" in parts:
        rows = calls.measure(asked.rounds, asked.seconds)
        write_csv(OUT / "calls.csv", rows)
        plots.calls(OUT / "calls.svg", rows)
        tables.append(calls.table(rows))
    if "streams" in parts:
        rows = streams.measure(asked.rounds)
        write_csv(OUT / "streams.csv", rows)
        tables.append(streams.table(rows))
    if "growth" in parts:
        rows, table = streams.growth()
        write_csv(OUT / "growth.csv", rows)
        plots.growth(OUT / "growth.svg", rows)
        tables.append(table)
    if "isolation" in parts:
        rows, table = streams.isolation(asked.rounds, asked.seconds)
        write_csv(OUT / "isolation.csv", rows)
        tables.append(table)
    if "footprint" in parts:
        rows, table = footprint.measure(asked.rounds)
        write_csv(OUT / "footprint.csv", rows)
        tables.append(table)

    text = f"Measured on {machine()}, with `make bench`: medians of {asked.rounds} rounds.\n\n"
    text += "\n".join(map(str, tables))
    if not asked.only:
        (OUT / "results.md").write_text(f"# Benchmark results\n\n{text}\n{PLOTS}")
    print(text)


if __name__ == "__main__":
    main()
