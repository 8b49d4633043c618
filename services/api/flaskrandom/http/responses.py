"""How every answer in JSON leaves: encoded from its type, ended by a newline, kept by nobody."""

from __future__ import annotations

import msgspec
from flask import Response

JSON = "application/json"
PROBLEM = "application/problem+json"

#: On everything that is drawn, and on every error.
NO_STORE = {"Cache-Control": "no-store"}


def encode(body: msgspec.Struct) -> bytes:
    """`body` as JSON. The newline is what jsonify ends its answers with, and what a terminal wants."""
    return msgspec.json.encode(body) + b"\n"


def whole(body: bytes, status: int = 200, media_type: str = JSON) -> Response:
    """An answer that is encoded already."""
    return Response(body, status, NO_STORE, content_type=media_type)


def json_answer(body: msgspec.Struct, status: int = 200, media_type: str = JSON) -> Response:
    """An answer from its type."""
    return whole(encode(body), status, media_type)
