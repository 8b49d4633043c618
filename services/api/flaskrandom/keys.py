"""Secrets in files: API keys, stored as hashes, and the key of series.

The file of API keys has a line for each, `NAME sha256:HEX`; empty lines and lines that begin with # are skipped.
A malformed line stops the start; in a running api it is logged, and the other keys stay valid. API keys have 238 random
bits, too many for a brute-force attack on the hash. A slow password hash would add no security and slow down each
request. To hash a key: `printf %s KEY | sha256sum`.

The file of the series key holds 64 hexadecimal digits on one line, as `openssl rand -hex 32` writes them.

Standard library only: `make key`, `make series-key` and `make doctor` run this module on the host.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import re
import secrets
import string
import sys
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

log = logging.getLogger("flaskrandom")

#: Prefix of every key, for secret scanners.
PREFIX = "frk_"
#: Numbers of random characters and of check characters (CRC-32 in base 62), by which scanners recognise a key.
DRAWN, CHECK = 40, 6
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase

NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
LINE = re.compile(rf"({NAME.pattern})[ \t]+sha256:([0-9a-f]{{64}})")

#: Least time between two reads of the file: under load, they would dominate the cost of a check.
LOOK_AGAIN = 0.1  # seconds

API_USER = 10001  # user id of the api container

#: A line of the file: the name of a key, and its SHA-256.
StoredKey = tuple[str, bytes]


class BadKeyFile(ValueError):
    """The file cannot be read, or its content is malformed; the message gives its path and quotes no secret."""

    def __init__(self, message: str, keys: Sequence[StoredKey] = ()) -> None:
        super().__init__(message)
        self.keys = keys  # of the well-formed lines


def new_key() -> str:
    drawn = "".join(secrets.choice(BASE62) for _ in range(DRAWN))
    return PREFIX + drawn + _check(drawn)


def line_for(name: str, key: str) -> str:
    """The line of the file for `key`. Raises ValueError if `name` is not allowed."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a key: use letters, digits, dots, dashes and underscores, at most 64")
    return f"{name} sha256:{_digest(key).hex()}"


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError as error:
        raise BadKeyFile(f"{path}: {error.strerror}") from None


def read(path: Path) -> list[StoredKey]:
    """Every API key of the file.

    Raises:
        BadKeyFile: the file cannot be read, or a line is malformed.
    """
    keys: list[StoredKey] = []
    wrong: list[str] = []
    for number, line in enumerate(map(str.strip, _text(path).splitlines()), start=1):
        found = LINE.fullmatch(line)
        if found:
            keys.append((found[1], bytes.fromhex(found[2])))
        elif line and not line.startswith("#"):
            wrong.append(str(number))
    if wrong:
        # Do not quote a malformed line: it may hold an unhashed key.
        where = f"{path}: line {', '.join(wrong[:10])}"
        raise BadKeyFile(f"{where}: must be NAME sha256:HEX, as `make key NAME=…` writes it", keys)
    return keys


class KeyRing:
    """The keys of a file, read again at most every LOOK_AGAIN seconds. While it cannot be read, no key is valid."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: Sequence[StoredKey] = ()
        self._trouble = ""
        self._look_again = -math.inf

    def name_of(self, key: str) -> str | None:
        """The name of a key; None if the file does not hold it.

        Compares every stored hash, each in constant time, so that the duration reveals nothing.
        """
        if time.monotonic() >= self._look_again:
            self._read()
            self._look_again = time.monotonic() + LOOK_AGAIN
        digest = _digest(key)
        found = [name for name, stored in self._keys if secrets.compare_digest(stored, digest)]
        return found[-1] if found else None

    def _read(self) -> None:
        try:
            self._keys, trouble = read(self._path), ""
        except BadKeyFile as bad:
            self._keys, trouble = bad.keys, str(bad)
        if trouble and trouble != self._trouble:
            log.error("API_KEYS_FILE=%s", trouble)
        self._trouble = trouble


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="surrogatepass")).digest()


def _check(drawn: str) -> str:
    value, text = zlib.crc32((PREFIX + drawn).encode()), ""
    for _ in range(CHECK):
        value, digit = divmod(value, len(BASE62))
        text = BASE62[digit] + text
    return text


def read_series_key(path: Path) -> bytes:
    """The key of all series.

    Raises:
        BadKeyFile: the file cannot be read, or holds anything but a key.
    """
    text = _text(path).strip()
    if not re.fullmatch("[0-9A-Fa-f]{64}", text):
        raise BadKeyFile(f"{path}: must hold 64 hexadecimal digits, as `make series-key` writes them")
    return bytes.fromhex(text)


def write_series_key(path: Path) -> None:
    """Write a new key to a new file `FOLDER/secrets/NAME` that only the api, root and you can read.

    The api runs as another user. Run by root, this makes the api the owner of the file. Run by another user, it makes
    the file readable by all, and closes FOLDER to others; the container mounts `secrets` alone.

    Raises:
        BadKeyFile: the file exists. A new key would change every code of every series.
        OSError: the file cannot be written. Then there is none.
    """
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        message = f"{path} already exists; to make another, which gives other codes, move it away first"
        raise BadKeyFile(message) from None
    try:
        with os.fdopen(file, "w") as new:
            new.write(secrets.token_hex(32) + "\n")
        path.parent.chmod(path.parent.stat().st_mode | 0o055)
        if os.geteuid() == 0:
            os.chown(path, API_USER, API_USER)
        else:
            outer = path.parent.parent
            outer.chmod(outer.stat().st_mode & ~0o007)
            path.chmod(0o644)
    except OSError:
        path.unlink()
        raise


def main(arguments: list[str]) -> None:
    """Make a key, or exit with 1 and the reason if a file is not valid."""
    try:
        command, argument = arguments if len(arguments) == 2 else ("", "")
        if command == "new":  # no match statement: macOS has Python 3.9
            key = new_key()
            print(f"{key}\n{line_for(argument, key)}")
        elif command == "check":
            read(Path(argument))
        elif command == "new-series":
            write_series_key(Path(argument))
            print(f"The key is in {argument}; keep a copy in a safe place: without it, its codes cannot be made again.")
            print("Set SERIES_KEY_FILE=secrets/series_key in .env.local, then make up (a replaced key: make reload).")
        elif command == "check-series":
            read_series_key(Path(argument))
        else:
            sys.exit("usage: keys.py new NAME | check FILE | new-series FILE | check-series FILE")
    except (OSError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
