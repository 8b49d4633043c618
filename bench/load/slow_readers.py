"""Many clients that ask for a long stream and read it slowly, until standard input closes.

slow_readers.py CLIENTS BYTES_PER_SECOND PATH
"""

import asyncio
import sys

CLIENTS, RATE, PATH = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


async def read_slowly() -> None:
    # A small buffer, so that the server notices how slow its client is.
    reader, writer = await asyncio.open_connection("127.0.0.1", 80, limit=RATE)
    writer.write(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    status = await reader.readline()
    if b" 200 " not in status:
        sys.exit(f"a slow reader was answered {status!r}")
    print("reading", flush=True)
    # Once a second: this script shares the CPUs with what is measured.
    while await reader.read(RATE):
        await asyncio.sleep(1)
    sys.exit("a slow reader was cut off")


async def main() -> None:
    readers = [asyncio.ensure_future(read_slowly()) for _ in range(CLIENTS)]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for reader in readers:
        reader.cancel()


asyncio.run(main())
