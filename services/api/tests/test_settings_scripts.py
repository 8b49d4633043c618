"""scripts/settings.sh: what it reads before anything starts. services/settings/tests has the values."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
EVERY_KNOB = [line.partition("=")[0] for line in (ROOT / ".env").read_text().splitlines() if line and line[0] != "#"]


def run(command: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Only PATH comes from outside: a setting in the developer's shell must not decide a test."""
    return subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def check(**environ: str) -> subprocess.CompletedProcess[str]:
    return run(["scripts/settings.sh"], environ)


@pytest.fixture
def checkout(tmp_path):
    """This checkout with a .env of the test's own."""

    def make(env_file: str) -> Path:
        for part in ("scripts", "services"):
            (tmp_path / part).symlink_to(ROOT / part)
        (tmp_path / ".env").write_text(env_file)
        return tmp_path

    return make


def test_the_committed_env_file_is_good():
    done = check()
    assert (done.returncode, done.stdout) == (0, "")


def test_a_bad_value_is_never_run(tmp_path):
    witness = tmp_path / "witness"
    evil = f'"; touch {witness}; $(touch {witness}) `touch {witness}` #'
    done = check(**dict.fromkeys(EVERY_KNOB, evil))
    assert {line.partition("=")[0] for line in done.stdout.splitlines()} == set(EVERY_KNOB)
    assert not witness.exists()


@pytest.mark.parametrize(
    ("env_file", "shell", "bad"),
    [
        ("LOG_LEVEL=loud\n", {}, True),
        ("LOG_LEVEL=loud\n", {"LOG_LEVEL": "info"}, False),
        ("LOG_LEVEL=loud\n", {"LOG_LEVEL": ""}, False),
        ("LOG_LEVEL=info\n", {"LOG_LEVEL": "loud"}, True),
        ("# LOG_LEVEL=loud\n", {}, False),
        ("LOG_LEVEL=info # loud\n", {}, False),
        ('LOG_LEVEL="info"\n', {}, False),
        ("LOG_LEVEL='loud'\n", {}, True),
        ("LOG_LEVEL=", {}, False),
        ("LOG_LEVEL=loud", {}, True),
        ("export LOG_LEVEL=loud\n", {}, True),
        ("LOG_LEVEL=info\r\n", {}, False),
    ],
)
def test_the_shell_wins_over_the_file(checkout, env_file, shell, bad):
    done = run([str(checkout(env_file) / "scripts" / "settings.sh")], shell)
    assert done.returncode == int(bad), done.stdout
    assert done.stdout == ("LOG_LEVEL=loud: must be one of debug, info, warning, error, critical\n" if bad else "")


@pytest.mark.parametrize("script", ["deploy", "rollback"])
def test_what_goes_to_a_swarm_reads_the_file_first(checkout, script):
    """Where the Swarm is, what the stack is called and which tag it gets may all stand in .env."""
    folder = checkout("DOCKER_HOST=tcp://127.0.0.1:1\nTAG=v1\n")
    done = run(["bash", str(folder / f"scripts/{script}.sh")], {})
    assert done.returncode == 1
    assert "the engine at tcp://127.0.0.1:1 is no Swarm manager" in done.stdout


def test_a_key_file_is_looked_into(checkout):
    root = checkout("API_KEYS_FILE=secrets/api_keys\n")
    settings, file = root / "scripts" / "settings.sh", root / "local/secrets/api_keys"
    assert run([str(settings)], {}).stdout == "API_KEYS_FILE=secrets/api_keys: No such file or directory\n"
    file.parent.mkdir(parents=True)
    file.write_text("frk_pasted\n")
    done = run([str(settings)], {})
    assert done.returncode == 1
    assert done.stdout.startswith("API_KEYS_FILE=secrets/api_keys: line 1: must be NAME sha256:HEX")
    assert "pasted" not in done.stdout
