"""Three machines on this one: containers that each run an engine, a registry, and the commands that tests give them."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

from support import machine
from support.machine import Machine
from support.polling import await_until
from support.stack import ROOT, build, must, run

REGISTRY_IMAGE = "flaskrandom-test-registry"
STACK = "flaskrandom"
REGISTRY = "registry:5000"
#: An existing cgroup for the nodes and the load, which assures them of CPU on a busy machine.
PARENT = os.environ.get("SWARM_CGROUP", "")


class Cluster:
    """A Swarm of `nodes` nodes, all of them managers, and a registry on the same network."""

    def __init__(self, nodes: int, subnet: str = "10.213.9", **settings: str) -> None:
        self.name = f"flaskrandom-swarm-{uuid.uuid4().hex[:6]}"
        self.nodes = [
            Machine(f"{self.name}-n{number}", f"n{number}", f"{subnet}.{10 + number}") for number in range(1, nodes + 1)
        ]
        self.subnet = subnet
        self.settings = settings
        #: The node that receives commands; tests choose another one while it is away.
        self.manager = self.nodes[0]

    def run(self, name: str, *options: str) -> None:
        """Start a container on the nodes' network."""
        parent = [f"--cgroup-parent={PARENT}"] if PARENT else []
        must(*("docker", "run", "--detach", "--name", name, "--network", self.name), *parent, *options)

    def up(self) -> None:
        machine.build_image()
        registry = ROOT / "tests/support/registry"
        build(REGISTRY_IMAGE, registry)
        must("docker", "network", "create", "--subnet", f"{self.subnet}.0/24", self.name)
        self.run(
            f"{self.name}-registry", *("--network-alias", "registry", "--publish", "127.0.0.1::5000", REGISTRY_IMAGE)
        )
        for node in self.nodes:
            self.run(
                *(node.ident, "--hostname", node.name, "--ip", node.address, "--privileged"),
                # A fresh /run, as after a reboot: a pid file of the last run would keep the engine from starting.
                *("--tmpfs", "/run", machine.IMAGE, f"--insecure-registry={REGISTRY}"),
            )
        for node in self.nodes:
            await_until(node.answers, 60, f"the engine of {node.name} answers")

    def form(self) -> None:
        """Make the nodes one Swarm."""
        first, *others = self.nodes
        first.docker("swarm", "init", "--advertise-addr", first.address)
        token = first.docker("swarm", "join-token", "--quiet", "manager").strip()
        for node in others:
            node.docker("swarm", "join", "--token", token, f"{first.address}:2377")

    def down(self) -> None:
        for ident in (*(node.ident for node in self.nodes), f"{self.name}-registry", f"{self.name}-load"):
            run("docker", "rm", "--force", "--volumes", ident)
        run("docker", "network", "rm", self.name)

    # --- images ---

    def push(self, service: str, tag: str, image: str, *lines: str) -> None:
        """Add these Dockerfile lines to `image`, and push the result to the registry."""
        port = must("docker", "port", f"{self.name}-registry", "5000").split(":")[-1].strip()
        pushed = f"localhost:{port}/flaskrandom-{service}:{tag}"
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "Dockerfile").write_text("\n".join((f"FROM {image}", *lines, "")))
            build(pushed, Path(folder))
        must("docker", "push", "--quiet", pushed, seconds=300)
        must("docker", "rmi", "--no-prune", pushed)

    # --- the stack ---

    def make(self, target: str, seconds: float = 600, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the Makefile, as a user does from a laptop."""
        environ = {
            "COMPOSE_PROJECT_NAME": STACK,
            "DOCKER_HOST": self.manager.host,
            "HTTP_PORT": "80",
            "REGISTRY": REGISTRY,
            **self.settings,
            **settings,
        }
        return run("make", "--no-print-directory", target, seconds=seconds, environ=environ)

    def deploy(self, tag: str, **settings: str) -> str:
        done = self.make("deploy", TAG=tag, **settings)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def tasks(self, service: str) -> list[dict[str, str]]:
        """The tasks that Swarm wants to run, with their current states."""
        shown = self.manager.try_docker(
            *("service", "ps", "--no-trunc", "--format", "{{json .}}"),
            *("--filter", "desired-state=running", f"{STACK}_{service}"),
        )
        return [json.loads(line) for line in shown.stdout.splitlines() if line.startswith("{")]

    def running(self, service: str, tag: str = "") -> list[str]:
        """The nodes of the running tasks, of the given tag or of any."""
        return [
            task["Node"]
            for task in self.tasks(service)
            if task["CurrentState"].startswith("Running ") and f":{tag}" in task["Image"]
        ]

    def scale(self, replicas: int) -> None:
        self.manager.docker("service", "scale", "--detach", f"{STACK}_api={replicas}")

    def await_replicas(
        self, replicas: int, seconds: float = 120, where: Callable[[str], bool] = lambda _: True
    ) -> None:
        """Wait until exactly `replicas` run, all of them on nodes that `where` accepts."""

        def there() -> bool:
            nodes = self.running("api")
            return len(nodes) == replicas and all(map(where, nodes)) and len(self.tasks("api")) == replicas

        await_until(there, seconds, f"{replicas} replicas of the api run")

    def whole(self) -> bool:
        """Every node is in the Swarm, and its nginx serves."""
        listed = self.manager.try_docker("node", "ls", "--format", "{{.Status}} {{.Availability}}").stdout
        return listed.split() == ["Ready", "Active"] * len(self.nodes) and all(node.serves() for node in self.nodes)
