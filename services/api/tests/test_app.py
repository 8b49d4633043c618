"""create_app: settings from the environment when none are given, and nothing shared between two apps."""

from __future__ import annotations

import pytest

from flaskrandom import create_app
from flaskrandom.config import BadSetting, Config


def test_reads_the_environment(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "loud")
    with pytest.raises(BadSetting, match=r"^LOG_LEVEL=loud: must be "):
        create_app()


def test_given_settings_win(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "loud")
    assert create_app(Config()).test_client().get("/healthz").status_code == 200


def test_two_apps_share_nothing():
    one, other = create_app(Config()), create_app(Config())

    @one.get("/only-here")
    def only_here():
        return "here"

    assert one.test_client().get("/only-here").status_code == 200
    assert other.test_client().get("/only-here").status_code == 404


def test_no_static_files_of_its_own(client):
    assert client.get("/static/anything").status_code == 404
    assert client.get("/static/../app.py").status_code == 404


def test_the_article_finds_app_app():
    from app import app

    assert app.test_client().get("/healthz").status_code == 200
