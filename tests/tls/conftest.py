"""The TLS suite: throw-away stacks with overrides/tls.yaml and their own ACME server."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from support.polling import await_until
from support.stack import ROOT, Stack, must, prepare, throwaway

from .certificates import NAME, OTHER_NAME

HERE = Path(__file__).parent
TLS, HTTP3 = ROOT / "overrides/tls.yaml", ROOT / "overrides/http3.yaml"
PEBBLE = HERE / "pebble.yaml"
#: Lifetimes of Pebble's certificates, in seconds: short enough to wait for a renewal, or long enough that none expires
#: on a slow machine. Even these are checked every quarter of a minute (a sixtieth of a lifetime).
SHORT, LONG = 120, 900
#: Seconds to wait for slow steps. Generous, because no test is about speed and the machine may be busy.
PATIENCE = 300
#: Key identifier and HMAC key of the only account that Pebble accepts when it requires External Account Binding.
BINDING = ("customer-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W")
FIGURES = pytest.StashKey[list[tuple[str, ...]]]()

Start = Callable[..., AbstractContextManager["TlsStack"]]


class TlsStack(Stack):
    """A stack with overrides/tls.yaml."""

    @property
    def tls_port(self) -> int:
        return int(self.environ["HTTPS_PORT"])

    def up(self, *services: str) -> None:
        """Start everything, or only these services, with a generous timeout for a busy machine."""
        wait = ("--wait", "--wait-timeout", str(PATIENCE))
        self.compose("up", "--detach", "--no-build", *wait, *services, seconds=PATIENCE + 20)

    def nginx_said(self, text: str) -> bool:
        return text in self.logs("nginx")

    def acme_said(self, text: str) -> bool:
        return text in self.logs("acme")


@pytest.fixture(scope="session", autouse=True)
def images() -> None:
    """Build everything from scratch, as `make up` does."""
    prepare()
    files = [part for file in (ROOT / "compose.yaml", TLS, PEBBLE) for part in ("--file", str(file))]
    must("docker", "compose", "--progress", "plain", *files, "build", seconds=900)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@pytest.fixture(scope="session")
def pebble_files(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Path:
    folder = tmp_path_factory.mktemp("pebble")
    folder.chmod(0o755)
    made = authority.issue_cert("pebble", "localhost")
    made.private_key_and_cert_chain_pem.write_to_path(str(folder / "pebble.pem"))
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    pebble = {
        "listenAddress": "0.0.0.0:14000",
        "managementListenAddress": "0.0.0.0:15000",
        "certificate": "/pebble/pebble.pem",
        "privateKey": "/pebble/pebble.pem",
        "httpPort": 80,
        "tlsPort": 443,
        "retryAfter": {"authz": 1, "order": 1},
    }
    for life in (SHORT, LONG):
        config = {"pebble": {**pebble, "certificateValidityPeriod": life}}
        (folder / f"config.{life}.json").write_text(json.dumps(config))
    bound = {"externalAccountBindingRequired": True, "externalAccountMACKeys": dict([BINDING])}
    config = {"pebble": {**pebble, "certificateValidityPeriod": LONG, **bound}}
    (folder / "config.bound.json").write_text(json.dumps(config))
    for file in folder.iterdir():
        file.chmod(0o644)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def start() -> Start:
    """Starts a stack with overrides/tls.yaml and more files, or some of its services, and waits until it is healthy."""

    @contextmanager
    def begin(*files: Path, only: tuple[str, ...] = (), **environ: str) -> Iterator[TlsStack]:
        # No test of this suite is about rate limits.
        environ = {"HTTPS_PORT": str(_free_port()), "COMPOSE_FILE": "", "RATE_LIMIT": "0", **environ}
        with throwaway(TLS, *files, **environ) as plain:
            stack = TlsStack(plain.project, (TLS, *files), **plain.environ)
            _running.append(stack)
            try:
                stack.up(*only)
                yield stack
            except AssertionError:
                # A stack of one test is removed before the test is reported, so print its logs now.
                print(stack.try_compose("logs", "--tail", "60", "acme", "nginx").stdout)
                raise
            finally:
                _running.remove(stack)

    return begin


@pytest.fixture
def start_with_acme(start: Start, pebble_files: Path) -> Start:
    @contextmanager
    def begin(life: int | str = LONG, **environ: str) -> Iterator[TlsStack]:
        acme = {
            "SERVER_NAME": f"{NAME} {OTHER_NAME}",
            "ACME_DIRECTORY": "https://pebble:14000/dir",
            "ACME_EMAIL": "operator@flaskrandom.example",
            "PEBBLE_FILES": str(pebble_files),
            "PEBBLE_LIFE": str(life),
        }
        with start(PEBBLE, **acme, **environ) as stack:
            yield stack

    return begin


def pebble_roots(stack: TlsStack, files: Path) -> bytes:
    """The root certificate of the stack's Pebble, which makes a new one at each start."""
    port = stack.compose("port", "pebble", "15000").strip().rpartition(":")[2]

    def fetch() -> bytes:
        with requests.Session() as session:
            session.trust_env = False
            try:
                return session.get(f"https://localhost:{port}/roots/0", verify=str(files / "ca.pem"), timeout=5).content
            except requests.ConnectionError:
                return b""

    return await_until(fetch, PATIENCE, "Pebble answers")


@pytest.fixture
def curl(images: None) -> Callable[..., str]:
    """Runs curl, with HTTP/2 and HTTP/3, in the network of a stack's nginx, where NAME is nginx."""

    def ask(stack: Stack, *arguments: str, trust: Path | None = None) -> str:
        given = ("--volume", f"{trust}:/ca.pem:ro") if trust else ()
        checked = ("--cacert", "/ca.pem") if trust else ("--insecure",)
        return must(
            *("docker", "run", "--rm", "--network", f"container:{stack.nginx.ident}", *given, "flaskrandom-test-tls"),
            *("curl", "--silent", "--show-error", "--max-time", "60", *checked),
            *("--connect-to", f"{NAME}::127.0.0.1:", *arguments),
        )

    return ask


_running: list[TlsStack] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Attach the containers' logs to each failure, before the containers are removed."""
    report = yield
    if report.failed:
        for stack in _running:
            report.sections.append((f"{stack.project}: logs", stack.try_compose("logs", "--tail", "60").stdout))
    return report


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []


@pytest.fixture
def figure(pytestconfig: pytest.Config) -> Callable[..., None]:
    """Adds a row to the table at the end of the suite: what was done, requests, failures, and what was seen."""
    return lambda *cells: pytestconfig.stash[FIGURES].append(tuple(str(cell) for cell in cells))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    rows = config.stash[FIGURES]
    if rows:
        terminalreporter.section("figures")
        for row in (("what", "requests", "failed", "seen"), *rows):
            terminalreporter.write_line(f"{row[0]:<48}{row[1]:>10}{row[2]:>8}  {row[3]}")
