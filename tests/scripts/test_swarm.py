"""The messages of a failed deploy, with fake answers from Swarm."""

from __future__ import annotations

import pytest
from deploy.swarm import __main__ as swarm
from deploy.swarm import services
from scripts.stack.console import Problem


@pytest.mark.parametrize(
    ("outcome", "said"), [("rolled back", "back at v2"), ("failing", "no earlier version to roll back to")]
)
def test_a_failed_deploy_of_the_same_tag_is_reported(monkeypatch, outcome, said):
    """A second deploy of a tag with other settings may be rolled back to the same tag."""
    monkeypatch.setattr(swarm.Service, "settle", lambda _: outcome)
    monkeypatch.setattr(swarm.Service, "tag", "v2")
    monkeypatch.setattr(swarm.Service, "why_failed", lambda *_: "")
    monkeypatch.setattr(swarm, "_check_overlay", lambda: None)
    for name in ("API_IMAGE", "NGINX_IMAGE"):
        monkeypatch.setenv(name, "image")
    with pytest.raises(Problem, match=said):
        swarm._judge("v2")


def test_an_error_with_bars_is_shown_completely(monkeypatch):
    monkeypatch.setattr(services, "output", lambda *_: "api:v2|id|node|Failed a|b")
    monkeypatch.setattr(services, "run", lambda *_, **__: type("Done", (), {"stdout": "", "stderr": ""}))
    assert "on node: Failed a|b" in services.Service("api").why_failed("api:v2")
