"""Clients of a stack, in threads on this machine."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Self
from urllib.parse import urlsplit

import requests

from cases.article import asking


def get(
    url: str, timeout: float = 45, stream: bool = False, headers: dict[str, str] | None = None
) -> requests.Response:
    """GET on a new connection, without a proxy, because the stack is on this machine."""
    return requests.get(url, timeout=timeout, stream=stream, headers=headers, proxies={"http": ""})


def get_all(url: str, times: int, at_once: int = 4, headers: dict[str, str] | None = None) -> list[requests.Response]:
    """Send `times` calls, each on a new connection."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda url: get(url, headers=headers), [url] * times))


def statuses(url: str, times: int, at_once: int = 4) -> Counter[int]:
    return Counter(answer.status_code for answer in get_all(url, times, at_once))


class Threads:
    """Threads that `run` until the block ends. Their exceptions are raised there, if the block itself raised none."""

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


def polite(refusal: http.client.HTTPResponse) -> bool:
    """Whether the refusal is a problem document that says when to retry."""
    said = refusal.headers
    return "Retry-After" in said and said["Content-Type"] == "application/problem+json"


class Call:
    """The result of one call."""

    def __init__(self, began: float, ended: float, outcome: str) -> None:
        self.began, self.ended, self.outcome = began, ended, outcome

    @property
    def ms(self) -> float:
        return (self.ended - self.began) * 1000


class Probe(Threads):
    """Clients that send calls repeatedly, each on a new connection, and record the outcomes.

    Args:
        url: The instance.
        path: The path to call, by GET or, with a `body`, by POST.
        pause: Seconds between an answer and the next call.
        patience: Seconds until a call counts as failed.
        threads: How many clients.
        body: JSON.
    """

    def __init__(
        self, url: str, path: str = "/", pause: float = 0.02, patience: float = 40, threads: int = 1, body: str = ""
    ) -> None:
        super().__init__(threads)
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._path, self._pause, self._patience, self._body = path, pause, patience, body
        self.calls: list[Call] = []

    def run(self, number: int) -> None:
        while not self.over.is_set():
            began = time.monotonic()
            outcome = self._ask()
            self.calls.append(Call(began, time.monotonic(), outcome))
            self.over.wait(self._pause)

    def _ask(self) -> str:
        with closing(http.client.HTTPConnection(self._host, self._port, timeout=self._patience)) as connection:
            try:
                connection.connect()
            except OSError:
                return "not connected"
            try:
                headers = {"Connection": "close", "Content-Type": "application/json"}
                connection.request("POST" if self._body else "GET", self._path, self._body or None, headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                return type(error).__name__
            bare = answer.status in {429, 503, 504} and not polite(answer)
            return f"{answer.status} bare" if bare else str(answer.status)

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


class Load(Probe):
    """Several clients that send the article's call without a pause."""

    def __init__(self, url: str, threads: int = 2) -> None:
        super().__init__(url, "/getrandomstr", pause=0, patience=10, threads=threads, body=json.dumps(asking()))
