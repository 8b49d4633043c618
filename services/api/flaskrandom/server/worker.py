"""Gunicorn workers with load shedding and a heartbeat for the readiness check."""

import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker
from gunicorn.workers.sync import SyncWorker

from .readiness import beat
from .shedding import Shedding

LAST_CALLS = 5.0  # seconds; less than Gunicorn's graceful_timeout


class Beating:
    """A worker whose heartbeats reach the readiness check, too."""

    def notify(self) -> None:
        super().notify()  # type: ignore[misc]
        beat()


class SheddingWorker(Beating, SyncWorker):  # type: ignore[misc]
    """The sync worker of the pool for short calls."""

    #: Set by gunicorn.conf.py in the master; its workers share it.
    shedding: Shedding

    def run(self) -> None:
        super().run()
        if self.aborted or self.nr >= self.max_requests:
            return  # only this worker ends
        # On shutdown, serve the queued connections: Gunicorn would reset them (Gunicorn issue 2409).
        until = time.monotonic() + LAST_CALLS
        for listener in self.sockets:
            with suppress(OSError):
                while time.monotonic() < until:
                    self.notify()
                    self.accept(listener)

    def handle_abort(self, *_: object) -> None:
        """End after this call, which took too long. The app then answers 500 itself; Gunicorn would send HTML."""
        self.alive, self.aborted = False, True
        raise RuntimeError("Gunicorn's timeout ended this call")

    def wait(self, timeout: float) -> object:
        began = time.monotonic()
        ready = super().wait(min(timeout, 1.0))  # often enough for the heartbeat
        self.shedding.idle(time.monotonic() - began)
        return ready

    def accept(self, listener: Any) -> None:
        client, address = listener.accept()
        while client.family == socket.AF_UNIX and not self.shedding.admits(client):
            client.close()
            client, address = listener.accept()
        client.setblocking(True)
        self.handle(listener, client, address)

    def handle_request(self, listener: object, req: Any, client: socket.socket, addr: object) -> None:
        super().handle_request(listener, req, client, addr)
        # Gunicorn would wait until nginx closes the connection, which takes long under overload.
        if client.family == socket.AF_UNIX and getattr(req.body.reader, "length", None) == 0:
            client.close()


class PortWorker(Beating, ThreadWorker):  # type: ignore[misc]
    """The threaded worker of PORT mode, where nothing buffers for slow clients."""
