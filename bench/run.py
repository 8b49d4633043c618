"""`make bench`: measure the stack and its alternatives, and write docs/benchmarks/results.md from this one run.

Single parts are only printed: run.py --rounds 3 calls streams
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import calls
import footprint
import metrics
import streams
import targets
import workers
from report import Row, Table, machine
from stacks import ROOT, Contender, Stacks, build_images, run

OUT = ROOT / "docs" / "benchmarks"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- Written by make bench: do not edit. -->", "<!-- End of what make bench writes. -->"
HEAD = """# Benchmark results

How fast the stack is beside its alternatives. `make bench` writes this page from one run; do not edit it.

{machine}. {rounds} interleaved rounds of {seconds} s per short call.

Figures are medians. Requests a second vary by up to ±{spread:.0%} between rounds (`results.jsonl`).
[Performance](../performance.md) has requests a second and explains contenders and calls; [core.txt](core.txt) has the
core by itself.

"""
PLOT = "![Requests a second of every contender](results.svg)\n"


class Part(NamedTuple):
    """A part that runs in rounds, the tables of its rows, and whether a full run includes it."""

    measure: Callable[[Stacks, int, int], list[Row]]
    tables: Callable[[list[Row]], list[Table]]
    whole: bool = True


# The footprint comes last, because it stops all running stacks.
MEASURED = {
    "calls": Part(calls.measure, calls.tables),
    "streams": Part(streams.measure, streams.tables),
    "growth": Part(streams.measure_growth, streams.growth_tables),
    "isolation": Part(streams.measure_isolation, streams.isolation_tables),
    "metrics": Part(metrics.measure, metrics.tables),
    "workers": Part(workers.measure, workers.tables, whole=False),
    "footprint": Part(footprint.measure, footprint.tables),
}


def core() -> str:
    """The core and its alternatives, in one process of the api image."""
    return in_image("ours", "core.py")


def decoding() -> str:
    """The HTTP layer and two OpenAPI frameworks, in one process of the peers' image."""
    return f"### HTTP layers in one process\n\n{in_image('fastapi', 'decoding.py')}"


def in_image(contender: str, script: str, given: str = "") -> str:
    """Run a script of bench/ in a contender's image, and return its output."""
    # Run as the owner of the checkout, because other users may not be allowed to read its files.
    user, scripts = f"--user={os.getuid()}:{os.getgid()}", f"--volume={ROOT}/bench:/bench:ro"
    command = (
        "docker",
        "run",
        "--rm",
        "--interactive",
        "--network=none",
        "--env=PYTHONPATH=/opt/peers:/app",
        user,
        scripts,
    )
    return run(*command, "--entrypoint=python", Contender(contender).image("api"), f"/bench/{script}", given=given)


PRINTED = {"core": core, "decoding": decoding}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"{', '.join((*MEASURED, *PRINTED))}; default: all but workers"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="seconds of load for each contender, call and round")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - {*MEASURED, *PRINTED}:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")

    # Exit normally, so that the stacks are removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"==> {what} ({time.monotonic() - began:.0f} s)", flush=True)

    say("Building the images")
    build_images(core_only=asked.parts == ["core"])
    rows: dict[str, list[Row]] = {}
    texts: dict[str, str] = {}
    with Stacks() as stacks:
        for name, part in MEASURED.items():
            if name in (asked.parts or [name for name, part in MEASURED.items() if part.whole]):
                say(f"Measuring {name}")
                rows[name] = part.measure(stacks, asked.rounds, asked.seconds)
                texts[name] = "\n".join(map(str, part.tables(rows[name])))
                if name == "calls":
                    print(f"\n{calls.summary(rows[name])}")
                print(f"\n{texts[name]}", flush=True)
    for name, text in PRINTED.items():
        if not asked.parts or name in asked.parts:
            say(f"Measuring {name}")
            texts[name] = text()
            print(f"\n{texts[name]}", flush=True)

    if found := targets.targets(rows):
        texts = {"targets": "\n".join(map(str, targets.tables(rows))), **texts}
        print(f"\n{texts['targets']}")
    if not asked.parts:
        write(texts, rows, machine(), asked.rounds, asked.seconds)
    say("Done")
    if found:
        print("Targets: " + "; ".join(map(str, found)))


def write(texts: dict[str, str], rows: dict[str, list[Row]], about: str, rounds: int, seconds: int) -> None:
    """Write the page, its plot, all single figures, the core's figures, and the table of docs/performance.md."""
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "results.svg").write_text(in_image("fastapi", "plots.py", json.dumps(rows["calls"])))
    (OUT / "core.txt").write_text(f"{about}\n{texts['core']}")
    sections = [f"{text}\n{PLOT}" if name == "calls" else text for name, text in texts.items() if name != "core"]
    head = HEAD.format(machine=about, rounds=rounds, seconds=seconds, spread=calls.widest_spread(rows["calls"]))
    (OUT / "results.md").write_text(head + "\n".join(sections))
    lines = [json.dumps({"part": part, **row}) for part, its_rows in rows.items() for row in its_rows]
    (OUT / "results.jsonl").write_text("\n".join(lines) + "\n")
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + headline(rows, about) + after)


def headline(rows: dict[str, list[Row]], about: str) -> str:
    return f"{BEGIN}\n{calls.summary(rows['calls'])}\n{about}.\n{END}"


if __name__ == "__main__":
    main()
