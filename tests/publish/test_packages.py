"""Published images have the newest packages of their Debian suites, including the security suite."""

from __future__ import annotations

import os

import pytest

from support.stack import must, prepare

#: Fetches the package lists, and prints their suites and the packages that are out of date.
LOOK = """
apt-get -qq -o APT::Update::Error-Mode=any update
apt-get indextargets --format '$(CODENAME)' 'Created-By: Packages'
apt-get --simulate upgrade | grep ^Inst || true
"""
PROXIES = tuple(f"--env={name}" for name in os.environ if name.lower() in ("http_proxy", "https_proxy", "no_proxy"))


@pytest.fixture(scope="module")
def images() -> None:
    """Build all images of this checkout: there may be none yet, or those of an earlier commit."""
    prepare()
    files = ("--file", "compose.yaml", "--file", "overrides/tls.yaml", "--profile", "observability")
    must("docker", "compose", *files, "build", "--quiet", seconds=900)


@pytest.mark.parametrize("service", ["api", "nginx", "acme", "prometheus"])
def test_no_package_is_out_of_date(images, service):
    image = f"flaskrandom-{service}:{os.environ.get('TAG') or 'latest'}"
    said = must(
        *("docker", "run", "--rm", "--user=0:0", *PROXIES, "--entrypoint=bash", image, "-euo", "pipefail", "-c", LOOK)
    )
    lines = said.splitlines()
    assert any(line.endswith("-security") for line in lines), "no security suite is configured"
    assert [line for line in lines if line.startswith("Inst ")] == [], (
        "docker compose build --no-cache updates the packages"
    )
