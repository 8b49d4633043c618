"""PID 1 of the api container: Supervisor, with what it lacks in a container.

1. A bad setting ends the start at once, with one line that names it, instead of a crash loop.
2. supervisord exits with 0 whatever happened (Supervisor issue 733). When a program is FATAL the listener
   (`fatal_listener.py`) leaves a note before it ends supervisord; with that note the exit code is 1.
3. Gunicorn closes its listener when it is told to stop, and resets whoever waits there (Gunicorn issue 2409).
   So the order to stop is held back for DRAIN_SECONDS, in which proxies turn elsewhere (`drain.py`).
4. A second container on the same sockets would take them over, and remove them when it ends. It is refused.
"""

import fcntl
import os
import sys
from pathlib import Path
from typing import TextIO

from supervisor import supervisord

from .. import keys, series_key
from ..config import BadSetting, Config
from . import drain, fatal_listener, readiness

RUN = Path("/run/supervisor")


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
        if config.api_keys_file:
            keys.read(config.api_keys_file)
        if config.series_key_file:
            series_key.read(config.series_key_file)
    except BadSetting as bad:
        sys.exit(str(bad))
    except keys.BadKeyFile as bad:
        sys.exit(f"API_KEYS_FILE={bad}")
    except series_key.BadSeriesKey as bad:
        sys.exit(f"SERIES_KEY_FILE={bad}")

    lock = claim(readiness.SOCKETS)
    # Docker gives a tmpfs the mode of the folder in the image, whatever Compose asks for.
    if RUN.stat().st_uid == os.getuid():
        RUN.chmod(0o700)
    note = Path(fatal_listener.FATAL_NOTE)
    note.unlink(missing_ok=True)
    readiness.BEAT.unlink(missing_ok=True)
    drain.before_stopping(config.drain_seconds)
    supervisord.main(sys.argv[1:])
    lock.close()
    if note.exists():
        sys.exit(f"supervisord ended because {note.read_text()}")


if __name__ == "__main__":
    main()
