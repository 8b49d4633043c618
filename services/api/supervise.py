"""PID 1 of the api container: Supervisor, with the three things that it lacks in a container.

1. A bad setting ends the start at once, with one line that names it, instead of a crash loop.
2. supervisord exits with 0 whatever happened (Supervisor issue 733). When a program is FATAL the listener
   (`fatal_listener.py`) leaves a note before it ends supervisord; with that note the exit code is 1.
3. Gunicorn closes its listener when it is told to stop, and resets whoever waits there (Gunicorn issue 2409).
   So the order to stop is held back for DRAIN_SECONDS, in which proxies turn elsewhere (`drain.py`).
"""

import os
import sys
from pathlib import Path

from supervisor import supervisord

import drain
import fatal_listener
from flaskrandom import keys
from flaskrandom.config import BadSetting, Config

RUN = Path("/run/supervisor")


def main() -> None:
    # Compose hands over a variable that is not set as an empty one, and Gunicorn takes "" for a bad number.
    for name in [name for name, value in os.environ.items() if not value]:
        del os.environ[name]
    try:
        config = Config.from_environ(os.environ)
        if config.api_keys_file:
            keys.read(config.api_keys_file)
    except BadSetting as bad:
        sys.exit(str(bad))
    except keys.BadKeyFile as bad:
        sys.exit(f"API_KEYS_FILE={bad}")

    # Docker gives a tmpfs the mode of the folder in the image, whatever Compose asks for.
    if RUN.stat().st_uid == os.getuid():
        RUN.chmod(0o700)
    note = Path(fatal_listener.FATAL_NOTE)
    note.unlink(missing_ok=True)
    drain.before_stopping(config.drain_seconds)
    supervisord.main(sys.argv[1:])
    if note.exists():
        sys.exit(f"supervisord ended because {note.read_text()}")


if __name__ == "__main__":
    main()
