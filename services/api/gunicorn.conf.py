"""Gunicorn's settings for the program `flaskrandom`: short calls, answered by sync workers."""

import math

from flaskrandom.config import available_cpus
from gunicorn_common import *  # noqa: F403 -- settings are this module's names, as Gunicorn reads them
from gunicorn_common import settings

proc_name = "flaskrandom"

# nginx comes in over the socket; TCP is for other machines and for platforms that bring their own proxy.
bind = [f"0.0.0.0:{settings.port or 5000}", "unix:/run/flaskrandom/api.sock"]

# One worker more than CPUs keeps every CPU busy while one worker waits for its socket.
workers = settings.workers or math.ceil(available_cpus()) + 1
worker_class = "gunicorn_worker.Worker"
# A short queue: what does not fit fails at once, and nginx tells the client when to come back.
backlog = settings.backlog
if settings.port:
    # Streams come in here, too, and nobody buffers for slow clients: a download holds a thread, not a worker.
    worker_class = "gthread"
    threads = 64
    # Longer than such proxies keep an idle connection (Google Cloud: 600 s): it is theirs to close.
    keepalive = 620
max_requests = 200_000  # bounds what a slow leak in any library can grow to
max_requests_jitter = 20_000
