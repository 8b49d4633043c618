"""`docker compose exec api flask strings ...`: the core at a terminal, in the container."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.local


def test_strings_are_printed_one_per_line(stack):
    shown = stack.compose(
        "exec", "-T", "api", "flask", "strings", "--length", "20", "--count", "5", "--min-digits", "2"
    )
    assert re.fullmatch(r"((?=([^0-9\n]*[0-9]){2})[0-9A-Za-z]{20}\n){5}", shown)


def test_matches_of_a_regex_are_printed(stack):
    shown = stack.compose("exec", "-T", "api", "flask", "strings", "--regex", r"[A-C]{3}-\d{4}", "--count", "3")
    assert re.fullmatch(r"([A-C]{3}-[0-9]{4}\n){3}", shown)


def test_a_wrong_option_is_reported(stack):
    done = stack.try_compose("exec", "-T", "api", "flask", "strings", "--length", "0")
    assert done.returncode == 2
    assert "--length: must be a whole number from 1 to 4096" in done.stdout
