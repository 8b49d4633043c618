"""Nothing but nginx's port 80 is reachable."""

from __future__ import annotations

import pytest
import requests

from cases.article import HELLO

pytestmark = pytest.mark.local

LISTEN = "0A"


def listening_ports(container) -> set[int]:
    """TCP ports from /proc/net/tcp and tcp6, except Docker's own name server on 127.0.0.11."""
    rows = [
        line.split()
        for line in container.must("bash", "-c", "cat /proc/net/tcp /proc/net/tcp6 2>/dev/null || true").splitlines()
    ]
    local = [row[1].split(":") for row in rows if row[3] == LISTEN]
    return {int(port, 16) for address, port in local if address != "0B00007F"}


def test_api_has_no_network(stack):
    assert stack.api.inspect()["HostConfig"]["NetworkMode"] == "none"
    interfaces = {line.split(":")[0].strip() for line in stack.api.must("cat", "/proc/net/dev").splitlines()[2:]}
    assert interfaces == {"lo"}


def test_only_port_80_of_nginx_is_published(stack):
    def published(container):
        return {port for port, there in container.inspect()["NetworkSettings"]["Ports"].items() if there}

    assert published(stack.nginx) == {"80/tcp"}
    assert published(stack.api) == set()
    assert not stack.api.inspect()["HostConfig"]["PublishAllPorts"]


def test_only_the_expected_ports_are_listened_on(stack):
    """The api has only its two Gunicorns, on loopback. A Supervisor with an inet_http_server would show up here."""
    assert listening_ports(stack.api) == {5000, 5001}
    assert listening_ports(stack.nginx) == {80, 9145}  # 9145: metrics, for the stack's own network


def test_the_app_is_not_on_the_host(stack):
    try:
        answer = requests.get("http://127.0.0.1:5000/", timeout=5, proxies={"http": ""})
    except requests.ConnectionError:
        return
    # Another program may listen there on a developer's machine, but it is not the app.
    assert answer.text != HELLO


def test_only_their_group_may_use_the_sockets(stack):
    # With userns-remap the folder has no special owner. nginx mounts it read-only; the sockets' modes limit access.
    (sockets,) = [mount for mount in stack.nginx.inspect()["Mounts"] if mount["Destination"] == "/run/flaskrandom"]
    assert not sockets["RW"]
    assert stack.api.must("stat", "--format", "%a", "/run/flaskrandom").strip() == "1777"
    assert stack.api.must("stat", "--format", "%a %F", "/run/flaskrandom/api.sock").strip() == "770 socket"
    assert stack.api.must("stat", "--format", "%a %F", "/run/supervisor/supervisor.sock").strip() == "700 socket"
    assert stack.api.must("stat", "--format", "%a", "/run/supervisor").strip() == "700"


def test_metrics_are_not_public(client, stack):
    for path in ("/metrics", "/metrics/", "//metrics", "/%6detrics", "/x/../metrics"):
        # requests would normalise the path before sending it.
        prepared = requests.Request("GET", client.base_url).prepare()
        prepared.url = f"{stack.url}{path}"
        assert client.send(prepared, timeout=5).status_code == 404, path
