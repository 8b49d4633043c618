"""A running stack keeps to its description: see support/schemathesis.py."""

from __future__ import annotations

import pytest

from support import schemathesis
from support.stack import throwaway

pytestmark = pytest.mark.local


def test_every_operation_passes_every_check(stack, tmp_path):
    """The fault suite adds what is made up (the phase `fuzzing`)."""
    with throwaway(**schemathesis.SHORT) as small:
        small.up()
        assert schemathesis.check(small.url, tmp_path, "--phases", "examples,coverage") > 1000
