"""Settings that only a Swarm has: secrets, and encryption between machines."""

from __future__ import annotations

import uuid

import pytest

from support.polling import await_until
from support.stack import ROOT

from .cluster import Cluster
from .conftest import BESIDE, another_stack


@pytest.fixture
def beside(cluster):
    with another_stack(cluster) as settings:
        yield settings


def keys_of(cluster: Cluster) -> dict[str, set[str]]:
    """The replicas of the second stack, by the content of their secret."""
    found: dict[str, set[str]] = {}
    for node in cluster.nodes:
        for ident in node.docker("ps", "--quiet", "--filter", f"name={BESIDE}_api").split():
            shown = node.try_docker("exec", ident, "cat", "/run/secrets/api_keys")
            # A replica that is stopping or starting cannot be asked.
            text = shown.stdout if shown.returncode == 0 else "unreadable"
            found.setdefault(text, set()).add(ident)
    return found


@pytest.fixture
def file():
    path = ROOT / "local/secrets" / f"test-{uuid.uuid4().hex[:8]}"
    path.parent.mkdir(exist_ok=True)
    yield path
    path.unlink(missing_ok=True)


def test_changed_keys_make_a_new_secret_and_update_the_replicas(cluster, beside, file):
    for line in ("first sha256:" + "0" * 64, "second sha256:" + "1" * 64):
        file.write_text(line + "\n")
        done = cluster.make("deploy", **beside, API_KEYS_FILE=f"secrets/{file.name}")
        assert done.returncode == 0, done.stdout
        await_until(lambda line=line: set(keys_of(cluster)) == {line + "\n"}, 30, "the old replicas are gone")
    secrets = cluster.manager.docker("secret", "ls", "--format", "{{.Name}}").split()
    assert len([name for name in secrets if name.startswith(f"{BESIDE}_api_keys_")]) == 2
    done = cluster.make("rollback", **beside)
    assert done.returncode == 0, done.stdout
    first = "first sha256:" + "0" * 64 + "\n"
    await_until(lambda: set(keys_of(cluster)) == {first}, 30, "the first keys are back")


def test_encryption_works_or_the_deploy_says_why_not(cluster, beside):
    """Either way, no data is sent unencrypted between the machines."""
    first = cluster.nodes[0]
    key = "0x" + "00" * 20
    can = first.run(
        *("ip", "xfrm", "state", "add", "src", "192.0.2.1", "dst", "192.0.2.2", "proto", "esp", "spi", "0x1234"),
        *("mode", "transport", "aead", "rfc4106(gcm(aes))", key, "64"),
    )
    first.run("ip", "xfrm", "state", "flush")
    done = cluster.make("deploy", **beside, OVERLAY_ENCRYPTION="yes", DEPLOY_TIMEOUT="120")
    if can.returncode == 0:
        assert done.returncode == 0, done.stdout
    else:
        assert done.returncode != 0
        assert "cannot reach the replicas at" in done.stdout
        assert "ESP" in done.stdout
