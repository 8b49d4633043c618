"""Logs: failures log no query, nginx and the app log the same request id, and a stalled reader blocks no call."""

from __future__ import annotations

import json
import subprocess
import uuid

import pytest
import requests

from support.clients import Probe, get
from support.polling import await_until
from support.stack import PROGRAM, SERVICES, throwaway

from .host import paused

pytestmark = [pytest.mark.local, pytest.mark.quick]


def test_no_query_is_logged_when_the_app_fails(disturbed):
    """nginx logs no query when the app is stopped, paused, or has a full queue."""
    marker = f"marker-{uuid.uuid4().hex}"
    url = f"{disturbed.url}/api/v1/strings?prefix={marker}"
    statuses = []
    with paused(disturbed.api):
        waiting = []
        for _ in range(80):  # more than the backlog
            try:
                statuses.append(get(url, timeout=0.2).status_code)
            except requests.Timeout:
                waiting.append(1)
        assert waiting
    await_until(disturbed.serves, 90, "it serves again")
    assert 503 in statuses
    disturbed.supervisorctl("stop", PROGRAM)
    answer = get(url)
    assert answer.status_code == 503
    disturbed.supervisorctl("start", PROGRAM)
    await_until(lambda: answer.headers["X-Request-Id"] in disturbed.logs("nginx"), 90, "it is logged")
    logs = disturbed.nginx.logs()
    assert marker not in logs
    assert marker not in disturbed.logs("api")
    (line,) = [line for line in logs.splitlines() if answer.headers["X-Request-Id"] in line]
    assert json.loads(line)["upstream_status"] == "502"


def test_an_error_in_the_app_is_logged_with_the_request_id(images, tmp_path):
    app = tmp_path / "app.py"
    app.write_text(
        "from flaskrandom import create_app\n\napp = create_app()\n\n\n"
        "@app.get('/fails')\ndef fails():\n    raise RuntimeError('on purpose')\n"
    )
    app.chmod(0o644)
    overlay = tmp_path / "fails.yaml"
    overlay.write_text(f'services: {{api: {{volumes: ["{app}:/app/app.py:ro"]}}}}\n')
    marker = f"marker-{uuid.uuid4().hex}"
    with throwaway(overlay) as other:
        other.start()
        answer = get(f"{other.url}/fails?asked={marker}")
        ident = answer.headers["X-Request-Id"]
        assert answer.status_code == 500
        assert answer.json()["request_id"] == ident
        await_until(lambda: ident in other.logs("nginx"), 90, "nginx has logged it")
        await_until(lambda: ident in other.logs("api"), 90, "the app has logged it")
        assert "RuntimeError: on purpose" in other.logs("api")
        for service in SERVICES:
            assert marker not in other.logs(service)


def test_nginx_logs_one_json_line_for_each_request(stack):
    ids = {get(f"{stack.url}/").headers["X-Request-Id"] for _ in range(20)}
    lines = []

    def logged():
        lines[:] = [line for line in stack.nginx.logs().splitlines() if any(ident in line for ident in ids)]
        return len(lines) >= len(ids)

    await_until(logged, 90, "every request is logged")
    assert {json.loads(line)["request_id"] for line in lines} == ids
    assert len(lines) == len(ids), "one line for each request"


def test_a_stalled_reader_of_the_logs_blocks_no_call(images, figures, slack):
    """The process that follows nginx's log never reads its pipe, which is full after 64 KiB."""
    with throwaway(RATE_LIMIT="0") as other:
        other.start()
        command = ["docker", "logs", "--follow", other.nginx.ident]
        reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            with Probe(other.url, pause=0) as probe:
                # Each call logs some 300 bytes: in all far more than the pipe and the buffers in between hold.
                await_until(lambda: len(probe.calls) >= 12000, 120, "twelve thousand calls")
        finally:
            reader.kill()
            reader.wait()
        figures.add(
            "a stalled reader of the logs", "no failed call",
            f"{len(probe.failed)} of {len(probe.calls)}, p99 {probe.p99_ms():.0f} ms",
        )  # fmt: skip
        assert not probe.failed, probe.outcomes
        assert max(call.ms for call in probe.calls) < 5000 * slack
        for service in SERVICES:
            config = other.container(service).inspect()["HostConfig"]["LogConfig"]["Config"]
            assert config["mode"] == "non-blocking"
