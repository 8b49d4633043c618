"""What a failed deploy says, with Swarm's answers made up."""

from __future__ import annotations

import pytest
from deploy.swarm import __main__ as swarm
from deploy.swarm import services
from scripts.stack.console import Problem


@pytest.mark.parametrize(
    ("outcome", "said"), [("rolled back", "back at v2"), ("failing", "no earlier version to roll back to")]
)
def test_the_same_tag_again(monkeypatch, outcome, said):
    """Deployed again with other settings, it may be rolled back to the same tag."""
    monkeypatch.setattr(swarm.Service, "settle", lambda _: outcome)
    monkeypatch.setattr(swarm.Service, "tag", "v2")
    monkeypatch.setattr(swarm.Service, "why_failed", lambda *_: "")
    monkeypatch.setattr(swarm, "_check_overlay", lambda: None)
    for name in ("API_IMAGE", "NGINX_IMAGE"):
        monkeypatch.setenv(name, "image")
    with pytest.raises(Problem, match=said):
        swarm._judge("v2")


def test_an_error_with_bars_is_shown(monkeypatch):
    monkeypatch.setattr(services, "output", lambda *_: "api:v2|id|node|Failed a|b")
    monkeypatch.setattr(services, "run", lambda *_, **__: type("Done", (), {"stdout": "", "stderr": ""}))
    assert "on node: Failed a|b" in services.Service("api").why_failed("api:v2")
