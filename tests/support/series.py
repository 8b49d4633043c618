"""A series key in this checkout's folder `local/secrets`, for a throw-away stack."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flaskrandom.keys import write_series_key

from .stack import ROOT


@contextmanager
def series_key_file() -> Iterator[Path]:
    """A new key, which is removed afterwards. Its setting is `secrets/` and the file's name."""
    path = ROOT / "local/secrets" / f"test-{uuid.uuid4().hex[:8]}"
    write_series_key(path)
    try:
        yield path
    finally:
        path.unlink()
