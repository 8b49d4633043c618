"""Strings that were drawn, and bodies that were sent, are in no log."""

from __future__ import annotations

import uuid

import pytest

from support.article_cases import GOOD, asking
from support.polling import await_until
from support.stack import SERVICES

pytestmark = pytest.mark.local


def test_no_log_holds_what_was_drawn_or_sent(stack, client):
    drawn = client.ask(asking(intlen=30, intnum=1000)).json()["data"]
    assert len(drawn) == 1000
    sent = f"marker-{uuid.uuid4().hex}"
    client.ask(asking(note=sent))
    client.ask(asking(intlen=sent))
    client.post("/getrandomstr", data=GOOD[:-1] + sent.encode(), headers={"Content-Type": "application/json"})
    client.post("/getrandomstr", data=sent)
    client.post(f"/no/such/{uuid.uuid4().hex}", data=sent * 3000)
    last = client.post("/getrandomstr", json=sent).headers["X-Request-Id"]

    # Once the last request is in nginx's log, those before it are too.
    await_until(lambda: last in stack.logs("nginx"), 5, "the last request is logged")
    for service in SERVICES:
        logs = stack.logs(service)
        assert logs
        assert sent not in logs
        assert [string for string in drawn if string in logs] == []
