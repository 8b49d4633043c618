"""Gunicorn's settings for the program `flaskrandom-bulk`: long streams, a thread each.

A pool of its own, because a sync worker is held by a slow download for as long as that takes.
"""

from flaskrandom.server import counting, readiness
from gunicorn_common import *  # noqa: F403 -- settings are this module's names, as Gunicorn reads them
from gunicorn_common import settings

proc_name = "flaskrandom-bulk"
counting.count_as(proc_name)
bind = [f"unix:{readiness.BULK_SOCKET}"]
if not settings.port:
    bind.append("0.0.0.0:5001")

# Most threads wait for their client; one process fills the buffers faster than nginx passes them on.
workers = 1
worker_class = "gthread"
threads = 256


# This pool answers /readyz, also for the other one.
readiness.watched = readiness.API_SOCKET
