"""A short line for each request in nginx's JSON log."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

COLOURS = {"2": 32, "3": 36, "4": 33, "5": 31}
DIM = 2
UNITS = ("B", "kB", "MB", "GB")

Paint = Callable[[str, int], str]


def show(lines: Iterable[str]) -> None:
    """Print what `docker compose logs` says, with requests in short."""
    colourful = not os.environ.get("NO_COLOR")
    paint: Paint = (lambda text, code: f"\033[{code}m{text}\033[0m") if colourful else (lambda text, code: text)
    try:
        for line in lines:
            # Compose 2 clears a line that it has not written yet, whatever --ansi says.
            print(readable(line.rstrip("\n").replace("\033[2K", ""), paint), flush=True)
    except (KeyboardInterrupt, BrokenPipeError):
        sys.stderr.close()


def readable(line: str, paint: Paint) -> str:
    """The line of a request in short; any other line as it is, without control characters."""
    service, separator, text = line.partition(" | ")
    try:
        request = json.loads(text)
        return f"{service}{separator}{_short(request, paint)}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return _printable(line)


def _printable(text: str) -> str:
    """The text on one line; what a terminal would obey is escaped: a client chooses what is in a path."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _short(request: dict[str, Any], paint: Paint) -> str:
    """When, what was asked, how it went, how much and how long, who asked, and the id to look it up by."""
    when = datetime.fromisoformat(request["time"]).astimezone()
    status = str(request["status"])
    return "  ".join(
        (
            paint(f"{when:%H:%M:%S}", DIM),
            paint(_printable(status), COLOURS.get(status[0], 0)),
            _printable(f"{request['method']:<4} {request['path']}"),
            f"{_size(int(request['bytes']))} in {_time(float(request['seconds']))}",
            paint(_printable(f"{request['client']}  {request['request_id']}"), DIM),
        )
    )


def _size(count: int) -> str:
    """In the unit that leaves at most three digits before the point."""
    power = min(max(len(str(count)) - 1, 0) // 3, len(UNITS) - 1)
    return f"{count / 1000**power:.4g} {UNITS[power]}"


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.3g} s"
