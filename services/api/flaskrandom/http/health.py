"""`/healthz` (the process lives) and `/readyz` (it can do its work), as orchestrators ask for them."""

from __future__ import annotations

import os

import msgspec
from flask import Blueprint, Response

from ..draining import DRAINING
from .answers import json_answer

blueprint = Blueprint("health", __name__)


class Status(msgspec.Struct):
    """The answer of both: one word on how it is."""

    status: str


@blueprint.get("/healthz")
def live() -> Response:
    """200 as long as a worker answers at all."""
    return json_answer(Status("ok"))


@blueprint.get("/readyz")
def ready() -> Response:
    """200 when the kernel's generator, on which every answer depends, gives bytes; 503 otherwise, and before a stop."""
    if DRAINING.exists():
        return json_answer(Status("stopping"), 503)
    try:
        os.urandom(1)
    except OSError:
        return json_answer(Status("no randomness"), 503)
    return json_answer(Status("ready"))
