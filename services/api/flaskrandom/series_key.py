"""The secret key of all series: 256 random bits in a file.

The file holds 64 hexadecimal digits on one line, as `openssl rand -hex 32` writes them. Standard library only:
`make series-key` and `make doctor` run this module on the host.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
from pathlib import Path

BYTES = 32

#: User id of the api container.
API_USER = 10001


class BadSeriesKey(ValueError):
    """The file cannot be read, or holds no key; the message names it and does not quote it."""


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
        raise BadSeriesKey(f"{path}: must hold {2 * BYTES} hexadecimal digits, as `make series-key` writes them")
    return bytes.fromhex(text)


def write(path: Path) -> None:
    """Write a new key to a new file `FOLDER/secrets/NAME` that only the api, root and you can read.

    The api runs as another user. Root makes it the owner of the file. Other users make the file readable for all, and
    close FOLDER to others; the container mounts `secrets` alone.

    Raises:
        FileExistsError: the file exists. A new key would change every code of every series.
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
    """`new FILE` writes a key; `check FILE` exits with 1 and the reason if the file is not valid."""
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
