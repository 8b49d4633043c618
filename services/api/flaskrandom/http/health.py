"""`/healthz` (the process lives) and `/readyz` (it can do its work), as orchestrators ask for them."""

from __future__ import annotations

import os

import msgspec
from flask import Blueprint, Response

blueprint = Blueprint("health", __name__)


class Status(msgspec.Struct):
    """The answer of both: one word on how it is."""

    status: str


def _answer(status: int, word: str) -> Response:
    body = msgspec.json.encode(Status(word)) + b"\n"
    return Response(body, status, {"Cache-Control": "no-store"}, content_type="application/json")


@blueprint.get("/healthz")
def live() -> Response:
    """200 as long as a worker answers at all."""
    return _answer(200, "ok")


@blueprint.get("/readyz")
def ready() -> Response:
    """200 when the kernel's generator, on which every answer depends, gives bytes; 503 otherwise."""
    try:
        os.urandom(1)
    except OSError:
        return _answer(503, "no randomness")
    return _answer(200, "ready")
