"""The arm64 images, checked without building them: everything in them is available for arm64."""

from __future__ import annotations

import json
import os
import re
import sys

import pytest

from support.stack import ROOT, must, prepare, run

FILES = ("compose.yaml", "overrides/tls.yaml", "docker-bake.hcl")
WITH_PYTHON_PACKAGES = ("api", "nginx", "acme")
IMAGES = (*WITH_PYTHON_PACKAGES, "prometheus")
#: Debian 13 has a newer glibc than all of these need.
WHEELS = ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_28_aarch64", "manylinux_2_34_aarch64")
#: Names that belong to one architecture.
ONE_KIND = re.compile(rb"amd64|x86[_-]64|i[36]86|sse[234]|avx", re.IGNORECASE)


@pytest.fixture(scope="module")
def targets() -> dict[str, dict]:
    """What Buildx would build, by the name of the image."""
    files = [part for file in FILES for part in ("--file", file)]
    environ = {"REGISTRY": "registry.example/team", "TAG": "1.2.3", "PLATFORMS": "linux/amd64,linux/arm64"}
    said = "\n" + must("docker", "buildx", "bake", "--print", *files, environ=environ)
    # Some versions first print which files they read.
    return json.loads(said[said.index("\n{") :])["target"]


def test_both_platforms_are_defined(targets):
    assert set(targets) == set(IMAGES)
    for name, target in targets.items():
        assert target["platforms"] == ["linux/amd64", "linux/arm64"]
        assert target["tags"] == [f"registry.example/team/flaskrandom-{name}:1.2.3"]
        assert (ROOT / target["context"] / "Dockerfile").exists()


@pytest.mark.parametrize("name", IMAGES)
def test_no_file_is_specific_to_an_architecture(targets, name):
    """The files that we put into an image contain no name of an architecture, and none is compiled."""
    folder = ROOT / targets[name]["context"]
    listed = must("git", "ls-files", str(folder)).split()
    files = [ROOT / line for line in listed if not line.endswith((".lock", ".md"))]
    assert folder / "Dockerfile" in files
    found = [str(file) for file in files if ONE_KIND.search(content := file.read_bytes()) or content[:4] == b"\x7fELF"]
    assert found == []


@pytest.mark.parametrize("name", WITH_PYTHON_PACKAGES)
def test_every_python_package_has_a_wheel_for_arm64(targets, name, tmp_path):
    """The wheel has the locked version and hash, and is for the image's Python."""
    lock = ROOT / targets[name]["context"] / "requirements.lock"
    platforms = [f"--platform={platform}" for platform in WHEELS]
    must(
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"),
        *(*platforms, "--implementation=cp", "--python-version=3.13", "--only-binary=:all:"),
        *("--require-hashes", "--requirement", str(lock), "--dest", str(tmp_path)),
        seconds=300,
    )
    # pip fails if any is missing. What it downloads must be for arm64 or for any architecture.
    brought = [file.name for file in tmp_path.iterdir()]
    assert brought
    assert [name for name in brought if not name.endswith(("aarch64.whl", "none-any.whl"))] == []


@pytest.mark.parametrize("name", IMAGES)
def test_every_debian_package_can_be_installed_on_arm64(targets, name):
    """apt can resolve all packages for an empty arm64 system."""
    text = (ROOT / targets[name]["context"] / "Dockerfile").read_text()
    packages = {
        package for line in re.findall(r"--no-install-recommends ([a-z0-9. -]+)", text) for package in line.split()
    }
    assert {"python3", "nginx", "prometheus"} & packages
    assert installable(packages)


def test_control_a_missing_package_cannot_be_installed():
    assert not installable({"no-such-package"})


def installable(packages: set[str]) -> bool:
    apt = "apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Dir::State::status=/tmp/status"
    install = f"{apt} install --simulate --no-install-recommends {' '.join(sorted(packages))}"
    prepare()
    command = f": >/tmp/status && {apt} update && {install}"
    done = run("docker", "run", "--rm", os.environ["BASE_IMAGE"], "sh", "-c", command, seconds=300)
    return done.returncode == 0 and "[arm64]" in done.stdout and "[amd64]" not in done.stdout
