"""API-key authentication: which routes need a key, the answer without one, and that it can be off."""

from __future__ import annotations

import logging
import time

import pytest

from flaskrandom import create_app
from flaskrandom.config import Config
from flaskrandom.keys import LOOK_AGAIN, line_for, new_key
from support.metrics import Page
from support.openapi import check_document

KEY = new_key()
OPEN = {"/", "/healthz", "/metrics", "/readyz", "/openapi.json"}
ASKED = {"intlen": 8, "intnum": 2, "withnum": True}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("secrets") / "api_keys"
    path.write_text(line_for("ci", KEY))
    return path


@pytest.fixture(scope="module")
def guarded(file):
    return create_app(Config(api_keys_file=file))


@pytest.fixture
def client(guarded):
    return guarded.test_client()


def routes(app):
    return [(method, rule.rule) for rule in app.url_map.iter_rules() for method in sorted(rule.methods - {"OPTIONS"})]


def check_refused(answer, challenge):
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == challenge
    assert answer.headers["Cache-Control"] == "no-store"
    if answer.data:
        assert answer.json["status"] == 401
        assert answer.json["title"] == "Unauthorized"


def test_every_route_except_the_open_ones_needs_a_key(guarded, client):
    wanting = {rule for method, rule in routes(guarded) if client.open(rule, method=method).status_code == 401}
    assert wanting == {rule for _, rule in routes(guarded)} - OPEN
    assert "/getrandomstr" in wanting
    assert len(wanting) > 15


def test_without_a_key_a_guarded_route_gets_401(guarded, client):
    for method, rule in routes(guarded):
        if rule not in OPEN:
            check_refused(client.open(rule, method=method), 'Bearer realm="flaskrandom"')


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": f"bearer {KEY}"},
        {"Authorization": f"BEARER  {KEY}"},
        {"X-API-Key": KEY},
        {"X-API-Key": KEY, "Authorization": "Basic dTpw"},
    ],
)
def test_a_valid_key_is_accepted(client, headers):
    answer = client.post("/getrandomstr", json=ASKED, headers=headers)
    assert answer.status_code == 200
    assert answer.json["datalen"] == 2
    assert client.get("/api/v1/strings", headers=headers).status_code == 200
    assert client.get("/api/v1/strings/stream?count=5", headers=headers).data.count(b"\n") == 5


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {new_key()}"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {KEY[:-1]}"},
        {"Authorization": f"Bearer {KEY},{KEY}"},
        {"X-API-Key": new_key()},
        {"X-API-Key": ""},
        {"X-API-Key": KEY, "Authorization": f"Bearer {new_key()}"},
        {"X-API-Key": KEY + "é"},
    ],
)
def test_a_wrong_key_gets_401(client, headers):
    for answer in (
        client.post("/getrandomstr", json=ASKED, headers=headers),
        client.get("/api/v1/strings", headers=headers),
    ):
        check_refused(answer, 'Bearer realm="flaskrandom", error="invalid_token"')
        assert "ask the operator" in answer.json["detail"]


@pytest.mark.parametrize("headers", [{"Authorization": "Basic dTpw"}, {"Authorization": KEY}, {"Cookie": f"key={KEY}"}])
def test_another_kind_of_credential_is_ignored(client, headers):
    check_refused(client.get("/api/v1/strings", headers=headers), 'Bearer realm="flaskrandom"')


def test_a_key_in_the_address_is_ignored(client):
    """Addresses end up in logs and browser histories."""
    for name in ("api_key", "key", "access_token"):
        check_refused(client.get(f"/api/v1/strings?{name}={KEY}"), 'Bearer realm="flaskrandom"')


def test_unknown_addresses_and_methods_need_no_key(client):
    assert client.get("/no/such/address").status_code == 404
    assert client.delete("/api/v1/strings").status_code == 405
    assert client.options("/api/v1/strings").status_code == 200


def test_the_name_of_the_key_is_sent_to_nginx(client):
    assert client.get("/api/v1/strings", headers={"X-API-Key": KEY}).headers["X-Key-Name"] == "ci"
    assert "X-Key-Name" not in client.get("/api/v1/strings").headers
    assert "X-Key-Name" not in client.get("/").headers


def test_a_request_without_a_valid_key_draws_nothing(client, monkeypatch):
    def refuse(*_):
        raise AssertionError("drawn without a key")

    monkeypatch.setattr("flaskrandom.core.rng.random_bytes", refuse)
    for path in ("/api/v1/strings", "//api/v1/strings", "/api/v1/strings/stream", "//getrandomstr"):
        for method in ("GET", "POST", "HEAD"):
            overrides = {"PATH_INFO": path, "HTTP_X_API_KEY": new_key()}
            answer = client.open("/x", method=method, environ_overrides=overrides)
            assert answer.status_code in (401, 405), (method, path)


def test_a_401_is_counted(client):
    def counted() -> tuple[float, float]:
        page = Page(client.get("/metrics").text)
        return (
            page.total("flaskrandom_http_requests_total", route="/api/v1/strings", status="401"),
            page.total("flaskrandom_rejections_total", reason="unauthorized"),
        )

    before = counted()
    client.get("/api/v1/strings")
    assert counted() == (before[0] + 1, before[1] + 1)


def test_prometheus_needs_no_key(client):
    assert client.get("/metrics").status_code == 200


def test_a_key_removed_from_the_file_is_refused(file):
    other = new_key()
    own = file.with_name("changing")
    own.write_text(f"{line_for('ci', KEY)}\n{line_for('other', other)}\n")
    client = create_app(Config(api_keys_file=own)).test_client()

    def ask(key):
        answer = client.get("/api/v1/tokens?bytes=9", headers={"X-API-Key": key})
        return answer.status_code, answer.headers.get("X-Key-Name")

    assert [ask(KEY), ask(other)] == [(200, "ci"), (200, "other")]
    own.write_text(line_for("other", other))
    time.sleep(LOOK_AGAIN)
    assert [ask(KEY), ask(other)] == [(401, None), (200, "other")]


def test_no_key_is_logged(client, caplog):
    wrong = new_key()
    with caplog.at_level(logging.DEBUG):
        client.get("/api/v1/strings", headers={"X-API-Key": KEY})
        client.get("/api/v1/strings", headers={"X-API-Key": wrong})
        client.get("/api/v1/strings?length=x", headers={"Authorization": f"Bearer {KEY}"})
    assert KEY not in caplog.text
    assert wrong not in caplog.text


def test_without_a_key_file_no_request_is_checked():
    app = create_app(Config())
    assert app.before_request_funcs == {}
    assert app.after_request_funcs == {}
    assert app.test_client().get("/api/v1/strings", headers={"X-API-Key": "x"}).status_code == 200


def test_the_openapi_document_names_the_routes_that_need_a_key(guarded, client):
    document = client.get("/openapi.json").json
    check_document(document)
    assert {"bearer", "header"} == set(document["components"]["securitySchemes"])
    for path, item in document["paths"].items():
        for method, operation in item.items():
            wanted = client.open(path, method=method).status_code == 401
            assert wanted == (path not in OPEN)
            assert ("security" in operation) == wanted
            assert ("401" in operation["responses"]) == wanted


def test_the_openapi_document_does_not_mention_keys_if_they_are_off():
    text = create_app(Config()).test_client().get("/openapi.json").text
    assert "security" not in text
    assert '"401"' not in text
    assert "API-Key" not in text
