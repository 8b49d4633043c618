"""The load generator of the Swarm suite."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from socketserver import StreamRequestHandler, ThreadingTCPServer

from swarm import load

KEEPALIVE = 0.3  # seconds until the server closes an idle connection


class Server(StreamRequestHandler):
    def handle(self) -> None:
        self.request.recv(1000)
        self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"data":[]}')
        time.sleep(KEEPALIVE)


def test_a_kept_connection_that_the_server_may_have_closed_is_not_used_again(monkeypatch):
    """Without CPU time for a moment, the generator has not noticed that the server closed it."""
    monkeypatch.setattr(load, "REUSED", KEEPALIVE / 2)

    async def ask_twice(port: int) -> list[str]:
        node = load.Node("n1", "127.0.0.1", None, "")
        monkeypatch.setattr(node, "connect", lambda: connect(port))
        first = await node.ask(load.REQUESTS[1], kept=True)
        time.sleep(2 * KEEPALIVE)
        return [first, await node.ask(load.REQUESTS[1], kept=True)]

    async def connect(port: int) -> load.Connection:
        return load.Connection(*await asyncio.open_connection("127.0.0.1", port))

    with ThreadingTCPServer(("127.0.0.1", 0), Server) as server, ThreadPoolExecutor() as threads:
        threads.submit(server.serve_forever, 0.05)
        try:
            # In a thread of its own: Playwright's event loop may run in this one.
            answers = threads.submit(asyncio.run, ask_twice(server.server_address[1])).result()
        finally:
            server.shutdown()
    assert answers == ["200", "200"]
