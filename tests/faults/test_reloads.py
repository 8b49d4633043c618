"""Reloads under load: of nginx, of Gunicorn, of both by `make reload`, of broken files, and by max_requests."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import requests

from support.clients import Load, Probe, Threads
from support.polling import await_until
from support.stack import PROGRAMS, ROOT, throwaway

from .box import Box, box

pytestmark = pytest.mark.local

CALL = ("POST", "/getrandomstr", "close", '{"intlen":16,"intnum":3,"withnum":true,"withlow":true}')
KEPT = ("POST", "/getrandomstr", "keep", CALL[3])


class UnderLoad(Threads):
    """Runs wrk in rounds, until the block ends and enough requests have been sent."""

    def __init__(self, client: Box, requests: int = 0, call: tuple[str, ...] = CALL) -> None:
        super().__init__()
        self._client, self._least, self._call = client, requests, call
        self.requests = self.broken = 0
        self.statuses: dict[str, int] = {}

    def run(self, number: int) -> None:
        while not self.over.is_set() or self.requests < self._least:
            seen = self._client.wrk(*self._call, seconds=10, connections=8)
            assert seen["requests"], "no request was answered"
            self.requests += seen["requests"]
            self.broken += seen["broken"]
            for status, times in seen["statuses"].items():
                self.statuses[status] = self.statuses.get(status, 0) + times

    @property
    def failed(self) -> int:
        return self.requests - self.statuses.get("200", 0) + self.broken


@pytest.mark.quick
def test_make_reload_replaces_gunicorns_workers_and_loses_no_request(disturbed):
    gunicorn, workers, proxies = disturbed.master_pid(), disturbed.workers(), disturbed.nginx.children(1)
    assert workers
    assert proxies
    with Load(disturbed.url) as load:
        await_until(lambda: load.outcomes["200"] > 20, 10, "the load has started")
        done = disturbed.reload()
        assert done.returncode == 0, done.stdout
        await_until(lambda: not workers & disturbed.workers() and disturbed.workers(), 10, "Gunicorn's workers are new")
        seen = load.outcomes["200"]
        await_until(lambda: load.outcomes["200"] > seen + 20, 10, "the load continues")
    assert set(load.outcomes) == {"200"}, load.outcomes
    assert disturbed.master_pid() == gunicorn
    assert disturbed.nginx.children(1) == proxies, "its configuration has not changed"


@pytest.mark.quick
def test_make_reload_reloads_nginx_when_its_configuration_changed(disturbed):
    nginx = disturbed.nginx
    before = nginx.children(1)
    nginx.must("bash", "-c", "echo '# changed' >>/run/nginx/conf.d/http.conf")
    assert "Reloaded Gunicorn and nginx" in disturbed.reload().stdout
    await_until(lambda: not before & nginx.children(1), 40, "nginx's workers are new")
    before = nginx.children(1)
    assert "nginx's configuration has not changed" in disturbed.reload().stdout
    assert nginx.children(1) == before


def test_reloads_lose_no_request(disturbed, client, figures, pytestconfig):
    """Reload nginx twenty times and Gunicorn ten times, each after the previous reload has taken effect."""
    nginx, least = disturbed.nginx, pytestconfig.getoption("--requests")
    with UnderLoad(client, least) as load:
        for number in range(20):
            before = nginx.children(1)
            nginx.must("nginx", "-e", "stderr", "-s", "reload")
            await_until(lambda before=before: not before & nginx.children(1), 90, "nginx's workers are new")
            if number % 2:
                old = disturbed.workers()
                disturbed.supervisorctl("signal", "HUP", *PROGRAMS)
                await_until(
                    lambda old=old: len(disturbed.workers() - old) == len(old) and not disturbed.workers() & old,
                    90,
                    "Gunicorn's workers are new",
                )
    figures.add(
        "20 reloads of nginx, 10 of Gunicorn", f"0 failed of ≥{least:,}",
        f"{load.failed} of {load.requests:,}", not load.failed,
    )  # fmt: skip
    assert load.failed == 0, (load.statuses, load.broken)
    assert load.requests >= least


def test_make_reload_closes_no_keep_alive_connection(disturbed, client, figures):
    """nginx closes idle connections when it reloads, so it must not reload without a reason."""
    proxies = disturbed.nginx.children(1)
    with UnderLoad(client, call=KEPT) as load:
        for _ in range(10):
            old = disturbed.workers()
            done = disturbed.reload()
            assert done.returncode == 0, done.stdout
            await_until(
                lambda old=old: len(disturbed.workers() - old) == len(old) and not disturbed.workers() & old,
                90,
                "Gunicorn's workers are new",
            )
    figures.add(
        "make reload 10 times, kept connections", "0 failed",
        f"{load.failed} of {load.requests:,}", not load.failed,
    )  # fmt: skip
    assert load.failed == 0, (load.statuses, load.broken)
    assert disturbed.nginx.children(1) == proxies


def test_max_requests_loses_no_request(images, figures, tmp_path):
    """Each worker ends after about fifty requests, and is replaced."""
    overlay = tmp_path / "worn.yaml"
    arguments = "--max-requests 50 --max-requests-jitter 10"
    overlay.write_text(f'services: {{api: {{environment: {{GUNICORN_CMD_ARGS: "{arguments}"}}}}}}\n')
    with throwaway(overlay, RATE_LIMIT="0") as other:
        other.start()
        first = other.workers()
        with box(other) as client:
            seen = client.wrk(*CALL, seconds=10, connections=4)
        assert not first & other.workers(), "workers were replaced"
        replaced = other.logs("api").count("Autorestarting worker")
        figures.add(
            "max_requests=50", "0 failed",
            f"{seen['broken'] + seen['requests'] - seen['statuses'].get('200', 0)} of {seen['requests']:,}, "
            f"{replaced} workers replaced",
        )  # fmt: skip
        assert replaced > 2
        assert set(seen["statuses"]) == {"200"}, seen
        assert seen["broken"] == 0


def test_a_broken_configuration_of_nginx_is_refused(disturbed):
    nginx = disturbed.nginx
    workers, masters = nginx.children(1), [disturbed.api.must("supervisorctl", "pid", program) for program in PROGRAMS]
    gunicorns = disturbed.workers()
    file = "/run/nginx/conf.d/http.conf"
    nginx.must("bash", "-c", f"cp {file} /run/nginx/whole && echo 'nonsense;' >>{file}")
    try:
        with Probe(disturbed.url) as probe:
            done = disturbed.reload()
            # As an operator might by hand, bypassing the check of `make reload`: nginx itself refuses, too.
            nginx.run("nginx", "-e", "stderr", "-s", "reload")
            await_until(lambda: len(probe.calls) > 50, 90, "fifty calls")
        assert done.returncode != 0
        assert "nonsense" in done.stdout
        assert nginx.children(1) == workers
        assert disturbed.workers() == gunicorns, "nothing was reloaded"
        assert [disturbed.api.must("supervisorctl", "pid", program) for program in PROGRAMS] == masters
        assert not probe.failed, probe.outcomes
    finally:
        nginx.must("bash", "-c", f"cat /run/nginx/whole >{file} && rm /run/nginx/whole")
    assert disturbed.reload().returncode == 0


def test_new_code_is_loaded_and_broken_code_is_refused(images, tmp_path: Path):
    """The code is mounted, unlike in a deployment, so that it can change while the stack runs."""
    app = tmp_path / "app.py"
    whole = (ROOT / "services/api/app.py").read_text()
    app.write_text(whole)
    app.chmod(0o644)
    overlay = tmp_path / "mounted.yaml"
    overlay.write_text(f'services: {{api: {{volumes: ["{app}:/app/app.py:ro"]}}}}\n')
    with throwaway(overlay, RATE_LIMIT="0") as other:
        other.start()
        # The same file, since a mount follows the file, not its name.
        with app.open("a") as file:
            file.write("\napp.add_url_rule('/new', view_func=lambda: 'new')\n")
        assert other.reload().returncode == 0
        await_until(lambda: other.serves("/new"), 30, "the new code serves")
        workers = other.workers()
        with app.open("a") as file:
            file.write("\nraise RuntimeError('broken on purpose')\n")
        with Probe(other.url) as probe:
            done = other.reload()
            await_until(lambda: len(probe.calls) > 50, 90, "fifty calls")
        assert done.returncode != 0
        assert "broken on purpose" in done.stdout
        assert other.workers() == workers
        assert not probe.failed, probe.outcomes


def test_make_reload_lets_a_download_finish(disturbed):
    """The download takes longer than the reload, but less than the workers' grace period (25 s)."""
    url = f"{disturbed.url}/api/v1/strings/stream?length=99&count=300000"
    with requests.get(url, stream=True, timeout=20, proxies={"http": ""}) as answer:
        received = len(answer.raw.read(1000))
        assert disturbed.reload().returncode == 0
        began = time.monotonic()
        while part := answer.raw.read(3_000_000):
            received += len(part)
            # Read slowly: the download lasts some seconds beyond the reload.
            threading.Event().wait(0.5)
        assert time.monotonic() - began > 3
    assert received == int(answer.headers["Content-Length"])


def test_a_stop_under_load_answers_every_accepted_request(images, figures):
    """`docker compose stop` stops api and nginx together. Every accepted request gets a complete answer."""
    with throwaway(RATE_LIMIT="0") as other:
        other.start()
        # Straight to nginx: Docker's own proxy on the published port accepts connections that nginx never sees.
        (network,) = other.nginx.inspect()["NetworkSettings"]["Networks"].values()
        with Load(f"http://{network['IPAddress']}", threads=4) as load:
            await_until(lambda: load.outcomes["200"] > 100, 90, "the load has started")
            other.compose("stop")
        exits = {service: other.container(service).state["ExitCode"] for service in ("api", "nginx")}
    # A refused connection was never accepted; an answer cut short, or none after a connection, is a loss.
    lost = load.outcomes.total() - load.outcomes["200"] - load.outcomes["not connected"]
    figures.add(
        "docker compose stop", "0 accepted requests lost",
        f"{lost} of {load.outcomes['200'] + lost:,}", not lost,
    )  # fmt: skip
    assert lost == 0, load.outcomes
    assert exits == {"api": 0, "nginx": 0}
