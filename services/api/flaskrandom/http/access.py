"""API keys at the door: with API_KEYS_FILE every route wants one, but for those in OPEN."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from ..config import Config
from ..keys import KeyRing
from .problems import problem

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Routes that need no key: they draw nothing. A new one needs a key until it is listed here.
OPEN = frozenset({"/", "/healthz", "/readyz", "/openapi.json"})

#: Tells nginx, for its log, whose key it was. It goes no further.
KEY_NAME = "X-Key-Name"

CHALLENGE = 'Bearer realm="flaskrandom"'

_OWNER = "flaskrandom.key_name"


def register(app: Flask, config: Config, strangers: WSGIApplication) -> None:
    """Ask for a key, if the settings name a file of them; without one nothing is added to any request.

    Args:
        strangers: what answers requests without a valid key; those with one go on to what `app` is by now.
    """
    if config.api_keys_file is None:
        return
    app.wsgi_app = Door(KeyRing(config.api_keys_file), app.wsgi_app, strangers)  # type: ignore[method-assign]

    @app.before_request
    def refuse() -> Response | None:
        if _OWNER in request.environ:
            return None
        # No rule: it will be 404 or 405. OPTIONS only says which methods there are.
        if request.url_rule is None or request.url_rule.rule in OPEN or request.method == "OPTIONS":
            return None
        if presented(request.environ) is None:
            return refusal("This address needs an API key, sent as `Authorization: Bearer …` or `X-API-Key: …`.")
        return refusal("This API key is not valid, or not any more.", ', error="invalid_token"')


class Door:
    """WSGI middleware (PEP 3333): finds out whose key came with a request, before anything is answered."""

    def __init__(self, ring: KeyRing, holders: WSGIApplication, strangers: WSGIApplication) -> None:
        self._ring = ring
        self._holders = holders
        self._strangers = strangers

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        key = presented(environ)
        name = None if key is None else self._ring.name_of(key)
        if name is None:
            return self._strangers(environ, start_response)
        environ[_OWNER] = name

        def tell_nginx(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, (KEY_NAME, name)], *rest)

        return self._holders(environ, tell_nginx)


def presented(environ: WSGIEnvironment) -> str | None:
    """The key that came with this request (RFC 6750, section 2.1; or a header of its own), None without one."""
    sent: dict[str, str | None] = environ
    scheme, _, key = (sent.get("HTTP_AUTHORIZATION") or "").partition(" ")
    if scheme.lower() == "bearer":
        return key.strip()
    return sent.get("HTTP_X_API_KEY")


def refusal(detail: str, error: str = "") -> Response:
    """401, with the challenge of RFC 6750, section 3: `error` is empty where no key was sent."""
    answer = problem(401, "Unauthorized", detail)
    answer.headers["WWW-Authenticate"] = CHALLENGE + error
    return answer
