"""Stopping in two steps: say "not ready" and go on serving; then stop."""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from supervisor import supervisord
from supervisor.options import ServerOptions

from .fatal_listener import FATAL_NOTE
from .readiness import DRAINING


def before_stopping(seconds: int) -> None:
    """Have supervisord wait for `seconds` between TERM and its stop; 0: not at all.

    A second TERM stops at once, and so does the first when a program is FATAL: there is nothing left to drain.
    """
    DRAINING.unlink(missing_ok=True)
    if not seconds:
        return

    class Options(ServerOptions):  # type: ignore[misc]
        """supervisord's own, which install its signal handlers."""

        def setsignals(self) -> None:
            super().setsignals()
            stop: Any = signal.getsignal(signal.SIGTERM)

            def drain(number: int, frame: FrameType | None) -> None:
                signal.signal(signal.SIGTERM, stop)
                if Path(FATAL_NOTE).exists():
                    stop(number, frame)
                    return
                DRAINING.touch()
                print(f"stopping in {seconds} s; until then calls are taken", file=sys.stderr, flush=True)
                signal.signal(signal.SIGALRM, lambda *_: stop(signal.SIGTERM, None))
                signal.alarm(seconds)

            signal.signal(signal.SIGTERM, drain)

    supervisord.ServerOptions = Options
