"""Requests that are too large in various ways: nginx refuses them, and they never reach the app."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest

from .recorder import recorded

pytestmark = [pytest.mark.local, pytest.mark.quick]

MANY = 50


@pytest.fixture(scope="module")
def recorder(images):
    with recorded() as made:
        yield made


FLOODS = {
    "a header of 1 MB": (b"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 1_000_000 + b"\r\n\r\n", 431),
    "10,000 headers": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-A: a\r\n" * 10_000 + b"\r\n", 431),
    "a header name of 1 MB": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A" * 1_000_000 + b": a\r\n\r\n", 431),
    "a path of 1 MB": (b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "a query of 1 MB": (b"GET /?" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "a method of 1 MB": (b"G" * 1_000_000 + b" / HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "a body of 10 MB, by length": (
        b"POST /getrandomstr HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n" + b"a" * 1_000_000,
        413,
    ),
    "a body of 10 MB, in chunks": (
        b"POST /getrandomstr HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"FFFF\r\n" + b"a" * 65535 + b"\r\n" + b"FFFF\r\n" + b"a" * 65535 + b"\r\n0\r\n\r\n",
        413,
    ),
    "a body of 10^30 bytes": (
        b"POST /getrandomstr HTTP/1.1\r\nHost: a\r\nContent-Length: 1" + b"0" * 30 + b"\r\n\r\n", 400,
    ),
}  # fmt: skip


def first_line(port: int, request: bytes) -> bytes:
    """Return the first line of the answer, which the server may send before it has read the whole request."""
    with socket.create_connection(("localhost", port), timeout=15) as connection:
        connection.settimeout(15)
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        try:
            return connection.recv(65536).partition(b"\r\n")[0]
        except ConnectionResetError:
            return b"reset"


@pytest.fixture(scope="module")
def refused(figures):
    """The floods that nginx refused. Together they make one row of the table."""
    refused: list[str] = []
    yield refused
    if len(refused) == len(FLOODS):
        figures.add(
            f"{len(FLOODS)} kinds of oversized requests, {MANY} times each", "4xx from nginx, none at the app",
            "4xx, 0 at the app",
        )  # fmt: skip


@pytest.mark.parametrize("flood", FLOODS)
def test_nginx_refuses_oversized_requests(recorder, flood, refused):
    request, status = FLOODS[flood]
    before = recorder.seen()
    lines = {first_line(recorder.stack.port, request) for _ in range(MANY)}
    # When nginx hangs up while the client is still sending, a reset may arrive before the client has read the answer.
    answered = lines - {b"reset", b""}
    assert {line.split()[1] for line in answered} == {str(status).encode()}, lines
    assert recorder.seen() == before
    assert recorder.stack.serves()
    refused.append(flood)
