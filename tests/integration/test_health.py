"""Health checks that can fail: nginx's check reaches the app."""

from __future__ import annotations

import pytest

from support.polling import await_until
from support.stack import PROGRAM, SERVICES


@pytest.mark.parametrize(("path", "status"), [("/healthz", "ok"), ("/readyz", "ready")])
def test_health_routes(client, path, status):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json() == {"status": status}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.local
def test_both_checks_fail_without_gunicorn_and_recover_with_it(disturbed):
    containers = [disturbed.container(service) for service in SERVICES]
    assert [container.check_health().returncode for container in containers] == [0, 0]
    disturbed.supervisorctl("stop", PROGRAM)
    assert 0 not in [container.check_health().returncode for container in containers]
    disturbed.begin(PROGRAM)
    for container in containers:
        await_until(lambda container=container: container.check_health().returncode == 0, 10, "it passes its check")


@pytest.mark.local
def test_the_check_of_nginx_fails_without_nginx_listening(stack):
    """The check uses the network, so it must fail when nothing listens."""
    container = stack.nginx
    assert container.run("env", "LISTEN_PORT=81", "healthcheck").returncode != 0
