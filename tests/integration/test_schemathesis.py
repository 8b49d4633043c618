"""A running stack matches its OpenAPI document: see support/schemathesis.py."""

from __future__ import annotations

import pytest

from support import schemathesis

pytestmark = pytest.mark.local


def test_every_example_passes_every_check(stack, tmp_path):
    """The fault suite adds generated requests (the phases `coverage` and `fuzzing`)."""
    assert schemathesis.check(stack.url, tmp_path, "--phases", "examples") > 50
