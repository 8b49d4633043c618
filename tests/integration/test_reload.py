"""`make reload` under load: both servers are new, and no request has failed."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
import requests

from support.article_cases import asking
from support.polling import await_until
from support.stack import run

pytestmark = pytest.mark.local


class Load:
    """Threads that ask without a pause, each time on a connection of its own, until the block ends."""

    def __init__(self, url: str, threads: int = 2) -> None:
        self.url = url
        self.outcomes: Counter[str] = Counter()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(threads)]

    def _ask(self) -> None:
        while not self._over.is_set():
            try:
                answer = requests.post(f"{self.url}/getrandomstr", json=asking(), timeout=10, proxies={"http": ""})
                outcome = f"{answer.status_code}"
            except requests.RequestException as error:
                outcome = repr(error)
            self.outcomes[outcome] += 1

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def test_reload_loses_no_request(disturbed):
    gunicorn, workers, proxies = disturbed.master_pid(), disturbed.workers(), disturbed.nginx.children(1)
    assert workers
    assert proxies
    with Load(disturbed.url) as load:
        await_until(lambda: load.outcomes["200"] > 20, 10, "the load is on")
        done = run("scripts/reload.sh")
        assert done.returncode == 0, done.stdout
        await_until(lambda: not workers & disturbed.workers() and disturbed.workers(), 10, "Gunicorn's workers are new")
        await_until(lambda: not proxies & disturbed.nginx.children(1), 10, "nginx's workers are new")
        seen = load.outcomes["200"]
        await_until(lambda: load.outcomes["200"] > seen + 20, 10, "the load goes on")
    assert set(load.outcomes) == {"200"}, load.outcomes
    assert disturbed.master_pid() == gunicorn
