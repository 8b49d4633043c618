"""Exit 0 when the container can do its work, 1 otherwise: what `/readyz` says, which the bulk pool answers for both.

Run with `python -I -S` and two modules, so that a check costs some milliseconds.
"""

import socket
import sys

SOCKET = "/run/flaskrandom/bulk.sock"


def main(path: str) -> str:
    """What is wrong; empty when nothing is."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        try:
            connection.connect(path)
            connection.sendall(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            status = connection.recv(64).partition(b"\r\n")[0].decode()
        except OSError as error:
            return f"{path}: {error}"
    return "" if " 200 " in status else f"{path}: /readyz answered {status}"


if __name__ == "__main__":
    sys.exit(main(SOCKET) or 0)
