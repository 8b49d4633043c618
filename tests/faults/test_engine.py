"""The Docker engine or the whole machine dies. A container with its own engine stands for the machine."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator

import pytest

from support import machine
from support.machine import Machine
from support.polling import await_until
from support.stack import SERVICES, must, run

pytestmark = pytest.mark.local

PROJECT = "flaskrandom"
#: Files that a killed engine leaves behind and that prevent its next start. Service managers remove them.
LEFT = "/var/run/docker.pid /var/run/docker/containerd/containerd.pid"
ENGINE = "dockerd --host=tcp://0.0.0.0:2375 --tls=false >/var/log/dockerd 2>&1"


def start_engine(host: Machine) -> None:
    must("docker", "exec", "--detach", host.ident, "sh", "-c", f"rm -f {LEFT}; exec {ENGINE}")
    await_until(host.answers, 60, "the engine answers")


def containers(host: Machine) -> list[str]:
    return host.docker("ps", "--all", "--quiet").split()


def healthy(host: Machine) -> bool:
    listed = host.docker("ps", "--format", "{{.Status}}").splitlines()
    return len(listed) == len(SERVICES) and all("(healthy)" in status for status in listed)


def started(host: Machine) -> dict[str, str]:
    """When each container was last started."""
    said = host.docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", *containers(host))
    return dict(line.split() for line in said.splitlines())


@pytest.fixture(scope="module")
def host(images) -> Iterator[Machine]:
    """A machine with the stack on it, brought up by `docker compose up` from this checkout."""
    machine.build_image()
    ident = f"flaskrandom-test-{uuid.uuid4().hex[:8]}"
    shipped = [f"flaskrandom-{service}:{os.environ.get('TAG', 'latest')}" for service in SERVICES]
    try:
        must(
            *("docker", "run", "--detach", "--init", "--privileged", "--name", ident, "--tmpfs", "/run"),
            *("--entrypoint", "sleep", machine.IMAGE, "infinity"),
        )
        address = must("docker", "inspect", "--format", "{{.NetworkSettings.IPAddress}}", ident).strip()
        made = Machine(ident, "host", address)
        start_engine(made)
        must("bash", "-c", f"docker save {' '.join(shipped)} | docker --host {made.host} load", seconds=300)
        environ = {"DOCKER_HOST": made.host, "COMPOSE_PROJECT_NAME": PROJECT, "HTTP_PORT": "80"}
        must("docker", "compose", "up", "--detach", "--no-build", "--wait", seconds=200, environ=environ)
        yield made
    finally:
        run("docker", "rm", "--force", "--volumes", ident)


def kill_engine(host: Machine) -> None:
    """Kill only the daemon, as the kernel may when memory is short. Containers and their shims keep running."""
    host.must("sh", "-c", "kill -9 $(cat /var/run/docker.pid)")
    await_until(lambda: not host.answers(), 20, "the engine is gone")


def lose_power(host: Machine) -> None:
    must("docker", "kill", host.ident)
    must("docker", "start", host.ident)


HARMS = {"the Docker engine is killed": kill_engine, "the machine loses power": lose_power}


@pytest.mark.parametrize("harm", HARMS)
def test_the_stack_recovers_by_itself(host, figures, slack, harm):
    await_until(lambda: healthy(host), 90, "healthy")
    before = started(host)
    HARMS[harm](host)
    start_engine(host)
    began = time.monotonic()
    await_until(host.serves, 90, "it serves")
    served = time.monotonic() - began
    await_until(lambda: healthy(host), 90, "both are healthy")
    after = started(host)
    figures.add(
        harm, "healthy by itself",
        f"serves {served:.1f} s after the engine, healthy {time.monotonic() - began:.1f} s",
    )  # fmt: skip
    assert set(after) == set(before), "the containers are the same"
    assert not set(after.items()) & set(before.items()), "the fault reached them all"
    assert served < 30 * slack
