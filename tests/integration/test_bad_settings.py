"""A bad setting stops the start at once with one line that names it; the product never guesses a value."""

from __future__ import annotations

import socket
from datetime import datetime

import pytest

from support.stack import run, throwaway

pytestmark = pytest.mark.local

BAD = [
    ("api", "LOG_LEVEL", "loud", "one of debug, info, warning, error, critical"),
    ("api", "WEB_CONCURRENCY", "many", "a whole number from 1 to 256"),
    ("nginx", "RATE_LIMIT", "x", "a whole number from 0 to 1000000"),
    ("nginx", "API_UPSTREAM", "api;5000", "unix:/path/to.sock or host:port"),
]


@pytest.mark.parametrize(("service", "variable", "value", "allowed"), BAD, ids=[case[1] for case in BAD])
def test_a_bad_setting_stops_the_container_with_one_line(stack, service, variable, value, allowed):
    with throwaway(**{variable: value}) as other:
        # Compose prints its own messages here.
        other.compose("create", "--no-build")
        container = other.container(service)
        done = run("docker", "start", "--attach", container.ident, seconds=60)
        began, ended = (datetime.fromisoformat(container.state[name]) for name in ("StartedAt", "FinishedAt"))
        assert (ended - began).total_seconds() < 5, "Supervisor must not restart the program again and again"
        assert done.returncode != 0
        assert done.stdout.splitlines() == [f"{variable}={value}: must be {allowed}"]


@pytest.mark.parametrize(("variable", "value"), [("HTTP_PORT", "eighty"), ("LOG_LEVEL", "loud"), ("RATE_LIMIT", "x")])
def test_make_up_refuses_a_bad_setting_before_it_changes_anything(stack, variable, value):
    before = stack.api.ident, stack.nginx.ident
    done = run("make", "--no-print-directory", "up", environ={variable: value})
    assert done.returncode != 0
    (line,) = [line for line in done.stdout.splitlines() if f"{variable}={value}" in line]
    assert "must be" in line
    assert (stack.api.ident, stack.nginx.ident) == before
    assert stack.serves()


def test_make_up_says_which_process_uses_the_port(stack):
    with socket.socket() as squatter:
        squatter.bind(("0.0.0.0", 0))
        squatter.listen()
        port = squatter.getsockname()[1]
        done = run("make", "--no-print-directory", "up", environ={"HTTP_PORT": str(port)})
    assert done.returncode != 0
    assert f"port {port} is taken" in done.stdout
    assert stack.serves()
