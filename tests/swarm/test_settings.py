"""Settings that a Swarm has and one machine has not: secrets, and encryption between machines."""

from __future__ import annotations

import uuid

import pytest

from support.polling import await_until
from support.stack import ROOT

from .cluster import Cluster


@pytest.fixture
def beside(deployed: Cluster):
    """A second stack on the same nodes, on another port; gone afterwards."""
    other = {"COMPOSE_PROJECT_NAME": "beside", "HTTP_PORT": "81", "API_REPLICAS": "2", "TAG": "v1"}
    yield other
    deployed.manager.docker("stack", "rm", "beside")

    def gone() -> bool:
        return not deployed.manager.docker("network", "ls", "--quiet", "--filter", "name=beside_").strip()

    await_until(gone, 60, "the second stack is gone")


def keys_of(deployed: Cluster) -> dict[str, set[str]]:
    """What each replica of the second stack has as its secret."""
    found: dict[str, set[str]] = {}
    for node in deployed.nodes:
        for ident in node.docker("ps", "--quiet", "--filter", "name=beside_api").split():
            text = node.docker("exec", ident, "cat", "/run/secrets/api_keys")
            found.setdefault(text, set()).add(ident)
    return found


@pytest.fixture
def file():
    path = ROOT / "secrets" / f"test-{uuid.uuid4().hex[:8]}"
    path.parent.mkdir(exist_ok=True)
    yield path
    path.unlink(missing_ok=True)


def test_changed_keys_are_a_new_secret_and_an_update(deployed, beside, file):
    for line in ("first sha256:" + "0" * 64, "second sha256:" + "1" * 64):
        file.write_text(line + "\n")
        done = deployed.make("deploy", **beside, API_KEYS_FILE=f"secrets/{file.name}")
        assert done.returncode == 0, done.stdout
        await_until(lambda line=line: set(keys_of(deployed)) == {line + "\n"}, 30, "the old replicas are gone")
    secrets = deployed.manager.docker("secret", "ls", "--format", "{{.Name}}").split()
    assert len([name for name in secrets if name.startswith("flaskrandom_api_keys_")]) == 2
    done = deployed.make("rollback", **beside)
    assert done.returncode == 0, done.stdout
    first = "first sha256:" + "0" * 64 + "\n"
    await_until(lambda: set(keys_of(deployed)) == {first}, 30, "the first keys are back")


def test_encryption_works_or_the_deploy_says_why_not(deployed, beside):
    """Either way nothing goes unencrypted between the machines."""
    first = deployed.nodes[0]
    key = "0x" + "00" * 20
    can = first.run(
        *("ip", "xfrm", "state", "add", "src", "192.0.2.1", "dst", "192.0.2.2", "proto", "esp", "spi", "0x1234"),
        *("mode", "transport", "aead", "rfc4106(gcm(aes))", key, "64"),
    )
    first.run("ip", "xfrm", "state", "flush")
    done = deployed.make("deploy", **beside, OVERLAY_ENCRYPTION="yes", DEPLOY_TIMEOUT="120")
    if can.returncode == 0:
        assert done.returncode == 0, done.stdout
    else:
        assert done.returncode != 0
        assert "cannot reach the replicas at" in done.stdout
        assert "ESP" in done.stdout
