"""`make smoke` against an instance that needs an API key."""

from __future__ import annotations

import pytest

from support.key_file import key_file
from support.stack import run, throwaway

pytestmark = pytest.mark.local


def test_smoke_passes_against_an_instance_that_needs_a_key(stack):
    """One test each by HTTP client, in a browser and with a raw connection."""
    chosen = "-k 'test_health_routes or test_trying_it_out_works[get_strings] or test_free_strings'"
    with key_file() as file, throwaway(API_KEYS_FILE=file.setting) as other:
        other.start()
        key = file.admit("smoke")
        environ = {"API_KEY": key, "PYTEST_ADDOPTS": chosen}
        done = run("make", "smoke", f"BASE_URL={other.url}", environ=environ, seconds=300)
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
    assert key not in done.stdout
