"""The cost of decoding, checking and encoding: one route, written four ways, in one process.

    make bench ONLY=decoding

Each contender answers `POST /strings {"length": …, "count": …}` with the same core behind it and the same answer; only
the HTTP layer differs. No two requests in a row are alike. Rounds are interleaved and their order rotates; the figures
are medians, in microseconds per request. "Flask with fixed bytes" decodes, checks and draws nothing.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

from apiflask import APIFlask, Schema
from apiflask.fields import Boolean, Float, Integer, List, String
from apiflask.validators import Range
from flask import Flask, Response
from flask_openapi3 import OpenAPI
from pydantic import BaseModel, ConfigDict, Field

from flaskrandom import create_app
from flaskrandom.config import Config
from flaskrandom.core import StringSpec, plan

ROUNDS, CALLS = 15, 285
ASKED = [{"length": length, "count": count} for count in range(1, 6) for length in range(8, 65)]
BODIES = [json.dumps(asked).encode() for asked in ASKED]

# The same route, written in each framework's usual way. Eight fields are enough: more would only add to their cost.
FIELDS = ("length", "count", "digits", "lower", "upper", "special", "min_digits", "unique")


def figures(fields: dict[str, Any]) -> dict[str, Any]:
    spec = StringSpec(**fields)
    drawn = plan(spec)
    return {
        "data": drawn.draw(),
        "count": spec.count,
        "entropy_bits": drawn.entropy_bits,
        "collision_probability": drawn.collision_probability(),
    }


def floor() -> tuple[Flask, str]:
    app = Flask("floor")

    @app.post("/strings")
    def strings() -> Response:
        return Response(b'{"data":["x"],"count":1}', content_type="application/json")

    return app, "/strings"


def ours() -> tuple[Flask, str]:
    return create_app(Config()), "/api/v1/strings"


def apiflask_marshmallow() -> tuple[Flask, str]:
    class Asked(Schema):
        length = Integer(strict=True, load_default=16, validate=Range(1, 4096))
        count = Integer(strict=True, load_default=1, validate=Range(1, 1000))
        digits = Boolean(load_default=True)
        lower = Boolean(load_default=True)
        upper = Boolean(load_default=True)
        special = Boolean(load_default=False)
        min_digits = Integer(strict=True, load_default=0)
        unique = Boolean(load_default=False)

    class Answer(Schema):
        data = List(String())
        count = Integer()
        entropy_bits = Float()
        collision_probability = Float()

    app = APIFlask("apiflask")

    @app.post("/strings")
    @app.input(Asked, location="json")
    @app.output(Answer)
    def strings(json_data: dict[str, Any]) -> dict[str, Any]:
        return figures(json_data)

    return app, "/strings"


def openapi3_pydantic() -> tuple[Flask, str]:
    class Asked(BaseModel):
        model_config = ConfigDict(strict=True, extra="forbid")
        length: int = Field(16, ge=1, le=4096)
        count: int = Field(1, ge=1, le=1000)
        digits: bool = True
        lower: bool = True
        upper: bool = True
        special: bool = False
        min_digits: int = 0
        unique: bool = False

    class Answer(BaseModel):
        data: list[str]
        count: int
        entropy_bits: float
        collision_probability: float

    app = OpenAPI("openapi3")

    # The framework reads the annotation at run time, so it must be the class and not its name.
    def strings(body: Any) -> Response:
        answer = Answer(**figures(body.model_dump()))
        return Response(answer.model_dump_json(), content_type="application/json")

    strings.__annotations__ = {"body": Asked}
    app.post("/strings")(strings)
    return app, "/strings"


FLOOR, CORE = "Flask with fixed bytes", "the core alone, no HTTP"
CONTENDERS: dict[str, Callable[[], tuple[Flask, str]]] = {
    FLOOR: floor,
    "ours": ours,
    "flask-openapi3 (pydantic)": openapi3_pydantic,
    "apiflask (marshmallow)": apiflask_marshmallow,
}


def caller(app: Flask, path: str) -> Callable[[], None]:
    """One request through the WSGI interface alone, so that no test client is measured."""
    base = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    status: list[str] = []
    bodies = itertools.cycle(BODIES)

    def start_response(line: str, _headers: Any, _error: Any = None) -> None:
        status.append(line)

    def call() -> None:
        status.clear()
        body = next(bodies)
        b"".join(app(base | {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}, start_response))
        if not status[0].startswith("200"):
            raise RuntimeError(f"{app.name} answered {status[0]}")

    return call


def main() -> None:
    calls = {name: caller(*make()) for name, make in CONTENDERS.items()}
    asked = itertools.cycle(ASKED)
    calls[CORE] = lambda: figures(next(asked))
    seen: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    for round_ in range(ROUNDS):
        turn = round_ % len(names)
        for name in names[turn:] + names[:turn]:
            call = calls[name]
            call()
            start = time.perf_counter()
            for _ in range(CALLS):
                call()
            seen[name].append((time.perf_counter() - start) / CALLS * 1e6)
    middle = {name: statistics.median(times) for name, times in seen.items()}
    print("| HTTP layer | µs a request |\n|---|--:|")
    for name, median in middle.items():
        print(f"| {name} | {median:.0f} |")


if __name__ == "__main__":
    main()
