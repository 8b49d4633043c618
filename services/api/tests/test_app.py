"""create_app reads the environment only if it gets no settings, and two apps share nothing."""

from __future__ import annotations

import pytest

from flaskrandom import create_app
from flaskrandom.config import BadSetting, Config


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
