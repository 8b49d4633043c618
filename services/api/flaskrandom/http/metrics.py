"""What is counted of requests, and `/metrics`, which tells it to Prometheus.

Never on a public port: nginx says 404 to it there, and so does the pool that has the article's port 5000. It is
answered by the bulk pool, whose many threads have time when every worker of the other is busy.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Blueprint, Response, abort
from werkzeug.wsgi import ClosingIterator

from ..kinds import KINDS
from ..metrics import Counter, Counts, Histogram
from ..metrics.backlog import backlogs
from ..metrics.families import sample

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("flaskrandom")

#: Version 0.0.4 is what every Prometheus reads.
TEXT = "text/plain; version=0.0.4; charset=utf-8"

#: Where the workers' counts are: memory, and Docker gives every container its own.
SHARED = Path("/dev/shm")

#: Where the sockets are that nginx comes in by.
SOCKETS = "/run/flaskrandom/"

#: Gunicorn's pools, by their proc_name.
PROGRAMS = ("flaskrandom", "flaskrandom-bulk")
PUBLIC = "flaskrandom"

#: Every status that the app answers with; another one is counted as `other`.
STATUSES = (
    *("200", "204", "301", "304", "308", "400", "401", "403", "404", "405", "408", "409", "411", "412", "413", "414"),
    *("415", "416", "422", "429", "431", "500", "501", "503", "other"),
)
#: Every route, under its own path, which never holds a variable part.
ROUTES = (
    *("/", "/getrandomstr", "/healthz", "/metrics", "/openapi.json", "/readyz", "/api/v1/verify"),
    *(f"/api/v1/{kind.name}{what}" for kind in KINDS for what in ("", "/estimate", "/stream")),
)
#: Where a path that no route has is counted, so that clients cannot make up label values.
UNMATCHED = "unmatched"

#: Titles of problem documents, in the words of a label; and the article's two.
REASONS = (
    *("fields_not_valid", "impossible", "too_complex", "bad_request", "not_found", "method_not_allowed"),
    *("unauthorized", "forbidden", "content_too_large", "unsupported_media_type", "too_many_requests"),
    *("service_unavailable", "article_bad_request", "article_limit", "other"),
)
ARTICLE = "article"
DRAWN = (ARTICLE, *(kind.name for kind in KINDS))

REQUESTS = Counter(
    "flaskrandom_http_requests_total",
    "Requests that the app answered.",
    sparse=True,
    route=(*ROUTES, UNMATCHED),
    status=STATUSES,
)
DURATION = Histogram(
    "flaskrandom_http_request_duration_seconds",
    "Time from a worker's start on a request until its answer is made; of a stream, until its end.",
    sparse=True,
    route=(*ROUTES, UNMATCHED),
)
DRAWN_VALUES = Counter(
    "flaskrandom_drawn_values_total", "Values drawn and sent; of a stream, counted when it ended.", kind=DRAWN
)
DRAWN_BYTES = Counter(
    "flaskrandom_drawn_bytes_total", "Bytes of the bodies that carried them, framing included.", kind=DRAWN
)
REJECTIONS = Counter("flaskrandom_rejections_total", "Requests that the app refused.", reason=REASONS)

#: Of this process, as there is one app in it.
COUNTS = Counts([REQUESTS, DURATION, DRAWN_VALUES, DRAWN_BYTES, REJECTIONS], PROGRAMS)

_DRAWN = {kind: (DRAWN_VALUES.column(kind), DRAWN_BYTES.column(kind)) for kind in DRAWN}

# Read from the kernel when asked for, not counted.
BACKLOG = ("flaskrandom_backlog_connections", "Connections that wait for a worker to accept them.")
BACKLOG_LIMIT = ("flaskrandom_backlog_limit_connections", "How many may wait; beyond, nginx answers 503 itself.")


def drawn(kind: str, values: int, size: int) -> None:
    """Count `values` of `kind` in a body of `size` bytes."""
    in_values, in_bytes = _DRAWN[kind]
    with COUNTS.lock:
        COUNTS.row[in_values] += values
        COUNTS.row[in_bytes] += size


def drawn_stream(kind: str, chunks: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
    """The bytes of `chunks`; when they end, or their client is gone, what was sent of them is counted."""
    values = size = 0
    try:
        for count, chunk in chunks:
            yield chunk
            values += count
            size += len(chunk)
    finally:
        drawn(kind, values, size)


def rejected(reason: str) -> None:
    """Count a refusal; `reason` may be the title of its problem document."""
    label = reason.lower().replace(" ", "_")
    COUNTS.add(REJECTIONS.column(label if label in REASONS else "other"))


class Place(NamedTuple):
    """Where the requests of one route are counted."""

    requests: int
    duration: int
    is_stream: bool


_PLACES = {
    path: Place(REQUESTS.column(path, STATUSES[0]), DURATION.column(path), path.endswith("/stream"))
    for path in (*ROUTES, UNMATCHED)
}
_UNMATCHED = _PLACES[UNMATCHED]
_STATUSES = {status: offset for offset, status in enumerate(STATUSES)}
_OTHER = _STATUSES["other"]


class Measured:
    """WSGI middleware (PEP 3333) that counts each request by route and status, and the time it took."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        began = perf_counter()
        line = "500"

        def start(status: str, *rest: Any) -> Any:
            nonlocal line
            line = status
            return start_response(status, *rest)

        def count() -> None:
            _count(place, line, perf_counter() - began)

        place = _PLACES.get(environ["PATH_INFO"], _UNMATCHED)
        try:
            body = self._app(environ, start)
        except Exception:
            count()
            raise
        if place.is_stream:
            return ClosingIterator(body, count)
        count()
        return body


def _count(place: Place, line: str, seconds: float) -> None:
    status = place.requests + _STATUSES.get(line[:3], _OTHER)
    bucket = place.duration + Histogram.bucket(seconds)
    with COUNTS.lock:
        row = COUNTS.row
        row[status] += 1
        row[bucket] += 1
        row[place.duration + Histogram.SUM] += seconds


blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    if COUNTS.program == PUBLIC:
        abort(404)
    lines = [*COUNTS.lines(), *_backlog_lines()]
    return Response("\n".join(lines) + "\n", headers={"Cache-Control": "no-store"}, content_type=TEXT)


def _backlog_lines() -> Iterator[str]:
    try:
        found = {path: numbers for path, numbers in backlogs().items() if path.startswith(SOCKETS)}
    except OSError as error:
        log.warning("the kernel does not tell how many connections wait: %s", error)
        return
    for place, (name, about) in enumerate((BACKLOG, BACKLOG_LIMIT)):
        yield from (f"# HELP {name} {about}", f"# TYPE {name} gauge")
        for path, numbers in found.items():
            yield sample(name, [f'socket="{path.removeprefix(SOCKETS)}"'], numbers[place])


def worker_started(program: str) -> None:
    """A Gunicorn worker is about to serve: from here on its counts are shared with all others."""
    try:
        COUNTS.share(SHARED, program)
    except OSError as error:
        log.warning("the counts of this worker will be missing from the metrics: %s", error)
