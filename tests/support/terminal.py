"""Running a command as somebody at a terminal does."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping
from typing import NamedTuple

from .stack import ROOT


class Seen(NamedTuple):
    """How a command ended, None when it was still running; and what stood on the terminal."""

    returncode: int | None
    text: str


def at_terminal(*command: str, until: str = "", seconds: float = 60, environ: Mapping[str, str] | None = None) -> Seen:
    """Run a command in the checkout with a terminal for its output, to its end or until it has written `until`."""
    ours, theirs = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | dict(environ or {})
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    written = b""
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline and not (until and until.encode() in written):
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    part = os.read(ours, 65536)
                except OSError:  # Linux's way to say that nobody holds the other end any more
                    break
                written += part
        returncode = process.poll() if until else process.wait(timeout=5)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait()
        os.close(ours)
    return Seen(returncode, written.decode(errors="replace"))
