"""The hot paths are no more than 20 % slower than when bench/guard.json was written, against fixed references."""

from __future__ import annotations

import json

import pytest

from support.stack import ROOT, Stack, must

pytestmark = pytest.mark.local

ALLOWED = 1.2
GUARD = ROOT / "bench" / "guard.json"


def test_no_hot_path_has_become_slower(stack: Stack) -> None:
    image = stack.container("api").inspect()["Image"]
    said = must(
        "docker", "run", "--rm", "--network=none", "--env=PYTHONPATH=/app", f"--volume={ROOT}/bench:/app/bench:ro",
        "--entrypoint=python", image, "bench/guard.py",
    )  # fmt: skip
    now, recorded = json.loads(said), json.loads(GUARD.read_text())
    assert now.keys() == recorded.keys()
    slower = {
        path: f"{ratio} times its reference, recorded are {recorded[path]}"
        for path, ratio in now.items()
        if ratio > recorded[path] * ALLOWED
    }
    assert not slower, f"slower than recorded; if that is meant: make bench ONLY=guard\n{json.dumps(slower, indent=2)}"
