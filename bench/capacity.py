"""How many machines a load needs, as docs/deploy.md shows it.

    python3 bench/capacity.py --app-us 200 --proxy-us 100 --hop-us 300 --calls 350000

Costs are microseconds of CPU per call, as `make bench` measures them. The output is Markdown: what a core does, the
assumptions, and a table of loads.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

LOADS = [10.0**power for power in range(3, 8)]


@dataclass(frozen=True)
class Model:
    """The properties of a machine, and the costs of a call."""

    app_us: float  #: CPU of Gunicorn and the app for a call, in microseconds
    proxy_us: float  #: CPU of nginx for a call, in microseconds
    hop_us: float = 0.0  #: extra CPU of a call that goes to another machine's replica, both ends together
    cores: int = 8  #: cores of a machine
    busy: float = 0.6  #: share of the cores in use at the peak; the rest keeps the tail short
    spare: int = 1  #: machines of a cell that may be away at the peak
    cell: int = 50  #: machines of one Swarm
    answer_bytes: float = 600  #: bytes of an answer, headers included
    link_gbit: float = 10  #: bandwidth of a machine's link
    strings: int = 1  #: strings of an answer

    def calls_of_a_core(self) -> float:
        """Calls a second of one fully used core, on a single machine."""
        return 1e6 / self.call_us(1)

    def call_us(self, machines: int) -> float:
        """CPU of one call: nginx picks any replica, so that all but one in `machines` calls cross the network."""
        return self.app_us + self.proxy_us + self.hop_us * (machines - 1) / machines

    def calls(self, machines: int) -> float:
        """Calls a second that `machines` machines of one cell take, with `spare` of them away.

        Limited by CPU or by network, whichever is less. A call that crosses machines uses two links. Returns 0.0 if
        `machines <= spare`.
        """
        left = machines - self.spare
        if left < 1:
            return 0.0
        by_cpu = left * self.cores * self.busy * 1e6 / self.call_us(machines)
        passes = 1 + (machines - 1) / machines
        by_link = left * self.busy * self.link_gbit * 1e9 / 8 / (self.answer_bytes * passes)
        return min(by_cpu, by_link)

    def machines(self, calls: float) -> tuple[int, int]:
        """Cells, and machines in all, for `calls` calls a second. Cells share nothing, so they add up exactly."""
        for number in range(1, self.cell + 1):
            if self.calls(number) >= calls:
                return 1, number
        cells = math.ceil(calls / self.calls(self.cell))
        return cells, cells * self.cell


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--app-us", type=float, required=True, help="CPU of the app for a call, µs")
    parser.add_argument("--proxy-us", type=float, required=True, help="CPU of nginx for a call, µs")
    parser.add_argument(
        "--hop-us", type=float, default=Model.hop_us, help="extra CPU for a call over TCP to another machine, µs"
    )
    parser.add_argument("--cores", type=int, default=Model.cores)
    parser.add_argument("--busy", type=float, default=Model.busy)
    parser.add_argument("--spare", type=int, default=Model.spare)
    parser.add_argument("--cell", type=int, default=Model.cell)
    parser.add_argument("--answer-bytes", type=float, default=Model.answer_bytes)
    parser.add_argument("--link-gbit", type=float, default=Model.link_gbit)
    parser.add_argument("--strings", type=int, default=Model.strings, help="strings of an answer")
    parser.add_argument("--calls", type=float, nargs="*", default=LOADS)
    options = vars(parser.parse_args())
    wanted = options.pop("calls")
    model = Model(**options)
    if model.cell <= model.spare:
        parser.error(f"--cell {model.cell} leaves no machine at work with --spare {model.spare}")
    print(summary(model))
    print(f"\n{table(model, wanted)}")


def summary(model: Model) -> str:
    """What a core does, and the assumptions, in Markdown."""
    calls = model.calls_of_a_core()
    return "\n".join(
        (
            f"- A core, fully busy, without a hop: {calls:,.0f} calls/s, {calls * model.strings:,.0f} strings/s.",
            f"- A machine: {model.cores} cores, {model.busy:.0%} busy at the peak; a link of {model.link_gbit:g} Gbit/s"
            f" for answers of {model.answer_bytes:,.0f} bytes.",
            f"- A call: {model.app_us:g} µs in the app, {model.proxy_us:g} in nginx,"
            f" {model.hop_us:g} more on its way to another machine.",
            f"- A cell: {model.cell} machines at most, of which {model.spare} may be away.",
        )
    )


def table(model: Model, wanted: list[float]) -> str:
    """Cells and machines for each load, in Markdown."""
    lines = [
        "| calls/s at the peak | strings/s | CPU a call, µs | cells | machines | cores |",
        "|--:|--:|--:|--:|--:|--:|",
    ]
    for calls in wanted:
        cells, machines = model.machines(calls)
        cost = model.call_us(min(machines, model.cell))
        lines.append(
            f"| {calls:,.0f} | {calls * model.strings:,.0f} | {cost:,.0f} | {cells} | {machines:,} |"
            f" {machines * model.cores:,} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
