"""create_app reads the environment only if it gets no settings, and two apps share nothing."""

from __future__ import annotations

import pytest
from flask import request

from flaskrandom import create_app
from flaskrandom.config import BadSetting, Config
from flaskrandom.keys import line_for, new_key
from support.metrics import Page


def test_settings_come_from_the_environment_by_default(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "loud")
    with pytest.raises(BadSetting, match=r"^LOG_LEVEL=loud: must be "):
        create_app()


def test_given_settings_override_the_environment(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "loud")
    assert create_app(Config()).test_client().get("/healthz").status_code == 200


def test_two_apps_share_nothing():
    one, other = create_app(Config()), create_app(Config())

    @one.get("/only-here")
    def only_here():
        return "here"

    assert one.test_client().get("/only-here").status_code == 200
    assert other.test_client().get("/only-here").status_code == 404


def test_the_app_serves_no_static_files(client):
    assert client.get("/static/anything").status_code == 404
    assert client.get("/static/../app.py").status_code == 404


def test_app_can_be_imported_as_in_the_article():
    from app import app

    assert app.test_client().get("/healthz").status_code == 200


def test_the_layers_are_metrics_then_keys_then_draws_then_flask(tmp_path):
    """Metrics count what the key check refuses; no draw comes before that check; no draw needs Flask's machinery."""
    key, by_flask = new_key(), []
    (tmp_path / "api_keys").write_text(line_for("ci", key))
    app = create_app(Config(api_keys_file=tmp_path / "api_keys"))
    app.before_request(lambda: by_flask.append(request.path))
    client = app.test_client()

    def counted() -> tuple[float, float]:
        """Requests that were refused, and values drawn."""
        page = Page(client.get("/metrics").text)
        refused = page.total("flaskrandom_http_requests_total", route="/api/v1/uuids", status="401")
        return refused, page.total("flaskrandom_drawn_values_total", kind="uuids")

    refused, drawn = counted()
    assert client.get("/api/v1/uuids").status_code == 401
    assert counted() == (refused + 1, drawn)
    assert client.get("/api/v1/uuids", headers={"X-API-Key": key}).headers["X-Key-Name"] == "ci"
    assert counted() == (refused + 1, drawn + 1)
    assert set(by_flask) == {"/metrics"}
