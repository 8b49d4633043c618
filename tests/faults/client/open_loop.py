"""Send requests at a steady rate, whether or not earlier ones have finished, each from a different client address.

open_loop.py HOST RATE SECONDS PATH

The addresses are given in X-Forwarded-For, which the stack under test trusts from this container. Connections are
kept alive and reused; a new one is opened when all are busy. Prints one JSON object: for each status the number of
answers and their times in milliseconds, and the number of requests that were never answered.
"""

from __future__ import annotations

import heapq
import json
import selectors
import socket
import sys
import time
from collections import defaultdict

HOST, RATE, SECONDS, PATH = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
PATIENCE = 10.0  # seconds after which a request counts as never answered
PART = bytearray(1 << 20)

ADDRESS = socket.getaddrinfo(HOST, 80, socket.AF_INET)[0][4]
selector = selectors.DefaultSelector()
times: dict[str, list[float]] = defaultdict(list)
without_retry_after = 0


class Connection:
    """One request at a time."""

    def __init__(self) -> None:
        self.socket = socket.create_connection(ADDRESS, timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head, self.missing = b"", 0
        selector.register(self.socket, selectors.EVENT_READ, self)

    def ask(self, number: int, due: float) -> None:
        self.due = due
        client = f"198.18.{number // 250 % 250}.{number % 250 + 1}"
        self.socket.sendall(f"GET {PATH} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {client}\r\n\r\n".encode())

    def answered(self) -> tuple[str, bytes] | None:
        """The status and head of a complete answer; "closed" if the server hung up; None while there is more to read.

        The body is only counted, because the generator shares the CPUs with the server.
        """
        try:
            got = self.socket.recv_into(PART)
        except OSError:
            got = 0
        if not got:
            return "closed", b""
        if self.missing:
            self.missing -= got
        else:
            head, end, body = (self.head + PART[:got]).partition(b"\r\n\r\n")
            self.head = head + end
            if not end:
                return None
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            self.missing = length - len(body)
        if self.missing:
            return None
        head, self.head = self.head.lower(), b""
        return head.split()[1].decode(), head

    def close(self) -> None:
        selector.unregister(self.socket)
        self.socket.close()


idle: list[Connection] = []
busy: set[Connection] = set()
began = time.monotonic()
sent, total, sending = 0, int(RATE * SECONDS), 0.0
late: list[float] = []
while sent < total or busy:
    now = time.monotonic()
    while sent < total and (due := began + sent / RATE) <= now:
        connection = idle.pop() if idle else Connection()
        heapq.heappush(late, now - due)
        # Timed from the moment it was due, so that a late generator does not flatter the server.
        connection.ask(sent, due)
        busy.add(connection)
        sent += 1
        sending = time.monotonic() - began
    if sent == total and now > began + SECONDS + PATIENCE:
        break
    wait = max(0.0, began + sent / RATE - now) if sent < total else 0.1
    for key, _ in selector.select(wait):
        connection = key.data
        answer = connection.answered()
        if answer is None:
            continue
        status, head = answer
        if connection in busy:
            times[status].append((time.monotonic() - connection.due) * 1000)
            busy.discard(connection)
            if status in {"429", "503"} and b"retry-after: " not in head:
                without_retry_after += 1
        if status == "closed" or b"connection: close" in head:
            connection.close()
            if connection in idle:
                idle.remove(connection)
        else:
            idle.append(connection)


def spread(values: list[float]) -> dict[str, float]:
    values.sort()
    return {
        "count": len(values),
        "p50_ms": values[len(values) // 2],
        "p99_ms": values[int(len(values) * 0.99)],
        "max_ms": values[-1],
    }


print(
    json.dumps(
        {
            "sent": sent,
            "seconds": max(SECONDS, sending),
            "never": len(busy),
            "without_retry_after": without_retry_after,
            "generator_late_p99_ms": sorted(late)[int(len(late) * 0.99)] * 1000,
            "statuses": {status: spread(values) for status, values in times.items()},
        }
    )
)
