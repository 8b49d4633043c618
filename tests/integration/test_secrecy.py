"""No log holds drawn strings or request bodies."""

from __future__ import annotations

import uuid

import pytest

from cases.article import GOOD, asking
from support.secrecy import check_no_log_holds

pytestmark = pytest.mark.local


def test_no_log_holds_drawn_values_or_request_bodies(stack, client):
    drawn = client.ask(asking(intlen=30, intnum=1000)).json()["data"]
    assert len(drawn) == 1000
    sent = f"marker-{uuid.uuid4().hex}"
    client.ask(asking(note=sent))
    client.ask(asking(intlen=sent))
    client.post("/getrandomstr", data=GOOD[:-1] + sent.encode(), headers={"Content-Type": "application/json"})
    client.post("/getrandomstr", data=sent)
    client.post(f"/no/such/{uuid.uuid4().hex}", data=sent * 3000)
    last = client.post("/getrandomstr", json=sent).headers["X-Request-Id"]
    check_no_log_holds([sent, *drawn], stack, last)
