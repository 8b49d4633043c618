"""Unit tests: Flask's test client, the settings, the shell scripts. No Docker, seconds."""

from __future__ import annotations

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient

from flaskrandom import create_app
from flaskrandom.config import Config

# Hypothesis' time limit for one example fails on a busy machine.
hypothesis.settings.register_profile("no-deadline", deadline=None)
hypothesis.settings.load_profile("no-deadline")


@pytest.fixture
def app() -> Flask:
    return create_app(Config())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
