"""/healthz and /readyz, as orchestrators ask for them."""

from __future__ import annotations

import os

import pytest


@pytest.mark.parametrize(("path", "status"), [("/healthz", "ok"), ("/readyz", "ready")])
def test_healthy(client, path, status):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json == {"status": status}
    assert answer.headers["Cache-Control"] == "no-store"


def test_not_ready_without_randomness_and_only_the_log_says_why(client, monkeypatch, caplog):
    def urandom(_: int) -> bytes:
        raise OSError("no entropy")

    monkeypatch.setattr(os, "urandom", urandom)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "not ready"}
    assert "no entropy" in caplog.text
    assert client.get("/healthz").status_code == 200
