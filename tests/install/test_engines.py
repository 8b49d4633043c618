"""Engines unlike the one at hand: with a registry in reach, with user namespaces, with one CPU."""

from __future__ import annotations

from support.polling import await_until
from support.stack import SERVICES, must, run

from .conftest import engine


def healthy(host, folder) -> None:
    output = host.docker("compose", "ps", "--format", "{{.Service}} {{.Health}}", folder=folder)
    assert sorted(output.split("\n"))[-2:] == ["api healthy", "nginx healthy"], output


def test_docker_compose_up_alone(mirror, clone):
    """From a bare clone, without make, where a registry has debian:trixie-slim."""
    # BuildKit asks a mirror by HTTPS unless the engine says otherwise.
    insecure = mirror.replace("http://", "--insecure-registry=")
    with engine(f"--registry-mirror={mirror}", insecure) as host:
        folder = clone()
        assert not host.docker("images", "--quiet")
        host.docker("compose", "up", "--detach", "--wait", folder=folder)
        healthy(host, folder)


def test_user_namespaces(stack):
    """An engine with userns-remap gives ids of its own to the container's users."""
    images = [stack.container(service).inspect()["Config"]["Image"] for service in SERVICES]
    with engine("--userns-remap=default") as host:
        host.load(*images)
        for image, service in zip(images, SERVICES, strict=True):
            host.docker("tag", image, f"flaskrandom-{service}:latest")
        host.docker("compose", "up", "--detach", "--no-build", "--wait", "--wait-timeout", "120")
        healthy(host, ".")
        # The ids are other ids outside: this is what the engine was asked for.
        pid = host.docker("inspect", "--format", "{{.State.Pid}}", "flaskrandom-api-1").strip()
        (uids,) = [
            line for line in host.container.must("cat", f"/proc/{pid}/status").splitlines() if line.startswith("Uid:")
        ]
        assert int(uids.split()[1]) > 65536


def test_one_cpu(stack):
    """The default limits of two CPUs start on a machine with one."""
    images = [stack.container(service).inspect()["Config"]["Image"] for service in SERVICES]
    with engine() as host:
        # dockerd counts the CPUs that it may run on when it starts.
        must("docker", "update", "--cpuset-cpus", "0", host.container.ident)
        must("docker", "restart", host.container.ident)
        cpus = ("docker", "--host", host.host, "info", "--format", "{{.NCPU}}")
        await_until(lambda: run(*cpus).stdout.strip() == "1", 60, "it has one CPU")
        host.load(*images)
        for image, service in zip(images, SERVICES, strict=True):
            host.docker("tag", image, f"flaskrandom-{service}:latest")
        host.docker("compose", "up", "--detach", "--no-build", "--wait", "--wait-timeout", "120")
        healthy(host, ".")
