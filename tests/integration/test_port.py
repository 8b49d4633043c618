"""PORT: the api image alone, as platforms with their own proxy run it, with no mounts and without nginx."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import requests

from cases.article import HELLO, asking
from support.polling import await_until
from support.stack import Container, run, started

pytestmark = pytest.mark.local

READ_ONLY = ("--read-only", "--tmpfs", "/tmp", "--tmpfs", "/run/flaskrandom", "--tmpfs", "/run/supervisor")


class Alone(Container):
    def ask(self, path: str, **options) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            method = "POST" if "json" in options else "GET"
            return session.request(method, f"http://{self.address}:8080{path}", timeout=5, **options)

    def ready(self) -> bool:
        try:
            return self.ask("/readyz").status_code == 200
        except requests.RequestException:
            return False

    def listens(self, port: int) -> bool:
        with socket.socket() as client:
            client.settimeout(2)
            return client.connect_ex((self.address, port)) == 0


@pytest.fixture(scope="module", params=[(), READ_ONLY], ids=["writable", "read-only"])
def alone(stack, request) -> Iterator[Alone]:
    options = ("--cap-drop", "ALL", "--memory", "512m", "--env", "PORT=8080", "--env", "WEB_CONCURRENCY=1")
    with started(stack.api.inspect()["Config"]["Image"], options=(*options, *request.param)) as container:
        alone = Alone(container.ident)
        await_until(alone.ready, 60, "it is ready")
        yield alone


def test_every_route_is_served_on_port(alone):
    assert alone.ask("/").text == HELLO
    assert alone.ask("/healthz").status_code == 200
    assert alone.ask("/getrandomstr", json=asking()).json()["msg"] == "success"
    assert len(alone.ask("/api/v1/strings/stream?count=1000&length=8&format=text").content) == 9000
    assert not alone.listens(5000)
    assert not alone.listens(5001)
    # The bulk pool may start after the short one, which already answers.
    await_until(lambda: alone.check_health().returncode == 0, 30, "the health check finds both pools")


def test_a_connection_is_kept(alone):
    """A platform's proxy keeps connections for minutes; a connection closed during a request becomes a 502."""
    with requests.Session() as session:
        session.trust_env = False
        url = f"http://{alone.address}:8080/readyz"
        assert session.get(url, timeout=5).headers.get("Connection", "").lower() != "close"
        (adapter,) = {session.get_adapter(url)}
        before = adapter.poolmanager.connection_from_url(url).num_connections
        session.get(url, timeout=5)
        assert adapter.poolmanager.connection_from_url(url).num_connections == before


def test_stuck_downloads_do_not_hold_up_short_calls(alone):
    stuck = [socket.create_connection((alone.address, 8080), timeout=5) for _ in range(20)]
    try:
        for connection in stuck:
            connection.sendall(b"GET /api/v1/strings/stream?count=10000000&length=64 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.1 200"
        assert alone.ask("/getrandomstr", json=asking()).status_code == 200
    finally:
        for connection in stuck:
            connection.close()


def test_the_port_listens_on_ipv6_too(alone):
    table = alone.must("cat", "/proc/net/tcp6")
    assert f":{8080:04X} " in table


def test_a_bad_port_stops_the_start(stack):
    image = stack.api.inspect()["Config"]["Image"]
    done = run("docker", "run", "--rm", "--env", "PORT=http", image, seconds=30)
    assert done.returncode == 1
    assert "PORT=http: must be a port from 1 to 65535" in done.stdout
