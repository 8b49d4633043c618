"""Messages on the terminal, and long steps."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

COLOURS = {"==>": "1", "error:": "31", "ok": "32", "warn": "33", "FAIL": "31"}


class Problem(Exception):
    """An error that stops a command, and its fix."""

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


def mark(text: str) -> str:
    """The text in colour, on a terminal. Errors go to standard error, the rest to standard output."""
    colourful = (sys.stderr if text == "error:" else sys.stdout).isatty() and not os.environ.get("NO_COLOR")
    return f"\033[{COLOURS[text]}m{text}\033[0m" if colourful else text


def say(text: str) -> None:
    """Name a step."""
    print(f"{mark('==>')} {text}", flush=True)


def report(problem: Problem) -> None:
    print(f"{mark('error:')} {problem.what}", file=sys.stderr)
    if problem.fix:
        print(f"  fix: {problem.fix}", file=sys.stderr)


def finish(command: Callable[..., object], *arguments: str) -> None:
    """Run a command. Exit with 1 and the reason if it raises Problem, with 130 if the user ends it."""
    try:
        command(*arguments)
    except Problem as problem:
        report(problem)
        sys.exit(1)
    except (KeyboardInterrupt, EOFError):  # EOFError: Ctrl-D at a question
        sys.exit(130)


def warn(text: str, fix: str) -> None:
    print(f"{mark('warn')}  {text}\n      fix: {fix}")


def work(what: str, command: Sequence[str], fix: str) -> None:
    """Run a long command, which shows its own progress; raises Problem if it fails."""
    say(what)
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        raise Problem(f"{what}: failed", fix)


def may_change_host(what: str, otherwise: str) -> None:
    """Announce a change of this machine and ask for permission, unless INSTALL=yes; without a terminal, go on.

    Raises:
        Problem: refused, also by any other value of INSTALL.
    """
    say(what)
    agreed = os.environ.get("INSTALL", "")
    if agreed not in ("", "yes"):
        raise Problem(f"INSTALL={agreed}: only INSTALL=yes agrees", otherwise)
    if not agreed and sys.stdin.isatty() and input("    Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Problem("the answer was no", otherwise)
