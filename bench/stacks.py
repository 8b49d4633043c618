"""The contenders: each is its own Compose project, made from compose.yaml and the overlays in bench/contenders."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]
CPUS = len(os.sched_getaffinity(0))
CONNECTIONS, THREADS = 32, 2
SETTINGS = {
    # One client address sends all the load.
    "RATE_LIMIT": "0",
    "CONNECTION_LIMIT": "0",
    "BENCH_UVICORN_WORKERS": str(CPUS + 1),  # as many workers as ours has
}


def run(*command: str, given: str = "") -> str:
    """Run a command in the checkout and return what it printed.

    Raises:
        RuntimeError: it failed. The message has its output.
    """
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | SETTINGS, input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Container:
    """A container, and the kernel's figures about it."""

    def __init__(self, ident: str) -> None:
        self.ident = ident
        pid = run("docker", "inspect", "--format", "{{.State.Pid}}", ident).strip()
        groups = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
        self._groups = {controller: path for _, names, path in groups for controller in names.split(",")}

    def cpu_seconds(self) -> float:
        """CPU time that all its processes have used."""
        v1 = Path(f"/sys/fs/cgroup/cpuacct{self._groups.get('cpuacct', '')}/cpuacct.usage")
        if v1.exists():
            return int(v1.read_text()) / 1e9
        stat = Path(f"/sys/fs/cgroup{self._groups['']}/cpu.stat").read_text()
        return int(dict(line.split() for line in stat.splitlines())["usage_usec"]) / 1e6

    def memory_mb(self) -> float:
        """Memory in use by its processes and tmpfs, in MB, without the page cache that the kernel can drop."""
        group = Path(f"/sys/fs/cgroup/memory{self._groups.get('memory', '')}")
        usage, cache = "memory.usage_in_bytes", "total_inactive_file"
        if not (group / usage).exists():
            group = Path(f"/sys/fs/cgroup{self._groups['']}")
            usage, cache = "memory.current", "inactive_file"
        entries = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return (int((group / usage).read_text()) - int(entries[cache])) / 1e6


class Contender:
    """One way to serve the calls, behind its own nginx."""

    def __init__(self, name: str) -> None:
        self.name = name
        files = ["compose.yaml", "bench/contenders/common.yaml"]
        if name != "ours":
            files.append(f"bench/contenders/{name}.yaml")
        project = f"{os.environ.get('COMPOSE_PROJECT_NAME') or 'flaskrandom'}-bench-{name}"
        overlays = [part for file in files for part in ("--file", file)]
        self._compose = ("docker", "compose", "--project-name", project, *overlays)

    def compose(self, *arguments: str) -> str:
        return run(*self._compose, *arguments)

    def build(self, *services: str) -> None:
        self.compose("--progress", "plain", "build", *services)

    def image(self, service: str) -> str:
        """The name of a service's image."""
        config = json.loads(self.compose("config", "--format", "json"))
        return str(config["services"][service]["image"])

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            RuntimeError: it does not answer.
        """
        self.compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", "60")
        self.nginx, self.api, self._load = (
            Container(self.compose("ps", "--quiet", service).strip()) for service in ("nginx", "api", "load")
        )
        # Not every contender has a health check that asks the app.
        self.inside(
            "curl", "--silent", "--show-error", "--fail", "--output", "/dev/null", "--retry", "30", "--retry-delay",
            "1", "--retry-all-errors", "http://127.0.0.1/api/v1/strings" if self.name != "article" else "http://127.0.0.1/",
        )  # fmt: skip

    def stop(self) -> None:
        self.compose("down", "--volumes", "--timeout", "2")

    def exec(self, *command: str) -> tuple[str, ...]:
        """The command line that runs a load tool in nginx's network, away from Docker's proxy."""
        return ("docker", "exec", "--interactive", self._load.ident, *command)

    def inside(self, *command: str) -> str:
        return run(*self.exec(*command))

    def ask(self, method: str, path: str, body: str = "") -> Any:
        """Send one call, and return its JSON."""
        data = ["--header", "Content-Type: application/json", "--data", body] if body else []
        said = self.inside("curl", "--silent", "--fail", "--request", method, *data, f"http://127.0.0.1{path}")
        return json.loads(said)

    def load(self, seconds: float, *call: str) -> dict[str, float]:
        """Send calls for some seconds. Return wrk's result, and the CPU per request of the app and of nginx.

        Args:
            seconds: how long; wrk takes whole ones.
            call: the arguments of load/call.lua.

        Raises:
            RuntimeError: some requests failed, or none was answered.
        """
        before = self.api.cpu_seconds(), self.nginx.cpu_seconds()
        said = self.inside(
            "wrk", f"--threads={THREADS}", f"--connections={CONNECTIONS}", f"--duration={seconds}s", "--timeout=20s",
            "--script=call.lua", "http://127.0.0.1", "--", *call,
        )  # fmt: skip
        after = self.api.cpu_seconds(), self.nginx.cpu_seconds()
        seen: dict[str, float] = json.loads(said.splitlines()[-1])
        requests = seen["requests"]
        if seen["failed"] or not requests:
            raise RuntimeError(f"{self.name}: {seen['failed']} of {requests} requests failed: {call}")
        return seen | {
            "rps": requests / seen["seconds"],
            "app_us": (after[0] - before[0]) / requests * 1e6,
            "proxy_us": (after[1] - before[1]) / requests * 1e6,
        }


class Stacks(dict[str, Contender]):
    """The running contenders. Each is started at its first use, and all are removed at the end."""

    def __missing__(self, name: str) -> Contender:
        self[name] = Contender(name)
        self[name].start()
        return self[name]

    def stop(self) -> None:
        while self:
            _, contender = self.popitem()
            contender.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


def build_images(core_only: bool) -> None:
    """Build the images of our stack, the load generator and the alternatives."""
    Contender("ours").build("api", *([] if core_only else ["nginx", "load"]))
    if not core_only:
        Contender("fastapi").build("api")
