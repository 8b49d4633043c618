"""`docker compose exec api flask strings ...`: the core at a terminal, in the container."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.local


def test_strings(stack):
    shown = stack.compose(
        "exec", "-T", "api", "flask", "strings", "--length", "20", "--count", "5", "--min-digits", "2"
    )
    assert re.fullmatch(r"((?=([^0-9\n]*[0-9]){2})[0-9A-Za-z]{20}\n){5}", shown)


def test_what_is_wrong(stack):
    done = stack.try_compose("exec", "-T", "api", "flask", "strings", "--length", "0")
    assert done.returncode == 2
    assert "--length: must be an integer from 1 to 4096" in done.stdout
