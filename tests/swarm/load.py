"""Send a steady load to every node's port, and record each request. Runs in a container on the nodes' network.

Open loop: requests start when they are due, whether or not earlier ones are done, so that a stall affects every
request that falls into it. Half of the requests open a connection, half reuse a kept one; POST and GET alternate.
With --balance it acts as a load balancer: it asks each node for /readyz, and leaves out nodes that are not ready. With
--authority it uses TLS, and checks the certificate of every new connection.

Each line of the record has start (seconds since 1970), node, kind of connection, milliseconds and outcome. A line that
begins with # gives the start up to which the record is complete.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
import time
from itertools import count
from typing import NamedTuple

TIMEOUT = 10.0  # seconds for one request, connecting included
#: Seconds for which an idle connection may be used again: less than KEEPALIVE_TIMEOUT (65), when nginx closes it.
REUSED = 50.0
CALL = json.dumps({"intlen": 16, "intnum": 3, "withnum": True, "withlow": True, "withup": True, "withspecial": True})
REQUESTS = (
    "POST /getrandomstr HTTP/1.1\r\nHost: load\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(CALL)}\r\n%s\r\n{CALL}",
    "GET /api/v1/strings?length=16&count=3 HTTP/1.1\r\nHost: load\r\n%s\r\n",
)
CLOSE = "Connection: close\r\n"


class Connection(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Node:
    """One port, and the idle connections to it."""

    def __init__(self, name: str, address: str, context: ssl.SSLContext | None, certified: str) -> None:
        self.name = name
        self.address = address
        self.context = context
        self.certified = certified
        #: When each was used last, and the connection.
        self.idle: list[tuple[float, Connection]] = []
        self.up = True

    async def connect(self) -> Connection:
        if not self.context:
            return Connection(*await asyncio.open_connection(self.address, 80))
        return Connection(
            *await asyncio.open_connection(self.address, 443, ssl=self.context, server_hostname=self.certified)
        )

    async def ask(self, request: str, kept: bool) -> str:
        """Send one request, read all of its answer, and return the outcome in a word or two."""
        connection = None
        step = "connecting"
        try:
            async with asyncio.timeout(TIMEOUT):
                while kept and self.idle and not connection:
                    since, connection = self.idle.pop()
                    if connection.reader.at_eof() or time.monotonic() - since > REUSED:
                        connection.writer.close()
                        connection = None
                connection = connection or await self.connect()
                step = "answering"
                connection.writer.write((request % ("" if kept else CLOSE)).encode())
                head = (await connection.reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
                body = await connection.reader.readexactly(length)
        except TimeoutError:
            outcome = f"timeout-{step}"
        except asyncio.IncompleteReadError:
            outcome = "closed-early"
        except ValueError:
            outcome = "no-length"
        except OSError as error:
            outcome = f"{type(error).__name__}-{step}"
        else:
            outcome = head.split(" ", 2)[1]
            if outcome == "200" and b'"data"' not in body:
                outcome = "wrong-body"
            if kept and "connection: close" not in head:
                self.idle.append((time.monotonic(), connection))
                return outcome
        if connection:
            connection.writer.close()
        return outcome

    async def watch(self) -> None:
        """Mark the node up or down as a load balancer does: after two changed answers in a row."""
        other = 0
        while True:
            try:
                async with asyncio.timeout(1):
                    reader, writer = await self.connect()
                    writer.write(b"GET /readyz HTTP/1.0\r\nHost: load\r\n\r\n")
                    ready = b" 200 " in await reader.readline()
                    writer.close()
            except OSError:  # includes timeouts
                ready = False
            other = other + 1 if ready != self.up else 0
            if other == 2:
                self.up, other = ready, 0
                if not ready:
                    while self.idle:
                        self.idle.pop()[1].writer.close()
            await asyncio.sleep(0.5)


class Load:
    def __init__(self, nodes: list[Node], rate: float) -> None:
        self.nodes = nodes
        self.rate = rate
        self.under_way: dict[int, float] = {}

    async def one(self, number: int, due: float) -> None:
        # Each node gets every kind: the node changes with each request, the kind with each round.
        nodes = [node for node in self.nodes if node.up] or self.nodes
        node = nodes[number % len(nodes)]
        turn = number // len(self.nodes)
        kept = turn % 2 == 1
        outcome = await node.ask(REQUESTS[turn // 2 % 2], kept)
        del self.under_way[number]
        milliseconds = (time.time() - due) * 1000
        print(f"{due:.4f} {node.name} {'kept' if kept else 'new'} {milliseconds:.2f} {outcome}")

    async def say_how_far(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            # One second less, because a request that was due a moment ago may not have begun.
            print(f"# {min(self.under_way.values(), default=time.time()) - 1:.4f}", flush=True)

    async def run(self, balance: bool) -> None:
        saying = asyncio.create_task(self.say_how_far())
        watching = [asyncio.create_task(node.watch()) for node in self.nodes if balance]
        tasks: set[asyncio.Task[None]] = set()
        began = time.time()
        for number in count():
            due = began + number / self.rate
            await asyncio.sleep(max(0.0, due - time.time()))
            self.under_way[number] = due
            task = asyncio.create_task(self.one(number, due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(saying, *watching)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, required=True, help="requests a second, over all nodes")
    parser.add_argument("--record", required=True, help="the file to write")
    parser.add_argument("--balance", action="store_true", help="leave out nodes that are not ready")
    parser.add_argument("--authority", help="use TLS, and trust the authority in this file")
    parser.add_argument("--certified", default="", help="with TLS: the name that the certificate must have")
    parser.add_argument("nodes", nargs="+", help="name=address")
    options = parser.parse_args()
    sys.stdout = open(options.record, "w", buffering=1 << 16)  # noqa: SIM115, PTH123 -- open until the end
    context = None
    if options.authority:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(options.authority)
    nodes = [Node(*given.split("="), context, options.certified) for given in options.nodes]
    asyncio.run(Load(nodes, options.rate).run(options.balance))


if __name__ == "__main__":
    main()
