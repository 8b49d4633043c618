"""Gunicorn's settings that both pools share; each pool's own file imports them and adds its own."""

import logging
import os

from flaskrandom.config import Config
from flaskrandom.server.counting import (  # noqa: F401
    child_exit,
    post_fork,
    post_worker_init,
    pre_fork,
    worker_abort,
    worker_exit,
)
from flaskrandom.server.log import leave_out_requests

settings = Config.from_environ(os.environ)
logging.getLogger("gunicorn.error").addFilter(leave_out_requests)

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


control_socket_disable = True  # the root file system is read-only
loglevel = settings.log_level
accesslog = None  # nginx logs every request once
errorlog = "-"
