"""`/api/v1`: draw, estimate and stream for each kind of value; and verify for checksums.

GET takes the fields from the query, POST from a JSON object; the names are those of the specs in `core`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request
from msgspec import Raw

from .. import core
from ..annotations import Fields
from ..config import Config
from ..kinds import KINDS, Kind, answer_limits, stream_limits
from . import metrics
from .bodies import MEDIA, Estimate, FieldError, Verification, Verify
from .decode import Asked, decode, read
from .draws import Draw, Prepare, view
from .responses import NO_STORE, encode, json_answer
from .stream_budget import Budget

View = Callable[[], Response]

PREFIX = "/api/v1"


def draws(config: Config) -> dict[str, Prepare]:
    """For the path of each kind what prepares its draws."""
    limits = answer_limits(config)
    return {f"{PREFIX}/{kind.name}": _draw(kind, limits) for kind in KINDS}


def blueprint(config: Config, draws: dict[str, Prepare]) -> Blueprint:
    """The routes, with the limits of `config`."""
    v1 = Blueprint("v1", __name__)
    for path, prepare in draws.items():
        v1.add_url_rule(path, path.rpartition("/")[2], view(prepare), methods=["GET", "POST"])
    # An estimate takes the fields and limits of a stream: it may be for one.
    limits, budget = stream_limits(config), Budget()
    for kind in KINDS:
        path, fields = f"{PREFIX}/{kind.name}", _fields(kind.stream_request(limits), limits)
        v1.add_url_rule(f"{path}/estimate", f"{kind.name}_estimate", _estimate(fields, limits), methods=["POST"])
        stream = _stream(kind, fields, limits, budget)
        v1.add_url_rule(f"{path}/stream", f"{kind.name}_stream", stream, methods=["GET", "POST"])
    v1.add_url_rule(f"{PREFIX}/verify", "verify", _verify(), methods=["POST"])
    return v1


def _fields(request: Any, limits: core.Limits) -> Fields[Any]:
    return Fields(request, lambda spec: core.plan(spec, limits))


def _draw(kind: Kind, limits: core.Limits) -> Prepare:
    fields = _fields(kind.request(limits), limits)
    name, answer = kind.name, kind.answer

    def prepare(asked: Asked) -> Draw:
        plan = core.plan(decode(asked, fields), limits)

        def draw() -> bytes:
            drawn = plan.draw_json()
            values = plan.draw() if drawn is None else Raw(drawn)
            body = encode(answer(values, plan.count, plan.entropy_bits, plan.collision_probability()))
            metrics.drawn(name, plan.count, len(body))
            return body

        return draw

    return prepare


def _estimate(fields: Fields[Any], limits: core.Limits) -> View:
    def estimate() -> Response:
        spec = decode(read(request.environ), fields)
        try:
            plan = core.plan(spec, limits)
        except core.Impossible as impossible:
            errors = [FieldError(*error) for error in impossible.errors]
            return json_answer(Estimate(False, reason=str(impossible), errors=errors))
        return json_answer(Estimate(True, plan.entropy_bits, plan.collision_probability(spec.count)))

    return estimate


def _stream(kind: Kind, fields: Fields[Any], limits: core.Limits, budget: Budget) -> View:
    def stream() -> Response:
        spec = decode(read(request.environ), fields)
        plan = core.plan(spec, limits)
        media = MEDIA[spec.format]
        headers = NO_STORE | {"Content-Disposition": f"attachment; filename={kind.name}.{media.suffix}"}
        length = plan.content_length(spec.count, spec.format)
        if length is not None:
            headers["Content-Length"] = str(length)
        if request.method == "HEAD":
            return Response(headers=headers, content_type=media.type)
        release = budget.take(plan.memory(spec.count))
        chunks = metrics.drawn_stream(kind.name, plan.counted_chunks(spec.count, spec.format))
        answer = Response(chunks, headers=headers, content_type=media.type)
        answer.call_on_close(release)
        return answer

    return stream


def _verify() -> View:
    fields = Fields(Verify)

    def verify() -> Response:
        asked = decode(read(request.environ), fields)
        made = {"prefix": asked.prefix, "suffix": asked.suffix, "separator": asked.separator}
        return json_answer(Verification(core.verify(asked.value, asked.checksum, **made)))

    return verify
