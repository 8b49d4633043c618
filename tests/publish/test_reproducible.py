"""Two builds of one commit, from two fresh checkouts and without a cache, give identical images.

They are built by a separate engine that stores images in containerd. Its exporter sets the dates of built files to the
commit's date (rewrite-timestamp), which this machine's engine may not support.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import machine
from support.polling import await_until
from support.stack import ROOT, must, prepare, run, started

FILES = ("compose.yaml", "overrides/tls.yaml", "docker-bake.hcl")
IMAGES = ("api", "nginx", "acme", "prometheus")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[str]:
    """The address of an engine with containerd's image store, which has the base image and nothing else."""
    prepare()
    machine.build_image()
    (tmp_path / "daemon.json").write_text('{"features": {"containerd-snapshotter": true}}')
    settings = f"{tmp_path}/daemon.json:/etc/docker/daemon.json:ro"
    with started(machine.IMAGE, options=("--privileged", "--tmpfs", "/run", "--volume", settings)) as container:
        host = f"tcp://{container.address}:2375"
        await_until(lambda: run("docker", "--host", host, "version").returncode == 0, 60, "the engine answers")
        with subprocess.Popen(["docker", "save", os.environ["BASE_IMAGE"]], stdout=subprocess.PIPE) as saved:
            subprocess.run(["docker", "--host", host, "load", "--quiet"], stdin=saved.stdout, check=True, timeout=120)
        yield host


def check_out(folder: Path) -> Path:
    """Copy this checkout's files, except ignored ones, as they are now. Every file is new, as in a clone."""
    names = must("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    there = "\0".join(name for name in names.split("\0") if name and (ROOT / name).exists())
    folder.mkdir()
    subprocess.run(
        ["xargs", "--null", "cp", "--parents", "--no-dereference", f"--target-directory={folder}"],
        cwd=ROOT,
        input=there.encode(),
        check=True,
    )
    for authority in (ROOT / "local/build-ca").glob("*.crt"):
        shutil.copy(authority, folder / "local/build-ca")
    return folder


def build(engine: str, source: Path) -> dict[str, Path]:
    """Build the images, each into a folder in OCI's layout."""
    outputs = [
        f"--set={name}.output=type=oci,tar=false,rewrite-timestamp=true,dest={source}/image-{name}" for name in IMAGES
    ]
    done = subprocess.run(
        [
            *("docker", "buildx", "bake", "--no-cache", "--provenance=false", "--progress=plain"),
            *(part for file in FILES for part in ("--file", file)),
            *outputs,
        ],
        cwd=source,
        env={
            **os.environ,
            "DOCKER_HOST": engine,
            "PLATFORMS": must("docker", "version", "--format", "{{.Server.Os}}/{{.Server.Arch}}").strip(),
            "REGISTRY": "registry.example",
            "TAG": "1.0",
            "SOURCE_DATE_EPOCH": must("git", "log", "-1", "--format=%ct").strip(),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return {name: source / f"image-{name}" for name in IMAGES}


def digest_of(image: Path) -> str:
    (manifest,) = json.loads((image / "index.json").read_text())["manifests"]
    return manifest["digest"]


def blob(image: Path, digest: str) -> Path:
    return image / "blobs" / digest.replace(":", "/")


def entries(layer: Path) -> dict[str, tuple]:
    """The metadata and the hash of each file of a layer."""
    found = {}
    with tarfile.open(layer) as files:
        for file in files:
            content = files.extractfile(file) if file.isreg() else None
            found[file.name] = (
                *(file.type, oct(file.mode), file.uid, file.gid, file.linkname, file.mtime),
                hashlib.sha256(content.read()).hexdigest() if content else "",
            )
    return found


def differences(one: Path, other: Path) -> list[str]:
    """The files that differ, one line each."""
    layers = [json.loads(blob(image, digest_of(image)).read_text())["layers"] for image in (one, other)]
    lines = []
    for first, second in zip(*layers, strict=True):
        if first["digest"] != second["digest"]:
            here, there = (entries(blob(image, layer["digest"])) for image, layer in ((one, first), (other, second)))
            lines += [f"{name}: {here.get(name)} {there.get(name)}" for name in sorted(here.keys() | there.keys())
                      if here.get(name) != there.get(name)]  # fmt: skip
    return lines


def test_two_builds_of_one_commit_are_the_same(engine, tmp_path):
    first, second = (build(engine, check_out(tmp_path / name)) for name in ("first", "second"))
    for name in IMAGES:
        assert differences(first[name], second[name]) == [], name
        assert digest_of(first[name]) == digest_of(second[name]), name
