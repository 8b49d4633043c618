"""A request that was understood before is not taken apart again.

Clients mostly ask for the same thing over and over. What such a request amounts to (a plan, the class of its answer)
is found out once, by Flask and the views; after that each repetition draws anew and answers, at a third of the cost.
Nothing random is kept. Figures: docs/performance.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from . import metrics
from .answers import JSON, NO_STORE, whole

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Requests that are remembered. The dearest plan of so short a request takes a quarter of a megabyte.
REMEMBERED = 64
LONGEST = 256  # bytes of body or query

_DRAW = "flaskrandom.draw"

Draw = Callable[[], bytes]


def register(app: Flask) -> None:
    """Put it in front of `app`."""
    app.extensions["repeats"] = Repeats(app.wsgi_app)
    app.wsgi_app = app.extensions["repeats"]  # type: ignore[method-assign]


def repeatable(kind: str, count: int, draw: Draw) -> Response:
    """The answer that `draw` gives, of `count` values of `kind`. It may be called again, for fresh ones each time."""

    def counted() -> bytes:
        body = draw()
        metrics.drawn(kind, count, len(body))
        return body

    request.environ[_DRAW] = counted
    return whole(counted())


class Repeats:
    """WSGI middleware (PEP 3333): answers what was marked as repeatable before, and hands on all else."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._draws: dict[tuple[str | bytes, ...], Draw] = {}

    def forget(self) -> None:
        """Take each request for one that was never seen."""
        self._draws.clear()

    def __len__(self) -> int:
        return len(self._draws)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = _asked(environ)
        if asked is None:
            return self._app(environ, start_response)
        draw = self._draws.get(asked)
        if draw:
            body = draw()
            start_response("200 OK", [*NO_STORE.items(), ("Content-Type", JSON), ("Content-Length", str(len(body)))])
            return [body]
        answer = self._app(environ, start_response)
        draw = environ.get(_DRAW)
        if draw:
            if len(self._draws) >= REMEMBERED:
                self._draws.pop(next(iter(self._draws)), None)  # the oldest
            self._draws[asked] = draw
        return answer


def _asked(environ: WSGIEnvironment) -> tuple[str | bytes, ...] | None:
    """All of a request that decides its answer; None when it is not worth remembering."""
    method = environ["REQUEST_METHOD"]
    query = environ["QUERY_STRING"]
    if method == "GET":
        return (method, environ["PATH_INFO"], query) if len(query) <= LONGEST else None
    length = environ.get("CONTENT_LENGTH", "")
    if method != "POST" or not length.isdigit() or int(length) > LONGEST:
        return None
    body = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = BytesIO(body)
    return method, environ["PATH_INFO"], query, environ.get("CONTENT_TYPE", ""), body
