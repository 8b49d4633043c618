"""Gunicorn's settings for the program `flaskrandom`: short calls, answered by sync workers."""

import math
from pathlib import Path

from cpus import available_cpus
from flaskrandom.server.counting import count_as
from flaskrandom.server.readiness import API_SOCKET
from flaskrandom.server.shedding import Shedding
from flaskrandom.server.worker import SheddingWorker
from gunicorn_common import *  # noqa: F403 -- settings are this module's names, as Gunicorn reads them
from gunicorn_common import settings

proc_name = "flaskrandom"
count_as(proc_name)

# nginx uses the socket; TCP is for other machines and for platforms with their own proxy.
bind = ["0.0.0.0:5000", f"unix:{API_SOCKET}"]

# One worker more than CPUs keeps every CPU busy while one worker waits for its socket.
workers = settings.web_concurrency or math.ceil(available_cpus()) + 1
worker_class = "flaskrandom.server.worker.SheddingWorker"
SheddingWorker.shedding = Shedding(API_SOCKET)
# Connections beyond the backlog fail at once, and nginx answers 503. limit_conn cannot do this: slow bodies count.
backlog = settings.backlog
if settings.port:
    # A dual-stack socket, unless the kernel lacks IPv6.
    bind[0] = f"[::]:{settings.port}" if Path("/proc/net/if_inet6").exists() else f"0.0.0.0:{settings.port}"
    # Serves streams too, with no proxy that buffers for slow clients: a download blocks a thread, not a worker.
    worker_class = "flaskrandom.server.worker.PortWorker"
    threads = 64
    # Longer than the idle timeout of such proxies (Google Cloud: 600 s), so that they close the connection.
    keepalive = 620
max_requests = 200_000  # limits memory leaks in libraries
max_requests_jitter = 20_000
