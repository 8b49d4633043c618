"""`/api/v1`: draw, estimate and stream for each kind of value.

GET takes the fields from the query, POST from a JSON object; the names are those of the specs in `core`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Response, request
from msgspec import UNSET, Raw, structs

from .. import core
from ..annotations import Fields
from ..config import Config
from ..kinds import KINDS, Kind, answer_limits, stream_limits
from . import metrics, verify
from .bodies import MEDIA, Estimate
from .decode import Asked, Unreadable, decode, read
from .draws import Draw, Prepare, view
from .problems import FieldError, problem
from .responses import NO_STORE, encode, json_answer
from .stream_budget import Budget

View = Callable[[], Response]

#: Makes the plan for a spec of any kind.
MakePlan = Callable[[Any], core.Plan]

PREFIX = "/api/v1"

#: The problem types, each with a page of this name under /docs/problems/. Subclasses come first.
PROBLEMS = {
    core.Impossible: ("impossible", 422),
    core.TooComplex: ("too-complex", 422),
    core.NoSeriesKey: ("no-series-key", 422),
    core.Invalid: ("fields-not-valid", 400),
}


def draws(config: Config, series_key: bytes | None) -> dict[str, Prepare]:
    """The `Prepare` function for the path of each kind."""
    limits = answer_limits(config)
    make_plan = partial(core.plan, limits=limits, series_key=series_key)
    return {f"{PREFIX}/{kind.name}": _draw(kind, limits, make_plan) for kind in KINDS}


def blueprint(config: Config, draws: dict[str, Prepare], verification: Prepare, series_key: bytes | None) -> Blueprint:
    """The routes, with the limits of `config`."""
    v1 = Blueprint("v1", __name__)
    for path, prepare in draws.items():
        v1.add_url_rule(path, path.rpartition("/")[2], view(prepare), methods=["GET", "POST"])
    # An estimate may be for a stream, so it accepts the fields and limits of one.
    limits, budget = stream_limits(config), Budget()
    make_plan = partial(core.plan, limits=limits, series_key=series_key)
    for kind in KINDS:
        path, estimate, stream = f"{PREFIX}/{kind.name}", _estimate(kind, limits, make_plan), f"{kind.name}_stream"
        v1.add_url_rule(f"{path}/estimate", f"{kind.name}_estimate", estimate, methods=["POST"])
        v1.add_url_rule(f"{path}/stream", stream, _stream(kind, limits, make_plan, budget), methods=["GET", "POST"])
    v1.add_url_rule(verify.PATH, "verify", view(verification), methods=["POST"])
    v1.register_error_handler(core.Invalid, _invalid)
    v1.register_error_handler(Unreadable, lambda error: problem(400, str(error)))
    return v1


def _invalid(error: core.Invalid) -> Response:
    name, status = next(about for kind, about in PROBLEMS.items() if isinstance(error, kind))
    return problem(status, str(error), name, error.errors)


def _draw(kind: Kind, limits: core.Limits, make_plan: MakePlan) -> Prepare:
    fields = Fields(kind.request(limits), make_plan)
    name, answer = kind.name, kind.answer
    metrics.drawn(name, 0, 0)

    def prepare(asked: Asked) -> Draw:
        plan = make_plan(decode(asked, fields))

        def draw() -> bytes:
            drawn = plan.draw_json()
            values = plan.draw() if drawn is None else Raw(drawn)
            following = UNSET if plan.codes is None else plan.offset + plan.count
            body = encode(answer(values, plan.count, plan.entropy_bits, plan.collision_probability(), following))
            metrics.drawn(name, plan.count, len(body))
            return body

        return draw

    return prepare


def _estimate(kind: Kind, limits: core.Limits, make_plan: MakePlan) -> View:
    fields = Fields(kind.estimate_request(limits), make_plan)

    def estimate() -> Response:
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

    return estimate


def _stream(kind: Kind, limits: core.Limits, make_plan: MakePlan, budget: Budget) -> View:
    fields = Fields(kind.stream_request(limits), make_plan)

    def stream() -> Response:
        spec = decode(read(request.environ), fields)
        plan = make_plan(spec)
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
