"""JSON responses with `Cache-Control: no-store`."""

from __future__ import annotations

import msgspec
from flask import Response

JSON = "application/json"
PROBLEM = "application/problem+json"

#: For random data and errors.
NO_STORE = {"Cache-Control": "no-store"}


def encode(body: msgspec.Struct) -> bytes:
    """Encode `body` as JSON with a final newline, like Flask's jsonify."""
    return msgspec.json.encode(body) + b"\n"


def whole(body: bytes, status: int = 200, media_type: str = JSON) -> Response:
    """Make a response from an encoded body."""
    return Response(body, status, NO_STORE, content_type=media_type)


def json_answer(body: msgspec.Struct, status: int = 200, media_type: str = JSON) -> Response:
    """Encode `body` and make a response."""
    return whole(encode(body), status, media_type)
