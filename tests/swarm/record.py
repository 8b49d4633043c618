"""The load generator's results, by time and by node."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from support.polling import await_until


class Request(NamedTuple):
    start: float  # seconds since 1970
    node: str
    connection: str
    milliseconds: float
    outcome: str


@dataclass
class Seen:
    """The requests of a span of time."""

    requests: list[Request]

    def at(self, nodes: Iterable[str]) -> Seen:
        wanted = set(nodes)
        return Seen([request for request in self.requests if request.node in wanted])

    @property
    def count(self) -> int:
        return len(self.requests)

    @property
    def failed(self) -> list[Request]:
        return [request for request in self.requests if request.outcome != "200"]

    @property
    def kinds(self) -> dict[str, int]:
        return dict(Counter(f"{request.node} {request.connection} {request.outcome}" for request in self.failed))

    @property
    def span_of_failures(self) -> float:
        """Seconds from the start of the first failed request to that of the last."""
        starts = [request.start for request in self.failed]
        return max(starts) - min(starts) if starts else 0.0

    def percentile(self, percent: float) -> float:
        """Milliseconds within which `percent` of the successful requests were answered."""
        times = sorted(request.milliseconds for request in self.requests if request.outcome == "200")
        return times[min(len(times) - 1, int(len(times) * percent / 100))]


class Record:
    """The generator's file, read as it grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._requests: list[Request] = []
        self._complete = 0.0
        self._position = 0
        self._rest = ""

    def _read(self) -> None:
        with self.path.open() as file:
            file.seek(self._position)
            text = self._rest + file.read()
            self._position = file.tell()
        *lines, self._rest = text.split("\n")
        for line in lines:
            if line.startswith("#"):
                self._complete = float(line[2:])
            else:
                start, node, connection, milliseconds, outcome = line.split(" ")
                self._requests.append(Request(float(start), node, connection, float(milliseconds), outcome))

    def _complete_until(self, moment: float) -> bool:
        self._read()
        return self._complete > moment

    def between(self, begin: float, end: float | None = None) -> Seen:
        """Every request that was due in the given span, or until now without `end`. Waits for their outcomes."""
        end = end or time.time()
        await_until(lambda: self._complete_until(end), 20, "the outcomes are recorded")
        return Seen([request for request in self._requests if begin <= request.start < end])
