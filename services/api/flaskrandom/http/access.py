"""API-key authentication: with API_KEYS_FILE every route but those in OPEN needs a key."""

from __future__ import annotations  # else each request would evaluate the annotations of the functions in __call__

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, request

from ..keys import KeyRing
from .responses import problem

#: Routes that need no key: they draw nothing. A new route needs a key until it is listed here.
#: /metrics is served on the internal address only, and Prometheus has no key.
OPEN = frozenset({"/", "/healthz", "/metrics", "/readyz", "/openapi.json"})


class KeyCheck:
    """WSGI middleware (PEP 3333) that answers 401 to requests without a valid key."""

    def __init__(self, flask: Flask, ring: KeyRing, app: WSGIApplication) -> None:
        self._flask = flask
        self._ring = ring
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        key = presented(environ)
        name = None if key is None else self._ring.name_of(key)
        if name is None:
            refused = self._refusal(environ, key)
            return refused(environ, start_response) if refused else self._app(environ, start_response)

        def tell_nginx(status: str, headers: list[tuple[str, str]], *rest: Any) -> Callable[[bytes], object]:
            # For nginx's log; nginx removes it.
            return start_response(status, [*headers, ("X-Key-Name", name)], *rest)

        return self._app(environ, tell_nginx)

    def _refusal(self, environ: WSGIEnvironment, key: str | None) -> Response | None:
        """Return 401 if the request needs a key and has no valid one, else None."""
        with self._flask.request_context(environ):
            # Without a rule the response is 404 or 405. OPTIONS only lists methods.
            if request.url_rule is None or request.url_rule.rule in OPEN or request.method == "OPTIONS":
                return None
            challenge = 'Bearer realm="flaskrandom"'  # RFC 6750, section 3
            if key is None:
                detail = "This address needs an API key, sent as `Authorization: Bearer …` or `X-API-Key: …`."
            else:
                detail = "This API key is not valid or has been revoked; send it whole, or ask the operator for one."
                challenge += ', error="invalid_token"'
            answer = problem(401, detail)
            answer.headers["WWW-Authenticate"] = challenge
            return answer


def guarded(flask: Flask, file: Path | None, app: WSGIApplication) -> WSGIApplication:
    """`app` behind a check of the keys in `file`; `app` itself if there is no file."""
    return KeyCheck(flask, KeyRing(file), app) if file else app


def presented(environ: WSGIEnvironment) -> str | None:
    """The key in a request (RFC 6750, section 2.1, or X-API-Key), or None."""
    scheme, _, key = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer":
        return str(key.strip())
    return environ.get("HTTP_X_API_KEY")
