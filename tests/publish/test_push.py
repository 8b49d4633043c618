"""`make push` into a real registry: the images that are there afterwards, with their names and labels."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
import requests

from flaskrandom import __version__
from support.polling import await_until
from support.stack import ROOT, build, must, prepare, run, started

IMAGES = ("api", "nginx", "acme", "prometheus")
INDEX = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFEST = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
TAG = "0.0.1-test"


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    """The registry's address. Docker accepts a registry on this machine without TLS."""
    image = "flaskrandom-test-registry"
    prepare()
    build(image, ROOT / "tests/support/registry")
    with started(image, options=("--publish", "127.0.0.1::5000")) as container:
        address = "localhost:" + must("docker", "port", container.ident, "5000").split()[0].rpartition(":")[2]
        await_until(lambda: answers(address), 30, "the registry answers")
        yield address


def fetch(address: str, path: str, *types: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(f"http://{address}/v2/{path}", headers={"Accept": ", ".join(types)}, timeout=10)


def answers(address: str) -> bool:
    try:
        return fetch(address, "").ok
    except requests.ConnectionError:
        return False


def clean_environ() -> dict[str, str]:
    """Clear what a developer's shell may have set. An empty value means the default."""
    return dict.fromkeys(("PLATFORMS", "SBOM_GENERATOR", "SOURCE_DATE_EPOCH", "COMPOSE_FILE"), "")


@pytest.fixture(scope="module")
def pushed(registry) -> Iterator[tuple[str, str]]:
    """The registry's address, and the output of `make push`."""
    environ = {**clean_environ(), "REGISTRY": f"{registry}/team", "TAG": TAG}
    try:
        yield registry, must("make", "--no-print-directory", "push", seconds=900, environ=environ)
    finally:
        run("docker", "rmi", *(f"{registry}/team/flaskrandom-{name}:{TAG}" for name in IMAGES))


def manifests(address: str, name: str) -> list[dict]:
    """The manifest of every platform, without attestations."""
    found = fetch(address, f"team/flaskrandom-{name}/manifests/{TAG}", *INDEX, *MANIFEST).json()
    if found["mediaType"] in MANIFEST:
        return [found]
    real = [row for row in found["manifests"] if row["platform"]["os"] != "unknown"]
    return [fetch(address, f"team/flaskrandom-{name}/manifests/{row['digest']}", *MANIFEST).json() for row in real]


@pytest.mark.parametrize("name", IMAGES)
def test_the_images_have_the_right_labels(pushed, name):
    address, _ = pushed
    revision = must("git", "rev-parse", "HEAD").strip()
    for manifest in manifests(address, name):
        config = fetch(address, f"team/flaskrandom-{name}/blobs/{manifest['config']['digest']}").json()
        labels = {key.rpartition(".")[2]: value for key, value in config["config"]["Labels"].items()}
        assert labels["title"] == f"flaskrandom-{name}"
        assert labels["version"] == __version__
        assert labels["licenses"] == "MIT"
        assert labels["revision"].removesuffix("-dirty") == revision
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", labels["created"])
        assert labels["description"]
        # The label must not contain a password or a local folder.
        assert re.fullmatch(r"|https://[^@]+", labels["source"])
        # The time is that of the commit, whenever the image is built.
        assert config["created"][:19] == labels["created"][:19]


def test_only_the_requested_tag_is_pushed(pushed):
    address, _ = pushed
    for name in IMAGES:
        assert fetch(address, f"team/flaskrandom-{name}/tags/list").json()["tags"] == [TAG]


def test_the_output_says_what_the_builder_cannot_do(pushed):
    address, said = pushed
    index = fetch(address, f"team/flaskrandom-api/manifests/{TAG}", *INDEX, *MANIFEST).json()
    attested = any(row["platform"]["os"] == "unknown" for row in index.get("manifests", []))
    assert ("no SBOM and no provenance" in said) is not attested
    platforms = {f"{row['platform']['os']}/{row['platform']['architecture']}" for row in index.get("manifests", [])}
    both = {"linux/amd64", "linux/arm64"} <= platforms
    assert ("not for all of linux/amd64,linux/arm64" in said) is not both


def test_compose_pulls_the_pushed_image(pushed):
    """The name is that of the Compose files, and the image runs."""
    address, _ = pushed
    image = f"{address}/team/flaskrandom-api:{TAG}"
    must("docker", "rmi", image)
    environ = {**os.environ, "REGISTRY": f"{address}/team", "TAG": TAG, "COMPOSE_PROJECT_NAME": "flaskrandom-test-pull"}
    must("docker", "compose", "--file", "compose.yaml", "pull", "--quiet", "api", environ=environ, seconds=300)
    assert must("docker", "run", "--rm", "--network", "none", image, "python", "-c", "import flaskrandom") == ""


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"TAG": "latest", "REGISTRY": "localhost:1/x"}, "TAG=latest: a deployed image needs a fixed tag"),
        ({"TAG": "", "REGISTRY": "localhost:1/x"}, "a deployed image needs a fixed tag"),
        ({"TAG": "a b", "REGISTRY": "localhost:1/x"}, "TAG=a b: must be an image tag"),
    ],
)
@pytest.mark.parametrize("target", ["build", "push"])
def test_a_bad_tag_is_refused_before_anything_is_built(environ, why, target):
    refused(target, environ, why)


def test_a_push_needs_a_registry():
    refused("push", {"TAG": "1.0", "REGISTRY": ""}, "REGISTRY is empty")


def test_a_build_needs_no_registry():
    """For one machine, as docs/deploy.md describes."""
    images = [f"flaskrandom-{name}:{TAG}" for name in IMAGES]
    try:
        said = must(
            *("make", "--no-print-directory", "build"),
            seconds=900,
            environ={**clean_environ(), "REGISTRY": "", "TAG": TAG},
        )
        assert f"Built, in this engine: {' '.join(images)}" in said
        must("docker", "image", "inspect", *images)
    finally:
        run("docker", "rmi", *images)


def refused(target: str, environ: dict[str, str], why: str) -> None:
    done = run("make", "--no-print-directory", target, environ={**clean_environ(), **environ})
    assert done.returncode != 0
    assert why in done.stdout
    assert "Building" not in done.stdout
