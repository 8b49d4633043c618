"""Run a command as a user at a terminal does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

import pexpect

from .stack import ROOT


class Seen(NamedTuple):
    """The exit code, or None if the command was still running, and what was on the terminal."""

    returncode: int | None
    text: str


def at_terminal(*command: str, until: str = "", environ: Mapping[str, str] | None = None) -> Seen:
    """Run a command in the checkout at a terminal, to its end or until it has written `until`."""
    env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | dict(environ or {})
    child = pexpect.spawn(command[0], [*command[1:]], timeout=60, cwd=ROOT, env=env, encoding="utf-8")
    child.expect_exact(until or pexpect.EOF)
    text = child.before + (until and child.after)
    child.close(force=True)
    return Seen(None if until else child.exitstatus, text)
