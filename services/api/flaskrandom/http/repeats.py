"""A request that was understood before is not taken apart again.

Clients mostly ask for the same thing over and over. What such a request amounts to (a plan, the class of its answer)
is found out once, by Flask and the views; after that each repetition draws anew and answers, at two fifths of the
app's CPU. Nothing random is kept. Figures: docs/performance.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from . import metrics
from .responses import JSON, NO_STORE, whole

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Requests that are remembered. The plan of so short a request may take half a megabyte.
REMEMBERED = 16
LONGEST = 256  # bytes of body or query

_DRAW = "flaskrandom.draw"

Draw = Callable[[], bytes]


def register(app: Flask) -> None:
    """Put it in front of `app`."""
    app.extensions["repeats"] = Repeats(app.wsgi_app)
    app.wsgi_app = app.extensions["repeats"]  # type: ignore[method-assign]


def drawn(kind: str, count: int, draw: Draw, repeatable: bool = True) -> Response:
    """The answer that `draw` gives, of `count` values of `kind`.

    Args:
        repeatable: `draw` may be called again, by any thread, for fresh values each time.
    """

    def counted() -> bytes:
        body = draw()
        metrics.drawn(kind, count, len(body))
        return body

    if repeatable:
        request.environ[_DRAW] = counted
    return whole(counted())


class Repeats:
    """WSGI middleware (PEP 3333): answers what was marked as repeatable before, and hands on all else."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._draws: dict[tuple[str | bytes, ...], Draw] = {}
        self._changing = Lock()

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
        body = _attempt(draw) if draw else None
        if body is not None:
            start_response("200 OK", [*NO_STORE.items(), ("Content-Type", JSON), ("Content-Length", str(len(body)))])
            return [body]
        answer = self._app(environ, start_response)
        draw = environ.get(_DRAW)
        if draw:
            with self._changing:
                while len(self._draws) >= REMEMBERED:
                    del self._draws[next(iter(self._draws))]  # the oldest
                self._draws[asked] = draw
        return answer


def _attempt(draw: Draw) -> bytes | None:
    """What `draw` gives; None when it fails, which Flask is to find out for itself, and to answer."""
    try:
        return draw()
    except Exception:
        return None


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
