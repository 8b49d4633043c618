"""Metrics when processes die, are replaced, or are stopped."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.clients import statuses
from support.metrics import Growth, scrape
from support.polling import await_until
from support.stack import PROGRAM, Stack

pytestmark = [pytest.mark.local, pytest.mark.quick]

REQUESTS, BY_NGINX = "flaskrandom_http_requests_total", "nginx_http_requests_total"
VALUES = "flaskrandom_drawn_values_total"
STARTS, DEATHS = "flaskrandom_worker_starts_total", "flaskrandom_worker_deaths_total"


@pytest.fixture
def growth(stack) -> Growth:
    return Growth(stack)


def test_counts_of_killed_workers_are_kept(disturbed, growth):
    statuses(f"{disturbed.url}/api/v1/integers", 50)
    before = disturbed.workers()
    disturbed.api.must("bash", "-c", f"kill -9 {' '.join(map(str, before))}")
    await_until(lambda: growth(STARTS, program=PROGRAM) == len(before), 10, "the new workers are counted")
    assert growth(DEATHS, program=PROGRAM) == growth(DEATHS) == len(before)
    assert scrape(disturbed).total("flaskrandom_workers", program=PROGRAM) == len(before)
    statuses(f"{disturbed.url}/api/v1/integers", 50)
    assert growth(VALUES, kind="integers") == growth(REQUESTS, route="/api/v1/integers") == 100


def shared_files(stack: Stack) -> list[str]:
    return stack.api.must("bash", "-c", "ls /dev/shm/*.db").split()


def test_replaced_workers_leave_no_metric_files_behind(disturbed, growth):
    """All workers are replaced six times. Only the masters and at most two generations of workers have files."""
    statuses(f"{disturbed.url}/api/v1/tokens", 20)
    for _ in range(6):
        old = disturbed.workers()
        disturbed.supervisorctl("signal", "HUP", *("flaskrandom", "flaskrandom-bulk"))
        await_until(lambda old=old: disturbed.workers() and not old & disturbed.workers(), 15, "all workers are new")
    number = len(disturbed.workers()) + 1
    await_until(lambda: growth(STARTS) == 6 * number, 10, "all have started")
    await_until(lambda: scrape(disturbed).total("flaskrandom_workers") == number, 10, "the old ones are gone")
    assert growth(DEATHS) == 0
    assert growth(VALUES, kind="tokens") == 20
    # Each has counters and a histogram.
    assert len(shared_files(disturbed)) <= 2 * (2 * number + 2)


def test_the_queue_at_a_socket_is_measured(disturbed):
    """Stopped workers accept no connections. New connections wait, and the metrics show how many."""
    workers = " ".join(map(str, disturbed.workers()))
    disturbed.api.must("bash", "-c", f"kill -{signal.SIGSTOP} {workers}")
    try:
        with ThreadPoolExecutor(5) as pool:
            waiting = [pool.submit(statuses, f"{disturbed.url}/", 1) for _ in range(5)]
            await_until(
                lambda: scrape(disturbed).total("flaskrandom_backlog_connections", socket="api.sock") >= 5,
                10,
                "5 connections wait",
            )
            assert scrape(disturbed).total("flaskrandom_backlog_limit_connections", socket="api.sock") == 64
            disturbed.api.must("bash", "-c", f"kill -{signal.SIGCONT} {workers}")
            assert [done.result() for done in waiting] == [{200: 1}] * 5
    finally:
        disturbed.api.run("bash", "-c", f"kill -{signal.SIGCONT} {workers}")
    # Docker's health checks may have waited as well.
    await_until(
        lambda: scrape(disturbed).total("flaskrandom_backlog_connections", socket="api.sock") == 0,
        10,
        "no connection waits",
    )


def test_a_reload_of_nginx_keeps_its_counts(disturbed, growth):
    statuses(f"{disturbed.url}/", 10)
    nginx = disturbed.nginx
    old = nginx.children(1)
    nginx.must("nginx", "-e", "stderr", "-s", "reload")
    await_until(lambda: not old & nginx.children(1), 30, "nginx's workers are new")
    assert growth(BY_NGINX, origin="app", status="200") >= 10
