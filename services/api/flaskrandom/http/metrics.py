"""Request metrics, and `/metrics` for Prometheus.

/metrics is on no public port: nginx returns 404 there, and so does the pool on the article's port 5000. The bulk pool
serves it, as it has free threads even if every worker for short calls is busy.

Under Gunicorn, prometheus_client keeps a file of counts for each worker (`server/counting.py`); this module sums them.
"""

from __future__ import annotations  # else each request would evaluate the annotations of the functions in __call__

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from time import perf_counter
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Blueprint, Flask, Response, abort
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from werkzeug.wsgi import ClosingIterator

from ..server import counting, readiness
from ..server.backlog import backlogs

log = logging.getLogger("flaskrandom")

BUCKETS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)

#: Metrics of this process alone.
REGISTRY = CollectorRegistry()


def _counter(name: str, about: str, *labels: str) -> Counter:
    return Counter(name, about, labels, namespace="flaskrandom", registry=REGISTRY)


REQUESTS = _counter("http_requests", "Requests that the app answered.", "route", "status")
DRAWN_VALUES = _counter("drawn_values", "Values drawn and sent; a stream is counted when it ends.", "kind")
DRAWN_BYTES = _counter("drawn_bytes", "Bytes of the response bodies with these values.", "kind")
REJECTIONS = _counter("rejections", "Requests that the app refused.", "reason")
STARTS = _counter("worker_starts", "Gunicorn workers that started.", "program")
DEATHS = _counter("worker_deaths", "Gunicorn workers that crashed, timed out or were killed.", "program")
ABOUT = "Time that the app took to answer a request; for a stream, until it ended."
DURATION = Histogram("flaskrandom_http_request_duration_seconds", ABOUT, ["route"], registry=REGISTRY, buckets=BUCKETS)

#: The Supervisor program of this worker; None without Gunicorn.
program: str | None = None


def drawn(kind: str) -> Callable[[int, int], None]:
    """Return a function that counts values of `kind`, and the bytes of the body that carries them."""
    # Once for all calls: looking up a label costs as much as counting.
    values, size = DRAWN_VALUES.labels(kind), DRAWN_BYTES.labels(kind)

    def count(number: int, length: int) -> None:
        values.inc(number)
        size.inc(length)

    return count


def drawn_stream(kind: str, chunks: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
    """Yield the bytes of `chunks`; at the end, or when the client disconnects, count what was sent."""
    values = size = 0
    try:
        for count, chunk in chunks:
            yield chunk
            values += count
            size += len(chunk)
    finally:
        drawn(kind)(values, size)


def rejected(reason: str) -> None:
    """Count a refusal; `reason` may be the title of its problem document."""
    REJECTIONS.labels(reason.lower().replace(" ", "_")).inc()


@cache
def _request(route: str, status: str) -> tuple[Callable[[], None], Callable[[float], None]]:
    return REQUESTS.labels(route, status).inc, DURATION.labels(route).observe


class Measured:
    """WSGI middleware (PEP 3333) that counts each request by route and status, and the time it took."""

    def __init__(self, flask: Flask, app: WSGIApplication) -> None:
        # No route has variable parts, so each is one label value.
        self._routes = frozenset(rule.rule for rule in flask.url_map.iter_rules())
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        began = perf_counter()
        line = "500"

        def start(status: str, *rest: Any) -> Callable[[bytes], object]:
            nonlocal line
            line = status
            return start_response(status, *rest)

        def count() -> None:
            count_request, observe = _request(route, line[:3])
            count_request()
            observe(perf_counter() - began)

        # One label for all unknown paths, so that clients cannot create label values.
        path = environ["PATH_INFO"]
        route = path if path in self._routes else "unmatched"
        try:
            body = self._app(environ, start)
        except Exception:
            count()
            raise
        if route.endswith("/stream"):
            return ClosingIterator(body, count)
        count()
        return body


class Gauges:
    """Collects the number of running workers, and the accept queue of each socket that nginx connects to."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        workers = GaugeMetricFamily("flaskrandom_workers", "Gunicorn workers that are running.", labels=["program"])
        for name, number in counting.workers().items() if program else ():
            workers.add_metric([name], number)
        about = "Connections that wait for a worker to accept them."
        waiting = GaugeMetricFamily("flaskrandom_backlog_connections", about, labels=["socket"])
        about = "Most connections that may wait; nginx answers 503 to more."
        limits = GaugeMetricFamily("flaskrandom_backlog_limit_connections", about, labels=["socket"])
        try:
            for path, (number, limit) in backlogs().items():
                if path in (readiness.API_SOCKET, readiness.BULK_SOCKET):
                    waiting.add_metric([path.rpartition("/")[2]], number)
                    limits.add_metric([path.rpartition("/")[2]], limit)
        except OSError as error:
            log.warning("the kernel does not tell how many connections wait: %s", error)
        yield from (workers, waiting, limits)


blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    if program == "flaskrandom":  # on the article's port
        abort(404)
    registry = CollectorRegistry()
    registry.register(MultiProcessCollector(None) if program else REGISTRY)
    registry.register(Gauges())
    page = generate_latest(registry)
    return Response(page, headers={"Cache-Control": "no-store"}, content_type=CONTENT_TYPE_PLAIN_0_0_4)
