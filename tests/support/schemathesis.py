"""schemathesis from the command line: requests that /openapi.json allows and forbids, with every check on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from .stack import ROOT

SETTINGS = ROOT / "tests/integration/schemathesis.toml"

#: Settings for the stack: no rate limit and short answers, because schemathesis tries the limits that the description
#: states, and reads each answer to its end.
SHORT = {"RATE_LIMIT": "0", "MAX_LENGTH": "300", "MAX_COUNT": "100", "MAX_STREAM_COUNT": "200"}


def check(url: str, folder: Path, *options: str, settings: Path = SETTINGS, seconds: float = 300) -> int:
    """Run schemathesis, and return the number of cases, all of which must pass. Its files are left in `folder`."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", settings, "run"),
            *(f"{url}/openapi.json", "--checks", "all", "--continue-on-failure", "--no-color"),
            # One worker: Hypothesis parses code in each, and CPython's ast counts its recursion for all
            # threads together ("AST constructor recursion depth mismatch").
            *("--phases", "examples,coverage,fuzzing", "--workers", "1", *options),
        ],
        cwd=folder,
        env={**os.environ, "NO_PROXY": "localhost"},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    found = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert found, done.stdout[-20_000:]
    assert found[1] == found[2], done.stdout[-20_000:]
    return int(found[1])
