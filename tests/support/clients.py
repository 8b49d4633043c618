"""Clients of a stack: threads on this machine, and containers with addresses of their own beside it."""

from __future__ import annotations

import http.client
import json
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import urlsplit

import requests

from .article_cases import asking
from .stack import ROOT, Stack, must, run

IMAGE = "flaskrandom-faults-client"


def get(url: str, timeout: float = 45, stream: bool = False) -> requests.Response:
    """GET on a connection of its own; a proxy for the outer world is none for this machine."""
    return requests.get(url, timeout=timeout, stream=stream, proxies={"http": ""})


class Threads:
    """Threads that `run` until the block ends. An exception of theirs is raised there, if the block itself was fine."""

    def __init__(self, threads: int = 1) -> None:
        self.over = threading.Event()
        self._pool = ThreadPoolExecutor(threads)
        self._numbers = range(threads)
        self._runs: list[Future[None]] = []

    def run(self, number: int) -> None:
        """What thread `number`, of 0, 1, …, does until `over` is set."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._runs = [self._pool.submit(self.run, number) for number in self._numbers]
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.over.set()
        self._pool.shutdown()
        if kind is None:
            for run in self._runs:
                run.result()


class Load(Threads):
    """Threads that ask again and again, each time on a connection of its own, until the block ends.

    `pause`, in seconds, keeps a thread from asking more often than RATE_LIMIT lets it.
    """

    def __init__(self, url: str, threads: int = 2, pause: float = 0) -> None:
        super().__init__(threads)
        self.url, self._pause = url, pause
        self.outcomes: Counter[str] = Counter()

    def run(self, number: int) -> None:
        while not self.over.is_set():
            try:
                answer = requests.post(f"{self.url}/getrandomstr", json=asking(), timeout=10, proxies={"http": ""})
                outcome = f"{answer.status_code}"
            except requests.RequestException as error:
                outcome = repr(error)
            self.outcomes[outcome] += 1
            self.over.wait(self._pause)


def polite(refusal: http.client.HTTPResponse) -> bool:
    """Whether it says in the service's own form when to come back."""
    said = refusal.headers
    return "Retry-After" in said and said["Content-Type"] == "application/problem+json"


class Call:
    """What became of one call."""

    def __init__(self, began: float, ended: float, outcome: str) -> None:
        self.began, self.ended, self.outcome = began, ended, outcome

    @property
    def ms(self) -> float:
        return (self.ended - self.began) * 1000


class Probe(Threads):
    """One normal client that asks again and again, each time on a connection of its own, and notes what it sees."""

    def __init__(self, url: str, path: str = "/", pause: float = 0.02, patience: float = 40) -> None:
        super().__init__()
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._path, self._pause, self._patience = path, pause, patience
        self.calls: list[Call] = []

    def run(self, number: int) -> None:
        while not self.over.is_set():
            began = time.monotonic()
            try:
                connection = http.client.HTTPConnection(self._host, self._port, timeout=self._patience)
                connection.request("GET", self._path, headers={"Connection": "close"})
                answer = connection.getresponse()
                answer.read()
                outcome = str(answer.status)
                if answer.status in {429, 503, 504} and not polite(answer):
                    outcome += " bare"
            except (OSError, http.client.HTTPException) as error:
                outcome = type(error).__name__
            finally:
                connection.close()
            self.calls.append(Call(began, time.monotonic(), outcome))
            self.over.wait(self._pause)

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(call.outcome for call in self.calls)

    @property
    def failed(self) -> list[Call]:
        return [call for call in self.calls if call.outcome != "200"]

    def p99_ms(self) -> float:
        times = sorted(call.ms for call in self.calls)
        return times[int(len(times) * 0.99)]

    def outage(self) -> float:
        """Seconds from the beginning of the first failed call to the first good answer after the last failed one."""
        if not self.failed:
            return 0.0
        first, last = self.failed[0].began, self.failed[-1].began
        return next(call.ended for call in self.calls if call.outcome == "200" and call.began > last) - first


class Box:
    """A container in the network of a stack, with an address of its own, from which clients run."""

    def __init__(self, ident: str) -> None:
        self.ident = ident

    def run(self, *command: str, seconds: float = 120) -> str:
        return must("docker", "exec", self.ident, *command, seconds=seconds)

    def json(self, *command: str, seconds: float = 120) -> dict[str, Any]:
        """What a load program says in its last line."""
        return json.loads(self.run(*command, seconds=seconds).strip().splitlines()[-1])

    def wrk(self, *call: str, seconds: int, connections: int) -> dict[str, Any]:
        """Load by wrk; `call`: method, path, close or keep, and a body if there is one."""
        return self.json(
            *("wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"),
            *("--timeout", "10s", "--script", "count.lua", "http://nginx", "--", *call),
            seconds=seconds + 60,
        )

    def storm(self, path: str, connections: int, seconds: int) -> dict[str, Any]:
        """GET `path` on connections that ask again at once: what wrk says, and under `sampled` the times by status.

        wrk tells no times by status: a tenth of the connections belongs to storm.py, which does.
        """
        sampled = connections // 10
        with self.background("python3", "storm.py", "nginx", str(sampled), str(seconds), path) as process:
            seen = self.wrk("GET", path, "keep", seconds=seconds, connections=connections - sampled)
            seen["sampled"] = json.loads(process.communicate(timeout=60)[0])
        for status, times in seen["sampled"].items():
            seen["statuses"][status] = seen["statuses"].get(status, 0) + times["count"]
        return seen

    @contextmanager
    def background(self, *command: str) -> Iterator[subprocess.Popen[str]]:
        """A program that runs until its standard input closes, at the end of the block at the latest."""
        process = subprocess.Popen(
            ["docker", "exec", "--interactive", self.ident, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            if process.stdin and not process.stdin.closed:
                process.stdin.close()
            process.wait(60)

    @contextmanager
    def holding(self, way: str, connections: int, path: str = "/") -> Iterator[dict[str, int]]:
        """Open connections of a bad client (client/hold.py); at the end, what had become of them is in the dict."""
        became: dict[str, int] = {}
        with self.background("python3", "hold.py", "nginx", way, str(connections), path) as process:
            assert process.stdout
            assert process.stdout.readline().strip() == "open"
            yield became
            assert process.stdin
            process.stdin.close()
            became.update(json.loads(process.stdout.readlines()[-1]))

    @property
    def address(self) -> str:
        return must(
            "docker", "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", self.ident
        ).strip()


def build_image() -> None:
    must(
        "docker",
        "build",
        "--build-arg=BASE_IMAGE",
        "--quiet",
        "--tag",
        IMAGE,
        str(ROOT / "tests" / "faults" / "client"),
        seconds=300,
    )


@contextmanager
def box(stack: Stack) -> Iterator[Box]:
    """A client container beside `stack`, gone at the end of the block."""
    ident = must("docker", "run", "--detach", "--rm", "--network", f"{stack.project}_default", IMAGE).strip()
    try:
        yield Box(ident)
    finally:
        run("docker", "rm", "--force", ident)
