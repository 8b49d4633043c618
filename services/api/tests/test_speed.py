"""The hot paths, each compared with simple reference code of the same kind, measured at the same time.

Path and reference spend their time in the same primitives, so their ratio depends little on the processor. The rounds
are interleaved, and the test takes the least CPU time of each, because noise only adds. The bounds leave room above
the measured ratios; they are not the records of one machine.
"""

from __future__ import annotations

import itertools
import ssl
import sys
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask, Response

from flaskrandom import create_app
from flaskrandom.config import Config
from flaskrandom.core import Limits, StringSpec, plan
from flaskrandom.core.samplers import free_strings

ROUNDS = 30
SYMBOLS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$"
TABLE, REJECTED = (SYMBOLS.encode() * 3).ljust(256, b"\0"), bytes(range(198, 256))
SMALL = b'{"intlen":16,"intnum":1,"withnum":true,"withlow":true,"withup":true,"withspecial":true}'
PAIRS = itertools.cycle(itertools.product(range(8, 65), range(1, 6)))
SERIAL = itertools.count(10**11)


def call(app: Any, method: str, path: str, query: str = "", body: bytes = b"") -> None:
    """Make a request as Gunicorn would."""
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost",
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True, "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr,
    }  # fmt: skip
    statuses = []
    b"".join(app(environ, lambda status, headers, error=None: statuses.append(status)))
    assert statuses == ["200 OK"]


def new_request(app: Any) -> None:
    length, count = next(PAIRS)
    call(app, "GET", "/api/v1/strings", f"length={length}&count={count}&prefix={next(SERIAL)}")


def strings_by_hand() -> list[str]:
    text = ssl.RAND_bytes(40_000).translate(TABLE, REJECTED)[:30_000].decode()
    return [text[start : start + 30] for start in range(0, 30_000, 30)]


def stream_by_hand() -> int:
    """20,000 lines of 16 characters in three blocks; each draws one string and fills its lines column by column."""
    size = 0
    for count in (7000, 7000, 6000):
        drawn = ssl.RAND_bytes(count * 16 * 4 // 3).translate(TABLE, REJECTED)
        lines = bytearray(b"\n" * (count * 17))
        for column in range(16):
            lines[column::17] = drawn[column * count : (column + 1) * count].ljust(count)
        size += len(lines)
    return size


def flask_view() -> Flask:
    app = Flask("reference", static_folder=None)
    app.add_url_rule("/", view_func=lambda: Response(b"x" * 64, content_type="application/json"))
    return app


APP, FLASK = create_app(Config()), flask_view()
STREAM = plan(StringSpec(length=16, count=20_000), Limits(max_count=20_000))


def least(work: Callable[[], Any], runs: int) -> float:
    start = time.process_time_ns()
    for _ in range(runs):
        work()
    return (time.process_time_ns() - start) / runs


@pytest.mark.parametrize(
    ("path", "reference", "most", "runs"),
    [
        pytest.param(lambda: new_request(APP), lambda: call(FLASK, "GET", "/"), 0.7, 60, id="new request"),
        pytest.param(
            lambda: call(APP, "POST", "/getrandomstr", body=SMALL), lambda: call(FLASK, "GET", "/"), 0.4, 60,
            id="article's small call",
        ),
        pytest.param(lambda: free_strings(SYMBOLS, 30).rows(1000), strings_by_hand, 1.2, 8, id="1000 x 30"),
        pytest.param(lambda: sum(map(len, STREAM.chunks())), stream_by_hand, 0.75, 3, id="stream of 20,000 x 16"),
    ],
)  # fmt: skip
def test_a_hot_path_is_fast_compared_with_its_reference(
    path: Callable[[], Any], reference: Callable[[], Any], most: float, runs: int
) -> None:
    taken = [(least(path, runs), least(reference, runs)) for _ in range(ROUNDS)]
    ratio = min(times[0] for times in taken) / min(times[1] for times in taken)
    print(f"{ratio:.2f} times the reference; allowed are {most}")
    assert ratio <= most
