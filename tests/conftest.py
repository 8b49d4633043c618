"""Fixtures of the suites that need a running instance, tested by a client, in a browser or, on this machine, inside.

Without an address (--base-url or BASE_URL), this checkout's stack is brought up. With one, only the tests that are safe
against any deployed instance run; those marked `local` are skipped.

Under pytest-xdist each worker has its own stack, so that no test is affected by what another one does to a stack: the
first worker has this checkout's stack, each other worker a throw-away one from the same images. COMPOSE_PROJECT_NAME
and HTTP_PORT in the environment of a worker's tests are those of its stack.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
import requests

from support.stack import Stack, run, throwaway, use_base_image

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: The name of this process under pytest-xdist.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")


class Client(requests.Session):
    """A session whose addresses begin at the instance under test."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.base_url = base_url

    def request(self, method: str, path: str, **options: Any) -> requests.Response:  # type: ignore[override]
        options.setdefault("timeout", 10)
        return super().request(method, self.base_url + path, **options)

    def ask(self, fields: dict[str, Any]) -> requests.Response:
        """The article's API."""
        return self.post("/getrandomstr", json=fields)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--base-url",
        default=os.environ.get("BASE_URL", ""),
        help="the instance to test; empty: bring up this checkout's own",
    )
    parser.addoption("--write-figures", action="store_true", help="write the measured figures into their page of docs/")


def pytest_configure(config: pytest.Config) -> None:
    """Fail at once if the address is not valid, or no instance answers there."""
    address = config.getoption("--base-url").rstrip("/")
    if not address:
        return
    if not re.fullmatch(r"https?://[^/?#]+", address):
        raise pytest.UsageError(
            f"BASE_URL={address}: must be an address without a path, such as https://random.example"
        )
    if "SSL_CERT_FILE" in os.environ:  # private authorities; requests and Node.js use other variables
        os.environ.update(dict.fromkeys(("REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), os.environ["SSL_CERT_FILE"]))
    key = os.environ.get("API_KEY")
    try:
        answer = requests.get(f"{address}/api/v1/uuids", headers={"X-API-Key": key} if key else {}, timeout=10)
    except requests.RequestException as error:
        raise pytest.UsageError(f"no instance answers at {address}: {error}") from None
    if answer.status_code == 401 and key:
        raise pytest.UsageError(
            f"{address} does not take the key in API_KEY: make key NAME=smoke, over there, makes one"
        )
    if answer.status_code == 401:
        raise pytest.UsageError(f"{address} wants an API key: read -rs API_KEY && export API_KEY, then again")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--base-url"):
        return
    elsewhere = pytest.mark.skip(reason="needs the containers, and --base-url points elsewhere")
    for item in items:
        if item.get_closest_marker("local"):
            item.add_marker(elsewhere)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """This worker's stack. The first worker to ask for one brings this checkout's stack up, as a user does."""
    if request.config.getoption("base_url"):
        pytest.fail("with --base-url no stack is started: mark this test local", pytrace=False)
    folder = tmp_path_factory.getbasetemp()
    with ((folder.parent if WORKER else folder) / "started").open("a+") as started:
        fcntl.flock(started, fcntl.LOCK_EX)
        if not started.tell():
            done = run("python3", "-m", "scripts.stack", "up", seconds=600)
            if done.returncode:
                request.session.shouldfail = "this checkout's stack does not start"
                pytest.fail(f"make up ended with {done.returncode}:\n{done.stdout}", pytrace=False)
            started.write("up")
    use_base_image()
    if WORKER in ("", "gw0"):
        yield Stack()
        return
    with socket.socket() as probe:
        probe.bind(("", 0))
        port = str(probe.getsockname()[1])
    with throwaway(HTTP_PORT=port) as own, pytest.MonkeyPatch.context() as environ:
        own.start()
        environ.setenv("COMPOSE_PROJECT_NAME", own.project)
        environ.setenv("HTTP_PORT", port)
        yield own


@pytest.fixture
def disturbed(stack: Stack) -> Iterator[Stack]:
    """The stack, for a test that damages it. It is restored afterwards, even if the test fails."""
    yield stack
    stack.restore()


@pytest.fixture(scope="session")
def base_url(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> str:
    given = pytestconfig.getoption("--base-url")
    return given.rstrip("/") if given else request.getfixturevalue("stack").url


@pytest.fixture(scope="session")
def key_headers(pytestconfig: pytest.Config) -> dict[str, str]:
    """The headers for a remote instance that needs an API key. The key is read from the environment."""
    key = os.environ.get("API_KEY")
    return {"X-API-Key": key} if key and pytestconfig.getoption("--base-url") else {}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this process, because Playwright can start only once in a process."""
    from support.browser import chromium  # here, because Playwright takes a second to import

    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def connect(base_url: str, pytestconfig: pytest.Config, key_headers: dict[str, str]) -> Callable[[], Client]:
    """Makes a client of the instance under test."""

    def connect() -> Client:
        session = Client(base_url)
        # Addresses on this machine need no proxy.
        session.trust_env = bool(pytestconfig.getoption("--base-url"))
        session.headers.update(key_headers)
        return session

    return connect


@pytest.fixture
def client(connect: Callable[[], Client]) -> Iterator[Client]:
    with connect() as session:
        yield session


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests measured and passed to `record_property`."""
    for report in terminalreporter.stats.get("passed", ()):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")
