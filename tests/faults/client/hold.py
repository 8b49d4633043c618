"""Open connections and use them as a bad client does, until standard input closes.

hold.py HOST idle|head|body|read CONNECTIONS [PATH]

idle: send nothing. head: send a header line each second and never finish. body: announce a body and send a byte a
second. read: request PATH and read a few bytes a second. Prints a line once all connections are open, and at the end
how many of them the server closed or refused.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from collections import Counter

HOST, WAY, CONNECTIONS = sys.argv[1], sys.argv[2], int(sys.argv[3])
PATH = sys.argv[4] if len(sys.argv) > 4 else "/"
resource.setrlimit(resource.RLIMIT_NOFILE, (CONNECTIONS + 100, CONNECTIONS + 100))
FIRST = {
    "idle": "",
    "head": f"GET {PATH} HTTP/1.1\r\nHost: a\r\n",
    "body": f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n",
    "read": f"GET {PATH} HTTP/1.1\r\nHost: a\r\n\r\n",
}[WAY].encode()
NEXT = {"idle": b"", "head": b"X-A: a\r\n", "body": b" ", "read": b""}[WAY]
ends: Counter[str] = Counter()


async def hold(opened: asyncio.Semaphore) -> None:
    try:
        # A small buffer, so that the server notices at once how slow its client is.
        reader, writer = await asyncio.open_connection(HOST, 80, limit=1024)
        writer.write(FIRST)
        await writer.drain()
    except OSError as error:
        ends[type(error).__name__] += 1
        return
    finally:
        opened.release()
    try:
        status = b""
        while True:
            await asyncio.sleep(1)
            if NEXT:
                writer.write(NEXT)
                await writer.drain()
            if WAY == "read" or reader._buffer:  # type: ignore[attr-defined]
                part = await reader.read(64)
                status = status or part
                if not part:
                    break
                if b" 200 " not in status.split(b"\r\n")[0]:
                    ends[status.split()[1].decode()] += 1
                    return
            if reader.at_eof():
                break
        ends["closed"] += 1
    except OSError as error:
        ends[type(error).__name__] += 1
    finally:
        writer.transport.abort()


async def main() -> None:
    opened = asyncio.Semaphore(0)
    held = []
    for number in range(CONNECTIONS):
        held.append(asyncio.ensure_future(hold(opened)))
        if number % 100 == 99:
            await asyncio.sleep(0.05)
    for _ in range(CONNECTIONS):
        await opened.acquire()
    print("open", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    still = sum(not one.done() for one in held)
    for one in held:
        one.cancel()
    print(json.dumps({"still_open": still, **ends}))


asyncio.run(main())
