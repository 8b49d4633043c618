"""Fixtures for tests that take minutes: clones with other Git settings, throw-away engines, another project's tests,
pip with a local index, and `make smoke`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import machine
from support.polling import await_until
from support.stack import ROOT, Container, build, must, prepare, run, started


class Engine:
    """A throw-away engine in a privileged container."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.host = f"tcp://{container.address}:2375"

    def docker(self, *command: str, folder: Path = ROOT, seconds: float = 900) -> str:
        """Run Docker's client with this engine, without this shell's settings."""
        environ = {name: os.environ[name] for name in ("PATH", "HOME", "PIP_INDEX_URL") if name in os.environ}
        environ |= {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
        done = subprocess.run(
            ["docker", "--host", self.host, *command],
            cwd=folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=seconds,
        )
        assert done.returncode == 0, f"docker {' '.join(command)} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def load(self, *images: str) -> None:
        """Copy images from this machine's engine into this one."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saved:
            subprocess.run(["docker", "--host", self.host, "load"], stdin=saved.stdout, check=True, timeout=300)


@contextmanager
def engine(*options: str) -> Iterator[Engine]:
    """A throw-away engine that dockerd starts with these options."""
    machine.build_image()
    with started(machine.IMAGE, *options, options=("--privileged", "--tmpfs", "/run")) as container:
        made = Engine(container)
        await_until(lambda: run("docker", "--host", made.host, "version").returncode == 0, 90, "the engine answers")
        yield made


@pytest.fixture(scope="session")
def base_image() -> str:
    """The base image of this machine's builds, because a registry may be out of reach."""
    prepare()
    return os.environ["BASE_IMAGE"]


@pytest.fixture(scope="session")
def mirror(base_image: str) -> Iterator[str]:
    """The address of a registry that mirrors debian:trixie-slim of Docker Hub."""
    build("flaskrandom-test-registry", ROOT / "tests/support/registry")
    with started("flaskrandom-test-registry", options=("--publish", "127.0.0.1::5000")) as registry:
        port = must("docker", "port", registry.ident, "5000").split()[0].rpartition(":")[2]
        name = f"localhost:{port}/library/debian:trixie-slim"
        must("docker", "tag", base_image, name)
        await_until(
            lambda: run("docker", "push", "--quiet", name).returncode == 0, 60, "the registry accepts the image"
        )
        must("docker", "rmi", name)
        yield f"http://{registry.address}:5000"


@pytest.fixture
def clone(tmp_path: Path) -> Callable[..., Path]:
    """Clones this checkout's last commit, and adds the authorities that builds need in this network."""

    def make(*options: str, umask: int = 0o022) -> Path:
        folder = tmp_path / "clone"
        subprocess.run(["git", "clone", "--quiet", *options, ROOT, folder], check=True, umask=umask)
        for authority in (ROOT / "local/build-ca").glob("*.crt"):
            shutil.copy(authority, folder / "local/build-ca")
        return folder

    return make
