"""How many connections wait at each Unix socket for somebody to accept them.

The kernel tells through a netlink socket, sock_diag(7); /proc does not have it, and Gunicorn's own backlog metric
knows TCP alone.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

# linux/netlink.h, linux/sock_diag.h, linux/unix_diag.h
NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
TCP_LISTEN = 10
UDIAG_SHOW_NAME, UDIAG_SHOW_RQLEN = 0x1, 0x10
UNIX_DIAG_NAME, UNIX_DIAG_RQLEN = 0, 4

HEADER = struct.Struct("=IHHII")  # nlmsghdr
REQUEST = struct.Struct("=BBHIIIII")  # unix_diag_req
ANSWER = struct.Struct("=BBBBIII")  # unix_diag_msg
ATTRIBUTE = struct.Struct("=HH")  # nlattr


class Backlog(NamedTuple):
    """Connections that wait at a listening socket, and how many may."""

    path: str
    waiting: int
    limit: int


def backlogs() -> list[Backlog]:
    """Every listening Unix socket with a path in this network namespace.

    Raises:
        OSError: the kernel does not tell.
    """
    request = REQUEST.pack(socket.AF_UNIX, 0, 0, 1 << TCP_LISTEN, 0, UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN, 0, 0)
    header = HEADER.pack(HEADER.size + len(request), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0)
    found: list[Backlog] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(1)
        kernel.send(header + request)
        while True:
            for kind, body in _parts(kernel.recv(1 << 16), HEADER):
                if kind == NLMSG_DONE:
                    return found
                if kind == NLMSG_ERROR:
                    raise OSError(-struct.unpack_from("=i", body)[0], "sock_diag")
                attributes = dict(_parts(body[ANSWER.size :], ATTRIBUTE))
                path = attributes.get(UNIX_DIAG_NAME, b"").rstrip(b"\0").decode(errors="replace")
                if path.startswith("/"):
                    found.append(Backlog(path, *struct.unpack("=II", attributes[UNIX_DIAG_RQLEN])))


def fullness(path: str) -> float:
    """Which part of the places is taken in the queue of the Unix socket at `path`; 0 where the kernel does not tell."""
    try:
        return max((queue.waiting / queue.limit for queue in backlogs() if queue.path == path), default=0.0)
    except OSError:
        return 0.0


def _parts(data: bytes, header: struct.Struct) -> Iterator[tuple[int, bytes]]:
    """Type and body of each message, or of each attribute; both are aligned to 4 bytes."""
    while len(data) >= header.size:
        if header is HEADER:
            length, kind, *_ = header.unpack_from(data)
        else:
            length, kind = header.unpack_from(data)
        yield kind, data[header.size : length]
        data = data[(length + 3) & ~3 :]
