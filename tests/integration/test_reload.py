"""`make reload` under load: both servers are new, and no request has failed."""

from __future__ import annotations

import pytest

from support.clients import Load
from support.polling import await_until
from support.stack import run

pytestmark = pytest.mark.local


def test_reload_loses_no_request(disturbed):
    gunicorn, workers, proxies = disturbed.master_pid(), disturbed.workers(), disturbed.nginx.children(1)
    assert workers
    assert proxies
    # At most 100 calls a second: RATE_LIMIT is 200, and a fast machine would be refused.
    with Load(disturbed.url, threads=2, pause=0.02) as load:
        await_until(lambda: load.outcomes["200"] > 20, 10, "the load is on")
        done = run("python3", "-m", "scripts.stack", "reload")
        assert done.returncode == 0, done.stdout
        await_until(lambda: not workers & disturbed.workers() and disturbed.workers(), 10, "Gunicorn's workers are new")
        await_until(lambda: not proxies & disturbed.nginx.children(1), 10, "nginx's workers are new")
        seen = load.outcomes["200"]
        await_until(lambda: load.outcomes["200"] > seen + 20, 10, "the load goes on")
    assert set(load.outcomes) == {"200"}, load.outcomes
    assert disturbed.master_pid() == gunicorn
