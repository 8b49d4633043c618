"""API keys: made once, stored as hashes in a file.

The file has a line for each key, `NAME sha256:HEX`; empty lines and lines that begin with # are skipped. Malformed
lines make no key valid.

Keys have 238 random bits, too many for a brute-force attack on the hash. A slow password hash would add no security
and slow down each request. To hash a key: `printf %s KEY | sha256sum`.

Standard library only: `make key` and `make doctor` run this module on the host.
"""

from __future__ import annotations

import hashlib
import logging
import math
import re
import secrets
import string
import sys
import time
import zlib
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


#: A line of the file: the name of a key, and its SHA-256.
StoredKey = tuple[str, bytes]


class BadKeyFile(ValueError):
    """The file cannot be read, or has malformed lines; the message gives its path and the line numbers.

    Args:
        keys: the keys of the well-formed lines.
    """

    def __init__(self, message: str, keys: list[StoredKey]) -> None:
        super().__init__(message)
        self.keys = keys


def new_key() -> str:
    """Make a random key."""
    drawn = "".join(secrets.choice(BASE62) for _ in range(DRAWN))
    return PREFIX + drawn + _check(drawn)


def line_for(name: str, key: str) -> str:
    """The line of the file for `key` under `name`.

    Raises:
        ValueError: the name has characters that are not allowed.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a key: letters, digits, dots, dashes and underscores, at most 64")
    return f"{name} sha256:{_digest(key).hex()}"


def read(path: Path) -> list[StoredKey]:
    """Every key of the file.

    Raises:
        BadKeyFile: the file cannot be read, or a line is malformed.
    """
    keys: list[StoredKey] = []
    wrong: list[str] = []
    try:
        text = path.read_text(errors="replace")
    except OSError as error:
        raise BadKeyFile(f"{path}: {error.strerror}", keys) from None
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        found = LINE.fullmatch(line)
        if found:
            keys.append((found[1], bytes.fromhex(found[2])))
        elif line and not line.startswith("#"):
            wrong.append(str(number))
    if wrong:
        # Do not quote a malformed line: it may hold an unhashed key.
        lines = ", ".join(wrong[:10])
        raise BadKeyFile(f"{path}: line {lines}: must be NAME sha256:HEX, as `make key NAME=…` writes it", keys)
    return keys


class KeyRing:
    """The keys of a file, read again at most every LOOK_AGAIN seconds.

    Args:
        path: the file. While it cannot be read, no key is valid.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: list[StoredKey] = []
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
        name = None
        for stored, stored_digest in self._keys:
            if secrets.compare_digest(stored_digest, digest):
                name = stored
        return name

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


def main(arguments: list[str]) -> None:
    """`new NAME` prints a key and its line; `check FILE` exits with 1 and the reason if the file is not valid."""
    try:
        command, argument = arguments if len(arguments) == 2 else ("", "")
        if command == "new":  # no match statement: macOS has Python 3.9
            key = new_key()
            print(f"{key}\n{line_for(argument, key)}")
        elif command == "check":
            read(Path(argument))
        else:
            sys.exit("usage: keys.py new NAME | check FILE")
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
