"""API_UPSTREAM=host:port: the app over TCP, by a name that is looked up anew when its address changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.polling import await_until
from support.stack import must, throwaway

pytestmark = pytest.mark.local

TCP = Path(__file__).with_name("tcp.yaml")


@pytest.fixture
def over_tcp(stack):
    with throwaway(TCP, API_UPSTREAM="api:5000") as other:
        other.up()
        yield other


def address_of(stack) -> str:
    (network,) = stack.api.inspect()["NetworkSettings"]["Networks"].values()
    return network["IPAddress"]


def test_a_new_address_of_the_app_is_found(over_tcp):
    assert over_tcp.serves()
    old = address_of(over_tcp)
    image = over_tcp.api.inspect()["Config"]["Image"]
    over_tcp.compose("rm", "--stop", "--force", "api")
    network = f"{over_tcp.project}_inside"
    # Something that answers nothing takes the old address, so that the app cannot have it back.
    squatter = must(
        "docker", "run", "--detach", "--rm", "--network", network, "--ip", old, image, "sleep", "300"
    ).strip()
    try:
        over_tcp.compose("up", "--detach", "--no-build", "--no-deps", "--wait", "api")
        assert address_of(over_tcp) != old
        await_until(over_tcp.serves, 10, "nginx finds the app at its new address")
    finally:
        must("docker", "rm", "--force", squatter)
