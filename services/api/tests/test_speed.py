"""The hot paths, each compared with simple reference code of the same kind, measured at the same time.

Path and reference spend their time in the same primitives, so their ratio depends little on the processor. They also
let `translate` delete equal shares: a core whose speed changes, as others use it, changes code with many mispredicted
branches less than other code. Each round measures both within some milliseconds, and the test takes the median of the
rounds' ratios. A bound leaves room above the measured ratios, on Python 3.11 and 3.13, but a path that takes 1.3 times
as long exceeds it.
"""

from __future__ import annotations

import itertools
import ssl
import sys
from collections.abc import Callable
from io import BytesIO
from statistics import median
from time import process_time
from timeit import timeit
from typing import Any

import pytest
from flask import Flask, Response

from flaskrandom import create_app
from flaskrandom.config import Config
from flaskrandom.core import Limits, StringSpec, plan
from flaskrandom.core.samplers import free_strings

ROUNDS = 200
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
SYMBOLS = LETTERS + "!@#$"
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


def symbols(alphabet: str, count: int) -> bytes:
    """Draw characters; 1,000 bytes more than are likely to be needed are always enough."""
    codes = alphabet.encode() * (256 // len(alphabet))
    drawn = ssl.RAND_bytes(count * 256 // len(codes) + 1000)
    return drawn.translate(codes.ljust(256, b"\0"), bytes(range(len(codes), 256)))[:count]


def lines(drawn: bytes, count: int, length: int) -> bytes:
    """Fill lines column by column."""
    buffer = bytearray(b"\n" * (count * (length + 1)))
    for column in range(length):
        buffer[column :: length + 1] = drawn[column * count : (column + 1) * count]
    return bytes(buffer)


def strings_by_hand() -> list[str]:
    return lines(symbols(SYMBOLS, 30_000), 1000, 30).decode().split("\n")


def stream_by_hand() -> int:
    """20,000 lines of 16 characters in blocks; each draws its characters in four pieces."""
    return sum(
        len(lines(b"".join(symbols(LETTERS, count * 4) for _ in range(4)), count, 16)) for count in (7000, 7000, 6000)
    )


def flask_view() -> Flask:
    app = Flask("reference", static_folder=None)
    app.add_url_rule("/", view_func=lambda: Response(b"x" * 64, content_type="application/json"))
    return app


APP, FLASK = create_app(Config()), flask_view()
STREAM = plan(StringSpec(length=16, count=20_000), Limits(max_count=20_000))


@pytest.mark.parametrize(
    ("path", "reference", "most", "runs"),
    [
        pytest.param(lambda: new_request(APP), lambda: call(FLASK, "GET", "/"), 0.7, 10, id="new request"),
        pytest.param(
            lambda: call(APP, "POST", "/getrandomstr", body=SMALL), lambda: call(FLASK, "GET", "/"), 0.42, 10,
            id="article's small call",
        ),
        pytest.param(lambda: free_strings(SYMBOLS, 30).rows(1000), strings_by_hand, 1.28, 3, id="1000 x 30"),
        pytest.param(lambda: sum(map(len, STREAM.chunks())), stream_by_hand, 1.45, 1, id="stream of 20,000 x 16"),
    ],
)  # fmt: skip
def test_a_hot_path_is_fast_compared_with_its_reference(
    path: Callable[[], Any], reference: Callable[[], Any], most: float, runs: int
) -> None:
    ratio = median(
        timeit(path, timer=process_time, number=runs) / timeit(reference, timer=process_time, number=runs)
        for _ in range(ROUNDS)
    )
    print(f"{ratio:.2f} times the reference; allowed are {most}")
    assert ratio <= most
