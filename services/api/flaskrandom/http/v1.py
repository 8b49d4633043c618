"""`/api/v1`: for each kind of value draw, estimate and stream; and the check of checksums.

GET takes the fields from the query, POST from a JSON object; the names are those of the specs in `core`.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request

from .. import core
from ..config import Config
from ..kinds import KINDS, Kind, answer_limits, stream_limits
from . import metrics
from .bodies import MEDIA, Estimate, Verification, Verify, field_errors
from .decode import Decoder
from .repeats import drawn
from .responses import NO_STORE, encode, json_answer
from .stream_budget import BUDGET, Budget

View = Callable[[], Response]


def blueprint(config: Config) -> Blueprint:
    """The routes, with the limits of `config`."""
    v1 = Blueprint("v1", __name__, url_prefix="/api/v1")
    answer, stream = answer_limits(config), stream_limits(config)
    budget = Budget(BUDGET)
    for kind in KINDS:
        v1.add_url_rule(f"/{kind.name}", f"{kind.name}", _draw(kind, answer), methods=["GET", "POST"])
        # An estimate takes what a stream takes: it may be for one.
        v1.add_url_rule(f"/{kind.name}/estimate", f"{kind.name}_estimate", _estimate(kind, stream), methods=["POST"])
        v1.add_url_rule(
            f"/{kind.name}/stream", f"{kind.name}_stream", _stream(kind, stream, budget), methods=["GET", "POST"]
        )
    v1.add_url_rule("/verify", "verify", _verify(), methods=["POST"])
    return v1


def _draw(kind: Kind, limits: core.Limits) -> View:
    decoder = Decoder(kind.request(limits), lambda spec: core.plan(spec, limits))

    def draw() -> Response:
        spec = decoder.decode(request)
        plan = core.plan(spec, limits)
        count, figures = spec.count, (plan.entropy_bits, plan.collision_probability())
        return drawn(
            kind.name, count, lambda: encode(kind.answer(plan.draw(), count, *figures)), repeatable=plan.repeatable
        )

    return draw


def _estimate(kind: Kind, limits: core.Limits) -> View:
    decoder = Decoder(kind.stream_request(limits), lambda spec: core.plan(spec, limits))

    def estimate() -> Response:
        spec = decoder.decode(request)
        try:
            plan = core.plan(spec, limits)
        except core.Impossible as impossible:
            return json_answer(Estimate(False, reason=str(impossible), errors=field_errors(impossible.errors)))
        return json_answer(Estimate(True, plan.entropy_bits, plan.collision_probability(spec.count)))

    return estimate


def _stream(kind: Kind, limits: core.Limits, budget: Budget) -> View:
    decoder = Decoder(kind.stream_request(limits), lambda spec: core.plan(spec, limits))

    def stream() -> Response:
        spec = decoder.decode(request)
        plan = core.plan(spec, limits)
        media = MEDIA[spec.format]
        headers = NO_STORE | {"Content-Disposition": f"attachment; filename={kind.name}.{media.suffix}"}
        length = plan.content_length(spec.count, spec.format)
        if length is not None:
            headers["Content-Length"] = str(length)
        remembered = plan.memory(spec.count)
        budget.take(remembered)
        chunks = metrics.drawn_stream(kind.name, plan.counted_chunks(spec.count, spec.format))
        answer = Response(chunks, headers=headers, content_type=media.type)
        answer.call_on_close(lambda: budget.give_back(remembered))
        return answer

    return stream


def _verify() -> View:
    decoder = Decoder(Verify)

    def verify() -> Response:
        asked = decoder.decode(request)
        made = {"prefix": asked.prefix, "suffix": asked.suffix, "separator": asked.separator}
        return json_answer(Verification(core.verify(asked.value, asked.checksum, **made)))

    return verify
