"""Processes that die or stop: what a client sees in the meantime, and how soon they are replaced."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime

import pytest

from support.clients import Load, Probe
from support.polling import await_until
from support.stack import PROGRAM

from .host import kill

pytestmark = pytest.mark.local


def seconds_since(began: float) -> float:
    return time.monotonic() - began


@pytest.mark.quick
def test_a_killed_worker_is_replaced(disturbed, figures, slack):
    """Only the call that it was serving may fail."""
    master, before = disturbed.master_pid(), disturbed.workers()
    victim = min(before)
    with Load(disturbed.url, threads=4) as load:
        await_until(lambda: load.outcomes["200"] > 50, 60, "the load has started")
        kill(disturbed.api, victim)
        began = time.monotonic()

        def replaced():
            now = disturbed.workers()
            return victim not in now and len(now) == len(before)

        await_until(replaced, 60, "a new worker replaces it")
        back = seconds_since(began)
        seen = load.outcomes["200"]
        await_until(lambda: load.outcomes["200"] > seen + 50, 60, "the load continues")
    failed = load.outcomes.total() - load.outcomes["200"]
    figures.add("kill -9 a Gunicorn worker", "≤1 failed call, back ≤2 s", f"{failed} failed, {back:.1f} s")
    # A sync worker serves one call at a time.
    assert failed <= 1, load.outcomes
    assert disturbed.master_pid() == master
    assert back < 2 * slack


@pytest.mark.quick
def test_a_killed_gunicorn_master_is_replaced(disturbed, figures, slack):
    old = disturbed.master_pid()
    with Probe(disturbed.url) as probe:
        await_until(lambda: len(probe.calls) > 10, 60, "the client sends calls")
        kill(disturbed.api, old)
        began = time.monotonic()

        def new_workers():
            master = int(disturbed.supervisorctl("pid", PROGRAM).stdout)
            return master not in {0, old} and disturbed.api.children(master)

        await_until(new_workers, 60, "a new Gunicorn has workers")
        await_until(lambda: probe.calls[-1].outcome == "200" and probe.calls[-1].began > began, 60, "it serves")
        back = seconds_since(began)
        seen = len(probe.calls)
        await_until(lambda: len(probe.calls) > seen + 20, 60, "the client continues")
    figures.add(
        "kill -9 the Gunicorn master", "503, back ≤3 s",
        f"{len(probe.failed)} of {len(probe.calls)}, {back:.1f} s",
    )  # fmt: skip
    assert set(probe.outcomes) <= {"200", "503"}, probe.outcomes
    assert back < 3 * slack


@pytest.mark.quick
@pytest.mark.parametrize("service", ["api", "nginx"])
def test_a_killed_container_is_restarted(disturbed, figures, service, slack):
    """PID 1 is killed by its pid on the host: after `docker kill` Docker would not restart the container."""
    container = disturbed.container(service)
    started = datetime.fromisoformat(container.state["StartedAt"][:19]).replace(tzinfo=UTC)
    # A restart policy takes effect only once a container has been up for 10 s.
    await_until(lambda: (datetime.now(UTC) - started).total_seconds() > 12, 15, "the container has been up for 10 s")
    restarts = container.inspect()["RestartCount"]
    with Probe(disturbed.url) as probe:
        await_until(lambda: len(probe.calls) > 10, 60, "the client sends calls")
        kill(container, 1)
        await_until(lambda: container.inspect()["RestartCount"] > restarts, 60, "Docker has started it again")
        await_until(lambda: probe.failed and probe.calls[-1].outcome == "200", 120, "it serves again")
        seen = len(probe.calls)
        await_until(lambda: len(probe.calls) > seen + 20, 60, "the client continues")
    outage = probe.outage()
    figures.add(f"kill -9 PID 1 of {service}", "back ≤5 s", f"{outage:.1f} s")
    assert outage < 5 * slack
    if service == "api":
        # nginx is up all the time, and answers with a 503.
        assert set(probe.outcomes) <= {"200", "503"}, probe.outcomes


@pytest.mark.quick
def test_a_killed_nginx_worker_is_replaced(disturbed, figures, slack):
    nginx = disturbed.nginx
    workers = nginx.children(1)
    victim = min(workers)
    with Load(disturbed.url, threads=4) as load:
        await_until(lambda: load.outcomes["200"] > 50, 60, "the load has started")
        kill(nginx, victim)
        began = time.monotonic()
        await_until(lambda: len(nginx.children(1) - {victim}) == len(workers), 60, "a new worker replaces it")
        back = seconds_since(began)
        seen = load.outcomes["200"]
        await_until(lambda: load.outcomes["200"] > seen + 50, 60, "the load continues")
    failed = load.outcomes.total() - load.outcomes["200"]
    figures.add(
        "kill -9 an nginx worker", "≤4 failed calls, back ≤2 s",
        f"{failed} failed, {back:.1f} s",
    )  # fmt: skip
    assert failed <= 4, load.outcomes
    assert back < 2 * slack


def test_a_stuck_worker_is_replaced(disturbed, figures, slack):
    """After SIGSTOP it holds a call and never answers. The others serve, and it is replaced after its timeout."""
    timeout = 30  # seconds, gunicorn_common.py
    before = disturbed.workers()
    victim = min(before)
    with Probe(disturbed.url) as probe:
        kill(disturbed.api, victim, signal.SIGSTOP)
        began = time.monotonic()
        await_until(
            lambda: victim not in disturbed.workers() and len(disturbed.workers()) == len(before),
            timeout + 60,
            "the stuck worker is replaced",
        )
        replaced = seconds_since(began)
    slow = [call for call in probe.calls if call.ms > 5000]
    figures.add(
        "SIGSTOP a Gunicorn worker",
        f"≤1 failed call, replaced ≤{timeout + 10} s",
        f"{len(probe.failed)} of {len(probe.calls)}, {replaced:.0f} s",
    )
    assert len(probe.calls) > 100
    # At most the one call that it may have accepted.
    assert len(slow) <= 1
    assert len(probe.failed) <= 1
    assert replaced < (timeout + 10) * slack
