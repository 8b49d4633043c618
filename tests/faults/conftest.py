"""The fault suite: it injects faults into a real stack, and checks what a client sees.

The stack is a throw-away one, built from this checkout on its own port. Nothing else on the machine is touched.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from support.stack import ROOT, Stack, must, prepare, throwaway

from .box import Box, box, build_image
from .figures import Figures, failed_tests

FIGURES = pytest.StashKey[Figures]()
DOCUMENT, RECORD = ROOT / "docs/reliability.md", ROOT / "docs/benchmarks/reliability.jsonl"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak-minutes", type=float, default=0.0, help="minutes that the soak lasts; 0 skips it")
    parser.addoption("--fuzz-minutes", type=float, default=2.0, help="minutes of hostile input")
    parser.addoption(
        "--slack", type=float, default=1.0, help="factor by which time limits are extended, for a busy machine"
    )
    parser.addoption(
        "--requests", type=int, default=100_000, help="requests to send during reloads, none of which may be lost"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = Figures()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    figures = config.stash[FIGURES]
    for tested, (promised, seen) in figures.rows.items():
        terminalreporter.write_line(f"{tested}: {seen} (promised: {promised})")
    if not (figures.rows and config.getoption("--write-figures")):
        return
    if config.getoption("--slack") != 1:
        terminalreporter.write_line(f"{DOCUMENT.name} is unchanged: --slack says that the machine is busy")
        return
    figures.drop(failed_tests(terminalreporter))
    figures.write(DOCUMENT, RECORD)


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> Figures:
    """Results that are printed at the end and, with --write-figures, written into docs/reliability.md."""
    return pytestconfig.stash[FIGURES]


@pytest.fixture(scope="session")
def slack(pytestconfig: pytest.Config) -> float:
    """The factor by which time limits are extended."""
    return pytestconfig.getoption("--slack")


@pytest.fixture(scope="session")
def images() -> None:
    """Build this checkout's images, as `make up` does, and the client image."""
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
    """A stack with the default settings, but no rate limit: one test client stands for many."""
    # A fixed port, which stays the same when the container is restarted.
    with throwaway(HTTP_PORT=free_port(), RATE_LIMIT="0") as other:
        other.start()
        yield other


@pytest.fixture
def disturbed(stack: Stack) -> Iterator[Stack]:
    """The stack, for a test that damages it. It is restored afterwards, even if the test fails."""
    assert stack.serves()
    yield stack
    stack.restore()


@pytest.fixture(scope="session")
def client(stack: Stack) -> Iterator[Box]:
    """A client container beside the stack."""
    with box(stack) as made:
        yield made


@pytest.fixture(scope="session")
def neighbour(stack: Stack) -> Iterator[Box]:
    """A second client container, with a different address."""
    with box(stack) as made:
        yield made
