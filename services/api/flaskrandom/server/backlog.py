"""Accept queues of the listening Unix sockets: length and limit.

By sock_diag(7), because /proc/net/unix lists a waiting connection in the client's network namespace only.
"""

import socket
import struct
from collections.abc import Iterator

# linux/netlink.h, linux/sock_diag.h, linux/unix_diag.h
NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, REQUEST_DUMP, TCP_LISTEN = 4, 20, 0x301, 10
SHOW_NAME, SHOW_QUEUE = 0x1, 0x10
NAME, QUEUE = 0, 4
HEADERS = 32  # bytes of an nlmsghdr and a unix_diag_msg
REQUEST = struct.pack("=IHHII", 40, SOCK_DIAG_BY_FAMILY, REQUEST_DUMP, 1, 0) + struct.pack(
    "=BBHIIIII", socket.AF_UNIX, 0, 0, 1 << TCP_LISTEN, 0, SHOW_NAME | SHOW_QUEUE, 0, 0
)


def backlogs() -> dict[str, tuple[int, int]]:
    """`{path: (waiting connections, limit)}` of the listening sockets in this network namespace.

    Raises:
        OSError: sock_diag is not available.
    """
    found: dict[str, tuple[int, int]] = {}
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(1)
        kernel.send(REQUEST)
        while True:
            for kind, message in _parts(kernel.recv(1 << 16), "=IH"):
                if kind != SOCK_DIAG_BY_FAMILY:
                    return found  # the end
                attributes = dict(_parts(message[HEADERS:], "=HH"))
                path = attributes.get(NAME, b"")[4:].rstrip(b"\0").decode(errors="replace")
                found[path] = struct.unpack("=II", attributes[QUEUE][4:])


def _parts(data: bytes, header: str) -> Iterator[tuple[int, bytes]]:
    """Type and bytes, headers included, of each message or attribute; both are aligned to 4 bytes."""
    while data:
        size, kind = struct.unpack_from(header, data)
        yield kind, data[:size]
        data = data[(size + 3) & ~3 :]
