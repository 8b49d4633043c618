"""Gunicorn's settings for the program `flaskrandom-bulk`: streams, a thread each. They would block sync workers."""

from flaskrandom.server import counting, readiness
from gunicorn_common import *  # noqa: F403 -- settings are this module's names, as Gunicorn reads them
from gunicorn_common import settings

proc_name = "flaskrandom-bulk"
counting.count_as(proc_name)
bind = [f"unix:{readiness.BULK_SOCKET}"]
if not settings.port:
    bind.append("0.0.0.0:5001")

# One process is enough: most threads wait for their clients.
workers = 1
worker_class = "gthread"
threads = 256

readiness.watched = readiness.API_SOCKET  # this pool answers /readyz for both
