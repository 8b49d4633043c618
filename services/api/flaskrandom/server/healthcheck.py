"""Exit 0 if `/readyz` returns 200, else 1. Imports little and runs with `python -I -S`, to take only milliseconds."""

import socket
import sys

#: The bulk pool answers for both pools.
SOCKET = "/run/flaskrandom/bulk.sock"


def main(path: str) -> str:
    """The fault in one line; empty if there is none."""
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
