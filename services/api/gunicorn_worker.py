"""Gunicorn's sync worker without what it does per request for other set-ups. Figures: docs/performance.md.

It serves the same requests with the same parser, one at a time. What differs:

- Settings are read once; Gunicorn looks up some twenty for every request.
- With two listeners Gunicorn's worker waits in select(), so that each connection wakes every idle worker.
  Here the kernel wakes one (EPOLLEXCLUSIVE), and a worker that is awake takes the next connection first.
- Headers and body leave in one write, so that nginx wakes once for both.
- A Unix socket is closed at once when the request was read to its end; Gunicorn would wait for nginx to close.
- The heartbeat is touched once a second (by a worker that stands aside, ten times), not with every request.
- Under overload, calls that have waited long are hung up on, for nginx to answer them 503, and no more workers
  serve than there are CPUs (admission.py).

Hooks around a request (pre_request, post_request) and Gunicorn's access log are not there: nothing here uses them.
"""

from __future__ import annotations

import math
import os
import select
import socket
import time
from typing import Any

from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.workers.sync import SyncWorker

from admission import Admission
from flaskrandom.config import available_cpus

HEARTBEAT = 1.0  # seconds; the master waits for as many as `timeout` says
AT_ONCE = 0.001  # seconds: a worker that did not wait longer for a call found it there
ASIDE = 0.1  # seconds until a worker without a seat looks again for one


class Settings:
    """Gunicorn's settings as plain attributes; what is not a setting is asked of the original."""

    def __init__(self, config: Config) -> None:
        # By their names, not their values: of some, as of the worker's class, Gunicorn makes something else.
        self.__dict__.update({name: getattr(config, name) for name in config.settings})
        self._config = config

    def __getattr__(self, name: str) -> Any:
        return getattr(self._config, name)


class OneWrite(wsgi.Response):
    """A response whose headers wait for the first piece of the body."""

    _waiting = b""

    @property
    def begun(self) -> bool:
        """Whether the client has got anything of it."""
        return self.headers_sent and not self._waiting

    def send_headers(self) -> None:
        if not self.headers_sent:
            lines = [*self.default_headers(), *(f"{name}: {value}\r\n" for name, value in self.headers), "\r\n"]
            self._waiting = "".join(lines).encode("latin-1")
            self.headers_sent = True

    def _emit_body(self, data: bytes) -> None:
        if self.chunked:
            self._flush()
        else:
            data, self._waiting = self._waiting + data, b""
        super()._emit_body(data)

    def close(self) -> None:
        self.send_headers()
        self._flush()
        super().close()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, b""
        if waiting:
            self.sock.sendall(waiting)


class Worker(SyncWorker):
    """The worker of the pool for short calls."""

    admission = Admission(math.ceil(available_cpus()))  # one for all workers: made as the master imports this

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self.cfg = Settings(self.cfg)
        self._names = {listener: listener.getsockname() for listener in self.sockets}

    def run(self) -> None:
        for listener in self.sockets:
            listener.setblocking(False)
        poll = select.epoll()
        for listener in self.sockets:
            poll.register(listener.fileno(), select.EPOLLIN | select.EPOLLEXCLUSIVE)
        wake_up = self.PIPE[0]  # Gunicorn's signal handlers write to it
        poll.register(wake_up, select.EPOLLIN)
        while self.alive and self.is_parent_alive():
            if not self.admission.seated():
                self.notify()
                time.sleep(ASIDE)
                continue
            began = time.monotonic()
            events = poll.poll(HEARTBEAT)
            waited = time.monotonic() - began
            self.admission.idle(waited)
            if any(descriptor == wake_up for descriptor, _ in events):
                os.read(wake_up, 1)
            # Whatever woke it: a connection wakes one worker, and should that one not take it, it is found here.
            queued = waited < AT_ONCE
            for listener in self.sockets:
                queued = self._serve(listener, queued)

    def _serve(self, listener: Any, queued: bool) -> bool:
        """Answer the connections that wait at `listener`, for about a second at the most: there are others.

        One that waits is taken even by a worker that is to stop, as nobody else may have been woken for it.

        Args:
            queued: the next one may have waited for a worker. The one for which this worker woke up has not.

        Returns:
            the same, for the next listener.
        """
        self.notify()
        until = time.monotonic() + HEARTBEAT
        while True:
            try:
                client, address = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return queued
            if queued and client.family == socket.AF_UNIX and not self.admission.admits(client, self._names[listener]):
                client.close()
            else:
                self.handle(listener, client, address)
            queued = True
            if not self.alive or time.monotonic() >= until or not self.admission.seated():
                return queued

    def handle_request(self, listener: Any, req: Any, client: socket.socket, addr: Any) -> None:
        response = None
        try:
            response, environ = wsgi.create(req, client, addr, self._names[listener], self.cfg, OneWrite)
            response.force_close()
            self.nr += 1
            if self.nr >= self.max_requests:
                self.log.info("Autorestarting worker after current request.")
                self.alive = False
            body = self.wsgi(environ, response.start_response)
            try:
                for part in body:
                    response.write(part)
                response.close()
            finally:
                if hasattr(body, "close"):
                    body.close()
        except OSError:
            raise  # the client has gone; not an error of the app
        except (Exception, SystemExit):
            if response and response.begun:
                # An error page in the middle of an answer would pass for a part of it.
                self.log.exception("Error handling request")
                raise StopIteration from None
            raise
        if client.family == socket.AF_UNIX and getattr(req.body.reader, "length", None) == 0:
            client.close()
