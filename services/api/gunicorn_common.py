"""Gunicorn settings of both pools; each pool's file imports them and adds its own."""

import logging
import os
import sys

from flaskrandom.config import Config
from flaskrandom.server.counting import child_exit, post_fork, post_worker_init, pre_fork, worker_exit  # noqa: F401


def leave_out_requests(record: logging.LogRecord) -> bool:
    """Keep requests and their queries out of the log (gunicorn/workers/base.py has the messages)."""
    if str(record.msg).startswith("Invalid request from"):
        record.msg = "a request cannot be read"
    elif str(record.msg).startswith("Error handling request"):
        record.msg, record.args = "a request failed", ()
    return True


def on_reload(server) -> None:  # type: ignore[no-untyped-def]
    """Load app.py anew: with preload_app, new workers would get the app that the master loaded before."""
    del sys.modules["app"]
    server.app.callable = server.app.load()


settings = Config.from_environ(os.environ)
logging.getLogger("gunicorn.error").addFilter(leave_out_requests)

wsgi_app = "app:app"
preload_app = True  # workers share the loaded code: 16 MB less
umask = 0o007  # sockets: only the group that both containers share
worker_tmp_dir = "/dev/shm"  # heartbeats must never wait for a disk

# In this order, each shorter than the next: graceful_timeout < Supervisor's stopwaitsecs < stop_grace_period.
timeout = 30
graceful_timeout = 25

# nginx refuses longer ones first (large_client_header_buffers), with a problem document.
limit_request_line = 8190
limit_request_field_size = 8190
header_map = "refuse"  # headers with underscores can imitate others
http_parser = "python"  # "auto" would use any C parser that is installed

control_socket_disable = True  # the root file system is read-only
loglevel = settings.log_level
accesslog = None  # nginx logs every request once
errorlog = "-"
