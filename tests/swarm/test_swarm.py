"""Failures of machines and updates of versions, under load. Each test restores the Swarm."""

from __future__ import annotations

import json
import subprocess
import time

import pytest

from support.polling import await_until
from support.stack import ROOT, build, must, run

from .conftest import API, ENOUGH, NGINX

#: A p99 up to this, in ms, is acceptable, whatever it was before the update.
UNNOTICED_MS = 20


@pytest.fixture(scope="module")
def steady(deployed_once, load, figures):
    """The load while nothing else happens."""
    begin = time.time()
    await_until(lambda: time.time() > begin + 40, 45, "40 s of steady load")
    seen = load.between(begin)
    figures.row("no event, 40 s", seen)
    return seen


@pytest.fixture(scope="module")
def deployed_once(cluster):
    if not cluster.running("api"):
        cluster.deploy("v1")
    return cluster


def test_deploying_the_running_version_changes_nothing(deployed):
    assert all(node.serves() for node in deployed.nodes)
    assert sorted(deployed.running("api", "v1")) == ["n1", "n2", "n3"], "one replica on each machine"
    before = {task["ID"] for service in ("api", "nginx") for task in deployed.tasks(service)}
    assert "flaskrandom runs v1" in deployed.deploy("v1")
    assert {task["ID"] for service in ("api", "nginx") for task in deployed.tasks(service)} == before


def test_containers_are_as_confined_as_on_one_machine(deployed):
    node = deployed.nodes[0]
    for service, user in (("api", "10001:10001"), ("nginx", "10002:10001")):
        ident = node.docker("ps", "--quiet", "--filter", f"name=flaskrandom_{service}").split()[0]
        shown = node.docker(
            "inspect",
            "--format",
            "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.Memory}} "
            "{{.HostConfig.PidsLimit}} {{.HostConfig.LogConfig.Config.mode}}",
            ident,
        ).split()
        assert shown[:3] == [user, "true", "[ALL]"]
        assert all(int(limit) > 0 for limit in shown[3:5])
        assert shown[5] == "non-blocking"
    api = node.docker("ps", "--quiet", "--filter", "name=flaskrandom_api").split()[0]
    routes = node.docker("exec", api, "cat", "/proc/net/route").splitlines()[1:]
    assert not [route for route in routes if route.split()[1] == "00000000"], "the api has no default route"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"TAG": "latest"}, "TAG=latest"),
        ({"TAG": ""}, "TAG="),
        ({"TAG": "nowhere"}, "flaskrandom-api:nowhere cannot be pulled"),
        ({"TAG": "v1", "REGISTRY": ""}, "REGISTRY"),
        ({"TAG": "v1", "API_REPLICAS": "none"}, "API_REPLICAS=none"),
        ({"TAG": "v1", "OVERLAY_ENCRYPTION": "yes"}, "OVERLAY_ENCRYPTION"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_deploy_is_refused_before_anything_changes(deployed, settings, named):
    before = {task["ID"] for service in ("api", "nginx") for task in deployed.tasks(service)}
    done = deployed.make("deploy", **settings)
    assert done.returncode != 0
    assert named in done.stdout
    assert "fix:" in done.stdout
    assert {task["ID"] for service in ("api", "nginx") for task in deployed.tasks(service)} == before


def test_scaling_up_and_down_loses_no_request(deployed, load, steady, figures):
    begin = time.time()
    deployed.scale(6)
    deployed.await_replicas(6)
    up = time.time() - begin
    deployed.scale(3)
    deployed.await_replicas(3)
    seen = load.between(begin)
    figures.row("3 replicas, then 6, then 3", seen, f"{up:.0f} s to 6")
    assert seen.kinds == {}


def test_rolling_updates_lose_no_request(deployed, load, steady, figures):
    """Deploy and roll back in turn, until enough requests were sent. nginx, which is unchanged, keeps running."""
    proxies = {task["ID"] for task in deployed.tasks("nginx")}
    begin = time.time()
    tags = ["v1"]
    while load.between(begin).count < ENOUGH:
        if tags[-1] == "v1":
            deployed.deploy("v2")
        else:
            done = deployed.make("rollback")
            assert done.returncode == 0, done.stdout
        tags.append("v2" if tags[-1] == "v1" else "v1")
        assert len(deployed.running("api", tags[-1])) == 3
    seen = load.between(begin)
    updates = len(tags) - 1
    p99 = seen.percentile(99)
    ratio = p99 / steady.percentile(99)
    # On a fast machine twice the steady p99 is a few milliseconds, and the start of a container alone can add that.
    met = ratio <= 2 or p99 <= UNNOTICED_MS
    missed = "" if met else f"missed: a p99 of {UNNOTICED_MS} ms, or twice that of no event"
    figures.row(f"{updates} rolling updates", seen, missed=missed)
    assert seen.kinds == {}
    assert {task["ID"] for task in deployed.tasks("nginx")} == proxies
    assert met, (p99, ratio)


def test_a_broken_update_is_rolled_back(deployed, load, steady, figures):
    broken = "RUN echo 'raise SystemExit(\"broken on purpose\")' >app.py"
    deployed.push("api", "broken", API, "USER root", broken, "USER 10001:10001")
    deployed.push("nginx", "broken", NGINX)
    begin = time.time()
    done = deployed.make("deploy", TAG="broken")
    seconds = time.time() - begin
    seen = load.between(begin)
    figures.row("a broken update", seen, f"rolled back after {seconds:.0f} s")
    assert done.returncode != 0
    assert "back at v1" in done.stdout
    assert "broken on purpose" in done.stdout
    assert seen.kinds == {}
    deployed.await_replicas(3)
    assert len(deployed.running("api", "v1")) == 3
    before = {task["ID"] for service in ("api", "nginx") for task in deployed.tasks(service)}
    refused = deployed.make("rollback")
    assert refused.returncode != 0, "the version that Swarm remembers is now the broken one"
    assert "no common version" in refused.stdout
    assert {task["ID"] for service in ("api", "nginx") for task in deployed.tasks(service)} == before


def test_draining_a_node_loses_no_request_at_the_others(deployed, load, steady, figures):
    *others, last = deployed.nodes
    begin = time.time()
    deployed.manager.docker("node", "update", "--availability", "drain", last.name)
    deployed.await_replicas(3, where=lambda node: node != last.name)
    await_until(lambda: not last.serves(), 30, "its nginx is gone")
    seen = load.between(begin).at(node.name for node in others)
    figures.row("a node is drained: other nodes", seen)
    deployed.manager.docker("node", "update", "--availability", "active", last.name)
    assert seen.kinds == {}


def test_a_node_that_loses_power_hardly_affects_the_others(deployed, load, steady, figures):
    *others, last = deployed.nodes
    begin = time.time()
    last.lose_power()
    deployed.await_replicas(3, 60, where=lambda node: node != last.name)
    seconds = time.time() - begin
    seen = load.between(begin).at(node.name for node in others)
    figures.row("a node loses power: other nodes", seen, f"3 replicas after {seconds:.0f} s")
    last.start()
    assert seen.span_of_failures <= 1, seen.kinds
    assert seconds <= 30


def test_a_node_that_is_cut_off_serves_and_comes_back(deployed, load, steady, figures):
    *others, last = deployed.nodes
    begin = time.time()
    last.cut_off(others)
    deployed.await_replicas(3, 60, where=lambda node: node != last.name)
    cut = load.between(begin)
    seen, own = cut.at(node.name for node in others), cut.at([last.name])
    figures.row("a node is cut off: other nodes", seen)
    figures.row("a node is cut off: that node", own, f"failures for {own.span_of_failures:.2f} s")
    healed = time.time()
    last.heal(others)
    await_until(deployed.whole, 120, "every node is in the Swarm and serves")
    deployed.await_replicas(3)
    back = load.between(healed)
    assert seen.span_of_failures <= 1, seen.kinds
    assert own.span_of_failures <= 1, own.kinds
    assert back.kinds == {}


def test_a_restart_of_the_leading_manager_hardly_affects_the_others(deployed, load, steady, figures):
    first, *others = deployed.nodes
    deployed.manager = others[0]
    begin = time.time()
    must("docker", "restart", first.ident)
    await_until(first.answers, 60, "its engine answers")
    await_until(deployed.whole, 120, "every node is in the Swarm and serves")
    deployed.await_replicas(3)
    seen = load.between(begin).at(node.name for node in others)
    figures.row("the leader's engine restarts: other nodes", seen)
    deployed.manager = first
    assert seen.span_of_failures <= 1, seen.kinds


def test_nginx_stays_and_answers_503_without_any_replica(deployed):
    """Swarm replaces unhealthy containers, so nginx must stay healthy without the app for over three health checks."""
    proxies = {task["ID"] for task in deployed.tasks("nginx")}
    first = deployed.nodes[0]
    deployed.scale(0)
    await_until(lambda: not first.serves(), 30, "no replica is left")
    begin = time.time()
    await_until(lambda: time.time() > begin + 45, 50, "45 s without a replica")
    answer = first.get("/")
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    deployed.scale(3)
    deployed.await_replicas(3)
    await_until(deployed.whole, 30, "every node serves again")
    assert {task["ID"] for task in deployed.tasks("nginx")} == proxies


def test_cpu_per_request_does_not_grow_with_the_nodes(deployed, cluster, figures):
    """Measure requests a second and CPU per request with one, two and three nodes. Ends the other tests' steady load.

    The nodes share the CPUs, so it is the CPU per request that must not grow.
    """
    run("docker", "rm", "--force", f"{cluster.name}-load")
    build("flaskrandom-bench-load", ROOT / "bench", "--target=load")
    lines = []
    for number in (3, 2, 1):
        active, drained = cluster.nodes[:number], cluster.nodes[number:]
        for node in drained:
            cluster.manager.docker("node", "update", "--availability", "drain", node.name)
        cluster.scale(number)
        names = {node.name for node in active}
        cluster.await_replicas(number, where=names.__contains__)
        used = sum(node.cpu_seconds() for node in active)
        results = flood(cluster, active, seconds=10)
        used = sum(node.cpu_seconds() for node in active) - used
        requests = sum(result["requests"] for result in results)
        rate = sum(result["requests"] / result["seconds"] for result in results)
        lines.append(f"| {number} | {rate:,.0f} | {used / requests * 1e6:,.0f} |")
        assert sum(result["failed"] for result in results) == 0, results
    for node in cluster.nodes:
        cluster.manager.docker("node", "update", "--availability", "active", node.name)
    cluster.scale(3)
    cluster.await_replicas(3)
    head = "| nodes, one replica each | requests/s | CPU per request, µs |\n|--:|--:|--:|"
    words = (
        "The article's calls at full load (`wrk`, 8 connections per node, on the same CPUs). CPU includes the engines."
    )
    figures.table("\n\n".join((words, "\n".join((head, *reversed(lines))))))
    microseconds = [float(line.split("|")[3].replace(",", "")) for line in lines]
    assert max(microseconds) < 1.5 * min(microseconds), lines


def flood(cluster, nodes, seconds: int) -> list[dict[str, float]]:
    """Send as many requests as each node takes, to all nodes at once, and return wrk's result for each."""
    body = '{"intlen":16,"intnum":3,"withnum":true,"withlow":true,"withup":true,"withspecial":true}'
    command = ["docker", "run", "--rm", "--network", cluster.name, "flaskrandom-bench-load", "wrk"]
    options = ["--threads", "1", "--connections", "8", "--duration", f"{seconds}s", "--script", "call.lua"]
    started = [
        subprocess.Popen(
            [*command, *options, f"http://{node.address}", "--", "POST", "/getrandomstr", body],
            stdout=subprocess.PIPE,
            text=True,
        )
        for node in nodes
    ]
    return [json.loads(process.communicate(timeout=60)[0].splitlines()[-1]) for process in started]
