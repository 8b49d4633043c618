"""docs/adapt.md: another Flask app runs on this stack after the steps of the page, and passes the stack's own tests."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from support.stack import ROOT, must

#: Tests that any app on the stack must pass.
STACK_TESTS = (
    "services/nginx/tests",
    "services/settings/tests",
    "tests/integration/test_hardening.py",
    "tests/integration/test_nginx_configuration.py",
)
NAME = "shop"


@pytest.fixture(scope="module")
def adapted(tmp_path_factory) -> Path:
    """A clone after all steps of the page."""
    folder = tmp_path_factory.mktemp("adapted") / NAME
    must("git", "clone", "--quiet", str(ROOT), str(folder))
    page = (ROOT / "docs" / "adapt.md").read_text()
    steps = [textwrap.dedent(block) for block in re.findall(r"^ *```sh\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL)]
    assert len(steps) <= 10
    subprocess.run(["bash", "-eu"], input="\n".join(steps), cwd=folder, text=True, check=True)
    # What `make lock` would write: the same versions, without the packages that are no longer needed.
    subprocess.run(
        [
            *(str(ROOT / ".venv/bin/uv"), "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
            *("--generate-hashes", "requirements.in", "--output-file", "requirements.lock"),
        ],
        cwd=folder / "services" / "api",
        check=True,
    )
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Without the suite and the options that `make test` of this run was given.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MAKE", "SUITE"))}
    environ |= {"COMPOSE_PROJECT_NAME": NAME, "TAG": "adapted", "HTTP_PORT": "8085", "BASE_IMAGE": base_image()}
    return subprocess.run([*arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False)


def base_image() -> str:
    return os.environ.get("BASE_IMAGE", "flaskrandom-base:trixie")


def test_the_stack_comes_up_with_another_app_and_its_tests_pass(adapted):
    try:
        up = make(adapted, "make", "up")
        assert up.returncode == 0, up.stdout + up.stderr
        said = must("curl", "--silent", "--noproxy", "*", "--include", "http://localhost:8085/")
        assert "<h1>Hello World!</h1>" in said
        assert '{"status":"ready"}' in must("curl", "--silent", "--noproxy", "*", "http://localhost:8085/readyz")
        tests = make(adapted, str(ROOT / ".venv/bin/python"), "-m", "pytest", "-q", *STACK_TESTS)
        assert tests.returncode == 0, tests.stdout + tests.stderr
        assert "getrandomstr" not in up.stdout
        suite = make(adapted, "make", "--no-print-directory", "--dry-run", "test").stdout.splitlines()[-1]
        collected = make(adapted, *suite.split(), "--collect-only", "--quiet")
        assert collected.returncode == 0, suite + collected.stdout + collected.stderr
        reload = make(adapted, "make", "reload")
        assert reload.returncode == 0, reload.stdout + reload.stderr
    finally:
        make(adapted, "make", "clean", "ALL=yes")
