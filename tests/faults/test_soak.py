"""Half an hour of mixed load with reloads: nothing grows, nothing fails.

Too long for `make test SUITE=faults`; run it with `make test SUITE=soak MINUTES=30`.
"""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from pathlib import Path

import pytest
import requests

from cases.article import asking
from support.clients import Threads
from support.stack import PROGRAMS, SERVICES, Container

from .host import host_pids

pytestmark = pytest.mark.local

RATE = 40  # calls a second, all threads together: a share of a small machine
THREADS = 4
RELOAD_EVERY = 60.0  # seconds
SAMPLE_EVERY = 5.0

#: Method, path, body, and the expected status. Weighted by repetition.
MIX = [
    *[("POST", "/getrandomstr", asking(), 200)] * 6,
    *[("GET", "/", None, 200)] * 4,
    *[("GET", "/api/v1/strings?length=24&count=20&min_digits=2", None, 200)] * 4,
    ("GET", "/api/v1/uuids?version=7&count=100", None, 200),
    ("GET", "/api/v1/passphrases?words=6", None, 200),
    ("POST", "/api/v1/strings/estimate", {"length": 12, "min_upper": 2}, 200),
    ("POST", "/getrandomstr", asking(intnum=1000, intlen=30), 200),
    ("GET", "/api/v1/strings/stream?length=16&count=20000", None, 200),
    ("GET", "/api/v1/strings/stream?length=16&count=3000&unique=true", None, 200),
    ("POST", "/getrandomstr", {}, 400),
    ("GET", "/api/v1/strings?length=0&count=nothing", None, 400),
    ("GET", "/no/such/address", None, 404),
    ("DELETE", "/", None, 405),
]


class Mix(Threads):
    """Load at a steady rate, which counts answers with an unexpected status."""

    def __init__(self, url: str) -> None:
        super().__init__(THREADS)
        self.url = url
        self.calls = 0
        self.unexpected: Counter[str] = Counter()

    def run(self, number: int) -> None:
        draw = random.Random(number)
        while not self.over.wait(draw.expovariate(RATE / THREADS)):
            method, path, body, right = draw.choice(MIX)
            try:
                # A new connection for each call: the server may close a keep-alive connection when it reloads.
                answer = requests.request(method, self.url + path, json=body, timeout=20, proxies={"http": ""})
                if answer.status_code != right:
                    self.unexpected[f"{method} {path.partition('?')[0]}: {answer.status_code}"] += 1
            except requests.RequestException as error:
                self.unexpected[f"{method} {path.partition('?')[0]}: {error!r}"] += 1
            self.calls += 1


def memory_and_descriptors(container: Container) -> tuple[float, int]:
    """The memory of all processes in MiB (proportional set size), and their open descriptors."""
    kib = descriptors = 0
    for pid in host_pids(container).values():
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            kib += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
            descriptors += len(list(Path(f"/proc/{pid}/fd").iterdir()))
        except OSError:
            continue  # the process has ended in the meantime
    return kib / 1024, descriptors


def test_nothing_grows_and_nothing_fails(stack, figures, pytestconfig):
    minutes = pytestconfig.getoption("--soak-minutes")
    if not minutes:
        pytest.skip("takes half an hour: make test SUITE=soak")
    samples: dict[str, list[tuple[float, int]]] = {service: [] for service in SERVICES}
    restarts = {service: stack.container(service).inspect()["RestartCount"] for service in SERVICES}
    masters = [stack.api.must("supervisorctl", "pid", program) for program in PROGRAMS]
    reloads = 0
    with Mix(stack.url) as mix:
        began = time.monotonic()
        end, settled = began + minutes * 60, began + minutes * 60 / 3
        next_reload = began + RELOAD_EVERY
        while time.monotonic() < end:
            if next_reload < time.monotonic() < settled:
                assert stack.reload().returncode == 0
                reloads += 1
                next_reload += RELOAD_EVERY
            # The workers stay the same from now on: new ones every minute would hide a leak.
            elif time.monotonic() > settled:
                for service in SERVICES:
                    samples[service].append(memory_and_descriptors(stack.container(service)))
            time.sleep(SAMPLE_EVERY)

    grown = []
    for service, seen in samples.items():
        half = len(seen) // 2
        early, late = seen[:half], seen[half:]
        memory = [statistics.median(sample[0] for sample in part) for part in (early, late)]
        descriptors = [statistics.median(sample[1] for sample in part) for part in (early, late)]
        figures.add(
            f"{minutes:g} min soak: {service}", "growth ≤5% + 1 MiB",
            f"{memory[0]:.1f}→{memory[1]:.1f} MiB, {descriptors[0]:g}→{descriptors[1]:g} descriptors",
        )  # fmt: skip
        # Descriptors vary with the requests, and memory with what the allocator keeps.
        if memory[1] > memory[0] * 1.05 + 1 or descriptors[1] > descriptors[0] + 8:
            grown.append((service, memory, descriptors))
    figures.add(
        f"{minutes:g} min soak: wrong answers", "0",
        f"{mix.unexpected.total()} of {mix.calls:,}, {reloads} reloads", not mix.unexpected,
    )  # fmt: skip
    assert not mix.unexpected
    assert not grown
    assert {service: stack.container(service).inspect()["RestartCount"] for service in SERVICES} == restarts
    assert [stack.api.must("supervisorctl", "pid", program) for program in PROGRAMS] == masters
