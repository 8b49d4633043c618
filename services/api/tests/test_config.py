"""The environment, read once and checked: every knob, and the CPUs that a cgroup grants."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from flaskrandom import config
from flaskrandom.config import BadSetting, Config, available_cpus

ROOT = Path(__file__).resolve().parents[3]
KNOBS = {setting.metadata["variable"]: setting for setting in fields(Config)}
#: Set by a platform and by deploy/swarm/stack.yaml, not by people.
NOT_IN_THE_ENV_FILE = {"PORT", "DRAIN_SECONDS"}
LEVELS = "one of debug, info, warning, error, critical"

GOOD = [
    ("WEB_CONCURRENCY", "1", 1),
    ("WEB_CONCURRENCY", "256", 256),
    ("WEB_CONCURRENCY", " 3 ", 3),
    ("BACKLOG", "4096", 4096),
    ("MAX_LENGTH", "65536", 65536),
    ("MAX_COUNT", "1", 1),
    ("MAX_STREAM_COUNT", "1000000000000", 10**12),
    ("API_KEYS_FILE", "secrets/api_keys", Path("secrets/api_keys")),
    ("API_KEYS_FILE", "/run/secrets/api_keys.v2", Path("/run/secrets/api_keys.v2")),
    ("PORT", "8080", 8080),
    ("DRAIN_SECONDS", "0", 0),
    ("DRAIN_SECONDS", "300", 300),
    ("LOG_LEVEL", "debug", "debug"),
    ("LOG_LEVEL", "WARNING", "warning"),
]
BAD = [
    ("WEB_CONCURRENCY", "0", "a whole number from 1 to 256"),
    ("BACKLOG", "0", "a whole number from 1 to 4096"),
    ("BACKLOG", "4097", "a whole number from 1 to 4096"),
    ("WEB_CONCURRENCY", "257", "a whole number from 1 to 256"),
    ("WEB_CONCURRENCY", "-1", "a whole number from 1 to 256"),
    ("WEB_CONCURRENCY", "2.5", "a whole number from 1 to 256"),
    ("WEB_CONCURRENCY", "two", "a whole number from 1 to 256"),
    ("WEB_CONCURRENCY", "٣", "a whole number from 1 to 256"),
    ("WEB_CONCURRENCY", "1_0", "a whole number from 1 to 256"),
    ("WEB_CONCURRENCY", "9" * 5000, "a whole number from 1 to 256"),
    ("MAX_LENGTH", "0", "a whole number from 1 to 65536"),
    ("MAX_LENGTH", "65537", "a whole number from 1 to 65536"),
    ("MAX_COUNT", "0", "a whole number from 1 to 100000"),
    ("MAX_COUNT", "100001", "a whole number from 1 to 100000"),
    ("MAX_STREAM_COUNT", "0", "a whole number from 1 to 1000000000000"),
    ("MAX_STREAM_COUNT", "1000000000001", "a whole number from 1 to 1000000000000"),
    *[
        ("API_KEYS_FILE", path, "a file in the folder secrets, such as secrets/api_keys")
        for path in (
            "api_keys",
            "secrets/",
            "secrets/../.env",
            "secrets/.hidden",
            "/etc/shadow",
            "secrets/a b",
            "./secrets/a",
        )
    ],
    ("PORT", "0", "a whole number from 1 to 65535"),
    ("PORT", "65536", "a whole number from 1 to 65535"),
    ("DRAIN_SECONDS", "301", "a whole number from 0 to 300"),
    ("DRAIN_SECONDS", "5s", "a whole number from 0 to 300"),
    ("LOG_LEVEL", "loud", LEVELS),
    ("LOG_LEVEL", "10", LEVELS),
]


def case_id(value: object) -> str:
    return str(value)[:20]


def test_every_knob_has_cases_here():
    assert {variable for variable, *_ in GOOD} == set(KNOBS)
    assert {variable for variable, *_ in BAD} == set(KNOBS)


@pytest.mark.parametrize(("variable", "text", "value"), GOOD, ids=case_id)
def test_good_values(variable, text, value):
    assert getattr(Config.from_environ({variable: text}), KNOBS[variable].name) == value


@pytest.mark.parametrize(("variable", "text", "allowed"), BAD, ids=case_id)
def test_bad_values_are_named(variable, text, allowed):
    with pytest.raises(BadSetting) as refused:
        Config.from_environ({variable: text})
    assert str(refused.value) == f"{variable}={text}: must be {allowed}"


def test_each_bad_value_has_its_line():
    with pytest.raises(BadSetting) as refused:
        Config.from_environ({"WEB_CONCURRENCY": "x", "LOG_LEVEL": "y"})
    assert [line.partition("=")[0] for line in str(refused.value).splitlines()] == ["WEB_CONCURRENCY", "LOG_LEVEL"]


@pytest.mark.parametrize("empty", ["", " "])
def test_empty_means_default(empty):
    assert Config.from_environ(dict.fromkeys(KNOBS, empty)) == Config.from_environ({}) == Config()


def test_frozen():
    with pytest.raises(FrozenInstanceError):
        Config().log_level = "debug"


def test_defaults_are_those_of_the_env_file():
    lines = dict(
        line.split("=", 1) for line in (ROOT / ".env").read_text().splitlines() if line and not line.startswith("#")
    )
    given = {variable: lines[variable] for variable in KNOBS if variable not in NOT_IN_THE_ENV_FILE}
    assert Config.from_environ(given) == Config()


def test_compose_hands_every_knob_over():
    compose = (ROOT / "compose.yaml").read_text()
    missing = [variable for variable in KNOBS if f"      {variable}: ${{{variable}:-}}\n" not in compose]
    assert set(missing) == NOT_IN_THE_ENV_FILE


def test_as_a_program_it_checks_the_environment():
    def check(**environ):
        return subprocess.run(
            [sys.executable, config.__file__], env=environ, capture_output=True, text=True, check=False
        )

    assert check().returncode == 0
    refused = check(LOG_LEVEL="loud")
    assert refused.returncode == 1
    assert (refused.stdout + refused.stderr).splitlines() == [f"LOG_LEVEL=loud: must be {LEVELS}"]


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

    def test_v1_with_a_period_of_its_own(self, tmp_path):
        assert available_cpus(cgroup_v1(tmp_path, quota=100_000, period=50_000)) == 2

    def test_v2_goes_first(self, tmp_path):
        (cgroup_v1(tmp_path, 100_000) / "cpu.max").write_text("300000 100000\n")
        assert available_cpus(tmp_path) == 3

    def test_without_a_cgroup(self, tmp_path):
        assert available_cpus(tmp_path / "nowhere") == 8
