"""The profile `observability`, on its own stack: Prometheus collects the metrics, and alerts when the app is down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from support.polling import await_until
from support.stack import ROOT, Stack, must, throwaway

pytestmark = [pytest.mark.local, pytest.mark.quick]

DASHBOARD = json.loads((ROOT / "services/prometheus/dashboard.json").read_text())
QUERIES = {
    f"{panel['title']} ({target['legendFormat']})": target["expr"]
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
}
CLIENT = {"http": ""}  # addresses on this machine need no proxy


class Prometheus:
    """Prometheus's HTTP API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **parameters: str) -> Any:
        answer = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=5, proxies=CLIENT)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        return self.get("query", query=expression)["result"]

    def firing(self) -> set[str]:
        return {alert["labels"]["alertname"] for alert in self.get("alerts")["alerts"] if alert["state"] == "firing"}


@pytest.fixture(scope="module")
def observed(stack) -> Iterator[Stack]:
    """A stack with the profile. It needs the images that `stack` builds, and Prometheus's."""
    stack.compose("build", "--quiet", "prometheus", seconds=300)
    with throwaway(COMPOSE_PROFILES="observability", PROMETHEUS_PORT="0") as other:
        other.up()
        yield other


@pytest.fixture(scope="module")
def prometheus(observed) -> Prometheus:
    port = must("docker", "port", observed.container("prometheus").ident, "9090").split()[0].rpartition(":")[2]
    return Prometheus(f"http://127.0.0.1:{port}")


def test_both_targets_are_scraped(prometheus):
    def up() -> bool:
        return {target["labels"]["job"]: target["health"] for target in prometheus.get("targets")["activeTargets"]} == {
            "api": "up",
            "nginx": "up",
        }

    await_until(up, 20, "both are up")
    assert prometheus.firing() == set()


def test_no_panel_of_the_dashboard_is_empty(observed, prometheus):
    def nothing_to_show() -> list[str]:
        """Send requests of every kind, and return the panels that are still empty."""
        for path in ("/", "/api/v1/strings", "/api/v1/strings/stream?count=5000", "/api/v1/strings?count=0"):
            requests.get(observed.url + path, timeout=5, proxies=CLIENT)
        shown = {name: prometheus.query(query.replace("$__rate_interval", "1m")) for name, query in QUERIES.items()}
        return [name for name, result in shown.items() if all(sample["value"][1] == "NaN" for sample in result)]

    await_until(lambda: not nothing_to_show(), 30, "every panel shows something")
    (drawn,) = prometheus.query('kind:flaskrandom_drawn_values:rate2m{kind="strings"}')
    assert float(drawn["value"][1]) > 0


def test_an_alert_fires_while_the_app_is_down(observed, prometheus):
    assert prometheus.firing() == set()
    observed.compose("stop", "api")
    await_until(lambda: "FlaskrandomDown" in prometheus.firing(), 50, "the alert fires")
    assert prometheus.query('up{job="nginx"}')[0]["value"][1] == "1"
    # Not `up --wait`, which fails because nginx was unhealthy a moment ago.
    observed.compose("start", "api")
    await_until(lambda: "FlaskrandomDown" not in prometheus.firing(), 20, "the alert is resolved")


def test_prometheus_is_confined_like_the_other_containers(observed):
    container = observed.container("prometheus")
    config = container.inspect()["HostConfig"]
    assert config["ReadonlyRootfs"] is True
    assert config["CapDrop"] == ["ALL"]
    assert "no-new-privileges:true" in config["SecurityOpt"]
    assert config["Memory"] == config["MemorySwap"] > 0
    assert config["CpuQuota"] > 0
    assert config["PidsLimit"] > 0
    assert {port["HostIp"] for ports in config["PortBindings"].values() for port in ports} == {"127.0.0.1"}
    assert {uid for status in container.processes().values() for uid in status["Uid"].split()} == {"10004"}
    assert container.health == "healthy"
    assert container.check_health().returncode == 0


def test_prometheus_does_not_run_without_the_profile(stack):
    assert "prometheus" not in stack.compose("config", "--services").split()


def test_prometheus_has_minimal_privileges(observed):
    """The checks of test_hardening.py, made for Prometheus's container (CIS 4.8, 5.4, 5.13, 5.14)."""
    container = observed.container("prometheus")
    host = container.inspect()["HostConfig"]
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["CapAdd"]) == (True, ["ALL"], None)
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert {binding["HostIp"] for bindings in host["PortBindings"].values() for binding in bindings} == {"127.0.0.1"}
    assert {uid for status in container.processes().values() for uid in status["Uid"].split()} == {"10004"}
    assert container.run("find", "/usr", "/bin", "/sbin", "-xdev", "-perm", "/6000", "-type", "f").stdout == ""
