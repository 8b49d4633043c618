"""`/api/v1`: draw, estimate and stream for each kind of value.

GET takes the fields from the query, POST from a JSON object; the names are those of the specs in `core`.
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from flask import Blueprint, Response, request
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, structs

from .. import core
from ..annotations import Fields
from ..config import Config
from ..kinds import KINDS, CollisionProbability, EntropyBits, Kind, answer_limits, stream_limits
from . import metrics, verify
from .decode import Asked, Unreadable, decode, read
from .draws import Draw, Prepare, View
from .responses import NO_STORE, FieldError, encode, json_answer, problem
from .stream_budget import reserve

MakePlan = Callable[[core.Spec], core.AnyPlan]

#: The problem types, each with a page of this name under /docs/problems/. Subclasses come first.
PROBLEMS = {
    core.Impossible: ("impossible", 422),
    core.TooComplex: ("too-complex", 422),
    core.NoSeriesKey: ("no-series-key", 422),
    core.Invalid: ("fields-not-valid", 400),
}

#: The media type of each stream format.
MEDIA = {
    "text": "text/plain; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8; header=present",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Estimate(Struct, omit_defaults=True):
    """Whether a request is possible, with its entropy and collision probability. Nothing is drawn."""

    possible: bool
    entropy_bits: EntropyBits | UnsetType = UNSET
    collision_probability: CollisionProbability | UnsetType = UNSET
    size: Annotated[int, Meta(description="With series: how many codes it has.")] | UnsetType = UNSET
    guess_probability: (
        Annotated[float, Meta(ge=0, le=1, description="The chance that a guess is one of the issued codes.")]
        | UnsetType
    ) = UNSET
    reason: Annotated[str, Meta(description="Why it is impossible.")] | UnsetType = UNSET
    errors: Annotated[list[FieldError], Meta(description="The reasons, field by field.")] | UnsetType = UNSET


def blueprint(config: Config, series_key: bytes | None) -> Blueprint:
    """The routes, with the limits of `config`."""
    v1 = Blueprint("v1", __name__)
    draw_plan = partial(core.plan, limits=answer_limits(config), series_key=series_key)
    # An estimate may be for a stream, so it accepts the fields and limits of one.
    stream_plan = partial(core.plan, limits=stream_limits(config), series_key=series_key)
    for kind in KINDS:
        name, path = kind.name, f"/api/v1/{kind.name}"
        draw = View(_draw(kind, Fields(kind.request(config), draw_plan), draw_plan))
        estimate = partial(_estimate, kind, Fields(kind.estimate_request(config), stream_plan), stream_plan)
        stream = partial(_stream, kind, Fields(kind.stream_request(config), stream_plan), stream_plan)
        v1.add_url_rule(path, name, draw, methods=["GET", "POST"])
        v1.add_url_rule(f"{path}/estimate", f"{name}_estimate", estimate, methods=["POST"])
        v1.add_url_rule(f"{path}/stream", f"{name}_stream", stream, methods=["GET", "POST"])
    v1.add_url_rule(verify.PATH, "verify", View(verify.preparation(config, series_key)), methods=["POST"])
    v1.register_error_handler(core.Invalid, _invalid)
    v1.register_error_handler(Unreadable, lambda error: problem(400, str(error)))
    return v1


def _invalid(error: core.Invalid) -> Response:
    name, status = next(about for kind, about in PROBLEMS.items() if isinstance(error, kind))
    return problem(status, str(error), name, error.errors)


def _draw(kind: Kind, fields: Fields[Any], make_plan: MakePlan) -> Prepare:
    answer, count_drawn = kind.answer, metrics.drawn(kind.name)

    def prepare(asked: Asked) -> Draw:
        plan = make_plan(decode(asked, fields))

        def draw() -> bytes:
            drawn = plan.draw_json()
            values = plan.draw() if drawn is None else Raw(drawn)
            following = UNSET if plan.codes is None else plan.offset + plan.count
            body = encode(answer(values, plan.count, plan.entropy_bits, plan.collision_probability(), following))
            count_drawn(plan.count, len(body))
            return body

        return draw

    return prepare


def _estimate(kind: Kind, fields: Fields[Any], make_plan: MakePlan) -> Response:
    spec = decode(read(request.environ), fields)
    try:
        plan = make_plan(structs.replace(spec, issued=None) if kind.has_series else spec)
    except core.Impossible as impossible:
        errors = [FieldError(*error) for error in impossible.errors]
        return json_answer(Estimate(False, reason=str(impossible), errors=errors))
    figures = Estimate(True, plan.entropy_bits, plan.collision_probability())
    if kind.has_series:
        verify.check_issued(spec.issued, plan)
    if plan.codes is not None:
        figures.size = plan.codes
        if spec.issued is not None:
            figures.guess_probability = spec.issued / plan.size
    return json_answer(figures)


def _stream(kind: Kind, fields: Fields[Any], make_plan: MakePlan) -> Response:
    spec = decode(read(request.environ), fields)
    plan = make_plan(spec)
    suffix = "txt" if spec.format == "text" else spec.format
    headers = NO_STORE | {"Content-Disposition": f"attachment; filename={kind.name}.{suffix}"}
    length = plan.content_length(spec.count, spec.format)
    if length is not None:
        headers["Content-Length"] = str(length)
    if request.method == "HEAD":
        return Response(iter(()), headers=headers, content_type=MEDIA[spec.format])
    release = reserve(plan.memory(spec.count))
    chunks = metrics.drawn_stream(kind.name, plan.counted_chunks(spec.count, spec.format))
    answer = Response(chunks, headers=headers, content_type=MEDIA[spec.format])
    answer.call_on_close(release)
    return answer
