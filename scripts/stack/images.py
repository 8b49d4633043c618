"""The images to publish: names and contexts from the Compose files, labels and platforms from docker-bake.hcl.

Needs a TAG other than latest, for rollbacks. PLATFORMS=linux/amd64,linux/arm64 requires these platforms;
SBOM_GENERATOR replaces BuildKit's scanner image.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from .base_image import ensure_base_image
from .console import Problem, say, warn, work
from .shell import image, output, run, setting

WANTED = "linux/amd64,linux/arm64"
SERVICES = ("api", "nginx", "acme", "prometheus")
OTHER_BUILDER = "docker buildx create --use --driver docker-container (other platforms: with QEMU)"


def build() -> None:
    """Build the images in this engine, for this machine's platform."""
    _prepare("build")
    _bake(_native(), "--load", "--provenance=false")
    say(f"Built, in this engine: {' '.join(map(image, SERVICES))}")


def push() -> None:
    """Build and push to REGISTRY, for all platforms and with all attestations that the builder supports."""
    if not setting("REGISTRY"):
        raise Problem("REGISTRY is empty", f"make push {_example()}")
    _prepare("push")
    builder = output("docker", "buildx", "inspect", "--bootstrap")
    own = re.search(r"^Driver: *docker$", builder, re.MULTILINE) is not None
    # The engine's own builder keeps one plain image per name, unless the engine stores images in containerd.
    if own and "io.containerd.snapshotter" not in output("docker", "info", "--format", "{{.DriverStatus}}"):
        warn("no SBOM and no provenance: this builder with this image store cannot attach them", OTHER_BUILDER)
        possible, options = _native(), ["--push", "--provenance=false"]
    else:
        possible = ",".join(platform for platform in WANTED.split(",") if platform in builder) or _native()
        # rewrite-timestamp: the same commit gives the same layers. The engine's builder also unpacks, and rejects it.
        options = ["--push" if own else "--set=*.output=type=image,push=true,rewrite-timestamp=true", *_attestations()]
    if setting("PLATFORMS", possible) != WANTED:
        warn(f"builds for {setting('PLATFORMS', possible)}, not for all of {WANTED}", OTHER_BUILDER)
    _bake(possible, *options)
    say(f"Pushed: {' '.join(map(image, SERVICES))}")


def _attestations() -> list[str]:
    # Not mode=max, which would publish the build arguments: they may name a private index.
    provenance = "--provenance=mode=min"
    scanner = setting("SBOM_GENERATOR", "docker.io/docker/buildkit-syft-scanner:stable-1")
    if run("docker", "buildx", "imagetools", "inspect", scanner).returncode:
        warn(f"no SBOM: its scanner {scanner} cannot be reached", "set SBOM_GENERATOR to a copy of it")
        return [provenance]
    return [provenance, f"--sbom=generator={scanner}"]


def _prepare(command: str) -> None:
    """Check the tag, and describe the source for the labels. The same commit gives the same images."""
    tag = setting("TAG")
    if tag in ("", "latest"):
        raise Problem(f"TAG={tag}: a deployed image needs a fixed tag", f"make {command} {_example()}")
    ensure_base_image()
    revision, remote = output("git", "rev-parse", "HEAD"), output("git", "config", "--get", "remote.origin.url")
    if revision and output("git", "status", "--porcelain", "--untracked-files=no"):
        revision += "-dirty"
    # Only a public address, without a user name.
    public = re.fullmatch(r"https://(?:[^/@]*@)?(.*?)(?:\.git)?", remote)
    epoch = setting("SOURCE_DATE_EPOCH", output("git", "log", "-1", "--format=%ct") or f"{time.time():.0f}")
    os.environ.update(
        SOURCE_DATE_EPOCH=epoch,
        VERSION=re.findall(r'__version__ = "(.+)"', Path("services/api/flaskrandom/__init__.py").read_text())[0],
        REVISION=revision,
        SOURCE=f"https://{public[1]}" if public else "",
        CREATED=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(epoch))),
    )


def _bake(platforms: str, *options: str) -> None:
    os.environ["PLATFORMS"] = setting("PLATFORMS", platforms)
    files = ("--file", "compose.yaml", "--file", "overrides/tls.yaml", "--file", "docker-bake.hcl")
    command = ["docker", "buildx", "bake", "--progress", "plain", *files, *options]
    work(f"Building for {os.environ['PLATFORMS']}", command, "the lines above say why")


def _example() -> str:
    return f"REGISTRY=registry.example/team TAG={output('git', 'describe', '--tags', '--always') or '1.0.0'}"


def _native() -> str:
    return output("docker", "version", "--format", "{{.Server.Os}}/{{.Server.Arch}}")
