"""Supervisor used as in the article, stops and starts of a whole stack, and Docker's health status."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from support.polling import await_until
from support.stack import PROGRAM, SERVICES, throwaway

pytestmark = pytest.mark.local

QUICK_HEALTH = Path(__file__).with_name("quick_health.yaml")


def test_all_workers_killed_at_once_are_replaced(disturbed, slack):
    before = disturbed.workers()
    disturbed.api.must("bash", "-c", f"kill -9 {' '.join(map(str, before))}")
    await_until(lambda: len(disturbed.workers() - before) == len(before), 3 * slack, "all workers are new")
    assert disturbed.serves()


@pytest.mark.quick
def test_supervisorctl_works_as_in_the_article(disturbed, slack):
    ctl = disturbed.supervisorctl
    assert "RUNNING" in ctl("status", PROGRAM).stdout
    assert "stopped" in ctl("stop", PROGRAM).stdout
    assert "STOPPED" in ctl("status", PROGRAM).stdout
    assert not disturbed.serves()
    assert "started" in ctl("start", PROGRAM).stdout
    await_until(disturbed.serves, 3 * slack, "it serves after the start")
    old = disturbed.master_pid()
    assert "started" in ctl("restart", PROGRAM).stdout
    assert disturbed.master_pid() != old
    await_until(disturbed.serves, 3 * slack, "it serves after the restart")
    assert ctl("reread").stdout.strip() == "No config updates to processes"
    assert ctl("update").returncode == 0
    assert disturbed.serves()


@pytest.mark.quick
def test_the_stack_serves_again_after_down_and_up(images):
    with throwaway() as other:
        other.up()
        other.compose("down")
        assert other.compose("ps", "--all", "--quiet").strip() == ""
        other.up()
        assert other.serves()


@pytest.mark.quick
def test_a_stop_is_graceful_and_quick(images, slack):
    """Signals reach the programs: Docker need not kill them, and none exits with an error."""
    with throwaway() as other:
        other.up()
        began = time.monotonic()
        other.compose("stop")
        assert time.monotonic() - began < 10 * slack
        assert {other.container(service).state["ExitCode"] for service in SERVICES} == {0}


def test_docker_sees_an_unhealthy_app_and_its_recovery(images):
    with throwaway(QUICK_HEALTH) as other:
        other.up()

        def await_verdict(verdict: str) -> None:
            await_until(lambda: {other.container(name).health for name in SERVICES} == {verdict}, 20, verdict)

        await_verdict("healthy")
        other.supervisorctl("stop", PROGRAM)
        await_verdict("unhealthy")
        other.supervisorctl("start", PROGRAM)
        await_verdict("healthy")
