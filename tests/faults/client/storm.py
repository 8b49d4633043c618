"""Connections that repeat their request at once, whatever the answer, and time the answers by status.

storm.py HOST CONNECTIONS SECONDS PATH

Prints one JSON object: for each status the number of answers and their times in milliseconds.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections import defaultdict

HOST, CONNECTIONS, SECONDS, PATH = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
REQUEST = f"GET {PATH} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
ADDRESS = socket.getaddrinfo(HOST, 80, socket.AF_INET)[0][4]
PART = bytearray(1 << 20)

selector = selectors.DefaultSelector()
times: dict[str, list[float]] = defaultdict(list)


class Connection:
    """One request at a time, over and over."""

    def __init__(self) -> None:
        self.socket = socket.create_connection(ADDRESS, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(self.socket, selectors.EVENT_READ, self)
        self.ask()

    def ask(self) -> None:
        self.head, self.missing = b"", 0
        self.asked = time.monotonic()
        self.socket.sendall(REQUEST)

    def read(self) -> str:
        """The status of a complete answer, "closed" if the server hung up, or "" while there is more to read."""
        try:
            got = self.socket.recv_into(PART)
        except OSError:
            got = 0
        if not got:
            return "closed"
        if self.missing:
            self.missing -= got
        else:
            self.head, end, body = (self.head + PART[:got]).partition(b"\r\n\r\n")
            if not end:
                return ""
            self.missing = int(self.head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]) - len(body)
        return "" if self.missing else self.head.split()[1].decode()


for _ in range(CONNECTIONS):
    Connection()
began = time.monotonic()
while time.monotonic() < began + SECONDS:
    for key, _ in selector.select(0.1):
        connection = key.data
        if status := connection.read():
            times[status].append((time.monotonic() - connection.asked) * 1000)
            if status == "closed" or b"connection: close" in connection.head.lower():
                selector.unregister(connection.socket)
                connection.socket.close()
                Connection()
            else:
                connection.ask()

for values in times.values():
    values.sort()
print(
    json.dumps(
        {
            status: {
                "count": len(values),
                "p50_ms": values[len(values) // 2],
                "p99_ms": values[int(len(values) * 0.99)],
                "max_ms": values[-1],
            }
            for status, values in times.items()
        }
    )
)
