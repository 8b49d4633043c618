"""The contenders: each a Compose project of its own, made from compose.yaml and one overlay."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORKERS = len(os.sched_getaffinity(0)) + 1
LOAD_IMAGE, PEERS_IMAGE = "flaskrandom-bench-load", "flaskrandom-bench-peers"


def run(*command: str, **environ: str) -> str:
    """Run a command in the checkout and return what it printed.

    Raises:
        RuntimeError: it failed; the message has its output.
    """
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def build_images() -> None:
    """Build what the contenders and the load run in; ours is built by Compose."""
    run("docker", "build", "--build-arg=BASE_IMAGE", "--quiet", "--tag", LOAD_IMAGE, "bench/load")
    build = ("docker", "build", "--build-arg=BASE_IMAGE", "--quiet", "--tag", PEERS_IMAGE)
    run(*build, "--build-context", "certs=local/build-ca", "bench/peers")
    run("docker", "compose", "build", "--quiet")


class Container:
    """A container, and what the kernel says of it."""

    def __init__(self, ident: str) -> None:
        self.ident = ident
        self.pid = int(run("docker", "inspect", "--format", "{{.State.Pid}}", ident))
        groups = [line.split(":", 2) for line in Path(f"/proc/{self.pid}/cgroup").read_text().splitlines()]
        self._groups = {controller: path for _, names, path in groups for controller in names.split(",")}

    def cpu_seconds(self) -> float:
        """CPU time that all its processes have used."""
        v1 = Path(f"/sys/fs/cgroup/cpuacct{self._groups.get('cpuacct', '')}/cpuacct.usage")
        if v1.exists():
            return int(v1.read_text()) / 1e9
        stat = Path(f"/sys/fs/cgroup{self._groups['']}/cpu.stat").read_text()
        return int(dict(line.split() for line in stat.splitlines())["usage_usec"]) / 1e6

    def memory_mb(self) -> float:
        """Memory in use by its processes and tmpfs, in MB, without the page cache that can be dropped."""
        v1 = Path(f"/sys/fs/cgroup/memory{self._groups.get('memory', '')}")
        if (v1 / "memory.usage_in_bytes").exists():
            usage, stat, cache = "memory.usage_in_bytes", "memory.stat", "total_inactive_file"
        else:
            v1 = Path(f"/sys/fs/cgroup{self._groups['']}")
            usage, stat, cache = "memory.current", "memory.stat", "inactive_file"
        entries = dict(line.split() for line in (v1 / stat).read_text().splitlines())
        return (int((v1 / usage).read_text()) - int(entries[cache])) / 1e6


@dataclass
class Contender:
    """One way to serve the calls, behind its own nginx."""

    name: str

    def __post_init__(self) -> None:
        files = ("compose.yaml", "bench/contenders/common.yaml", f"bench/contenders/{self.name}.yaml")
        overlays = [part for file in files for part in ("--file", file)]
        self._compose = ("docker", "compose", "--project-name", f"bench-{self.name}", *overlays)

    def compose(self, *arguments: str) -> str:
        # One client address sends all the load, so the limit per address is off.
        return run(*self._compose, *arguments, RATE_LIMIT="0", CONNECTION_LIMIT="0", BENCH_WORKERS=str(WORKERS))

    def start(self) -> None:
        self.compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", "60")
        self.nginx = Container(self.compose("ps", "--quiet", "nginx").strip())
        self.api = Container(self.compose("ps", "--quiet", "api").strip())
        self._await_answer()

    def _await_answer(self) -> None:
        """Wait until the app behind nginx answers; not every contender has a health check that says so."""
        asking = self.inside(
            "curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "http://127.0.0.1/"
        )
        deadline = time.monotonic() + 30
        while run(*asking) >= "500":
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not answer\n{self.compose('logs', '--tail', '20')}")

    def stop(self) -> None:
        self.compose("down", "--volumes", "--timeout", "2")

    def inside(self, *command: str) -> tuple[str, ...]:
        """A command that runs a load tool in nginx's network, away from Docker's proxy."""
        return (
            "docker",
            "run",
            "--rm",
            "--interactive",
            f"--network=container:{self.nginx.ident}",
            LOAD_IMAGE,
            *command,
        )

    def load(self, seconds: int, connections: int, method: str, path: str, body: str = "") -> dict[str, float]:
        """Send one call again and again; what wrk saw, and the CPU that each side used for a request.

        Raises:
            RuntimeError: some requests failed: figures of a failing server mean nothing.
        """
        arguments = [method, path] + ([body] if body else [])
        before = self.api.cpu_seconds(), self.nginx.cpu_seconds()
        said = run(
            *self.inside(
                "wrk", "--threads=2", f"--connections={connections}", f"--duration={seconds}s", "--timeout=20s",
                "--script=call.lua", "http://127.0.0.1", "--", *arguments,
            )
        )  # fmt: skip
        seen: dict[str, float] = json.loads(said.splitlines()[-1])
        if seen["failed"]:
            raise RuntimeError(f"{self.name}: {seen['failed']} of {seen['requests']} {method} {path} failed")
        requests = seen["requests"]
        return seen | {
            "rps": requests / seen["seconds"],
            "app_us": (self.api.cpu_seconds() - before[0]) / requests * 1e6,
            "proxy_us": (self.nginx.cpu_seconds() - before[1]) / requests * 1e6,
        }
