"""Health checks that can fail: nginx's goes through to the app."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.polling import await_until
from support.stack import PROGRAM, SERVICES, throwaway

QUICK = Path(__file__).with_name("quick_health.yaml")


@pytest.mark.parametrize(("path", "status"), [("/healthz", "ok"), ("/readyz", "ready")])
def test_health_routes(client, path, status):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json() == {"status": status}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.local
@pytest.mark.parametrize("service", SERVICES)
def test_the_check_fails_without_gunicorn_and_recovers_with_it(disturbed, service):
    container = disturbed.container(service)
    assert container.check_health().returncode == 0
    disturbed.supervisorctl("stop", PROGRAM)
    assert container.check_health().returncode != 0
    disturbed.supervisorctl("start", PROGRAM)
    await_until(lambda: container.check_health().returncode == 0, 5, f"{service} passes its check")


@pytest.mark.local
def test_the_check_of_nginx_fails_without_nginx_listening(stack):
    """It asks over the network, so a container with a dead listener must not pass."""
    container = stack.nginx
    assert container.run("env", "LISTEN_PORT=81", "healthcheck").returncode != 0


@pytest.mark.local
def test_docker_sees_it_too(stack):
    with throwaway(QUICK) as other:
        other.up()
        assert {other.container(service).health for service in SERVICES} == {"healthy"}
        other.supervisorctl("stop", PROGRAM)
        for service in SERVICES:
            await_until(
                lambda service=service: other.container(service).health == "unhealthy", 15, f"{service} is unhealthy"
            )
        other.supervisorctl("start", PROGRAM)
        for service in SERVICES:
            await_until(
                lambda service=service: other.container(service).health == "healthy", 15, f"{service} is healthy"
            )
