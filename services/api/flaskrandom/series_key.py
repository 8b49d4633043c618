"""The key of series: 256 random bits in a file, from which the order of every series comes.

The file holds 64 hexadecimal digits on one line, as `openssl rand -hex 32` writes them. This module needs nothing but
the standard library: `make key SERIES=yes` and `make doctor` run it on any host.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
from pathlib import Path

BYTES = 32

#: The user that the api's container runs as.
API_USER = 10001


class BadSeriesKey(ValueError):
    """The file cannot be read, or holds no key; the message names it, and nothing of what is in it."""


def read(path: Path) -> bytes:
    """The key in the file.

    Raises:
        BadSeriesKey: it cannot be read, or holds anything but a key.
    """
    try:
        text = path.read_text(errors="replace").strip()
    except OSError as error:
        raise BadSeriesKey(f"{path}: {error.strerror}") from None
    if not re.fullmatch(rf"[0-9A-Fa-f]{{{2 * BYTES}}}", text):
        raise BadSeriesKey(f"{path}: must hold {2 * BYTES} hexadecimal digits, as `make key SERIES=yes` writes them")
    return bytes.fromhex(text)


def write(path: Path) -> None:
    """Write a new key into a new file `FOLDER/secrets/NAME` that the api can read, and nobody else but root and you.

    The api's user is another than yours. Only root can give the file to it; else everybody may read the file, but
    nobody else may enter the folder that holds `secrets`, of which the container sees but the inside.

    Raises:
        FileExistsError: there is a file already. With another key every code of every series would be another.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(BYTES) + "\n")
    path.parent.chmod(path.parent.stat().st_mode | 0o055)
    if os.geteuid() == 0:
        os.chown(path, API_USER, API_USER)
    else:
        outer = path.parent.parent
        outer.chmod(outer.stat().st_mode & ~0o007)
        path.chmod(0o644)


def main(arguments: list[str]) -> None:
    """`new FILE` writes a key; `check FILE` ends with 1 and the reason when the file is not good."""
    try:
        command, path = arguments if len(arguments) == 2 else ("", "")
        if command == "new":
            write(Path(path))
            print(f"The key is in {path}: keep a copy in a safe place, for nothing can make its codes again.")
            print("Set SERIES_KEY_FILE=secrets/series_key in .env.local, then make up.")
        elif command == "check":
            read(Path(path))
        else:
            sys.exit("usage: series_key.py new FILE | check FILE")
    except FileExistsError:
        sys.exit(f"{path} is there already; with another key, every code of every series would be another")
    except (OSError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
