"""The test suite's own helpers: one failed set-up affects no other test and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from support.stack import ROOT, must, started

pytestmark = pytest.mark.local

FAILING = """
from support.stack import fresh_name, must

def test_leaves_a_container():
    name = fresh_name()
    print(name)
    must("docker", "create", "--name", name, {image!r})
    raise RuntimeError("on purpose")
"""


def test_a_container_started_by_hand_is_not_mistaken_for_the_stacks(stack):
    """Such a container has the image's labels, which name the project and the service."""
    before = stack.api.ident
    with started(stack.api.inspect()["Config"]["Image"], "sleep", "60"):
        assert stack.api.ident == before


def test_a_run_removes_containers_left_by_failed_tests(stack, tmp_path):
    file = tmp_path / "test_failing.py"
    file.write_text(FAILING.format(image=stack.api.inspect()["Config"]["Image"]))
    environ = {name: value for name, value in os.environ.items() if name != "FLASKRANDOM_TEST_RUN"}
    command = (sys.executable, "-m", "pytest", "-p", "no:xdist", f"--config-file={ROOT}/pyproject.toml", str(file))
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert "RuntimeError: on purpose" in done.stdout
    (name,) = {line for line in done.stdout.splitlines() if line.startswith("flaskrandom-test-")}
    assert f"removed {name}" in done.stdout
    assert must("docker", "ps", "--all", "--quiet", "--filter", f"name={name}") == ""
