"""Read Prometheus's text format, and scrape a stack at its internal address."""

from __future__ import annotations

import re
from typing import NamedTuple

from .stack import Stack

PORT = 9145
PAGES = {"api": "/metrics", "nginx": "/metrics/nginx"}
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-z]+="[^"\\]*",?)+)\})? ([0-9.e+-]+)')
LABEL = re.compile(r'([a-z]+)="([^"]*)"')


class Sample(NamedTuple):
    name: str
    labels: dict[str, str]
    value: float


class Page:
    """One scrape, every line of which must be valid."""

    def __init__(self, text: str) -> None:
        assert text.endswith("\n")
        self.text = text
        self.samples: list[Sample] = []
        #: Type and help of each family.
        self.families: dict[str, list[str]] = {}
        for line in text.splitlines():
            if line.startswith("# "):
                _, what, name, about = line.split(" ", 3)
                assert what in {"HELP", "TYPE"}
                self.families.setdefault(name, []).append(about)
                continue
            found = SAMPLE.fullmatch(line)
            assert found, line
            self.samples.append(Sample(found[1], dict(LABEL.findall(found[2] or "")), float(found[3])))

    def total(self, name: str, **labels: str) -> float:
        """The sum of all samples of this name that have these labels."""
        return sum(
            sample.value for sample in self.samples if sample.name == name and labels.items() <= sample.labels.items()
        )


def ask(stack: Stack, path: str) -> tuple[str, str]:
    """Head and body of an answer at the internal address, which only nginx's container can reach."""
    request = f"GET {path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n"
    said = stack.nginx.must("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{PORT}; printf '{request}' >&3; cat <&3")
    head, _, body = said.replace("\r\n", "\n").partition("\n\n")
    return head, body


class Growth:
    """How much metrics have grown since this object was made."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._before = {page: scrape(stack, page) for page in PAGES}

    def __call__(self, name: str, **labels: str) -> float:
        page = "nginx" if name.startswith("nginx") else "api"
        return scrape(self._stack, page).total(name, **labels) - self._before[page].total(name, **labels)


def scrape(stack: Stack, page: str = "api") -> Page:
    head, body = ask(stack, PAGES[page])
    assert " 200 " in head.splitlines()[0], head
    assert "Content-Type: text/plain; version=0.0.4; charset=utf-8" in head
    return Page(body)
