"""API_UPSTREAM=host:port: the app over TCP, by a name that nginx resolves again when the address changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.clients import statuses
from support.polling import await_until
from support.stack import started, throwaway

pytestmark = pytest.mark.local

TCP = Path(__file__).with_name("tcp.yaml")


@pytest.fixture(scope="module")
def over_tcp(stack):
    """The app over TCP. The rate limit is off too, so that test_a_rate_of_zero_means_no_limit can share this stack."""
    with throwaway(TCP, API_UPSTREAM="api:5000", RATE_LIMIT="0", RATE_BURST="0") as other:
        other.start()
        yield other


def test_a_rate_of_zero_means_no_limit(over_tcp):
    assert statuses(f"{over_tcp.url}/", 100) == {200: 100}


def test_a_new_address_of_the_app_is_found(over_tcp):
    assert over_tcp.nginx.check_health().returncode == 0
    assert over_tcp.serves()
    old = over_tcp.api.address
    image = over_tcp.api.inspect()["Config"]["Image"]
    over_tcp.compose("rm", "--stop", "--force", "api")
    network = f"{over_tcp.project}_inside"
    # A silent container takes the old address, so that the app cannot get it back.
    with started(image, "sleep", "300", options=("--network", network, "--ip", old)):
        over_tcp.compose("up", "--detach", "--no-build", "--no-deps", "--wait", "api")
        assert over_tcp.api.address != old
        await_until(over_tcp.serves, 10, "nginx finds the app at its new address")
