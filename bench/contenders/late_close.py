"""The app on our worker, which closes connections as Gunicorn does: only after nginx (see bench/workers.py)."""

from gunicorn.workers.sync import SyncWorker

from flaskrandom import create_app
from flaskrandom.server.worker import SheddingWorker

SheddingWorker.handle_request = SyncWorker.handle_request

app = create_app()
