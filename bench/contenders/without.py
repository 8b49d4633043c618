"""The app on our worker with one optimization less, which BENCH_WITHOUT names (bench/workers.py)."""

import os

from gunicorn import util
from gunicorn.workers.sync import SyncWorker

from flaskrandom.server import worker

ours, without = worker.SheddingWorker, os.environ["BENCH_WITHOUT"]


def handle(self, listener, client, address):
    util.close_on_exec(client)
    SyncWorker.handle(self, listener, client, address)


if without == "every_beat":
    worker.BEAT_SECONDS = 0
elif without == "late_close":
    ours.handle_request = SyncWorker.handle_request
elif without == "close_on_exec":
    ours.handle = handle
else:
    raise ValueError(without)

from flaskrandom import create_app  # noqa: E402

app = create_app()
