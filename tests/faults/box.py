"""Client containers beside a stack, each with its own address."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from support.stack import ROOT, Container, Stack, build, must, started

IMAGE = "flaskrandom-faults-client"


class Box(Container):
    """A container in a stack's network, with its own address, from which clients run."""

    def json(self, *command: str, seconds: float = 120) -> dict[str, Any]:
        """Run a load program, and return the JSON that it prints as its last line."""
        said = must("docker", "exec", self.ident, *command, seconds=seconds)
        return json.loads(said.strip().splitlines()[-1])

    def wrk(self, *call: str, seconds: int, connections: int) -> dict[str, Any]:
        """Run wrk. `call` is the method, the path, close or keep, and optionally a body."""
        return self.json(
            *("wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"),
            *("--timeout", "10s", "--script", "count.lua", "http://nginx", "--", *call),
            seconds=seconds + 60,
        )

    def storm(self, path: str, connections: int, seconds: int) -> dict[str, Any]:
        """GET `path` on connections that retry at once. Return wrk's result, and the times by status as `sampled`.

        wrk does not report times by status, so storm.py, which does, opens a tenth of the connections.
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
        """Run a program until its standard input closes, which it does at the end of the block at the latest."""
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
        """Hold connections open as a bad client does (client/hold.py). At the end, the dict says how they ended."""
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
    """A client container beside `stack`, removed at the end of the block. It has the same CPU share as the app."""
    with started(IMAGE, options=("--network", f"{stack.project}_default", "--cpu-shares=8192")) as container:
        yield Box(container.ident)
