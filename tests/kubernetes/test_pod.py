"""The rendered Pod, played by Podman: what a client sees of it while it starts, breaks and is replaced."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests
import yaml

from flaskrandom.keys import line_for, new_key
from support.polling import await_until
from support.stack import ROOT, run

from .conftest import overlay_of
from .machine import Machine
from .manifests import Resource, only, template

PORT = 8080
CALL = ("POST", "/getrandomstr")
BODY = '{"intlen":16,"intnum":3,"withnum":true,"withlow":true}'
#: Requests that the replacement of a Pod must not lose one of.
LEAST = 20_000


def manifest(resources: list[Resource], images: dict[str, str], *, pod: str = "", **limits: str) -> str:
    """What of the rendered resources a kubelet gets, with images of this machine.

    Args:
        resources: As rendered.
        images: By service.
        pod: A name of its own for a second Pod on the same machine, and for the volume that another node would have.
        limits: Settings beside the rendered ones.
    """
    parts = [copy.deepcopy(part) for part in resources if part["kind"] in ("ConfigMap", "Deployment", "Secret")]
    only(parts, "ConfigMap")["data"].update(limits)
    deployment = only(parts, "Deployment")
    for container in template(deployment)["spec"]["containers"]:
        container["image"] = f"localhost/{images[container['name']]}"
    text = yaml.safe_dump_all(parts)
    if pod:
        text = text.replace("name: flaskrandom-sockets", f"name: {pod}-sockets")
        text = text.replace("  name: flaskrandom\n", f"  name: {pod}\n", 1)
    return text


@contextmanager
def played(podman: Machine, text: str, port: int = PORT) -> Iterator[None]:
    """The Pod, ready; gone at the end."""
    try:
        podman.play(text, f"--publish={port}:8080")
        await_until(lambda: podman.serves(port), 60, "the Pod is ready")
        yield
    finally:
        subprocess.run(
            ["docker", "exec", "--interactive", podman.ident, "podman", "kube", "down", "--force", "-"],
            input=text,
            text=True,
            stdout=subprocess.DEVNULL,
        )


@pytest.fixture(scope="module")
def key() -> str:
    return new_key()


@pytest.fixture(scope="module")
def pod(podman: Machine, images, kustomize: Callable[..., list[Resource]], key: str) -> Iterator[Machine]:
    """With API keys as a Secret, and settings as a ConfigMap."""
    overlay = overlay_of()
    overlay["secretGenerator"] = [{"name": "flaskrandom-secrets", "files": ["api_keys"]}]
    merged = {"name": "flaskrandom-settings", "behavior": "merge", "literals": ["API_KEYS_FILE=secrets/api_keys"]}
    overlay["configMapGenerator"] = [merged]
    resources = kustomize("keys", overlay, api_keys=f"{line_for('smoke', key)}\n")
    with played(podman, manifest(resources, images)):
        yield podman


def test_it_runs_as_restricted_as_it_says(pod):
    for name, uid, memory in ("api", 10001, 512), ("nginx", 10002, 192):
        inside = ("podman", "exec", f"flaskrandom-pod-{name}")
        status = dict(line.split(":\t", 1) for line in pod.must(*inside, "cat", "/proc/1/status").splitlines())
        assert status["Uid"].split()[0] == str(uid)
        assert status["Gid"].split()[0] == "10001"
        assert int(status["CapBnd"], 16) == int(status["CapEff"], 16) == 0
        assert status["NoNewPrivs"] == "1"
        assert status["Seccomp"] == "2"
        assert "Read-only" in pod.run(*inside, "touch", "/x").stdout
        limits = json.loads(pod.must("podman", "inspect", f"flaskrandom-pod-{name}"))[0]["HostConfig"]
        assert limits["Memory"] == memory * 1024**2
        assert limits["CpuQuota"] / limits["CpuPeriod"] == 2


def test_its_probes_find_it_healthy(pod):
    for name in ("api", "nginx"):
        await_until(
            lambda name=name: pod.container_state(f"flaskrandom-pod-{name}").endswith(" healthy"), 60, f"{name} is well"
        )


def test_the_app_is_reached_by_the_socket_alone(pod):
    """Inside the Pod the api's TCP ports are open; from outside no port but the published one is."""
    for port in (5000, 5001, 9145):
        with pytest.raises(requests.ConnectionError):
            pod.get(port, "/metrics")


def test_the_integration_tests_pass(pod, key):
    command = (sys.executable, "-m", "pytest", "-q", "tests/integration", "-m", "not local")
    address = f"http://{pod.address}:{PORT}"
    done = run(*command, "--base-url", address, seconds=550, environ={"API_KEY": key, "no_proxy": pod.address})
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"(\d+) passed", done.stdout)[-1]) > 100


@pytest.mark.parametrize("name", ["api", "nginx"])
def test_a_container_that_dies_comes_back(pod, name, record_property):
    first = pod.pid(f"flaskrandom-pod-{name}")
    began = time.monotonic()
    pod.must("kill", "-KILL", str(first))
    await_until(lambda: pod.pid(f"flaskrandom-pod-{name}") not in (0, first), 30, f"{name} is started anew")
    await_until(lambda: pod.serves(PORT), 30, "the Pod is ready again")
    record_property(f"{name} killed, ready again after", f"{time.monotonic() - began:.1f} s")


def test_a_container_that_cannot_do_its_work_is_started_anew(pod, record_property):
    """The liveness probe's work: one of Supervisor's programs is stopped, by hand, and stays so."""
    first = pod.pid("flaskrandom-pod-api")
    began = time.monotonic()
    pod.must("podman", "exec", "flaskrandom-pod-api", "supervisorctl", "stop", "flaskrandom")
    await_until(lambda: not pod.serves(PORT), 10, "the readiness probe says no")
    await_until(lambda: pod.pid("flaskrandom-pod-api") not in (0, first), 120, "the api is started anew")
    await_until(lambda: pod.serves(PORT), 60, "the Pod is ready again")
    record_property("an api that is stopped inside is started anew after", f"{time.monotonic() - began:.1f} s")


@pytest.mark.parametrize("uid", [1000650000])
def test_any_user_id_will_do(podman, pod, kustomize, images, uid):
    """As OpenShift gives them: one for the namespace, in group 0."""
    text = manifest(kustomize("openshift", overlay_of("openshift")), images, pod="openshift")
    parts = list(yaml.safe_load_all(text))
    template(only(parts, "Deployment"))["spec"]["securityContext"].update(runAsUser=uid, runAsGroup=0)
    with played(podman, yaml.safe_dump_all(parts), 8003):
        for name in ("api", "nginx"):
            said = podman.must("podman", "exec", f"openshift-pod-{name}", "cat", "/proc/1/status")
            assert re.search(rf"^Uid:\t{uid}\t", said, re.MULTILINE)
        assert podman.serves(8003, "/api/v1/strings/stream?count=5&length=3")
        assert podman.serves(8003, "/ui/")


class Load(threading.Thread):
    """wrk on the machine, again and again until it is told to stop and enough has been sent."""

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
    """Start the Pod of port 8001, and under load replace it by that of 8002 as a rolling update does."""
    loads = {kind: Load(podman, kind) for kind in ("close", "keep")}
    with played(podman, texts[8001], 8001):
        podman.must("bash", "-c", "haproxy -D -f /srv/haproxy.cfg")
        await_until(lambda: podman.serves(8000), 20, "the proxy serves")
        for load in loads.values():
            load.start()
        try:
            with played(podman, texts[8002], 8002):
                time.sleep(5)  # minReadySeconds
                podman.must("podman", "pod", "stop", "one-pod")
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
def test_a_replaced_pod_loses_no_request(podman, pod, kustomize, images, drained, record_property):
    """New Pod ready, old one drained. Without the draining, requests are lost: the load would see it."""
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
        assert failed == 0, {kind: load.seen for kind, load in loads.items()}
    else:
        assert failed
