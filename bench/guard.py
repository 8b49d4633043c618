"""A quick look at whether the hot paths are as fast as they were: prints how often each takes what its reference takes.

The references are fixed pieces of work of the same nature in the same process, so the machine and its noise fall
out: a Flask view that returns fixed bytes for the small calls, bytes from the kernel mapped by one
bytes.translate for the core. Runs are interleaved, and of each the fastest of many is taken: noise only ever adds.

    docker run ... flaskrandom-api python bench/guard.py            (the ratios as JSON)

tests/integration/test_speed.py compares them with bench/guard.json.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "services" / "api"))

from flask import Flask, Response

from flaskrandom import create_app
from flaskrandom.config import Config
from flaskrandom.core import Limits, StringSpec, plan
from flaskrandom.core.article import random_strings

ROUNDS = 40
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$"
ASKED = b'{"intlen":16,"intnum":1,"withnum":true,"withlow":true,"withup":true,"withspecial":true}'


def bare_flask() -> Flask:
    app = Flask("reference", static_folder=None)
    app.add_url_rule("/", view_func=lambda: Response(b"x" * 64, content_type="application/json"))
    return app


def call(app: Any, method: str, path: str, query: str = "", body: bytes = b"") -> Callable[[], None]:
    """A request as Gunicorn hands it over."""

    def request() -> None:
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": "",
            "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost",
            "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body),
            "wsgi.input_terminated": True, "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr,
        }  # fmt: skip
        for _ in app(environ, lambda status, headers, error=None: None):
            pass

    return request


def fastest(work: Callable[[], Any], runs: int) -> float:
    start = time.process_time_ns()
    for _ in range(runs):
        work()
    return (time.process_time_ns() - start) / runs


def ratios() -> dict[str, float]:
    """Each hot path's time over its reference's."""
    app = create_app(Config())
    flask = call(bare_flask(), "GET", "/")
    table, rejected = (ALPHABET.encode() * 3).ljust(256, b"\0"), bytes(range(198, 256))
    stream = plan(StringSpec(length=16, count=20_000), Limits(max_count=20_000))
    article = ("POST", "/getrandomstr", "", ASKED)
    v1 = ("GET", "/api/v1/strings", "length=16&count=1")

    def kernel() -> bytes:
        return os.urandom(40_000).translate(table, rejected)

    paths: dict[str, tuple[Callable[[], Any], Callable[[], Any], int]] = {
        "article's small call": (call(app, *article), flask, 100),
        "v1 small call": (call(app, *v1), flask, 100),
        "1000 x 30 drawn": (lambda: random_strings(ALPHABET, 30, 1000), kernel, 10),
        "20,000 x 16 streamed": (lambda: sum(map(len, stream.chunks())), kernel, 4),
    }
    best: dict[str, tuple[float, float]] = {}
    for _ in range(ROUNDS):
        for name, (path, reference, runs) in paths.items():
            seen = fastest(path, runs), fastest(reference, runs)
            before = best.get(name, seen)
            best[name] = min(seen[0], before[0]), min(seen[1], before[1])
    return {name: round(path / reference, 3) for name, (path, reference) in best.items()}


if __name__ == "__main__":
    print(json.dumps(ratios(), indent=2))
