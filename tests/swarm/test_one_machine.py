"""`make deploy` on one machine without a Swarm or a registry: given the images, it does everything else."""

from __future__ import annotations

import subprocess
import time

import pytest

from support.polling import await_until
from support.stack import must

from .cluster import Cluster
from .conftest import API, NGINX, SETTINGS, generator


@pytest.fixture
def machine(images):
    made = Cluster(1, subnet="10.213.11", **{**SETTINGS, "REGISTRY": "", "API_REPLICAS": "2"})
    try:
        made.up()
        yield made
    finally:
        made.down()


def give(machine: Cluster, tag: str) -> None:
    """Load the images under that tag, as `make build` on the machine leaves them."""
    (node,) = machine.nodes
    for image in (API, NGINX):
        named = f"{image.partition(':')[0]}:{tag}"
        must("docker", "tag", image, named)
        with subprocess.Popen(["docker", "save", named], stdout=subprocess.PIPE) as saved:
            subprocess.run(
                ["docker", "--host", node.host, "load", "--quiet"], stdin=saved.stdout, check=True, timeout=120
            )
        must("docker", "rmi", "--no-prune", named)


def test_an_update_and_a_rollback_on_one_machine_lose_no_request(machine, tmp_path, figures):
    (node,) = machine.nodes
    refused = machine.make("deploy", TAG="one")
    assert refused.returncode != 0
    assert "there is no image" in refused.stdout
    for tag in ("one", "two"):
        give(machine, tag)
    said = machine.deploy("one")
    assert node.serves()
    assert "a Swarm of one" in said
    for load in generator(machine, tmp_path, "load"):
        begin = time.time()
        machine.deploy("two")
        done = machine.make("rollback")
        assert done.returncode == 0, done.stdout
        await_until(lambda: len(machine.running("api", "one")) == 2, 30, "the first version runs again")
        seen = load.between(begin)
    figures.row("one machine: update, rollback", seen)
    assert seen.kinds == {}
