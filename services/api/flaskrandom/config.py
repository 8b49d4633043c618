"""The environment, read by this module alone. `services/settings/settings.py` has defaults and rules."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import settings
from settings import BadSetting

__all__ = ["BadSetting", "Config"]

_DEFAULTS = settings.read("api", {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of the api container, named after their variables. `.env` explains all but the last two."""

    web_concurrency: int | None = _DEFAULTS["WEB_CONCURRENCY"]
    backlog: int = _DEFAULTS["BACKLOG"]
    max_length: int = _DEFAULTS["MAX_LENGTH"]
    max_count: int = _DEFAULTS["MAX_COUNT"]
    max_stream_count: int = _DEFAULTS["MAX_STREAM_COUNT"]
    api_keys_file: Path | None = _DEFAULTS["API_KEYS_FILE"]
    series_key_file: Path | None = _DEFAULTS["SERIES_KEY_FILE"]
    log_level: str = _DEFAULTS["LOG_LEVEL"]
    #: One TCP port for short calls and streams, on platforms with their own proxy; None: 5000 and 5001.
    port: int | None = _DEFAULTS["PORT"]
    #: Seconds between SIGTERM and the shutdown; calls are still served, and /readyz returns 503.
    drain_seconds: int = _DEFAULTS["DRAIN_SECONDS"]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings; a variable that is absent or empty means its default.

        Raises:
            BadSetting: one line for each bad value.
        """
        values = settings.read("api", environ)
        return cls(**{field.name: values[field.name.upper()] for field in fields(cls)})
