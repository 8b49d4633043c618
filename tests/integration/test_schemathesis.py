"""schemathesis against a running stack: whatever /openapi.json allows, and what it forbids, with every check on.

A stack of its own, without a rate limit and with short streams: schemathesis goes to the limits that the
description states, and reads each answer to its end.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.stack import throwaway

pytestmark = pytest.mark.local

SETTINGS = Path(__file__).with_name("schemathesis.toml")
SHORT = {"RATE_LIMIT": "0", "MAX_LENGTH": "300", "MAX_COUNT": "100", "MAX_STREAM_COUNT": "200"}


def test_every_operation_passes_every_check(stack, tmp_path):
    with throwaway(**SHORT) as small:
        small.up()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", SETTINGS, "run"),
                *(f"{small.url}/openapi.json", "--checks", "all", "--continue-on-failure", "--no-color"),
                # One worker: Hypothesis parses code in each, and CPython's ast counts its recursion for all
                # threads together ("AST constructor recursion depth mismatch").
                *("--phases", "examples,coverage,fuzzing", "--workers", "1"),
            ],
            cwd=tmp_path,
            env={**os.environ, "NO_PROXY": "localhost"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    generated, passed = map(int, re.search(r"(\d+) generated, (\d+) passed", done.stdout).groups())
    assert generated == passed > 1000, done.stdout
