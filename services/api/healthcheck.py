"""Exit 0 when both pools answer /readyz with 200 over their sockets, 1 otherwise.

Asks the way nginx does. Runs with `python -I -S` and two modules, so that a check costs some milliseconds.
"""

import socket
import struct
import sys

SOCKETS = ("/run/flaskrandom/api.sock", "/run/flaskrandom/bulk.sock")


def status(path: str) -> str:
    """The status line of GET /readyz over the socket at `path`.

    Raises:
        OSError: nothing answers there within two seconds.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        # The kernel's own timeouts: with them connecting waits for a place in a full queue (BACKLOG), as it does not
        # on a socket that Python has made non-blocking. An overload alone is no reason to call this unhealthy.
        for timeout in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            connection.setsockopt(socket.SOL_SOCKET, timeout, struct.pack("ll", 2, 0))
        connection.connect(path)
        connection.sendall(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return connection.recv(64).partition(b"\r\n")[0].decode()


for path in SOCKETS:
    try:
        answer = status(path)
    except OSError as error:
        sys.exit(f"{path}: {error}")
    if " 200 " not in answer:
        sys.exit(f"{path}: /readyz answered {answer}")
