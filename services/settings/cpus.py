"""The number of CPUs that a container may use."""

from __future__ import annotations

import os
from pathlib import Path


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
