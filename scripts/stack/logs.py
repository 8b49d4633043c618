"""Reads `docker compose logs` and writes a short line for each JSON line of nginx. Other lines pass unchanged.

Control characters are shown as escapes: a client's text must not steer the terminal or forge lines.

Needs nothing but Python's standard library: it runs on any host.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime

COLOURS = {"2": 32, "3": 36, "4": 33, "5": 31}
DIM = 2
UNITS = ("B", "kB", "MB", "GB")

Paint = Callable[[str, int], str]


def main() -> None:
    colourful = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    paint: Paint = (lambda text, code: f"\033[{code}m{text}\033[0m") if colourful else (lambda text, code: text)
    # Only a line feed ends a line, and no byte is an error.
    lines = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="backslashreplace", newline="\n")
    try:
        for line in lines:
            # Compose 2 clears a line that it has not written yet, whatever --ansi says.
            print(readable(line.rstrip("\n").replace("\033[2K", ""), paint), flush=True)
    except (KeyboardInterrupt, BrokenPipeError):
        # Ctrl-C, or the reader of the pipe has gone.
        sys.stderr.close()


def readable(line: str, paint: Paint) -> str:
    """The line of a request in short; any other line as it is, but for control characters."""
    service, separator, text = line.partition(" | ")
    try:
        request = {name: escaped(str(value)) for name, value in json.loads(text).items()}
        return f"{escaped(service)}{separator}{_short(request, paint)}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return escaped(line)


def escaped(text: str) -> str:
    """The text with an escape for each character that a terminal would not simply show."""
    return "".join(sign if sign.isprintable() or sign == "\t" else ascii(sign)[1:-1] for sign in text)


def _short(request: dict[str, str], paint: Paint) -> str:
    """When, what was asked, how it went, how much and how long, who asked, and the id to look it up by."""
    when = datetime.fromisoformat(request["time"]).astimezone()
    status = request["status"]
    return "  ".join(
        (
            paint(f"{when:%H:%M:%S}", DIM),
            paint(status, COLOURS.get(status[0], 0)),
            f"{request['method']:<4} {request['path']}",
            f"{_size(int(request['bytes']))} in {_time(float(request['seconds']))}",
            paint(f"{request['client']}  {request['request_id']}", DIM),
        )
    )


def _size(count: int) -> str:
    """In the unit that leaves at most three digits before the point."""
    power = min(max(len(str(count)) - 1, 0) // 3, len(UNITS) - 1)
    return f"{count / 1000**power:.4g} {UNITS[power]}"


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.3g} s"


if __name__ == "__main__":
    main()
