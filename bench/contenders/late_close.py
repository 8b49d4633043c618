"""The app on our worker with Gunicorn's own way to close a connection: once nginx has closed it (bench/workers.py)."""

from gunicorn.workers.sync import SyncWorker

from flaskrandom import create_app
from flaskrandom.server.worker import SheddingWorker

SheddingWorker.handle_request = SyncWorker.handle_request

app = create_app()
