"""DRAIN_SECONDS: after the order to stop, calls are still answered for a while, and /readyz says 503."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
import requests

from cases.article import asking
from support.polling import await_until
from support.stack import must, throwaway

pytestmark = pytest.mark.local

DRAIN = Path(__file__).with_name("drain.yaml")
SECONDS = 10


@pytest.fixture
def draining(images):
    # The test sends calls faster than the rate limit allows.
    with throwaway(DRAIN, RATE_LIMIT="0") as other:
        other.up()
        yield other


def ask(url: str, path: str = "/readyz", **options) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request("POST" if "json" in options else "GET", url + path, timeout=5, **options)


@pytest.mark.quick
@pytest.mark.parametrize("service", ["api", "nginx"])
def test_calls_are_answered_while_readyz_says_503(draining, service):
    url, container = draining.url, draining.container(service)
    assert ask(url).status_code == 200
    began = time.monotonic()
    with subprocess.Popen(["docker", "stop", container.ident], stdout=subprocess.DEVNULL) as stop:
        await_until(lambda: ask(url).status_code == 503, SECONDS - 2, "/readyz says 503")
        assert ask(url).json() == {"status": "stopping"}
        answered = 0
        while time.monotonic() < began + SECONDS - 0.5:
            answer = ask(url, "/getrandomstr", json=asking())
            assert answer.status_code == 200
            # Clients with a keep-alive connection should move to another server before nginx closes it.
            assert answer.headers["Connection"] == ("close" if service == "nginx" else "keep-alive")
            answered += 1
        assert answered > 5
        assert stop.wait(SECONDS + 20) == 0
    assert SECONDS <= time.monotonic() - began < SECONDS + 8
    assert container.state["ExitCode"] == 0


def test_a_new_certificate_does_not_end_the_draining_early(draining):
    """`certificates` sends HUP for a new certificate to the process that is waiting for the draining to end."""
    url, container = draining.url, draining.container("nginx")
    began = time.monotonic()
    with subprocess.Popen(["docker", "stop", container.ident], stdout=subprocess.DEVNULL) as stop:
        await_until(lambda: ask(url).status_code == 503, 2, "/readyz says 503")
        must("docker", "kill", "--signal", "HUP", container.ident)
        while time.monotonic() < began + SECONDS - 0.5:
            assert ask(url, "/getrandomstr", json=asking()).status_code == 200
        assert stop.wait(15) == 0
    assert container.state["ExitCode"] == 0


def test_nginx_stays_healthy_without_the_app_once_it_has_reached_it(images):
    """Swarm uses this check. It would otherwise replace nginx whenever the app is away."""
    with throwaway() as other:
        other.compose("up", "--detach", "--no-build", "--no-deps", "nginx")
        nginx = other.nginx
        await_until(lambda: "listening" if nginx.run("healthcheck").stdout else "", 10, "nginx listens")
        assert nginx.run("healthcheck", "--once").returncode == 1, "the app was never reached"
        other.up()
        nginx = other.nginx
        assert nginx.run("healthcheck", "--once").returncode == 0
        other.compose("stop", "api")
        assert nginx.run("healthcheck").returncode == 1
        assert nginx.run("healthcheck", "--once").returncode == 0
