"""Errors of the app: problem documents with the request's id and without internal details."""

from __future__ import annotations

import re

import pytest

from support.answers import LEAK, check_problem

INTERNAL = "the database password is hunter2"


@pytest.fixture
def breaking(app):
    """A client of the app with an extra route that fails."""

    @app.get("/broken")
    def broken():
        raise RuntimeError(INTERNAL)

    return app.test_client()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/no/such/address", "/api/v1//strings", "/api/v1/strings/"])
def test_an_unknown_address_gets_404(client, method, path):
    answer = client.open(path, method=method)
    check_problem(answer, answer.json, 404)
    assert answer.json["title"] == "Not Found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "/", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/getrandomstr", {"POST", "OPTIONS"}),
        ("PUT", "/getrandomstr", {"POST", "OPTIONS"}),
        ("POST", "/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_405_names_the_allowed_methods(client, method, path, allowed):
    answer = client.open(path, method=method)
    check_problem(answer, answer.json, 405)
    assert set(answer.headers["Allow"].split(", ")) == allowed
    assert answer.json["detail"] == f"This address takes {', '.join(sorted(allowed))} only."


def test_only_the_log_gives_the_cause_of_a_500(breaking, caplog):
    answer = breaking.get("/broken", headers={"X-Request-Id": "trace-0001"})
    check_problem(answer, answer.json, 500)
    assert INTERNAL not in answer.text
    assert not LEAK.search(answer.text)
    assert not re.search(r"RuntimeError|\.py|line \d", answer.text)
    assert INTERNAL in caplog.text
    assert "trace-0001" in caplog.text


@pytest.mark.parametrize("path", ["/no/such/address", "/broken"])
def test_the_request_id_is_the_one_from_nginx(breaking, path):
    assert breaking.get(path, headers={"X-Request-Id": "trace-0001"}).json["request_id"] == "trace-0001"


def test_without_nginx_each_request_gets_its_own_id(client):
    ids = {client.get("/no/such/address").json["request_id"] for _ in range(20)}
    assert len(ids) == 20


@pytest.mark.parametrize(
    ("path", "status", "name", "title"),
    [
        ("/api/v1/strings?length=x", 400, "fields-not-valid", "Fields Not Valid"),
        ("/api/v1/strings?length=3&min_digits=4", 422, "impossible", "Impossible"),
        ("/api/v1/strings?length=1000&min_digits=500", 422, "too-complex", "Too Complex"),
        ("/api/v1/strings?series=spring", 422, "no-series-key", "No Series Key"),
        ("/nothing", 404, None, "Not Found"),
        ("/api/v1/strings?%FF", 400, None, "Bad Request"),
    ],
)
def test_every_problem_has_its_type_and_title(client, path, status, name, title):
    """RFC 9457, 4.2.1: with about:blank the title is the status phrase; other titles have a type of their own."""
    answer = client.get(path)
    assert answer.status_code == answer.json["status"] == status
    assert answer.json["type"] == (f"/docs/problems/{name}" if name else "about:blank")
    assert answer.json["title"] == title
