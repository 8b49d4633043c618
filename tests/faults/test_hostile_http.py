"""Gunicorn's own corpus of raw requests, valid and invalid, sent through nginx and straight to Gunicorn.

The corpus is part of Gunicorn's source package, which is fetched from the package index and checked against a fixed
hash. The tests look at what the app received, rather than infer it from a status.
"""

from __future__ import annotations

import hashlib
import re
import socket
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from support.stack import must

from .recorder import Recorder, recorded

pytestmark = pytest.mark.local

VERSION = "27.0.1"
SHA256 = "b1514965361c8b7e8107a80aa2a92636878df1ccfac6dd204a676426e04d9e3e"

#: Invalid only with a limit or a setting that Gunicorn's own tests use. With this stack's settings they are valid.
OTHER_SETTINGS = {"006", "010", "011", "012"}
#: Bytes that two careless servers would split into requests differently. All end in a request for /smuggled.
INNER = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = b"POST /getrandomstr HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
PAIRS = {
    "length and chunks": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "chunks and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + INNER,
    "two lengths": HEAD + b"Content-Length: 0\r\nContent-Length: 35\r\n\r\n" + INNER,
    "a list of lengths": HEAD + b"Content-Length: 0, 35\r\n\r\n" + INNER,
    "chunked, misspelt": HEAD + b"Content-Length: 35\r\nTransfer-Encoding: xchunked\r\n\r\n" + INNER,
    "chunked, with a tab": HEAD + b"Content-Length: 35\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n" + INNER,
    "chunked, with a vertical tab": HEAD + b"Content-Length: 35\r\nTransfer-Encoding: \x0bchunked\r\n\r\n" + INNER,
    "chunked, after a blank": HEAD + b"Content-Length: 35\r\nTransfer-Encoding : chunked\r\n\r\n" + INNER,
    "chunked, with an underscore": HEAD + b"Content-Length: 35\r\nTransfer_Encoding: chunked\r\n\r\n" + INNER,
    "chunked, folded": HEAD + b"Content-Length: 35\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" + INNER,
    "chunked twice": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + INNER,
    "identity": HEAD + b"Content-Length: 35\r\nTransfer-Encoding: identity\r\n\r\n" + INNER,
    "HTTP/1.0 and chunked": HEAD.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "a length with a sign": HEAD + b"Content-Length: +0\r\n\r\n" + INNER,
    "a length in hexadecimal": HEAD + b"Content-Length: 0x0\r\n\r\n" + INNER,
    "a length with a line feed": HEAD + b"Content-Length: 0\nX: 1\r\n\r\n" + INNER,
    "a chunk size with a sign": HEAD + b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n" + INNER,
    "a chunk size that overflows": HEAD + b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n" + INNER,
    "a chunk ended by a line feed": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\nX0\r\n\r\n" + INNER,
    "an extension with a carriage return": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0;a\rb\r\n\r\n" + INNER,
    "a bare carriage return": HEAD + b"X: a\rContent-Length: 35\r\n\r\n" + INNER,
    "a zero byte in a name": HEAD + b"Content-Length\0: 36\r\n\r\n" + INNER,
    "a body with GET": HEAD.replace(b"POST /getrandomstr", b"GET /") + b"Content-Length: 35\r\n\r\n" + INNER,
    "an upgrade": HEAD + b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n" + INNER,
    "expecting 100": HEAD + b"Expect: 100-continue\r\nContent-Length: 35\r\n\r\n" + INNER,
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> dict[str, dict[str, bytes]]:
    """The raw requests by kind and name."""
    folder = tmp_path_factory.mktemp("gunicorn")
    must(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--no-binary", ":all:", "--dest", str(folder), f"gunicorn=={VERSION}"),
    )
    (package,) = folder.glob("*.tar.gz")
    assert hashlib.sha256(package.read_bytes()).hexdigest() == SHA256
    with tarfile.open(package) as archive:
        archive.extractall(folder, filter="data")
    requests = folder / f"gunicorn-{VERSION}" / "tests" / "requests"
    return {
        kind: {file.stem: decoded(file) for file in sorted((requests / kind).glob("*.http"))}
        for kind in ("valid", "invalid")
    }


def decoded(file: Path) -> bytes:
    """The corpus writes line ends and unusual bytes as escapes. Its actual line breaks mean nothing."""
    data = file.read_bytes().replace(b"\n", b"")
    for escape, byte in ((b"\\r\\n", b"\r\n"), (b"\\0", b"\0"), (b"\\n", b"\n"), (b"\\t", b"\t")):
        data = data.replace(escape, byte)
    return re.sub(rb"\\x([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), data)


@pytest.fixture(scope="module")
def recorder(images):
    with recorded() as made:
        yield made


def exchange(address: Any, request: bytes, half_close: bool) -> list[str]:
    """Send raw bytes, and return the status of each answer that comes until the server hangs up or falls silent."""
    connection = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    received = b""
    with connection:
        connection.settimeout(10)
        connection.connect(address)
        try:
            connection.sendall(request)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                received += part
                connection.settimeout(0.5)
        except OSError:
            pass
    return re.findall(r"HTTP/1\.[01] (\d{3}) ", received.decode("latin-1"))


def at_gunicorn(recorder: Recorder, request: bytes) -> tuple[list[str], list[dict[str, Any]]]:
    """The statuses that Gunicorn answers with, and what the app saw."""
    before = recorder.seen()
    return exchange(recorder.socket, request, half_close=True), recorder.requests()[before:]


def through_nginx(recorder: Recorder, request: bytes) -> tuple[list[str], list[dict[str, Any]]]:
    """The same through nginx. Not half-closed, because nginx takes that for a client that has gone."""
    before = recorder.seen()
    statuses = exchange(("127.0.0.1", recorder.stack.port), request, half_close=False)
    return statuses, recorder.requests()[before:]


#: Invalid requests that reach the app as valid ones: nginx writes each request anew, and leaves out what made it
#: invalid. nginx refuses every other invalid request.
MENDED = {
    "006": "a request line of 4,117 bytes, which our settings allow",
    "008": "a header of 8,190 bytes, which fits nginx's buffer and is not passed on",
    "009": "more than a hundred headers, of which nginx passes on only Content-Type",
    "011": "more than two headers, which our settings allow",
    "012": "a header longer than 98 bytes, which our settings allow",
    "040": "a header with an underscore, dropped",
    "041": "a header that is not passed on",
    "limit_header_default_01": "a header of 8,190 bytes that is not passed on",
    "rfc9110_field_value_ctl_bel_01": "a control character in a header that is not passed on",
    "rfc9110_field_value_ctl_del_01": "a control character in a header that is not passed on",
    "rfc9110_trailer_forbidden_cl_01": "a trailer, which nginx reads and does not pass on",
    "rfc9110_trailer_forbidden_host_01": "a trailer",
    "rfc9110_trailer_forbidden_te_01": "a trailer",
    "rfc9112_bare_lf_01": "a header ended by a line feed alone, which RFC 9112 (2.2) lets a server take",
    "rfc9112_leading_crlf_02": "empty lines before the request, which RFC 9112 (2.2) lets a server take",
}
#: Valid requests that need a setting which this stack does not use. Gunicorn refuses these, and no others.
NEED_OTHER_SETTINGS = {"024", "026", "028", "031compat", "031compat2", "040", "040_compat", "compat_obs_fold",
                       "compat_obs_fold_huge", "pp_01", "pp_02", "pp_04", "pp_05"}  # fmt: skip
#: The headers that nginx passes on to the app. WSGI does not list Content-Type and Content-Length as headers.
PASSED_ON = {
    f"HTTP_{name}" for name in ("HOST", "X_FORWARDED_FOR", "X_FORWARDED_PROTO", "X_REQUEST_ID", "X_REQUEST_START")
}


def whole(seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Requests whose complete body reached the app. Gunicorn reports a bad chunk only when the body is read."""
    return [request for request in seen if "error" not in request]


def test_gunicorn_refuses_invalid_requests(recorder, corpus):
    """Without nginx in front, as on port 5000."""
    taken = {name for name, request in corpus["invalid"].items() if whole(at_gunicorn(recorder, request)[1])}
    assert taken == OTHER_SETTINGS


def test_gunicorn_accepts_valid_requests(recorder, corpus):
    refused = {name for name, request in corpus["valid"].items() if not at_gunicorn(recorder, request)[1]}
    assert refused == NEED_OTHER_SETTINGS


def test_no_invalid_request_gets_through_nginx(recorder, corpus, figures):
    reached = {}
    for name, request in corpus["invalid"].items():
        statuses, seen = through_nginx(recorder, request)
        assert "500" not in statuses, name
        if seen:
            reached[name] = seen
    assert set(reached) == set(MENDED)
    for name, seen in reached.items():
        (request,) = seen
        assert [header for header in request["headers"] if header not in PASSED_ON] == [], name
    figures.add(
        "Gunicorn's invalid requests, through nginx", "none reaches the app unchanged",
        f"{len(corpus['invalid']) - len(reached)} refused, {len(reached)} made valid by nginx",
    )  # fmt: skip


def test_nginx_passes_valid_requests_unchanged_or_refuses_them(recorder, corpus, figures):
    """nginx is stricter than Gunicorn (HTTP/1.1 needs a Host, no unusual methods), and never wrong about the body."""
    passed = 0
    for name, request in corpus["valid"].items():
        statuses, seen = through_nginx(recorder, request)
        direct = at_gunicorn(recorder, request)[1]
        if not seen:
            assert not statuses or statuses[0] in {"400", "405", "414", "431", "501"}, (name, statuses)
            continue
        passed += 1
        if direct:
            assert [(one["method"], one["body"]) for one in seen] == [(one["method"], one["body"]) for one in direct][
                : len(seen)
            ], name
    figures.add(
        "Gunicorn's valid requests, through nginx", "unchanged or refused",
        f"{passed} of {len(corpus['valid'])} unchanged, the others refused",
    )  # fmt: skip
    assert passed > 10


@pytest.mark.parametrize("pair", PAIRS)
def test_nginx_and_gunicorn_agree_where_a_request_ends(recorder, pair):
    """The app receives only requests that nginx also recognized, and answered one by one."""
    statuses, seen = through_nginx(recorder, PAIRS[pair])
    final = [status for status in statuses if not status.startswith("1")]
    # Each request at the app was also a request to nginx, and was answered.
    assert len(seen) <= len(final), (statuses, seen)
    smuggled = [request for request in seen if request["target"] == "/smuggled"]
    # It is a separate request only if nginx considered the first one complete and answered both.
    assert not smuggled or len(final) == 2, (statuses, seen)
    inside = [request for request in seen if "/smuggled" in request.get("body", "")]
    assert not (smuggled and inside)


def test_the_corpus_is_complete(corpus):
    assert {kind: len(requests) for kind, requests in corpus.items()} == {"valid": 62, "invalid": 81}
