"""JSON responses, and every error as RFC 9457 `application/problem+json` with the id under which nginx logged it."""

import logging
import secrets
from http import HTTPStatus
from typing import Annotated

import msgspec
from flask import Flask, Response, request
from msgspec import UNSET, Meta, Struct, UnsetType
from werkzeug.exceptions import HTTPException

from . import metrics

log = logging.getLogger("flaskrandom")

JSON = "application/json"

#: For random data and errors.
NO_STORE = {"Cache-Control": "no-store"}


class FieldError(Struct):
    """A wrong field and its error."""

    field: str
    message: str


class Problem(Struct, omit_defaults=True):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    request_id: Annotated[str, Meta(description="The id of this request in the log, also in X-Request-Id.")]
    errors: list[FieldError] | UnsetType = UNSET


def encode(body: Struct) -> bytes:
    """Encode `body` as JSON with a final newline, like Flask's jsonify."""
    return msgspec.json.encode(body) + b"\n"


def json_answer(body: Struct, status: int = 200, media_type: str = JSON) -> Response:
    return Response(encode(body), status, NO_STORE, content_type=media_type)


def request_id() -> str:
    """The request id from nginx; a new one without nginx."""
    return request.headers.get("X-Request-Id") or secrets.token_hex(16)


def problem(status: int, detail: str, name: str | None = None, errors: list[tuple[str, str]] | None = None) -> Response:
    """A problem document (RFC 9457, section 3.1).

    Args:
        status: the HTTP status.
        detail: what is wrong in this request, and how to fix it.
        name: the problem type, a page under /docs/problems/; without one, `about:blank` (section 4.2.1).
        errors: the wrong fields, each with a message.
    """
    title = name.replace("-", " ").title() if name else HTTPStatus(status).phrase
    if status != 500:
        metrics.rejected(title)
    document = Problem(f"/docs/problems/{name}" if name else "about:blank", title, status, detail, request_id())
    if errors:
        document.errors = [FieldError(*error) for error in errors]
    return json_answer(document, status, "application/problem+json")


def register(app: Flask) -> None:
    """Answer every error of `app` with a problem document."""

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        methods = sorted(getattr(error, "valid_methods", None) or ())
        detail = f"This address takes {', '.join(methods)} only." if methods else error.description or error.name
        answer = problem(error.code or 500, detail)
        for name, value in error.get_headers():  # Allow with 405, for example
            if name.lower() not in {"content-type", "content-length"}:
                answer.headers[name] = value
        return answer

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        if app.debug:
            raise error  # to the debugger of `make dev`
        log.exception("unexpected error, request_id=%s", request_id(), exc_info=error)
        return problem(500, "The server failed on this request; the log has the reason.")
