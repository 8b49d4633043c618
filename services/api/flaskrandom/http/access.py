"""API keys at the door: with API_KEYS_FILE every route wants one, but for those in OPEN."""

from __future__ import annotations

from flask import Flask, Response, request

from ..config import Config
from ..keys import KeyRing
from .problems import problem

#: Routes that need no key: they draw nothing. A new one needs a key until it is listed here.
OPEN = frozenset({"/", "/healthz", "/readyz", "/openapi.json"})

#: Tells nginx, for its log, whose key it was. It goes no further.
KEY_NAME = "X-Key-Name"

CHALLENGE = 'Bearer realm="flaskrandom"'


def register(app: Flask, config: Config) -> None:
    """Ask for a key, if the settings name a file of them; without one nothing is added to any request."""
    if config.api_keys_file is None:
        return
    ring = KeyRing(config.api_keys_file)

    @app.before_request
    def ask() -> Response | None:
        # No rule: it will be 404 or 405. OPTIONS only says which methods there are.
        if request.url_rule is None or request.url_rule.rule in OPEN or request.method == "OPTIONS":
            return None
        key = presented()
        if key is None:
            return refusal("This address needs an API key, sent as `Authorization: Bearer …` or `X-API-Key: …`.")
        name = ring.name_of(key)
        if name is None:
            return refusal("This API key is not valid, or not any more.", ', error="invalid_token"')
        request.environ[KEY_NAME] = name
        return None

    @app.after_request
    def tell_nginx(answer: Response) -> Response:
        name = request.environ.get(KEY_NAME)
        if name is not None:
            answer.headers[KEY_NAME] = name
        return answer


def presented() -> str | None:
    """The key that came with this request (RFC 6750, section 2.1; or a header of its own), None without one."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return key.strip()
    return request.headers.get("X-API-Key")


def refusal(detail: str, error: str = "") -> Response:
    """401, with the challenge of RFC 6750, section 3: `error` is empty where no key was sent."""
    answer = problem(401, "Unauthorized", detail)
    answer.headers["WWW-Authenticate"] = CHALLENGE + error
    return answer
