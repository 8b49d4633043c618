"""The environment is read and checked once: every setting, and the CPUs that a cgroup grants."""

from __future__ import annotations

import os
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from cpus import available_cpus
from flaskrandom.config import BadSetting, Config

ROOT = Path(__file__).resolve().parents[3]
VARIABLES = {setting.name: setting.name.upper() for setting in fields(Config)}
#: Set by a platform and by the Swarm's Compose files, not by people.
NOT_IN_THE_ENV_FILE = {"PORT", "DRAIN_SECONDS"}

GOOD = [
    ("WEB_CONCURRENCY", "1", 1),
    ("WEB_CONCURRENCY", "256", 256),
    ("WEB_CONCURRENCY", " 3 ", 3),
    ("BACKLOG", "4096", 4096),
    ("MAX_LENGTH", "8000", 8000),
    ("MAX_COUNT", "1", 1),
    ("MAX_STREAM_COUNT", "1000000000000", 10**12),
    ("API_KEYS_FILE", "secrets/api_keys", Path("secrets/api_keys")),
    ("API_KEYS_FILE", "/run/secrets/api_keys.v2", Path("/run/secrets/api_keys.v2")),
    ("SERIES_KEY_FILE", "secrets/series_key", Path("secrets/series_key")),
    ("PORT", "8080", 8080),
    ("DRAIN_SECONDS", "0", 0),
    ("DRAIN_SECONDS", "300", 300),
    ("LOG_LEVEL", "debug", "debug"),
    ("LOG_LEVEL", "WARNING", "warning"),
]


def case_id(value: object) -> str:
    return str(value)[:20]


def test_every_field_has_a_case_here():
    assert {variable for variable, *_ in GOOD} == set(VARIABLES.values())


@pytest.mark.parametrize(("variable", "text", "value"), GOOD, ids=case_id)
def test_good_values_are_parsed(variable, text, value):
    (name,) = [name for name, its in VARIABLES.items() if its == variable]
    assert getattr(Config.from_environ({variable: text}), name) == value


def test_each_bad_value_gets_a_line():
    with pytest.raises(BadSetting) as refused:
        Config.from_environ({"WEB_CONCURRENCY": "x", "LOG_LEVEL": "y", "MAX_LENGTH": "1" * 5000})
    assert sorted(line.partition("=")[0] for line in str(refused.value).splitlines()) == [
        *("LOG_LEVEL", "MAX_LENGTH", "WEB_CONCURRENCY"),
    ]


def test_length_and_count_have_a_joint_limit():
    with pytest.raises(BadSetting, match=r"^MAX_LENGTH=65536 and MAX_COUNT=100000: "):
        Config.from_environ({"MAX_LENGTH": "65536", "MAX_COUNT": "100000"})


def test_an_empty_value_means_the_default():
    assert Config.from_environ(dict.fromkeys(VARIABLES.values(), "")) == Config.from_environ({}) == Config()


def test_the_configuration_is_frozen():
    with pytest.raises(FrozenInstanceError):
        Config().log_level = "debug"


def test_compose_passes_every_setting_to_the_app():
    compose = (ROOT / "compose.yaml").read_text()
    missing = [variable for variable in VARIABLES.values() if f"      - {variable}\n" not in compose]
    assert set(missing) == NOT_IN_THE_ENV_FILE


@pytest.fixture
def eight_cpus(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


def cgroup_v1(folder: Path, quota: int, period: int = 100_000) -> Path:
    (folder / "cpu").mkdir()
    (folder / "cpu" / "cpu.cfs_quota_us").write_text(f"{quota}\n")
    (folder / "cpu" / "cpu.cfs_period_us").write_text(f"{period}\n")
    return folder


@pytest.mark.usefixtures("eight_cpus")
class TestAvailableCpus:
    @pytest.mark.parametrize(
        ("line", "cpus"),
        [("200000 100000", 2), ("150000 100000", 1.5), ("25000 50000", 0.5), ("max 100000", 8), ("6400000 100000", 8)],
    )
    def test_v2(self, tmp_path, line, cpus):
        (tmp_path / "cpu.max").write_text(f"{line}\n")
        assert available_cpus(tmp_path) == cpus

    @pytest.mark.parametrize(("quota", "cpus"), [(200_000, 2), (50_000, 0.5), (-1, 8), (6_400_000, 8)])
    def test_v1(self, tmp_path, quota, cpus):
        assert available_cpus(cgroup_v1(tmp_path, quota)) == cpus

    def test_v1_with_another_period(self, tmp_path):
        assert available_cpus(cgroup_v1(tmp_path, quota=100_000, period=50_000)) == 2

    def test_v2_has_priority_over_v1(self, tmp_path):
        (cgroup_v1(tmp_path, 100_000) / "cpu.max").write_text("300000 100000\n")
        assert available_cpus(tmp_path) == 3

    def test_without_a_cgroup(self, tmp_path):
        assert available_cpus(tmp_path / "nowhere") == 8
