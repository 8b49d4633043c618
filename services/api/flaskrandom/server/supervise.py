"""PID 1 of the api container: Supervisor, with what it lacks in a container.

1. A bad setting ends the start at once, with one line that names it, instead of a crash loop.
2. supervisord goes on when a program is FATAL, and exits with 0 whatever happened (Supervisor issue 733). Here it ends
   with the program, and the exit code is 1.
3. Gunicorn closes its listener when it is told to stop, and resets whoever waits there (Gunicorn issue 2409).
   So the order to stop is held back for DRAIN_SECONDS, in which proxies turn elsewhere.
4. A second container on the same sockets would take them over, and remove them when it ends. It is refused.
"""

import fcntl
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from supervisor import events, supervisord
from supervisor.options import ServerOptions

from .. import keys, series_key
from ..config import BadSetting, Config
from . import readiness

RUN = Path("/run/supervisor")

#: The settings that name a file, and what reads it.
KEY_FILES: dict[str, Callable[[Path], object]] = {"API_KEYS_FILE": keys.read, "SERIES_KEY_FILE": series_key.read}


class Options(ServerOptions):  # type: ignore[misc]
    """supervisord's own options, which install its signal handlers when it starts."""

    #: Seconds between TERM and the stop.
    drain_seconds = 0
    #: Why supervisord was ended from here; empty when it was not.
    failure = ""

    def setsignals(self) -> None:
        super().setsignals()
        self._stop: Any = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, self._on_term)
        events.subscribe(events.ProcessStateFatalEvent, self._on_end)
        events.subscribe(events.ProcessStateExitedEvent, self._on_end)

    def _on_end(self, event: Any) -> None:
        """End supervisord when a program cannot be kept running."""
        # An exit that is expected (exitcodes) is one that starting again cannot mend: Supervisor leaves it at that.
        if event.expected:
            name = event.process.config.name
            Options.failure = f"program {name} is FATAL: it could not be kept running"
            os.kill(os.getpid(), signal.SIGTERM)

    def _on_term(self, number: int, frame: FrameType | None) -> None:
        """Say "not ready", and go on serving for a while; a second TERM stops at once."""
        signal.signal(signal.SIGTERM, self._stop)
        if not self.drain_seconds or self.failure:
            self._stop(number, frame)
            return
        readiness.DRAINING.touch()
        print(f"stopping in {self.drain_seconds} s; until then calls are taken", file=sys.stderr, flush=True)
        signal.signal(signal.SIGALRM, lambda *_: self._stop(signal.SIGTERM, None))
        signal.alarm(self.drain_seconds)


def claim(folder: Path) -> TextIO:
    """Lock the folder of the sockets for this container, as long as the file returned is open.

    Exits with one line when another container holds it, or when it cannot be written to.
    """
    try:
        lock = (folder / "lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"another api container serves the sockets in {folder}; docs/deploy.md says how to run more than one")
    except OSError as error:
        sys.exit(f"{folder} must be a folder that user {os.getuid()} can write to: {error.strerror}")
    return lock


def main() -> None:
    # Compose hands over a variable that is not set as an empty one, and Gunicorn takes "" for a bad number.
    for name in [name for name, value in os.environ.items() if not value]:
        del os.environ[name]
    try:
        config = Config.from_environ(os.environ)
    except BadSetting as bad:
        sys.exit(str(bad))
    for name, read in KEY_FILES.items():
        try:
            if file := getattr(config, name.lower()):
                read(file)
        except ValueError as bad:
            sys.exit(f"{name}={bad}")

    lock = claim(readiness.SOCKETS)
    # Docker gives a tmpfs the mode of the folder in the image, whatever Compose asks for.
    if RUN.stat().st_uid == os.getuid():
        RUN.chmod(0o700)
    for note in (readiness.BEAT, readiness.DRAINING):
        note.unlink(missing_ok=True)
    Options.drain_seconds = config.drain_seconds
    supervisord.ServerOptions = Options
    supervisord.main(sys.argv[1:])
    lock.close()
    if Options.failure:
        sys.exit(f"supervisord ended because {Options.failure}")


if __name__ == "__main__":
    main()
