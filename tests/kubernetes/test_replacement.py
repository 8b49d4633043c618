"""A Pod is replaced under load as in a rolling update: the new one becomes ready, then the old one is drained."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable

import pytest

from support.polling import await_until
from support.stack import ROOT

from .machine import Machine, manifest, played
from .manifests import Resource

CALL = ("POST", "/getrandomstr")
BODY = '{"intlen":16,"intnum":3,"withnum":true,"withlow":true}'
#: The least number of requests to send, none of which may be lost.
LEAST = 20_000


class Load(threading.Thread):
    """Runs wrk on the machine repeatedly, until it is told to stop and has sent enough requests."""

    def __init__(self, podman: Machine, kind: str) -> None:
        super().__init__()
        self._podman, self._kind = podman, kind
        self.over = threading.Event()
        self.requests = self.failed = 0
        self.seen: list[dict[str, object]] = []

    def run(self) -> None:
        while not self.over.is_set() or self.requests < LEAST / 2:
            wrk = (
                "wrk",
                "--threads=1",
                "--connections=8",
                "--duration=20s",
                "--timeout=10s",
                "--script=/srv/count.lua",
            )
            said = self._podman.must(*wrk, "http://127.0.0.1:8000", "--", *CALL, self._kind, BODY)
            seen = json.loads(said.strip().splitlines()[-1])
            self.seen.append(seen)
            self.requests += seen["requests"]
            self.failed += seen["broken"] + seen["requests"] - seen["statuses"].get("200", 0)


def replaced(podman: Machine, texts: dict[int, str]) -> dict[str, Load]:
    """Start the Pod on port 8001, and replace it under load with the one on 8002, as a rolling update does."""
    loads = {kind: Load(podman, kind) for kind in ("close", "keep")}
    podman.run("podman", "network", "create", "--subnet=10.99.0.0/24", "service")
    with played(podman, texts[8001], 8001, "--network=service", "--ip=10.99.0.11"):
        podman.must("bash", "-c", "haproxy -db -f /srv/haproxy.cfg &>/srv/haproxy.log & ")
        # HAProxy takes both Pods for ready until it has checked them.
        await_until(lambda: all(podman.serves(8000) for _ in range(20)), 30, "the proxy knows which Pod is there")
        for load in loads.values():
            load.start()
        try:
            with played(podman, texts[8002], 8002, "--network=service", "--ip=10.99.0.12"):
                time.sleep(5)  # minReadySeconds
                # Stop the containers first, as a kubelet does. `podman pod stop` removes the network while they drain.
                podman.must("podman", "stop", "one-pod-api", "one-pod-nginx")
                for load in loads.values():
                    load.over.set()
                    load.join()
        finally:
            for load in loads.values():
                load.over.set()
                load.join()
            podman.run("pkill", "--signal", "KILL", "haproxy")
    return loads


@pytest.mark.parametrize("drained", [True, False])
def test_a_replaced_pod_loses_no_request_if_it_is_drained(
    podman: Machine, kustomize: Callable[..., list[Resource]], images, drained, record_property
):
    """Control: without draining, the load sees lost requests."""
    podman.copy(ROOT / "tests/faults/client/count.lua", "/srv/count.lua")
    podman.copy(ROOT / "tests/kubernetes/haproxy.cfg", "/srv/haproxy.cfg")
    resources = kustomize("base")
    texts = {
        port: manifest(resources, images, pod=name, RATE_LIMIT="0", CONNECTION_LIMIT="0")
        for port, name in {8001: "one", 8002: "two"}.items()
    }
    if not drained:
        texts = {port: re.sub(r"(name: DRAIN_SECONDS\n *value: )'\d+'", r"\1'0'", text) for port, text in texts.items()}
        assert "value: '0'" in texts[8001]
    loads = replaced(podman, texts)
    sent, failed = sum(load.requests for load in loads.values()), sum(load.failed for load in loads.values())
    record_property(f"replaced, {'drained' if drained else 'not drained'}", f"{failed} failed of {sent:,}")
    assert sent >= LEAST
    if drained:
        seen = json.dumps({kind: load.seen for kind, load in loads.items()})
        assert failed == 0, f"{seen}\n{podman.run('tail', '-n', '50', '/srv/haproxy.log').stdout}"
    else:
        assert failed
