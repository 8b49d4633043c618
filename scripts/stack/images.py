"""The images to publish: names and contexts from the Compose files, labels and platforms from docker-bake.hcl.

Needs a TAG other than latest: a deploy goes back by it. PLATFORMS=linux/amd64,linux/arm64 insists on these;
SBOM_GENERATOR names another scanner image than BuildKit's own.
"""

from __future__ import annotations

import os
import re
import subprocess
import time

from .base_image import ensure_base_image, hand_over_authorities
from .console import Problem, say, warn
from .shell import image, output, run, setting

WANTED = "linux/amd64,linux/arm64"
SERVICES = ("api", "nginx", "acme", "prometheus")
OTHER_BUILDER = (
    "docker buildx create --use --driver docker-container (with QEMU or a node of each kind for other platforms)"
)


def build() -> None:
    """Build into this engine, for this machine's platform."""
    _prepare("build")
    platforms = os.environ.setdefault("PLATFORMS", _native())
    say(f"Building for {platforms}")
    _bake("--load", "--provenance=false")
    say(f"Built, in this engine: {_names()}")


def push() -> None:
    """Build and push to REGISTRY, for every platform that the builder can build, with what it can attest."""
    if not setting("REGISTRY"):
        raise Problem("REGISTRY is empty", f"make push {_example()}")
    _prepare("push")
    platforms = os.environ.setdefault("PLATFORMS", _possible_platforms())
    say(f"Building and pushing for {platforms}")
    if platforms != WANTED:
        warn(f"not for all of {WANTED}", OTHER_BUILDER)
    _bake(*_attestations())
    say(f"Pushed: {_names()}")


def _attestations() -> list[str]:
    if not _attests():
        warn(
            f"no SBOM and no provenance: the builder {_driver()} with this image store cannot attach them",
            OTHER_BUILDER,
        )
        return ["--push", "--provenance=false"]
    # Not mode=max: that would publish the build arguments, which may name a private index.
    options = ["--push", "--provenance=mode=min"]
    if _driver() != "docker":
        # The same commit gives the same layers. The engine's own builder, which also unpacks, refuses both at once.
        options[0] = "--set=*.output=type=image,push=true,rewrite-timestamp=true"
    scanner = os.environ.get("SBOM_GENERATOR") or "docker.io/docker/buildkit-syft-scanner:stable-1"
    if run("docker", "buildx", "imagetools", "inspect", scanner).returncode == 0:
        say("Attaching provenance and an SBOM")
        return [*options, f"--sbom=generator={scanner}"]
    warn(
        f"provenance, but no SBOM: the scanner {scanner} cannot be reached",
        "make it reachable, or set SBOM_GENERATOR to a copy of it",
    )
    return options


def _prepare(command: str) -> None:
    """Check the tag, and describe the source for the labels. The same commit gives the same images."""
    tag = setting("TAG")
    if tag in ("", "latest"):
        raise Problem(
            f"TAG={tag}: an image that is deployed needs a tag that stays what it is", f"make {command} {_example()}"
        )
    ensure_base_image()
    hand_over_authorities()
    revision, remote = output("git", "rev-parse", "HEAD"), output("git", "config", "--get", "remote.origin.url")
    if revision and output("git", "status", "--porcelain", "--untracked-files=no"):
        revision += "-dirty"
    # Only an address that others can use, without who used it.
    public = re.fullmatch(r"https://(?:[^/@]*@)?(.*?)(?:\.git)?", remote)
    epoch = os.environ.setdefault(
        "SOURCE_DATE_EPOCH", output("git", "log", "-1", "--format=%ct") or f"{time.time():.0f}"
    )
    os.environ.update(
        VERSION=tag,
        REVISION=revision,
        SOURCE=f"https://{public[1]}" if public else "",
        CREATED=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(epoch))),
    )


def _bake(*options: str) -> None:
    files = ("--file", "compose.yaml", "--file", "overrides/tls.yaml", "--file", "docker-bake.hcl")
    if subprocess.run(["docker", "buildx", "bake", "--progress", "plain", *files, *options]).returncode:
        raise Problem("the build failed", "the lines above say why")


def _example() -> str:
    return f"REGISTRY=registry.example/team TAG={output('git', 'describe', '--tags', '--always') or '1.0.0'}"


def _names() -> str:
    return " ".join(map(image, SERVICES))


def _native() -> str:
    return output("docker", "version", "--format", "{{.Server.Os}}/{{.Server.Arch}}")


def _field(name: str, *options: str) -> str:
    found = re.search(rf"^{name}: *(.*)$", output("docker", "buildx", "inspect", *options), re.MULTILINE)
    return found[1] if found else ""


def _driver() -> str:
    return _field("Driver")


def _attests() -> bool:
    """The engine's own builder keeps one plain image a name, unless the engine stores images in containerd."""
    store = output("docker", "info", "--format", "{{.DriverStatus}}")
    return _driver() != "docker" or "io.containerd.snapshotter" in store


def _possible_platforms() -> str:
    """What is wanted and can be built here."""
    if not _attests():
        return _native()
    possible = re.split(r"[*, ]+", _field("Platforms", "--bootstrap"))
    return ",".join(platform for platform in WANTED.split(",") if platform in possible) or _native()
