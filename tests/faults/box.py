"""Clients of a stack in containers beside it, with addresses of their own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from support.stack import ROOT, Container, Stack, build, must, started

IMAGE = "flaskrandom-faults-client"


class Box(Container):
    """A container in the network of a stack, with an address of its own, from which clients run."""

    def json(self, *command: str, seconds: float = 120) -> dict[str, Any]:
        """What a load program says in its last line."""
        said = must("docker", "exec", self.ident, *command, seconds=seconds)
        return json.loads(said.strip().splitlines()[-1])

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


def build_image() -> None:
    build(IMAGE, ROOT / "tests/faults/client")


@contextmanager
def box(stack: Stack) -> Iterator[Box]:
    """A client container beside `stack`, gone at the end of the block. It waits for a CPU no longer than the app."""
    with started(IMAGE, options=("--network", f"{stack.project}_default", "--cpu-shares=8192")) as container:
        yield Box(container.ident)
