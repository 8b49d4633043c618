"""Images built from a clone made on Windows, or under a strict umask, start."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from support.stack import fresh_name


def compose(folder: Path, name: str, *command: str) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"COMPOSE_PROJECT_NAME": name, "TAG": name, "HTTP_PORT": "127.0.0.1:0"}
    return subprocess.run(
        ["docker", "compose", "--progress", "plain", *command],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
    )


def must_start(folder: Path) -> None:
    """Check that the clone's stack builds, starts and becomes healthy. Remove it afterwards."""
    name = fresh_name()
    try:
        built = compose(folder, name, "build")
        assert built.returncode == 0, built.stdout[-3000:]
        done = compose(folder, name, "up", "--detach", "--no-build", "--wait", "--wait-timeout", "120")
        assert done.returncode == 0, done.stdout + compose(folder, name, "logs", "--no-log-prefix").stdout
    finally:
        compose(folder, name, "down", "--volumes", "--rmi", "all")


def test_a_clone_with_windows_line_endings_starts(clone, base_image):
    folder = clone("--config", "core.autocrlf=true")
    assert b"\r" not in (folder / "services/nginx/bin/entrypoint").read_bytes()
    must_start(folder)


@pytest.mark.parametrize("umask", [0o077, 0o027], ids=oct)
def test_a_clone_under_a_strict_umask_starts(clone, base_image, umask):
    folder = clone(umask=umask)
    assert (folder / "services/api/app.py").stat().st_mode & 0o007 == 0
    must_start(folder)
