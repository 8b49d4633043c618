"""The app on our worker with one optimization less, which BENCH_WITHOUT names (bench/workers.py)."""

import os
import time

from gunicorn import util
from gunicorn.workers.sync import SyncWorker

from flaskrandom.server import readiness, worker

ours, without = worker.SheddingWorker, os.environ["BENCH_WITHOUT"]


def notify(self):
    """Gunicorn's heartbeat at each call; that of the readiness check at intervals, as ever."""
    SyncWorker.notify(self)
    now = time.monotonic()
    if now >= self._next_beat:
        self._next_beat = now + worker.BEAT_SECONDS
        readiness.beat()


def handle(self, listener, client, address):
    util.close_on_exec(client)
    SyncWorker.handle(self, listener, client, address)


if without == "every_beat":
    ours.notify = notify
elif without == "late_close":
    ours.handle_request = SyncWorker.handle_request
elif without == "close_on_exec":
    ours.handle = handle
else:
    raise ValueError(without)

from flaskrandom import create_app  # noqa: E402

app = create_app()
