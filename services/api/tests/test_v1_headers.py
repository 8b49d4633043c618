"""No cache may store drawn values, and each method is answered or refused as HTTP requires."""

from __future__ import annotations

import pytest

from cases.v1 import KINDS, ask
from flaskrandom import create_app
from flaskrandom.config import Config
from support.answers import check_problem

DRAWING = [f"{kind}{suffix}" for kind in KINDS for suffix in ("", "/stream")]
POST_ONLY = [*(f"{kind}/estimate" for kind in KINDS), "verify"]


@pytest.fixture(scope="module")
def client():
    return create_app(Config()).test_client()


@pytest.mark.parametrize("fields", [{}, {"count": 0}, {"colour": "blue"}])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", DRAWING)
def test_no_cache_may_store_values_or_refusals(client, path, method, fields):
    assert ask(client, method, path, fields).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", POST_ONLY)
def test_no_cache_may_store_estimates_or_verifications(client, path):
    fields = {"value": "2363", "checksum": "verhoeff"} if path == "verify" else {}
    answer = ask(client, "POST", path, fields)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", DRAWING)
def test_head_is_get_without_a_body(client, path):
    answer = client.head(f"/api/v1/{path}?count=3")
    assert answer.status_code == 200
    assert answer.data == b""
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content_type == client.get(f"/api/v1/{path}?count=3").content_type


def test_head_gives_the_size_of_a_download_and_draws_nothing(client, monkeypatch):
    def refuse(*_):
        raise AssertionError("drawn for a HEAD")

    monkeypatch.setattr("flaskrandom.core.rng.random_bytes", refuse)
    answer = client.head("/api/v1/strings/stream?length=16&count=10000000&format=text")
    assert answer.headers["Content-Length"] == "170000000"


def test_head_refuses_what_get_refuses(client):
    answer = client.head("/api/v1/strings?count=0")
    assert answer.status_code == 400
    assert answer.data == b""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        *((path, {"GET", "HEAD", "OPTIONS", "POST"}) for path in DRAWING),
        *((path, {"OPTIONS", "POST"}) for path in POST_ONLY),
    ],
)
def test_options_and_405_name_the_allowed_methods(client, path, allowed):
    answer = client.options(f"/api/v1/{path}")
    assert answer.status_code in (200, 204)
    assert set(answer.headers["Allow"].split(", ")) == allowed
    for method in {"GET", "PUT", "PATCH", "DELETE"} - allowed:
        refused = client.open(f"/api/v1/{path}", method=method)
        check_problem(refused, refused.json, 405)
        assert set(refused.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "path", ["", "/", "/nothing", "/strings/", "/strings/nothing", "/Strings", "/strings/estimate/x"]
)
def test_an_unknown_address_gets_404(client, path):
    answer = client.get(f"/api/v1{path}")
    check_problem(answer, answer.json, 404)
