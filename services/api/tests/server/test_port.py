"""PORT: Gunicorn serves every route on one port, for platforms whose proxy may not limit a request."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from cases.article import HELLO
from flaskrandom import create_app
from flaskrandom.config import Config
from flaskrandom.http.decode import MAX_BODY
from support.answers import check_problem
from support.polling import await_until

pytestmark = pytest.mark.long

API = Path(__file__).parents[2]
FIT = 4  # streams in the memory budget of this test; each needs 4 MiB
#: The product's own configuration, with its files in the folder of the test.
CONFIGURATION = f"""
import runpy
from pathlib import Path
from flaskrandom.http import stream_budget
from flaskrandom.server import readiness
readiness.API_SOCKET, readiness.BEAT = "sock", Path("beat")
stream_budget.reserve.__defaults__ = ({4 * FIT}, Path("budget"))
globals().update(runpy.run_path({str(API / "gunicorn.conf.py")!r}))
"""
TAKE_A_BODY = sorted(rule.rule for rule in create_app(Config()).url_map.iter_rules() if "POST" in (rule.methods or ()))
HAS_IPV6 = Path("/proc/net/if_inet6").exists()


class Port:
    """Gunicorn with two workers."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("", 0))
            self.number = probe.getsockname()[1]
        (folder / "gunicorn.conf.py").write_text(CONFIGURATION)
        own = {"PORT": str(self.number), "WEB_CONCURRENCY": "2", "PROMETHEUS_MULTIPROC_DIR": str(folder)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "app:app"],
            cwd=folder,
            env={**os.environ, **own, "PYTHONPATH": os.pathsep.join(sys.path)},
            stderr=(folder / "log").open("w"),
        )

    def ask(self, method: str, path: str, host: str = "127.0.0.1", **options: Any) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, f"http://{host}:{self.number}{path}", timeout=20, **options)

    def is_up(self) -> bool:
        with suppress(requests.ConnectionError):
            return self.ask("GET", "/healthz").ok
        return False

    def start_stream(self, path: str) -> tuple[socket.socket, int]:
        """A stream that waits until its client reads on, and its status."""
        client = socket.socket()
        client.settimeout(20)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", self.number))
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        return client, int(client.recv(12).removeprefix(b"HTTP/1.1 "))


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    port = Port(tmp_path_factory.mktemp("port"))
    try:
        await_until(port.is_up, 20, "it answers")
        yield port
    finally:
        port.process.terminate()
        port.process.wait(20)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"] if HAS_IPV6 else ["127.0.0.1"])
def test_short_calls_and_streams_are_reached_by_ipv4_and_ipv6(port, host):
    assert port.ask("GET", "/", host).text == HELLO
    assert port.ask("GET", "/api/v1/uuids/stream?count=1000", host).text.count("\n") == 1000


@pytest.mark.parametrize("chunked", [False, True], ids=["with Content-Length", "chunked"])
@pytest.mark.parametrize("path", TAKE_A_BODY)
def test_a_body_over_64_kib_gets_413(port, path, chunked):
    def ask(size: int) -> requests.Response:
        body = b"{}".ljust(size)
        headers = {"Content-Type": "application/json"}
        return port.ask("POST", path, data=iter([body]) if chunked else body, headers=headers)

    assert ask(MAX_BODY).status_code in {200, 400}
    for size in (MAX_BODY + 1, 2_000_000):
        answer = ask(size)
        check_problem(answer, answer.json(), 413)


def test_both_workers_share_one_memory_budget_for_unique_streams(port):
    path = "/api/v1/strings/stream?length=10&unique=true&count=1000000"
    with ExitStack() as streams:
        statuses = []
        for _ in range(3 * FIT):
            stream, status = port.start_stream(path)
            streams.enter_context(stream)
            statuses.append(status)
        assert statuses == [200] * FIT + [503] * 2 * FIT
    streams.close()
    await_until(lambda: port.ask("GET", path, stream=True).ok, 20, "a stream that ends gives its memory back")
