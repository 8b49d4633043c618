"""`/healthz` (liveness) and `/readyz` (readiness)."""

import logging

import msgspec
from flask import Blueprint, Response

from ..server import readiness
from .responses import json_answer

log = logging.getLogger("flaskrandom")

blueprint = Blueprint("health", __name__)


class Status(msgspec.Struct):
    """The status in one word."""

    status: str


@blueprint.get("/healthz")
def live() -> Response:
    """200 as long as a worker answers at all."""
    return json_answer(Status("ok"))


@blueprint.get("/readyz")
def ready() -> Response:
    """200 if the app can do its work, even under full load; 503 if it cannot or is about to stop.

    The reason is in the log only.
    """
    if readiness.DRAINING.exists():
        return json_answer(Status("stopping"), 503)
    if fault := readiness.fault():
        log.critical("not ready: %s", fault)
        return json_answer(Status("not ready"), 503)
    return json_answer(Status("ready"))
