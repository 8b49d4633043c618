"""Minutes of random input: raw bytes on the wire, and requests that /openapi.json allows or forbids.

No answer is a 5xx, no process ends, and no container restarts.
"""

from __future__ import annotations

import os
import random
import re
import socket
import time
from collections import Counter
from pathlib import Path

import pytest

from support import schemathesis
from support.stack import SERVICES, throwaway

pytestmark = pytest.mark.local

PATHS = [b"/", b"/getrandomstr", b"/api/v1/strings", b"/api/v1/strings/stream", b"/api/v1/verify", b"/readyz",
         b"/openapi.json", b"/docs/", b"/metrics", b"/..", b"//", b"/%00", b"/api/v1/%2e%2e/", b"*",
         b"http://a/"]  # fmt: skip
LINES = [b"Host: a", b"Host: a:99999", b"Content-Length: 2", b"Content-Length: -1", b"Transfer-Encoding: chunked",
         b"Content-Type: application/json", b"Content-Type: \xff", b"Expect: 100-continue", b"Connection: close",
         b"Connection: upgrade", b"Upgrade: h2c", b"X-Request-Id: aaaaaaaa", b"X-Forwarded-For: 1.2.3.4",
         b"Range: bytes=0-", b"Cookie: a=b", b"X_A: b", b": a", b"A" * 3000 + b": b"]  # fmt: skip
BODIES = [b"", b"{}", b'{"intlen":16,"intnum":3,"withnum":true}', b"2\r\n{}\r\n0\r\n\r\n", b"0\r\n\r\n",
          b"[" * 500, b"\0" * 99, b'{"pattern":"' + b"?a" * 300 + b'"}', b'{"length":1e999}', b"\xff\xfe"]  # fmt: skip
QUERIES = [b"", b"?", b"?count=2", b"?count=%", b"?length=9&alphabet=%F0%9F%98%80a", b"?count=1&count=2", b"?a[]=1",
           b"?\xff", b"?pattern=" + b"?d" * 99, b"?prefix=%0d%0aX:1"]  # fmt: skip
METHODS = [b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"TRACE", b"CONNECT", b"get", b"G\0T", b"PRI"]


def made_up(draw: random.Random) -> bytes:
    """A nearly valid request, with up to four mutations."""
    version = draw.choice([b"1.1", b"1.1", b"1.0", b"2.0"])
    lines = [b"%b %b%b HTTP/%b" % (draw.choice(METHODS), draw.choice(PATHS), draw.choice(QUERIES), version)]
    lines += draw.sample(LINES, draw.randrange(5))
    request = bytearray(b"\r\n".join(lines) + b"\r\n\r\n" + draw.choice(BODIES))
    for _ in range(draw.randrange(5)):
        at = draw.randrange(len(request))
        way = draw.random()
        if way < 0.4:
            request[at] = draw.randrange(256)
        elif way < 0.7:
            request[at:at] = draw.choice([b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"%", b"\xc3\x28"])
        else:
            del request[at : at + draw.randrange(1, 9)]
    return bytes(request)


def status_of(answer: bytes) -> str:
    if answer.startswith(b"HTTP/"):
        return answer[9:12].decode("latin-1")
    # A request line without a version is HTTP/0.9, whose answer is the body alone.
    said = re.search(rb'"status":(\d+)', answer)
    return said[1].decode() if said else "closed"


def processes(stack) -> tuple:
    return (
        tuple(stack.container(service).inspect()["RestartCount"] for service in SERVICES),
        stack.workers(),
        stack.nginx.children(1),
    )


def test_random_bytes_cause_no_5xx_and_end_no_process(stack, figures, pytestconfig):
    seconds = pytestconfig.getoption("--fuzz-minutes") * 30
    seed = int(os.environ.get("FUZZ_SEED", time.time_ns()))
    draw, before, answers = random.Random(seed), processes(stack), Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        request = made_up(draw)
        with socket.create_connection(("127.0.0.1", stack.port), timeout=10) as connection:
            try:
                connection.sendall(request)
                # Do not wait long: the server may be waiting for a body that was announced and not sent.
                connection.settimeout(0.3)
                status = status_of(connection.recv(65536))
            except (TimeoutError, ConnectionResetError, BrokenPipeError):
                status = "none"
        # 501 and 505 are about the request (a transfer coding, an HTTP version); the others mean a failure.
        assert status not in {"500", "502", "503", "504"}, (seed, request)
        answers[status] += 1
    figures.add(
        "random raw bytes", "no 5xx, no process ends",
        f"{answers.total():,} requests in {seconds:.0f} s",
    )  # fmt: skip
    assert answers["200"], "some requests are valid"
    assert answers["400"], "some requests are invalid"
    assert processes(stack) == before, seed
    assert "Traceback" not in stack.logs("api")


@pytest.mark.quick
def test_schemathesis_with_every_check(images, tmp_path: Path):
    with throwaway(**schemathesis.SHORT) as small:
        small.start()
        assert schemathesis.check(small.url, tmp_path) > 1000


def test_schemathesis(images, figures, pytestconfig, tmp_path: Path):
    """As many random cases as time allows."""
    minutes = pytestconfig.getoption("--fuzz-minutes") / 2
    with throwaway(**schemathesis.SHORT) as small:
        small.start()
        before = processes(small)
        settings = tmp_path / "schemathesis.toml"
        # The cases differ in each run; the seed that is printed reproduces a failure.
        settings.write_text(schemathesis.SETTINGS.read_text().replace("generation.deterministic = true\n", ""))
        # Among so many cases it takes some valid ones for invalid, such as those that omit an optional field.
        options = ("--exclude-checks", "negative_data_rejection")
        end, generated = time.monotonic() + minutes * 60, 0
        while time.monotonic() < end:
            generated += schemathesis.check(small.url, tmp_path, *options, settings=settings, seconds=600)
        assert processes(small) == before
        assert "Traceback" not in small.logs("api")
    figures.add(
        "schemathesis on all routes", "no 5xx, every check but negative_data_rejection passes",
        f"{generated:,} cases, 0 failed",
    )  # fmt: skip
