"""A file of API keys in this checkout's folder `local/secrets`, for a throw-away stack."""

from __future__ import annotations

import re
import string
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flaskrandom.keys import LOOK_AGAIN, line_for, new_key

from .stack import ROOT

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def is_key(text: str) -> bool:
    """Whether `text` has the form and the checksum of a key, as a scanner for leaked secrets would check."""
    found = re.fullmatch("(frk_[0-9A-Za-z]{40})([0-9A-Za-z]{6})", text)
    if not found:
        return False
    value = 0
    for digit in found[2]:
        value = value * 62 + BASE62.index(digit)
    return value == zlib.crc32(found[1].encode())


class KeyFile:
    """A file of keys, and ways to change it while it is in use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.setting = str(path.relative_to(ROOT / "local"))

    def replace(self, text: str) -> None:
        """Replace the file atomically, and wait until every worker will read the new one."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(text)
        fresh.chmod(0o644)
        fresh.replace(self.path)
        self.await_looks()

    def await_looks(self) -> None:
        """Wait until each worker reads the file again at its next request, which cannot be observed from outside."""
        time.sleep(LOOK_AGAIN)

    def admit(self, name: str) -> str:
        """Make a new key, the only one that is valid from now on."""
        key = new_key()
        self.replace(f"{line_for(name, key)}\n")
        return key


@contextmanager
def key_file() -> Iterator[KeyFile]:
    """An empty file of keys, which is removed afterwards."""
    file = KeyFile(ROOT / "local/secrets" / f"test-{uuid.uuid4().hex[:8]}")
    file.replace("")
    try:
        yield file
    finally:
        file.path.unlink(missing_ok=True)
