"""Unit tests: Flask's test client, the settings, the shell scripts. They need no Docker and take seconds."""

from __future__ import annotations

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient

from flaskrandom import create_app
from flaskrandom.config import Config

# No time limit per example: it would fail on a busy machine. `make test SUITE=properties` chooses `thorough`.
hypothesis.settings.register_profile("quick", deadline=None)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("quick")


@pytest.fixture
def app() -> Flask:
    return create_app(Config())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
