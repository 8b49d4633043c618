"""Gunicorn's settings for the program `flaskrandom`: short calls, answered by sync workers."""

import math
from pathlib import Path

from flaskrandom.config import available_cpus
from flaskrandom.server.counting import count_as
from flaskrandom.server.readiness import API_SOCKET
from flaskrandom.server.shedding import Shedding
from flaskrandom.server.worker import SheddingWorker
from gunicorn_common import *  # noqa: F403 -- settings are this module's names, as Gunicorn reads them
from gunicorn_common import settings

proc_name = "flaskrandom"
count_as(proc_name)

# nginx comes in over the socket; TCP is for other machines and for platforms that bring their own proxy.
bind = ["0.0.0.0:5000", f"unix:{API_SOCKET}"]

# One worker more than CPUs keeps every CPU busy while one worker waits for its socket.
workers = settings.workers or math.ceil(available_cpus()) + 1
worker_class = "flaskrandom.server.worker.SheddingWorker"
SheddingWorker.shedding = Shedding(API_SOCKET)
# A short queue: what does not fit fails at once, and nginx tells the client when to come back.
backlog = settings.backlog
if settings.port:
    # IPv6 takes IPv4 along; a kernel may lack it.
    bind[0] = f"[::]:{settings.port}" if Path("/proc/net/if_inet6").exists() else f"0.0.0.0:{settings.port}"
    # Streams come in here, too, and nobody buffers for slow clients: a download holds a thread, not a worker.
    worker_class = "flaskrandom.server.worker.PortWorker"
    threads = 64
    # Longer than such proxies keep an idle connection (Google Cloud: 600 s): it is theirs to close.
    keepalive = 620
max_requests = 200_000  # bounds what a slow leak in any library can grow to
max_requests_jitter = 20_000
