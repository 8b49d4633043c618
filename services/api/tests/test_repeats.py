"""What a client sees of repeated requests: nothing, but for fresh values each time."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from flaskrandom.http.repeats import LONGEST, REMEMBERED, Repeats

ARTICLE = {"intlen": 16, "intnum": 1, "withnum": True, "withlow": True, "withup": True, "withspecial": True}
CALLS = [
    ("GET", "/api/v1/strings?length=16&count=2", None),
    ("GET", "/api/v1/strings", None),
    ("POST", "/api/v1/tokens", {"bytes": 16}),
    ("POST", "/getrandomstr", ARTICLE),
]


@pytest.fixture
def repeats(app: Flask) -> Repeats:
    return app.extensions["repeats"]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_each_repetition_is_drawn_anew_and_looks_the_same(client, repeats, method, path, body):
    answers = [client.open(path, method=method, json=body) for _ in range(20)]
    assert len(repeats) == 1, "the request was not remembered"
    assert {answer.status for answer in answers} == {"200 OK"}
    assert len({answer.get_data() for answer in answers}) == 20
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1
    assert len({tuple(answer.json) for answer in answers}) == 1, "the fields differ"


def test_only_one_of_many_requests_reaches_flask(app, client):
    seen = []
    app.before_request(lambda: seen.append(1))
    for _ in range(10):
        client.get("/api/v1/uuids?count=3")
    assert len(seen) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/api/v1/tokens", "query_string": "count=2"},
        {"path": "/api/v1/uuids", "query_string": "count=3"},
        {"path": "/api/v1/uuids", "method": "POST", "data": b"count=2", "content_type": "text/plain"},
        {"path": "/api/v1/uuids", "method": "HEAD", "query_string": "count=2"},
        {"path": "/api/v1/uuids", "method": "DELETE", "query_string": "count=2"},
    ],
)
def test_what_differs_is_another_request(app, client, other):
    expected = app.test_client().open(**other)
    client.get("/api/v1/uuids?count=2")
    answer = client.open(**other)
    assert answer.status == expected.status
    assert len(answer.get_data()) == len(expected.get_data())


def test_a_post_is_remembered_with_its_media_type(client):
    body = b'{"count":2}'
    assert client.post("/api/v1/uuids", data=body, content_type="application/json").status_code == 200
    assert client.post("/api/v1/uuids", data=body, content_type="text/plain").status_code == 400


@pytest.mark.parametrize("path", ["/api/v1/strings?length=0", "/api/v1/strings/stream?count=3", "/healthz", "/"])
def test_errors_streams_and_pages_are_not_remembered(client, repeats, path):
    client.get(path)
    assert len(repeats) == 0


def test_what_is_remembered_is_bounded(client, repeats):
    for length in range(1, REMEMBERED + 20):
        client.get(f"/api/v1/strings?length={length}")
    assert len(repeats) == REMEMBERED
    # The newest are there, the oldest make room.
    assert len(client.get("/api/v1/strings?length=1").json["data"][0]) == 1


def test_uuids_by_time_keep_to_the_clock(client, repeats):
    """Each answer's plan goes on from its last time, so none is used twice."""
    for _ in range(300):
        (value,) = client.get("/api/v1/uuids?version=7").json["data"]
    ahead = int(value.replace("-", "")[:12], 16) - time.time_ns() // 1_000_000
    assert ahead <= 5
    assert len(repeats) == 0


def test_a_draw_that_fails_is_answered_as_any_failure(client, repeats, monkeypatch):
    assert client.get("/api/v1/tokens?bytes=8").status_code == 200
    assert len(repeats) == 1

    def fails(count: int) -> bytes:
        raise OSError("no randomness")

    monkeypatch.setattr("os.urandom", fails)
    answer = client.get("/api/v1/tokens?bytes=8")
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"


def test_threads_share_what_is_remembered(app):
    """The bound holds, and nobody is in another's way."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            paths = [f"/api/v1/tokens?bytes={size}" for size in range(1, 9 * REMEMBERED)]
            answers = list(pool.map(lambda path: app.test_client().get(path).status_code, paths))
    finally:
        sys.setswitchinterval(interval)
    assert set(answers) == {200}
    assert len(app.extensions["repeats"]) == REMEMBERED


def test_long_requests_are_served_but_not_remembered(client, repeats):
    alphabet = "".join(map(chr, range(0x4E00, 0x4E00 + LONGEST)))
    body = {"alphabet": alphabet, "length": 8}
    assert set(client.post("/api/v1/strings", json=body).json["data"][0]) <= set(alphabet)
    assert client.get(f"/api/v1/strings?prefix={'a' * LONGEST}").status_code == 200
    assert len(repeats) == 0
