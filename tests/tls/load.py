"""Clients that send requests without a pause while the certificate changes."""

from __future__ import annotations

import http.client
import ssl
import time
from collections import Counter
from typing import Any, Self

from support.clients import Threads

from .certificates import NAME, handshake, peer

REQUEST = f"GET /api/v1/strings?count=3 HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()


class Load(Threads):
    """Threads that send requests until the block ends, each on a new connection with a full handshake.

    With a context, every handshake checks the certificate fully: its signature, its name and its validity
    period.
    """

    def __init__(self, port: int, context: ssl.SSLContext | None, threads: int = 3) -> None:
        super().__init__(threads)
        self.port, self.context = port, context
        self.outcomes: Counter[str] = Counter()
        #: Requests by the serial number of the certificate that they saw.
        self.serials: Counter[int] = Counter()
        self._began = time.monotonic()

    def run(self, number: int) -> None:
        while not self.over.is_set():
            try:
                with handshake(self.port, self.context) as connection:
                    connection.sendall(REQUEST)
                    answer = http.client.HTTPResponse(connection)
                    answer.begin()
                    body = answer.read()
                    outcome = f"{answer.status}" if len(body) == int(answer.headers["Content-Length"]) else "cut short"
                    self.serials[peer(connection).serial_number] += 1
            except (OSError, http.client.HTTPException) as error:
                outcome = repr(error)
            self.outcomes[outcome] += 1

    @property
    def failed(self) -> int:
        return sum(self.outcomes.values()) - self.outcomes["200"]

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        return super().__enter__()

    def __exit__(self, *about: Any) -> None:
        super().__exit__(*about)
        self.seconds = time.monotonic() - self._began
