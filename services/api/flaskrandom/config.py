"""The environment, read once into one frozen object. This is the only module of the app that reads it.

`services/settings/settings.py` has the defaults and rules of all services.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import settings
from cpus import available_cpus
from settings import BadSetting

__all__ = ["BadSetting", "Config", "available_cpus"]

_DEFAULTS = settings.read("api", {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of the api container, named after their variables, except `workers` (WEB_CONCURRENCY)."""

    #: Worker processes of the `flaskrandom` pool; None: derived from the CPU quota.
    workers: int | None = _DEFAULTS["WEB_CONCURRENCY"]
    #: Connections that may wait for a free worker of the `flaskrandom` pool.
    backlog: int = _DEFAULTS["BACKLOG"]
    #: Most code points drawn for one string.
    max_length: int = _DEFAULTS["MAX_LENGTH"]
    #: Most values in one JSON answer.
    max_count: int = _DEFAULTS["MAX_COUNT"]
    #: Most values in one stream.
    max_stream_count: int = _DEFAULTS["MAX_STREAM_COUNT"]
    #: File with the hashes of the API keys that are accepted; None: no key is needed.
    api_keys_file: Path | None = _DEFAULTS["API_KEYS_FILE"]
    #: File with the secret key of all series; None: no series.
    series_key_file: Path | None = _DEFAULTS["SERIES_KEY_FILE"]
    #: One TCP port for short calls and streams, on platforms with their own proxy; None: 5000 and 5001.
    port: int | None = _DEFAULTS["PORT"]
    #: Seconds between SIGTERM and the shutdown; calls are still served, and /readyz returns 503.
    drain_seconds: int = _DEFAULTS["DRAIN_SECONDS"]
    #: Least severe level that is logged.
    log_level: str = _DEFAULTS["LOG_LEVEL"]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """Read the settings; a variable that is absent or empty means its default.

        Raises:
            BadSetting: one line for each bad value.
        """
        values = settings.read("api", environ)
        values["WORKERS"] = values["WEB_CONCURRENCY"]
        return cls(**{field.name: values[field.name.upper()] for field in fields(cls)})
