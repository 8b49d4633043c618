"""The fault suite: what goes wrong in the world, done to a real stack, and what a client sees of it.

The stack is a throw-away one, made from this checkout on a port of its own; nothing else on the machine is touched.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from support.stack import ROOT, Stack, must, prepare, throwaway

from .box import Box, box, build_image
from .figures import Figures

FIGURES = pytest.StashKey[Figures]()
DOCUMENT = ROOT / "docs" / "reliability.md"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak-minutes", type=float, default=0.0, help="how long the soak lasts; 0: none")
    parser.addoption("--fuzz-minutes", type=float, default=2.0, help="how long hostile input is made up")
    parser.addoption(
        "--slack", type=float, default=1.0, help="on a busy machine: limits of time are so many times longer"
    )
    parser.addoption("--requests", type=int, default=100_000, help="how many a reload must not lose one of")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = Figures()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    figures = config.stash[FIGURES]
    for tested, (promised, seen) in figures.rows.items():
        terminalreporter.write_line(f"{tested}: {seen} (promised: {promised})")
    if not (figures.rows and config.getoption("--write-figures")):
        return
    if config.getoption("--slack") != 1:
        terminalreporter.write_line(f"{DOCUMENT.name} is left as it was: the machine is busy with other things")
        return
    stats = terminalreporter.stats
    figures.drop({report.nodeid for kind in ("failed", "error") for report in stats.get(kind, ())})
    figures.write(DOCUMENT)


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> Figures:
    """What is put here is printed, and written into docs/reliability.md."""
    return pytestconfig.stash[FIGURES]


@pytest.fixture(scope="session")
def slack(pytestconfig: pytest.Config) -> float:
    """By how much limits of time are stretched."""
    return pytestconfig.getoption("--slack")


@pytest.fixture(scope="session")
def images() -> None:
    """This checkout's images, built as `make up` builds them, and the clients' own."""
    if os.geteuid() != 0:
        pytest.exit("the fault suite signals containers' processes from the host: run it as root", returncode=1)
    prepare()
    must("docker", "compose", "build", seconds=900)
    build_image()


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("0.0.0.0", 0))
        return str(probe.getsockname()[1])


@pytest.fixture(scope="session")
def stack(images: None) -> Iterator[Stack]:
    """A stack with the settings that ship, but for the rate: a test's client is many clients in one."""
    # A port that stays the same when the container starts anew.
    with throwaway(HTTP_PORT=free_port(), RATE_LIMIT="0") as other:
        other.start()
        yield other


@pytest.fixture
def disturbed(stack: Stack) -> Iterator[Stack]:
    """The stack, for a test that does it harm: whole and healthy again afterwards, also when the test fails."""
    assert stack.serves()
    yield stack
    stack.restore()


@pytest.fixture(scope="session")
def client(stack: Stack) -> Iterator[Box]:
    """A container beside the stack."""
    with box(stack) as made:
        yield made


@pytest.fixture(scope="session")
def neighbour(stack: Stack) -> Iterator[Box]:
    """Another one, with another address."""
    with box(stack) as made:
        yield made
