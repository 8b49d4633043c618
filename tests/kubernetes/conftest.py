"""Fixtures for the tests of Kubernetes and Podman: `make test SUITE=kubernetes`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from flaskrandom import __version__
from support.stack import must, prepare, use_base_image

from . import machine
from .manifests import COMPONENTS, KUBERNETES, Resource


@pytest.fixture(scope="session")
def podman_image() -> None:
    use_base_image()
    machine.build_image()


@pytest.fixture(scope="session")
def images() -> dict[str, str]:
    """Build this checkout's images, as `make up` does, and return their names by service."""
    prepare()
    must("docker", "compose", "build", seconds=900)
    names = machine.images()
    return {name: next(image for image in names if f"flaskrandom-{name}" in image) for name in ("api", "nginx")}


@pytest.fixture(scope="session")
def podman(podman_image: None, images: dict[str, str]) -> Iterator[machine.Machine]:
    """A machine that has Podman, this checkout and its images."""
    with machine.machine() as made:
        made.load(*images.values())
        made.check_out()
        yield made


@pytest.fixture(scope="session")
def kustomize(podman_image: None, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[Resource]]:
    """Renders folders of deploy/kubernetes, and overlays that a test defines."""
    folder = tmp_path_factory.mktemp("manifests") / "kubernetes"
    shutil.copytree(KUBERNETES, folder)

    def render(name: str, kustomization: dict[str, object] | None = None, **files: str) -> list[Resource]:
        """The resources of the folder `name` in deploy/kubernetes or, with a kustomization, of a new overlay `name`."""
        path = Path(name)
        if kustomization is not None:
            path = Path("overlays", name)
            overlay = folder / path
            overlay.mkdir(exist_ok=True)
            for file, text in files.items():
                overlay.joinpath(file).write_text(text)
            overlay.joinpath("kustomization.yaml").write_text(
                yaml.safe_dump({"resources": ["../../base"], **kustomization})
            )
        options = ("--rm", "--network=none", f"--volume={folder}:/kubernetes:ro")
        said = must("docker", "run", *options, machine.IMAGE, "kustomize", "build", f"/kubernetes/{path}")
        return list(yaml.safe_load_all(said))

    return render


def overlay_of(*components: str) -> dict[str, object]:
    """A kustomization with these components, and images that have a version."""
    assert {*components} <= {*COMPONENTS}
    return {
        "components": [f"../../components/{component}" for component in components],
        "images": [{"name": f"flaskrandom-{image}", "newTag": __version__} for image in ("api", "nginx")],
    }
