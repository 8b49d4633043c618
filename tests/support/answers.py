"""Checks that every answer, and every problem document, must pass."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from typing import Any, NamedTuple
from urllib.parse import urlsplit

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
#: Versions of products, and products that a client need not know about.
LEAK = re.compile(r"nginx/\d|gunicorn|werkzeug|supervisor|python|flask/|debian|traceback", re.IGNORECASE)


class Answer(NamedTuple):
    """The parts of a response that tests use, under the names that `requests.Response` has."""

    status_code: int
    headers: Any
    text: str


def send_raw(base_url: str, request: bytes) -> Answer:
    """Send bytes that no HTTP library would send."""
    url = urlsplit(base_url)
    port = url.port or (443 if url.scheme == "https" else 80)
    with socket.create_connection((url.hostname, port), timeout=10) as plain:
        connection = plain
        if url.scheme == "https":
            connection = ssl.create_default_context().wrap_socket(plain, server_hostname=url.hostname)
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return Answer(response.status, response.headers, response.read().decode())


def check_every_answer(answer: Any) -> None:
    """Check what must hold for every answer."""
    assert REQUEST_ID.fullmatch(answer.headers["X-Request-Id"])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    # There is one policy, and it refuses what it does not name.
    assert answer.headers["Content-Security-Policy"].count("default-src 'none'") == 1
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    assert not LEAK.search(head), head
    if answer.status_code >= 400:
        assert not LEAK.search(answer.text), answer.text


def check_problem(answer: Any, document: dict[str, Any], status: int) -> None:
    """Check for a problem document of RFC 9457 with the members that the API promises."""
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"type", "title", "status", "detail", "request_id"} <= set(document)
    assert document["status"] == status
    assert all(isinstance(document[name], str) and document[name] for name in ("type", "title", "detail"))
    assert REQUEST_ID.fullmatch(document["request_id"])
