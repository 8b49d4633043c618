"""`/healthz` (the process lives) and `/readyz` (it can do its work), as orchestrators ask for them."""

from __future__ import annotations

import logging
import os

import msgspec
from flask import Blueprint, Response

from ..draining import DRAINING
from .responses import json_answer

log = logging.getLogger("flaskrandom")

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
    """200 when the kernel's generator, on which every answer depends, gives bytes; 503 otherwise, and before a stop.

    Why not is for the log: anybody may ask.
    """
    if DRAINING.exists():
        return json_answer(Status("stopping"), 503)
    try:
        os.urandom(1)
    except OSError as error:
        log.critical("not ready: the kernel gives no random bytes: %s", error)
        return json_answer(Status("not ready"), 503)
    return json_answer(Status("ready"))
