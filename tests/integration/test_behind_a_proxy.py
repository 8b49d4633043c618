"""PROXY_PROTOCOL, KEEPALIVE_TIMEOUT and LISTEN_PORT: the settings for use behind a load balancer."""

from __future__ import annotations

import json
import socket
import time

import pytest

from support.polling import await_until
from support.stack import must, throwaway

pytestmark = pytest.mark.local

REQUEST = b"GET /api/v1/strings HTTP/1.1\r\nHost: a\r\n"
#: A header of version 2 of the protocol: signature, version and command, TCP over IPv4, 12 bytes, addresses and ports.
VERSION_2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([203, 0, 113, 8, 10, 0, 0, 1]) + b"\x30\x39\0\x50"


@pytest.fixture(scope="module")
def behind(stack):
    """nginx on port 8080 behind a proxy on Docker's own network."""
    settings = {"PROXY_PROTOCOL": "on", "TRUSTED_PROXIES": "172.16.0.0/12 192.168.0.0/16 10.0.0.0/8 127.0.0.1 ::1"}
    with throwaway(**settings, LISTEN_PORT="8080", KEEPALIVE_TIMEOUT="2") as other:
        # The container is healthy: its own check speaks the protocol on this port.
        other.up()
        yield other


def connect(behind) -> socket.socket:
    port = must("docker", "port", behind.nginx.ident, "8080").split()[0].rpartition(":")[2]
    return socket.create_connection(("localhost", int(port)), timeout=10)


def exchange(behind, sent: bytes) -> bytes:
    with connect(behind) as connection:
        connection.sendall(sent)
        received = b""
        while part := connection.recv(65536):
            received += part
        return received


def logged_client(behind, answer: bytes) -> str:
    ident = answer.split(b"X-Request-Id: ")[1].split(b"\r\n")[0].decode()

    def line():
        found = [line for line in behind.nginx.logs().splitlines() if ident in line]
        return found and json.loads(found[0])

    return await_until(line, 10, f"a log line with {ident}")["client"]


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (b"PROXY TCP4 203.0.113.7 10.0.0.1 12345 80\r\n", "203.0.113.7"),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 12345 80\r\n", "2001:db8::7"),
        (VERSION_2, "203.0.113.8"),
    ],
    ids=["IPv4", "IPv6", "version 2"],
)
def test_the_client_address_comes_from_the_proxy(behind, header, address):
    claimed = b"X-Forwarded-For: 192.0.2.1\r\n"
    answer = exchange(behind, header + REQUEST + claimed + b"Connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert logged_client(behind, answer) == address


def test_a_connection_without_the_protocol_is_closed(behind):
    assert exchange(behind, REQUEST + b"Connection: close\r\n\r\n") == b""


def test_an_idle_connection_stays_open_for_keepalive_timeout(behind):
    with connect(behind) as connection:
        connection.sendall(b"PROXY TCP4 203.0.113.7 10.0.0.1 12345 80\r\n")
        for _ in range(2):
            # A request, then a second without traffic.
            connection.sendall(REQUEST + b"\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            connection.settimeout(1)
            with pytest.raises(TimeoutError):
                connection.recv(1)
            connection.settimeout(10)
        connection.sendall(REQUEST + b"\r\n")
        connection.recv(65536)
        began = time.monotonic()
        assert connection.recv(65536) == b"", "nginx must close the idle connection"
        assert 1 < time.monotonic() - began < 8
