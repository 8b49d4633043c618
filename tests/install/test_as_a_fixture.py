"""docs/testing.md: another project's tests run against their own stack, even two runs at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.markdown import blocks
from support.stack import ROOT, must

pytestmark = pytest.mark.local

FILES = [block.text for block in blocks("docs/testing.md") if block.language == "python"]
TESTS = [text for text in FILES if text.startswith("# test_")]
FIXTURES = [text for text in FILES if text.startswith("# conftest.py")]


def served_by(fixture: str) -> list[str]:
    """The tests that work with a fixture: tests of series need a key."""
    return [text for text in TESTS if '"series"' not in text or "SERIES_KEY_FILE" in fixture]


def project(folder: Path, fixture: str) -> subprocess.Popen[str]:
    """Start a test run of another project."""
    folder.mkdir()
    for text in [fixture, *served_by(fixture)]:
        (folder / text.split()[1]).write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(folder), "-p", "no:cacheprovider", str(folder)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COMPOSE_"))}
    environ |= {"FLASKRANDOM": str(ROOT), "NO_PROXY": "127.0.0.1,localhost"}
    return subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_two_test_runs_at_once_do_not_interfere(stack, tmp_path):
    runs = [project(tmp_path / str(number), fixture) for number, fixture in enumerate(FIXTURES)]
    said = [run.communicate(timeout=180)[0] for run in runs]
    assert len(runs) == 2
    for run, fixture, text in zip(runs, FIXTURES, said, strict=True):
        assert run.returncode == 0, text
        assert f"{len(served_by(fixture))} passed" in text
    assert {len(served_by(fixture)) for fixture in FIXTURES} == {1, 2}
    assert not [run.pid for run in runs if (ROOT / f"local/secrets/test-{run.pid}").exists()]
    left = must("docker", "ps", "--all", "--format", '{{.Label "com.docker.compose.project"}}').split()
    assert not {f"random-{run.pid}" for run in runs} & set(left)
