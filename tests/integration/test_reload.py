"""`make reload` under load: Gunicorn's workers are new, and no request has failed."""

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
        done = run("scripts/reload.sh")
        assert done.returncode == 0, done.stdout
        await_until(lambda: not workers & disturbed.workers() and disturbed.workers(), 10, "Gunicorn's workers are new")
        seen = load.outcomes["200"]
        await_until(lambda: load.outcomes["200"] > seen + 20, 10, "the load goes on")
    assert set(load.outcomes) == {"200"}, load.outcomes
    assert disturbed.master_pid() == gunicorn
    assert disturbed.nginx.children(1) == proxies, "its configuration has not changed"


def test_nginx_is_reloaded_when_its_configuration_changed(disturbed):
    nginx = disturbed.nginx
    before = nginx.children(1)
    nginx.must("bash", "-c", "echo '# changed' >>/run/nginx/conf.d/http.conf")
    assert "Reloaded Gunicorn and nginx" in run("scripts/reload.sh").stdout
    await_until(lambda: not before & nginx.children(1), 40, "nginx's workers are new")
    before = nginx.children(1)
    assert "nginx's configuration has not changed" in run("scripts/reload.sh").stdout
    assert nginx.children(1) == before
