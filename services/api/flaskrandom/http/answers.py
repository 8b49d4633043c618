"""How every answer in JSON leaves: encoded from its type, ended by a newline, kept by nobody."""

from __future__ import annotations

import msgspec
from flask import Response

JSON = "application/json"
PROBLEM = "application/problem+json"

#: On everything that is drawn, and on every error.
NO_STORE = {"Cache-Control": "no-store"}


def json_answer(body: msgspec.Struct, status: int = 200, media_type: str = JSON) -> Response:
    """`body` as JSON. The newline is what jsonify ends its answers with, and what a terminal wants."""
    return Response(msgspec.json.encode(body) + b"\n", status, NO_STORE, content_type=media_type)
