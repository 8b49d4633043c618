"""Reads `docker compose logs` and writes a short line for each JSON line of nginx. Other lines pass unchanged.

Control characters are shown as escapes: a client's text must not steer the terminal or forge lines.
"""

from __future__ import annotations

import io
import json
import sys
from datetime import datetime


def main() -> None:
    # Only a line feed ends a line, and invalid UTF-8 is no error.
    lines = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="backslashreplace", newline="\n")
    try:
        for line in lines:
            # Compose 2 clears a line that it has not written yet, whatever --ansi says.
            print(readable(line.rstrip("\n").replace("\033[2K", "")), flush=True)
    except (KeyboardInterrupt, BrokenPipeError):
        # Ctrl-C, or the reader of the pipe has gone.
        sys.stderr.close()


def readable(line: str) -> str:
    """A short line for a request: time, status, request, size, duration, client and id."""
    service, separator, text = line.partition(" | ")
    try:
        request = json.loads(text)
        when = datetime.fromisoformat(request["time"]).astimezone()
        text = (
            f"{when:%H:%M:%S}  {request['status']}  {request['method']:<4} {request['path']}  "
            f"{request['bytes']} B in {request['seconds']} s  {request['client']}  {request['request_id']}"
        )
    except (ValueError, KeyError, TypeError):
        pass
    return escaped(service + separator + text)


def escaped(text: str) -> str:
    """The text with an escape for each character that a terminal would not simply show."""
    return "".join(char if char.isprintable() or char == "\t" else ascii(char)[1:-1] for char in text)


if __name__ == "__main__":
    main()
