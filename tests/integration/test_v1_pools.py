"""`flaskrandom-bulk` serves streams, `flaskrandom` serves short calls, and no log holds drawn values."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from support.answers import check_every_answer, check_problem
from support.polling import await_until
from support.secrecy import check_no_log_holds
from support.stack import Stack

pytestmark = pytest.mark.local

BULK = "flaskrandom-bulk"
STREAM = "/api/v1/strings/stream"


@pytest.fixture
def without_bulk(disturbed: Stack, client) -> Iterator[Stack]:
    assert disturbed.supervisorctl("stop", BULK).returncode == 0
    yield disturbed
    disturbed.begin(BULK)
    await_until(lambda: client.get(STREAM).status_code == 200, 20, "streams are served again")


@pytest.mark.usefixtures("without_bulk")
def test_without_the_bulk_pool_streams_stop_and_short_calls_go_on(client):
    answer = client.get(STREAM)
    check_every_answer(answer)
    check_problem(answer, answer.json(), 503)
    assert int(answer.headers["Retry-After"]) > 0
    # Streams are part of the service, so it is not ready.
    assert client.get("/readyz").status_code == 503
    for path in ("/api/v1/strings", "/api/v1/uuids", "/openapi.json"):
        assert client.get(path).status_code == 200
    assert client.post("/api/v1/strings/estimate", json={}).status_code == 200


def test_no_log_holds_drawn_values_or_requests(stack, client):
    marker = f"marker-{uuid.uuid4().hex}"
    drawn = client.get(f"{STREAM}?length=20&count=2000").text.split()
    drawn += client.get("/api/v1/tokens?count=1000").json()["data"]
    assert len(drawn) == 3000
    client.get(f"/api/v1/strings?prefix={marker}")
    client.get(f"/api/v1/strings?{marker}=1&count=0")
    client.post("/api/v1/strings", json={"prefix": marker, marker: 1})
    client.post("/api/v1/verify", json={"value": marker, "checksum": "luhn"})
    client.post("/api/v1/verify", json={"value": "1", "checksum": marker})
    last = client.get(f"{STREAM}?suffix={marker}").headers["X-Request-Id"]
    check_no_log_holds([marker, *drawn], stack, last)
