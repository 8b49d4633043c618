"""Engines that differ from this machine's: with a registry in reach, with user namespaces, or with one CPU."""

from __future__ import annotations

from support.polling import await_until
from support.stack import SERVICES, must, run

from .conftest import engine


def healthy(host, folder) -> None:
    output = host.docker("compose", "ps", "--format", "{{.Service}} {{.Health}}", folder=folder)
    assert sorted(output.split("\n"))[-2:] == ["api healthy", "nginx healthy"], output


def test_docker_compose_up_works_without_make(mirror, clone):
    """From a fresh clone, if a registry has debian:trixie-slim."""
    # BuildKit uses HTTPS for a mirror unless the engine's options say otherwise.
    insecure = mirror.replace("http://", "--insecure-registry=")
    with engine(f"--registry-mirror={mirror}", insecure) as host:
        folder = clone()
        assert not host.docker("images", "--quiet")
        host.docker("compose", "up", "--detach", "--wait", folder=folder)
        healthy(host, folder)


def test_the_stack_starts_with_user_namespaces(stack):
    """An engine with userns-remap maps the containers' users to other ids."""
    images = [stack.container(service).inspect()["Config"]["Image"] for service in SERVICES]
    with engine("--userns-remap=default") as host:
        host.load(*images)
        for image, service in zip(images, SERVICES, strict=True):
            host.docker("tag", image, f"flaskrandom-{service}:latest")
        host.docker("compose", "up", "--detach", "--no-build", "--wait", "--wait-timeout", "120")
        healthy(host, ".")
        # The ids differ outside the container, so the engine does remap them.
        pid = host.docker("inspect", "--format", "{{.State.Pid}}", "flaskrandom-api-1").strip()
        (uids,) = [
            line for line in host.container.must("cat", f"/proc/{pid}/status").splitlines() if line.startswith("Uid:")
        ]
        assert int(uids.split()[1]) > 65536


def test_the_stack_starts_with_one_cpu(stack):
    """The default limits of two CPUs do not prevent a start on a machine with one."""
    images = [stack.container(service).inspect()["Config"]["Image"] for service in SERVICES]
    with engine() as host:
        # dockerd counts its CPUs when it starts.
        must("docker", "update", "--cpuset-cpus", "0", host.container.ident)
        must("docker", "restart", host.container.ident)
        cpus = ("docker", "--host", host.host, "info", "--format", "{{.NCPU}}")
        await_until(lambda: run(*cpus).stdout.strip() == "1", 60, "the engine has one CPU")
        host.load(*images)
        for image, service in zip(images, SERVICES, strict=True):
            host.docker("tag", image, f"flaskrandom-{service}:latest")
        host.docker("compose", "up", "--detach", "--no-build", "--wait", "--wait-timeout", "120")
        healthy(host, ".")
