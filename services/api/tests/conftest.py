"""Unit tests: Flask's test client, the settings, the shell scripts. No Docker, seconds."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flaskrandom import create_app
from flaskrandom.config import Config


@pytest.fixture
def app() -> Flask:
    return create_app(Config())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
