"""PID 1 of the api container: Supervisor, adapted to containers.

1. A bad setting stops the start with one line that names it, instead of a crash loop.
2. supervisord keeps running when a program is FATAL, and always exits with 0 (Supervisor issue 733). Here it stops and
   exits with 1.
3. On SIGTERM, Gunicorn closes its listener and resets queued connections (Gunicorn issue 2409). So SIGTERM takes effect
   after DRAIN_SECONDS, in which proxies choose other servers.
4. A second container on the same sockets is refused. It would take them over, and remove them when it ends.
"""

import fcntl
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from supervisor import events, supervisord
from supervisor.options import ServerOptions

from .. import keys
from ..config import BadSetting, Config
from . import readiness

RUN = Path("/run/supervisor")


class Options(ServerOptions):  # type: ignore[misc]
    """supervisord's options, which also install its signal handlers."""

    #: Seconds between SIGTERM and the stop.
    drain_seconds = 0
    #: Why this class stopped supervisord; empty if it did not.
    failure = ""

    def setsignals(self) -> None:
        super().setsignals()
        self._stop: Any = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, self._on_term)
        events.subscribe(events.ProcessStateFatalEvent, self._on_end)
        events.subscribe(events.ProcessStateExitedEvent, self._on_end)

    def _on_end(self, event: Any) -> None:
        """Stop supervisord if a program cannot be kept running."""
        # Expected exit codes are faults that a restart cannot fix: Supervisor does not restart. FATAL counts as one.
        if event.expected:
            name = event.process.config.name
            Options.failure = f"program {name} could not be kept running"
            os.kill(os.getpid(), signal.SIGTERM)

    def _on_term(self, number: int, frame: FrameType | None) -> None:
        """Report "not ready" and serve on for DRAIN_SECONDS; a second SIGTERM stops at once."""
        signal.signal(signal.SIGTERM, self._stop)
        if not self.drain_seconds or self.failure:
            self._stop(number, frame)
            return
        readiness.DRAINING.touch()
        print(f"stopping in {self.drain_seconds} s; until then calls are taken", file=sys.stderr, flush=True)
        signal.signal(signal.SIGALRM, lambda *_: self._stop(signal.SIGTERM, None))
        signal.alarm(self.drain_seconds)


def claim(folder: Path) -> TextIO:
    """Lock the folder of the sockets while the returned file is open; exit with one line if that is impossible."""
    try:
        lock = (folder / "lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"another api container serves the sockets in {folder}; docs/deploy.md says how to run more than one")
    except OSError as error:
        sys.exit(f"{folder} must be a folder that user {os.getuid()} can write to: {error.strerror}")
    return lock


def main() -> None:
    # Compose passes an unset variable as an empty one, and Gunicorn rejects an empty number.
    for name in [name for name, value in os.environ.items() if not value]:
        del os.environ[name]
    try:
        config = Config.from_environ(os.environ)
    except BadSetting as bad:
        sys.exit(str(bad))
    api_keys = ("API_KEYS_FILE", config.api_keys_file, keys.read)
    series_key = ("SERIES_KEY_FILE", config.series_key_file, keys.read_series_key)
    for name, file, read in (api_keys, series_key):
        try:
            if file:
                read(file)
        except keys.BadKeyFile as bad:
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
