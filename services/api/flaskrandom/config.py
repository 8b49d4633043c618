"""The environment, read and checked once, into one frozen object.

This is the only module that reads environment variables. It needs nothing but the standard library, so
`python3 services/api/flaskrandom/config.py` checks the current environment on any host:
it prints one line for each bad value and exits with 1 when there is one.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


class BadSetting(ValueError):
    """A variable holds a value that is not allowed; the message names it, the value and what is allowed."""


def _integer(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        # Python refuses to convert thousands of digits; no such number is allowed anyway.
        whole = text.isascii() and text.isdigit() and len(text) <= 20
        if not (whole and low <= int(text) <= high):
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in allowed:
            raise ValueError(f"one of {', '.join(allowed)}")
        return text.lower()

    return parse


def _secret(text: str) -> Path:
    if not re.fullmatch(r"(secrets|/run/secrets)/[A-Za-z0-9_-][A-Za-z0-9._-]*", text):
        raise ValueError("a file in the folder secrets, such as secrets/api_keys")
    return Path(text)


def _knob(variable: str, default: Any, parse: Callable[[str], Any]) -> Any:
    return field(default=default, metadata={"variable": variable, "parse": parse})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting of the api container. Field defaults are the defaults of `.env`."""

    #: Worker processes of the `flaskrandom` pool; None: as many as the CPU quota asks for.
    workers: int | None = _knob("WEB_CONCURRENCY", None, _integer(1, 256))
    #: Connections that may wait for a free worker of the `flaskrandom` pool.
    backlog: int = _knob("BACKLOG", 64, _integer(1, 4096))
    #: Most code points drawn for one string.
    max_length: int = _knob("MAX_LENGTH", 4096, _integer(1, 65536))
    #: Most values in one JSON answer.
    max_count: int = _knob("MAX_COUNT", 1000, _integer(1, 100_000))
    #: Most values in one stream.
    max_stream_count: int = _knob("MAX_STREAM_COUNT", 10_000_000, _integer(1, 10**12))
    #: Hashes of the API keys, one of which a request must bring to have something drawn; None: open to all.
    api_keys_file: Path | None = _knob("API_KEYS_FILE", None, _secret)  # noqa: RUF009 -- a field, as the others
    #: TCP port of a platform that brings its own proxy, for short calls and streams alike; None: 5000 and 5001.
    port: int | None = _knob("PORT", None, _integer(1, 65535))
    #: Seconds between the order to stop and the stop, in which calls are still taken and /readyz says 503.
    drain_seconds: int = _knob("DRAIN_SECONDS", 0, _integer(0, 300))
    #: Least severe level that is logged.
    log_level: str = _knob("LOG_LEVEL", "info", _choice("debug", "info", "warning", "error", "critical"))

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """Read the settings; a variable that is absent or empty means its default.

        Raises:
            BadSetting: one line for each variable whose value is not allowed.
        """
        values: dict[str, Any] = {}
        wrong: list[str] = []
        for setting in fields(cls):
            variable = setting.metadata["variable"]
            text = environ.get(variable, "").strip()
            if not text:
                continue
            try:
                values[setting.name] = setting.metadata["parse"](text)
            except ValueError as allowed:
                wrong.append(f"{variable}={text}: must be {allowed}")
        if wrong:
            raise BadSetting("\n".join(wrong))
        return cls(**values)


def available_cpus(cgroup: Path = Path("/sys/fs/cgroup")) -> float:
    """CPUs that this process may use: the cgroup's quota (v2 or v1), at most the CPUs it may be scheduled on."""
    scheduled = len(os.sched_getaffinity(0))
    quota = _cgroup_quota(cgroup)
    return min(quota, scheduled) if quota else scheduled


def _cgroup_quota(cgroup: Path) -> float | None:
    """The CPU quota in CPUs, or None without one.

    Sources: cgroup v2 `cpu.max` ("max 100000" or "200000 100000"); v1 `cpu.cfs_quota_us` (-1: none).
    """
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except OSError:
        pass
    try:
        v1 = cgroup / "cpu"
        quota_us = int((v1 / "cpu.cfs_quota_us").read_text())
        period_us = int((v1 / "cpu.cfs_period_us").read_text())
        return quota_us / period_us if quota_us > 0 else None
    except OSError:
        return None


if __name__ == "__main__":
    try:
        Config.from_environ(os.environ)
    except BadSetting as bad:
        sys.exit(str(bad))
