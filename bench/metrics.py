"""`make bench ONLY=metrics`: what metrics cost on a small call, through the whole stack, with them and without.

CPU a request of both containers together, in interleaved rounds; the ratio is taken within each round, so that what
slows the machine for a while slows both.
"""

from __future__ import annotations

import argparse
import statistics

from calls import CALLS, CONNECTIONS
from contenders import LOAD_IMAGE, Contender, run
from report import Table, spread

CALL = "article 1 x 16"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=3, help="of load for each of the two in each round")
    asked = parser.parse_args()

    run("docker", "build", "--build-arg=BASE_IMAGE", "--quiet", "--tag", LOAD_IMAGE, "bench/load")
    run("docker", "compose", "build", "--quiet")
    contenders = [Contender("ours"), Contender("unmetered")]
    seen: dict[str, list[dict[str, float]]] = {contender.name: [] for contender in contenders}
    try:
        for contender in contenders:
            contender.start()
            contender.load(1, CONNECTIONS, *CALLS[CALL])  # warm
        for round_ in range(asked.rounds):
            for contender in contenders if round_ % 2 else reversed(contenders):
                row = contender.load(asked.seconds, CONNECTIONS, *CALLS[CALL])
                seen[contender.name].append(row | {"cpu_us": row["app_us"] + row["proxy_us"]})
    finally:
        for contender in contenders:
            contender.stop()

    result = Table(f"Metrics, {CALL}", ["µs of CPU a request", "with", "without", "ratio", "spread of ratios"])
    for name, key in (("app", "app_us"), ("nginx", "proxy_us"), ("both", "cpu_us")):
        ours, without = ([row[key] for row in seen[contender.name]] for contender in contenders)
        ratios = [one / other for one, other in zip(ours, without, strict=True)]
        middle = statistics.median
        result.add(name, f"{middle(ours):.0f}", f"{middle(without):.0f}", f"{middle(ratios):.3f}", spread(ratios))
    print(result)


if __name__ == "__main__":
    main()
