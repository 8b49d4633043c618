"""The arm64 images, as far as they can be proven where none can be built: everything in them is there for arm64."""

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
#: The glibc that Debian 13 has is newer than all of these.
WHEELS = ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_28_aarch64", "manylinux_2_34_aarch64")
#: What only one kind of machine has, or calls so.
ONE_KIND = re.compile(rb"amd64|x86[_-]64|i[36]86|sse[234]|avx", re.IGNORECASE)


@pytest.fixture(scope="module")
def targets() -> dict[str, dict]:
    """What Buildx would build, by the name of the image."""
    files = [part for file in FILES for part in ("--file", file)]
    environ = {"REGISTRY": "registry.example/team", "TAG": "1.2.3", "PLATFORMS": "linux/amd64,linux/arm64"}
    said = "\n" + must("docker", "buildx", "bake", "--print", *files, environ=environ)
    # Some versions say first which files they read.
    return json.loads(said[said.index("\n{") :])["target"]


def test_both_platforms_are_defined(targets):
    assert set(targets) == set(IMAGES)
    for name, target in targets.items():
        assert target["platforms"] == ["linux/amd64", "linux/arm64"]
        assert target["tags"] == [f"registry.example/team/flaskrandom-{name}:1.2.3"]
        assert (ROOT / target["context"] / "Dockerfile").exists()


@pytest.mark.parametrize("name", IMAGES)
def test_nothing_of_ours_is_for_one_kind_of_machine(targets, name):
    """No name of an architecture, and no compiled file, in anything that we put into an image."""
    folder = ROOT / targets[name]["context"]
    listed = must("git", "ls-files", str(folder)).split()
    files = [ROOT / line for line in listed if not line.endswith((".lock", ".md"))]
    assert folder / "Dockerfile" in files
    found = [str(file) for file in files if ONE_KIND.search(content := file.read_bytes()) or content[:4] == b"\x7fELF"]
    assert found == []


@pytest.mark.parametrize("name", WITH_PYTHON_PACKAGES)
def test_every_python_package_has_a_wheel(targets, name, tmp_path):
    """Of the locked version, with a hash from the lock file, for the Python of the image."""
    lock = ROOT / targets[name]["context"] / "requirements.lock"
    platforms = [f"--platform={platform}" for platform in WHEELS]
    must(
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"),
        *(*platforms, "--implementation=cp", "--python-version=3.13", "--only-binary=:all:"),
        *("--require-hashes", "--requirement", str(lock), "--dest", str(tmp_path)),
        seconds=300,
    )
    # pip fails when any is missing; what it brought is for arm64, or for all.
    brought = [file.name for file in tmp_path.iterdir()]
    assert brought
    assert [name for name in brought if not name.endswith(("aarch64.whl", "none-any.whl"))] == []


@pytest.mark.parametrize("name", IMAGES)
def test_every_debian_package_can_be_installed(targets, name):
    """apt resolves all of it for an empty arm64 system."""
    text = (ROOT / targets[name]["context"] / "Dockerfile").read_text()
    packages = {
        package for line in re.findall(r"--no-install-recommends ([a-z0-9. -]+)", text) for package in line.split()
    }
    assert {"python3", "nginx", "prometheus"} & packages
    assert installable(packages)


def test_control_a_package_that_is_not_there():
    assert not installable({"no-such-package"})


def installable(packages: set[str]) -> bool:
    apt = "apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Dir::State::status=/tmp/status"
    install = f"{apt} install --simulate --no-install-recommends {' '.join(sorted(packages))}"
    prepare()
    command = f": >/tmp/status && {apt} update && {install}"
    done = run("docker", "run", "--rm", os.environ["BASE_IMAGE"], "sh", "-c", command, seconds=300)
    return done.returncode == 0 and "[arm64]" in done.stdout and "[amd64]" not in done.stdout
