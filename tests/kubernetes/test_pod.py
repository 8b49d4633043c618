"""The rendered Pod, played by Podman: its privileges, secrets and probes, and restarts of its containers."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator

import pytest
import requests
import yaml

from flaskrandom.keys import line_for, new_key
from support.polling import await_until
from support.stack import run

from .conftest import overlay_of
from .machine import Machine, manifest, played
from .manifests import Resource, only, template

PORT = 8080


@pytest.fixture(scope="module")
def key() -> str:
    return new_key()


@pytest.fixture(scope="module")
def pod(podman: Machine, images, kustomize: Callable[..., list[Resource]], key: str) -> Iterator[Machine]:
    """The Pod with API keys and a series key in a Secret, and settings in a ConfigMap."""
    overlay = overlay_of()
    overlay["secretGenerator"] = [{"name": "flaskrandom-secrets", "files": ["api_keys", "series_key"]}]
    literals = ["API_KEYS_FILE=secrets/api_keys", "SERIES_KEY_FILE=secrets/series_key"]
    overlay["configMapGenerator"] = [{"name": "flaskrandom-settings", "behavior": "merge", "literals": literals}]
    resources = kustomize("keys", overlay, api_keys=f"{line_for('smoke', key)}\n", series_key=f"{'5a' * 32}\n")
    with played(podman, manifest(resources, images), PORT):
        yield podman


def test_the_pod_runs_with_the_declared_restrictions(pod):
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


def test_the_probes_find_the_pod_healthy(pod):
    for name in ("api", "nginx"):
        await_until(
            lambda name=name: pod.container_state(f"flaskrandom-pod-{name}").endswith(" healthy"),
            60,
            f"{name} is healthy",
        )


def test_only_the_published_port_is_open_from_outside(pod):
    """Inside the Pod, the api's TCP ports are open as well."""
    for port in (5000, 5001, 9145):
        with pytest.raises(requests.ConnectionError):
            pod.get(port, "/metrics")


def test_the_secrets_reach_the_app(pod, key):
    url = f"http://{pod.address}:{PORT}/api/v1/strings?length=8&series=spring&count=3"
    assert requests.get(url, timeout=5, proxies={"http": ""}).status_code == 401
    first, again = (
        requests.get(url, timeout=5, proxies={"http": ""}, headers={"X-API-Key": key}).json() for _ in range(2)
    )
    assert first["next_offset"] == 3
    assert first["data"] == again["data"], "a series is the same each time"


def test_the_integration_tests_pass_against_the_pod(pod, key):
    command = (sys.executable, "-m", "pytest", "-q", "tests/integration", "-m", "not local")
    address = f"http://{pod.address}:{PORT}"
    done = run(*command, "--base-url", address, seconds=550, environ={"API_KEY": key, "no_proxy": pod.address})
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"(\d+) passed", done.stdout)[-1]) > 100


@pytest.mark.parametrize("name", ["api", "nginx"])
def test_a_killed_container_is_restarted(pod, name, record_property):
    first = pod.pid(f"flaskrandom-pod-{name}")
    began = time.monotonic()
    pod.must("kill", "-KILL", str(first))
    await_until(lambda: pod.pid(f"flaskrandom-pod-{name}") not in (0, first), 30, f"{name} is restarted")
    await_until(lambda: pod.serves(PORT), 30, "the Pod is ready again")
    record_property(f"{name} killed, ready again after", f"{time.monotonic() - began:.1f} s")


def test_a_container_that_fails_its_liveness_probe_is_restarted(pod, record_property):
    """One of Supervisor's programs is stopped by hand, so that the liveness probe fails."""
    first = pod.pid("flaskrandom-pod-api")
    began = time.monotonic()
    pod.must("podman", "exec", "flaskrandom-pod-api", "supervisorctl", "stop", "flaskrandom")
    await_until(lambda: not pod.serves(PORT), 10, "the readiness probe fails")
    await_until(lambda: pod.pid("flaskrandom-pod-api") not in (0, first), 120, "the api is restarted")
    await_until(lambda: pod.serves(PORT), 60, "the Pod is ready again")
    record_property("an api that is stopped inside is restarted after", f"{time.monotonic() - began:.1f} s")


@pytest.mark.parametrize("uid", [1000650000])
def test_the_pod_runs_under_any_user_id(podman, pod, kustomize, images, uid):
    """As on OpenShift, which assigns each namespace a user id, in group 0."""
    text = manifest(kustomize("openshift", overlay_of("openshift")), images, pod="openshift")
    parts = list(yaml.safe_load_all(text))
    template(only(parts, "Deployment"))["spec"]["securityContext"].update(runAsUser=uid, runAsGroup=0)
    with played(podman, yaml.safe_dump_all(parts), 8003):
        for name in ("api", "nginx"):
            said = podman.must("podman", "exec", f"openshift-pod-{name}", "cat", "/proc/1/status")
            assert re.search(rf"^Uid:\t{uid}\t", said, re.MULTILINE)
        assert podman.serves(8003, "/api/v1/strings/stream?count=5&length=3")
        assert podman.serves(8003, "/ui/")
