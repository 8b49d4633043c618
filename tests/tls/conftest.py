"""The TLS suite: throw-away stacks with overrides/tls.yaml, and an ACME server of their own. Self-contained."""

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
#: Seconds that Pebble's certificates live: so short that renewal can be awaited; or so long that none expires
#: on however slow a machine, and still looked at every quarter of a minute (a sixtieth of a life).
SHORT, LONG = 120, 900
#: Seconds for what takes some, and many times as long where much else runs: no test is about speed.
PATIENCE = 300
#: Key identifier and HMAC key of the one account that may be made where Pebble asks for External Account Binding.
BINDING = ("customer-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W")
FIGURES = pytest.StashKey[list[tuple[str, ...]]]()

Start = Callable[..., AbstractContextManager["TlsStack"]]


class TlsStack(Stack):
    """A stack with overrides/tls.yaml."""

    @property
    def tls_port(self) -> int:
        return int(self.environ["HTTPS_PORT"])

    @property
    def tls_url(self) -> str:
        return f"https://{NAME}:{self.tls_port}"

    def up(self, *services: str) -> None:
        """Everything, or these alone. With patience: they share the machine with whatever else runs there."""
        wait = ("--wait", "--wait-timeout", str(PATIENCE))
        self.compose("up", "--detach", "--no-build", *wait, *services, seconds=PATIENCE + 20)

    def nginx_said(self, text: str) -> bool:
        return text in self.logs("nginx")

    def acme_said(self, text: str) -> bool:
        return text in self.logs("acme")


@pytest.fixture(scope="session", autouse=True)
def images() -> None:
    """Everything built, from a bare machine on, as `make up` does it."""
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
    """A stack with overrides/tls.yaml and more files, up and healthy: all of it, or only some services."""

    @contextmanager
    def begin(*files: Path, only: tuple[str, ...] = (), **environ: str) -> Iterator[TlsStack]:
        # No load here is about how much one client may ask.
        environ = {"HTTPS_PORT": str(_free_port()), "COMPOSE_FILE": "", "RATE_LIMIT": "0", **environ}
        with throwaway(TLS, *files, **environ) as plain:
            stack = TlsStack(plain.project, (TLS, *files), **plain.environ)
            _running.append(stack)
            try:
                stack.up(*only)
                yield stack
            except AssertionError:
                # A stack of one test is gone before the test is reported on: what it said goes with the report.
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
    """The root that this very Pebble signs under: it makes a new one at each start."""
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
    """curl with HTTP/2 and HTTP/3, in a stack's nginx's network, where NAME is nginx."""

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
    """Give each failure what the containers had to say, before they go."""
    report = yield
    if report.failed:
        for stack in _running:
            report.sections.append((f"{stack.project}: logs", stack.try_compose("logs", "--tail", "60").stdout))
    return report


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []


@pytest.fixture
def figure(pytestconfig: pytest.Config) -> Callable[..., None]:
    """A row of the table that the suite ends with: what was done, how many requests, how many failed, and more."""
    return lambda *cells: pytestconfig.stash[FIGURES].append(tuple(str(cell) for cell in cells))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    rows = config.stash[FIGURES]
    if rows:
        terminalreporter.section("figures")
        for row in (("what", "requests", "failed", "seen"), *rows):
            terminalreporter.write_line(f"{row[0]:<48}{row[1]:>10}{row[2]:>8}  {row[3]}")
