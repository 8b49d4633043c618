"""Thousands of slow connections from one address; clients at other addresses must not be affected."""

from __future__ import annotations

import json
import re

import pytest

from support.answers import check_problem
from support.clients import Probe, get
from support.polling import await_until

pytestmark = pytest.mark.local

SECONDS = 12  # of each attack
#: The largest answers: of a short call (4 MB), and of a stream.
LARGE = "/api/v1/strings?length=4096&count=1000"
STREAM = "/api/v1/strings/stream?length=64&count=1000000"

ATTACKS = {
    "slow headers": ["-H", "-i", "1", "-t", "GET", "-u", "http://nginx/"],
    "slow body": ["-B", "-i", "1", "-s", "60000", "-t", "POST", "-u", "http://nginx/getrandomstr"],
    "slow read of a stream": ["-X", "-w", "512", "-y", "1024", "-n", "1", "-z", "32", "-u", f"http://nginx{STREAM}"],
    "slow read of a short call": ["-X", "-w", "512", "-y", "1024", "-n", "1", "-z", "32", "-u", f"http://nginx{LARGE}"],
}


def restarts(stack) -> list[int]:
    return [stack.container(service).inspect()["RestartCount"] for service in ("api", "nginx")]


@pytest.fixture(scope="module")
def attacked(figures):
    """What a normal client saw during each attack. Together they make one row of the table."""
    attacked: list[Probe] = []
    yield attacked
    if len(attacked) == len(ATTACKS):
        failed, calls = sum(len(probe.failed) for probe in attacked), sum(len(probe.calls) for probe in attacked)
        slowest = max(probe.p99_ms() for probe in attacked)
        figures.add(
            f"{', '.join(ATTACKS)}: 1,000 connections each", "others unaffected",
            f"{failed} of {calls}, p99 ≤{slowest:.0f} ms",
        )  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_slow_connections_do_not_affect_other_clients(disturbed, client, attacked, attack, slack):
    """slowhttptest opens a thousand connections beside a normal client on this machine."""
    before = restarts(disturbed), disturbed.nginx.children(1), disturbed.workers()
    command = ["slowhttptest", "-c", "1000", "-r", "500", "-l", str(SECONDS), "-p", "5", *ATTACKS[attack]]
    with Probe(disturbed.url, pause=0.01) as probe, client.background(*command) as process:
        said = process.communicate(timeout=SECONDS + 60)[0]
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", said)
    counted = [int(count) for count in re.findall(r"(?:connected|closed):\s+(\d+)", plain)]
    assert max(counted, default=0) >= 900, plain
    assert len(probe.calls) > 100 / slack
    assert not probe.failed, probe.outcomes
    assert probe.p99_ms() < 500 * slack
    assert (restarts(disturbed), disturbed.nginx.children(1), disturbed.workers()) == before, "nothing was restarted"
    for service in ("api", "nginx"):
        assert disturbed.container(service).check_health().returncode == 0
    attacked.append(probe)


def test_slow_readers_do_not_block_the_pools(disturbed, client, neighbour, figures):
    """One address holds all the streams and short calls that it may. Both pools still serve a second address."""
    with client.holding("read", 300, STREAM) as streams, client.holding("read", 300, LARGE) as short:
        api = disturbed.api
        assert api.check_health().returncode == 0
        with Probe(disturbed.url, pause=0) as probe:
            await_until(lambda: len(probe.calls) >= 200, 60, "two hundred calls")
        seen = neighbour.wrk("GET", "/api/v1/strings/stream?count=100", "close", seconds=2, connections=2)
        assert api.check_health().returncode == 0
    assert not probe.failed, probe.outcomes
    assert set(seen["statuses"]) == {"200"}, seen
    refused = {status: streams.get(status, 0) + short.get(status, 0) for status in ("429", "503")}
    figures.add(
        "600 slow readers", "some refused, others unaffected",
        f"{sum(refused.values())} refused; {len(probe.failed)} of {len(probe.calls)}",
    )  # fmt: skip
    assert sum(refused.values()) >= 300
    assert seen["broken"] == 0


def test_five_thousand_idle_connections_do_not_affect_other_clients(disturbed, client, figures, slack):
    with client.holding("idle", 5000) as became, Probe(disturbed.url, pause=0) as probe:
        await_until(lambda: len(probe.calls) >= 300, 60, "three hundred calls")
    figures.add(
        "5,000 idle connections", "others unaffected",
        f"{len(probe.failed)} of {len(probe.calls)}, p99 {probe.p99_ms():.0f} ms; "
        f"{became['still_open']} still open",
    )  # fmt: skip
    assert not probe.failed, probe.outcomes
    assert probe.p99_ms() < 500 * slack


def test_a_flood_of_health_checks_does_not_affect_other_clients(disturbed, client, figures, slack):
    """They have no rate limit, but one address may not have enough of them at once to fill the app's queue."""
    script = ("--timeout", "10s", "--script", "count.lua", "http://nginx", "--", "GET", "/readyz", "close")
    with client.background("wrk", "-t1", "-c200", "-d5s", *script) as load, Probe(disturbed.url, pause=0.01) as probe:
        said = load.communicate(timeout=60)[0]
    flood = json.loads(said.strip().splitlines()[-1])
    figures.add(
        "health checks on 200 connections", "others unaffected",
        f"{len(probe.failed)} of {len(probe.calls)}, p99 {probe.p99_ms():.0f} ms, beside "
        f"{flood['requests']:,} checks",
    )  # fmt: skip
    assert set(flood["statuses"]) <= {"200", "429"}, flood
    assert not probe.failed, probe.outcomes
    assert probe.p99_ms() < 500 * slack


def test_limits_apply_to_each_address_separately(disturbed, client, neighbour):
    """An address over its limit gets a problem document; another address is served."""
    with client.holding("read", 150, STREAM):
        seen = client.wrk("GET", "/", "close", seconds=1, connections=1)
        assert set(seen["statuses"]) == {"429"}, seen
        assert seen["without_retry_after"] == 0
        seen = client.wrk("GET", STREAM, "close", seconds=1, connections=1)
        assert set(seen["statuses"]) == {"503"}, seen
        assert seen["without_retry_after"] == 0
        # This machine has another address, and the same limit.
        held = [get(f"{disturbed.url}{STREAM}", stream=True) for _ in range(40)]
        refused = [answer for answer in held if answer.status_code != 200]
        assert refused
        for answer in refused:
            check_problem(answer, answer.json(), 503)
        for answer in held:
            answer.close()
        seen = neighbour.wrk("GET", "/", "close", seconds=1, connections=1)
        assert set(seen["statuses"]) == {"200"}, seen
