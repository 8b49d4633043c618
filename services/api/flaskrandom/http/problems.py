"""Every error as RFC 9457 `application/problem+json`, with the id under which nginx logged the request."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from .. import core
from . import metrics
from .bodies import Problem, field_errors
from .decode import Unreadable
from .responses import PROBLEM, json_answer

log = logging.getLogger("flaskrandom")

FIELDS_WRONG = "Fields Not Valid"


def request_id() -> str:
    """The id that nginx gave this request; a new one for a caller that reached the app without nginx."""
    return request.headers.get("X-Request-Id") or secrets.token_hex(16)


def problem(status: int, title: str, detail: str, errors: list[tuple[str, str]] | None = None) -> Response:
    """A problem document (RFC 9457, section 3.1).

    Args:
        status: the HTTP status code.
        title: the kind of problem, the same each time it occurs.
        detail: what is wrong this time and how to mend it.
        errors: wrong fields, each with what is wrong with it.
    """
    if status != 500:
        metrics.rejected(title)
    document = Problem("about:blank", title, status, detail, request_id())
    if errors:
        document.errors = field_errors(errors)
    return json_answer(document, status, PROBLEM)


def register(app: Flask) -> None:
    """Answer every error of `app` with a problem document."""

    @app.errorhandler(core.Invalid)
    def invalid(error: core.Invalid) -> Response:
        return problem(400, FIELDS_WRONG, str(error), error.errors)

    @app.errorhandler(core.Impossible)
    def impossible(error: core.Impossible) -> Response:
        return problem(422, "Impossible", str(error), error.errors)

    @app.errorhandler(core.TooComplex)
    def too_complex(error: core.TooComplex) -> Response:
        return problem(422, "Too Complex", str(error), error.errors)

    @app.errorhandler(Unreadable)
    def unreadable(error: Unreadable) -> Response:
        return problem(400, "Bad Request", str(error))

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        answer = problem(error.code or 500, error.name, error.description or error.name)
        # Keeps what the exception has to say in headers: Allow with 405, for one.
        for name, value in error.get_headers():
            if name.lower() not in {"content-type", "content-length"}:
                answer.headers[name] = value
        return answer

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        if app.debug:
            raise error  # to the debugger of `make dev`
        log.exception("unexpected error, request_id=%s", request_id(), exc_info=error)
        return problem(500, "Internal Server Error", "The server failed on this request; the log has the reason.")
