"""`make sbom`: the bills are valid CycloneDX, and list every package of an image."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from support.stack import ROOT, SERVICES, must

pytestmark = pytest.mark.local


IMAGES = ("api", "nginx", "acme", "prometheus")


def path(service: str, kind: str) -> Path:
    return ROOT / "dist" / f"flaskrandom-{service}.{kind}.cdx.json"


@pytest.fixture(scope="module")
def texts(stack) -> dict[tuple[str, str], str]:
    """The bills of all images, including those that `stack` does not build."""
    files = ("--file", "compose.yaml", "--file", "overrides/tls.yaml", "--profile", "observability")
    must("docker", "compose", *files, "build", "--quiet", seconds=600)
    must("scripts/sbom.sh")
    return {(image, kind): path(image, kind).read_text() for image in IMAGES for kind in ("debian", "python")}


def inside(image: str, *command: str) -> str:
    run = ("docker", "run", "--rm", "--network", "none", "--entrypoint", command[0])
    return must(*run, f"flaskrandom-{image}:{os.environ.get('TAG') or 'latest'}", *command[1:])


def names(text: str) -> dict[str, str]:
    """The names and versions of installed packages. The bill lists source packages, too."""
    return {
        part["name"]: part["version"] for part in json.loads(text)["components"] if "arch=source" not in part["purl"]
    }


def fault(text: str) -> object:
    """The error in a bill, or None if it is valid. The validator takes three seconds to import."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)


@pytest.mark.parametrize("kind", ["debian", "python"])
@pytest.mark.parametrize("image", IMAGES)
def test_the_bills_are_valid(texts, image, kind):
    assert fault(texts[image, kind]) is None


def test_control_the_validator_finds_an_error(texts):
    spoilt = texts["api", "python"].replace('"type": "library"', '"type": "lybrary"', 1)
    assert fault(spoilt) is not None


@pytest.mark.parametrize("service", SERVICES)
def test_a_bill_describes_the_running_image(texts, service, stack):
    image = stack.container(service).inspect()["Image"]
    assert json.loads(texts[service, "debian"])["metadata"]["component"]["version"] == image


@pytest.mark.parametrize("image", IMAGES)
def test_a_bill_lists_every_debian_package(texts, image):
    said = inside(image, "dpkg-query", "--show", "--showformat", "${Package}=${Version}\n")
    assert names(texts[image, "debian"]) == dict(line.split("=", 1) for line in said.splitlines())


@pytest.mark.parametrize(
    ("image", "some"), [("api", {"flask", "gunicorn", "supervisor"}), ("acme", {"certbot", "acme"})]
)
def test_a_bill_lists_every_python_package(texts, image, some):
    list_them = "from importlib.metadata import distributions as d; [print(x.name, x.version, sep='=') for x in d()]"
    found = names(texts[image, "python"])
    assert found == dict(line.split("=", 1) for line in inside(image, "python", "-c", list_them).splitlines())
    assert some <= {name.lower() for name in found}


def test_the_bill_of_nginx_lists_swagger_ui(texts):
    assert list(names(texts["nginx", "python"])) == ["flask-openapi3-swagger"]


def test_the_bills_are_the_same_each_time(texts):
    must("scripts/sbom.sh", "api")
    for kind in ("debian", "python"):
        assert path("api", kind).read_text() == texts["api", kind]
