"""/healthz and /readyz, as orchestrators call them."""

from __future__ import annotations

import pytest

from flaskrandom.server import readiness


@pytest.mark.parametrize(("path", "status"), [("/healthz", "ok"), ("/readyz", "ready")])
def test_healthz_and_readyz_answer_200(client, path, status):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json == {"status": status}
    assert answer.headers["Cache-Control"] == "no-store"


def test_not_ready_if_the_app_cannot_work_and_only_the_log_says_why(client, monkeypatch, caplog):
    monkeypatch.setattr(readiness, "watched", "/no/socket")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "not ready"}
    assert "/no/socket: No such file" in caplog.text
    assert client.get("/healthz").status_code == 200


def test_not_ready_while_the_app_stops(client, monkeypatch, tmp_path):
    """The app is alive and still serves calls; orchestrators should send new calls elsewhere."""
    note = tmp_path / "draining"
    monkeypatch.setattr(readiness, "DRAINING", note)
    assert client.get("/readyz").status_code == 200
    note.touch()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "stopping"}
    assert client.get("/healthz").status_code == 200
    assert client.get("/api/v1/strings").status_code == 200
