"""The exact counts of one process. server/test_counting.py covers the sum over many processes."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from cases.article import asking
from flaskrandom.http import metrics
from flaskrandom.kinds import KINDS
from support.metrics import Page

REQUESTS = "flaskrandom_http_requests_total"
SECONDS = "flaskrandom_http_request_duration_seconds"
VALUES, BYTES = "flaskrandom_drawn_values_total", "flaskrandom_drawn_bytes_total"
REJECTIONS = "flaskrandom_rejections_total"


@pytest.fixture
def scrape(client) -> Callable[[], Page]:
    def scrape() -> Page:
        answer = client.get("/metrics")
        assert answer.status_code == 200
        assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
        return Page(answer.text)

    return scrape


@pytest.fixture
def growth(scrape) -> Callable[..., float]:
    """How much a number has grown since the test began."""
    before = scrape()

    def growth(name: str, **labels: str) -> float:
        return scrape().total(name, **labels) - before.total(name, **labels)

    return growth


def test_no_route_has_a_variable_part(app):
    """Otherwise clients could invent label values."""
    assert [rule.rule for rule in app.url_map.iter_rules() if rule.arguments] == []


def test_requests_are_counted_by_route_and_status(client, growth):
    for _ in range(3):
        client.get("/api/v1/uuids")
    client.get("/api/v1/uuids?count=0")
    client.delete("/api/v1/uuids")
    assert growth(REQUESTS, route="/api/v1/uuids", status="200") == 3
    assert growth(REQUESTS, route="/api/v1/uuids", status="400") == 1
    assert growth(REQUESTS, route="/api/v1/uuids", status="405") == 1
    assert growth(f"{SECONDS}_count", route="/api/v1/uuids") == 5


def test_a_client_cannot_invent_label_values(client, scrape, growth):
    labels = {sample.labels.get("route") for sample in scrape().samples}
    for path in ("/nothing", "/api/v1/strings/", '/"},', "/api/v1/strings/stream/x"):
        client.get(path)
    assert growth(REQUESTS, route="unmatched", status="404") == 4
    assert {sample.labels.get("route") for sample in scrape().samples} <= labels | {"unmatched"}


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_drawn_values_are_counted_by_kind(client, growth, kind):
    answers = [client.get(f"/api/v1/{kind}?count=7"), client.post(f"/api/v1/{kind}", json={"count": 2})]
    answers.append(client.get(f"/api/v1/{kind}/stream?count=3000&format=csv"))
    size = sum(len(answer.data) for answer in answers)
    client.post(f"/api/v1/{kind}/estimate", json={"count": 5})
    client.get(f"/api/v1/{kind}?count=-1")
    assert growth(VALUES, kind=kind) == growth(VALUES) == 7 + 2 + 3000
    assert growth(BYTES, kind=kind) == growth(BYTES) == size


def test_the_article_s_strings_are_counted_as_their_own_kind(client, growth):
    size = len(client.post("/getrandomstr", json=asking(intnum=9)).data)
    client.post("/getrandomstr", json=asking(intnum=1001))
    client.post("/getrandomstr", json=asking(intlen=-1))
    assert growth(VALUES, kind="article") == growth(VALUES) == 9
    assert growth(BYTES, kind="article") == size
    assert growth(REJECTIONS, reason="article_limit") == 1
    assert growth(REJECTIONS, reason="article_bad_request") == 1


def test_rejections_are_counted_by_reason(client, growth):
    asked = {
        "fields_not_valid": ("GET", "/api/v1/strings?length=0"),
        "impossible": ("GET", "/api/v1/integers?min=1&max=3&count=4&unique=true"),
        "bad_request": ("POST", "/api/v1/strings"),
        "not_found": ("GET", "/nothing"),
        "method_not_allowed": ("PUT", "/api/v1/strings"),
    }
    for method, path in asked.values():
        assert client.open(path, method=method).status_code >= 400
    assert {reason: growth(REJECTIONS, reason=reason) for reason in asked} == dict.fromkeys(asked, 1)
    assert growth(REJECTIONS) == len(asked)


def test_a_failing_app_is_counted_as_500(app, scrape):
    def broken(environ, start_response):
        raise RuntimeError("broken on purpose")

    before = scrape().total(REQUESTS, route="/", status="500")
    with pytest.raises(RuntimeError):
        metrics.Measured(app, broken)({"PATH_INFO": "/"}, lambda *_: None)
    assert scrape().total(REQUESTS, route="/", status="500") == before + 1


def test_a_stream_is_counted_when_it_ends(client, growth):
    answer = client.get("/api/v1/strings/stream?count=3000", buffered=False)
    assert growth(REQUESTS, route="/api/v1/strings/stream") == 0
    assert growth(VALUES) == 0
    assert answer.data.count(b"\n") == 3000
    answer.close()
    assert growth(REQUESTS, route="/api/v1/strings/stream", status="200") == 1
    assert growth(VALUES, kind="strings") == 3000


def test_an_aborted_stream_counts_the_values_it_sent(client, growth):
    answer = client.get("/api/v1/tokens/stream?count=1000000&encoding=hex", buffered=False)
    chunks = answer.iter_encoded()
    sent = [next(chunks), next(chunks)]
    # The server asks for a chunk after it has sent the previous one.
    next(chunks)
    answer.close()
    assert growth(VALUES, kind="tokens") == b"".join(sent).count(b"\n")
    assert growth(BYTES, kind="tokens") == len(b"".join(sent))
    assert growth(REQUESTS, route="/api/v1/tokens/stream") == 1


@pytest.mark.parametrize("format", ["text", "csv", "ndjson"])
def test_each_chunk_comes_with_its_number_of_values(format):
    from flaskrandom import core

    plan = core.plan(core.IntegerSpec(min=0, max=10**6), core.Limits(max_count=10**5))
    header = 1 if format == "csv" else 0
    counted = list(plan.counted_chunks(50_000, format))
    assert sum(count for count, _ in counted) == 50_000
    assert [chunk.count(b"\n") - header * (not at) for at, (_, chunk) in enumerate(counted)] == [
        count for count, _ in counted
    ]


def test_the_public_port_has_no_metrics(client, monkeypatch):
    monkeypatch.setattr(metrics, "program", "flaskrandom")
    assert client.get("/metrics").status_code == 404


def test_the_backlog_of_a_socket_is_measured(scrape, tmp_path, monkeypatch):
    monkeypatch.setattr(metrics.readiness, "API_SOCKET", f"{tmp_path}/api.sock")
    path = str(tmp_path / "api.sock")
    with socket.socket(socket.AF_UNIX) as server, ExitStack() as clients:
        server.bind(path)
        server.listen(17)
        for _ in range(5):
            clients.enter_context(socket.socket(socket.AF_UNIX)).connect(path)
        server.accept()[0].close()
        assert scrape().total("flaskrandom_backlog_connections", socket="api.sock") == 4
        assert scrape().total("flaskrandom_backlog_limit_connections", socket="api.sock") == 17
