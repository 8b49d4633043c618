"""Gunicorn's settings that both pools share; each pool's own file imports them and adds its own."""

import ctypes
import gc
import os
import signal
import sys
from typing import Any

from flaskrandom.config import Config
from flaskrandom.server import counting
from flaskrandom.server.counting import child_exit, post_worker_init, pre_fork, worker_abort, worker_exit  # noqa: F401

PR_SET_PDEATHSIG = 1  # prctl(2)
libc = ctypes.CDLL(None)

settings = Config.from_environ(os.environ)

wsgi_app = "app:app"
preload_app = True  # the workers share what their master loaded: 16 MB less
umask = 0o007  # sockets open to the group that both containers share, and to nobody else
worker_tmp_dir = "/dev/shm"  # heartbeats must never wait for a disk

# In this order, each shorter than the next: graceful_timeout < Supervisor's stopwaitsecs < stop_grace_period.
timeout = 30
graceful_timeout = 25

# nginx refuses longer ones first (large_client_header_buffers), with a body that says why.
limit_request_line = 8190
limit_request_field_size = 8190
header_map = "refuse"  # a header with an underscore is an attempt to pass for another one
http_parser = "python"  # "auto" would take whatever C parser happens to be installed


def on_reload(server: Any) -> None:
    """Load the app's code anew, of which Gunicorn would keep what the master has loaded."""
    for name in [*sys.modules]:
        # What runs the app stays: this configuration has set it up.
        if name == "app" or (name.startswith("flaskrandom") and not name.startswith("flaskrandom.server")):
            del sys.modules[name]
    server.app.callable = None
    gc.collect()
    server.app.wsgi()


def post_fork(server: Any, worker: Any) -> None:
    """Ask the kernel to end this worker when the master dies.

    Workers look for their parent only between requests, up to half a timeout apart. An idle one that is left
    over holds the TCP port for so long, and the next master cannot start.
    """
    counting.post_fork(server, worker)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != server.pid:
        sys.exit("the master died while this worker was forked")


control_socket_disable = True  # the root file system is read-only
loglevel = settings.log_level
accesslog = None  # nginx logs every request once
errorlog = "-"
