"""`make sbom`: valid CycloneDX, and whatever is in an image is in its bills."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.stack import ROOT, SERVICES, must

pytestmark = pytest.mark.local


def path(service: str, kind: str) -> Path:
    return ROOT / "dist" / f"flaskrandom-{service}.{kind}.cdx.json"


@pytest.fixture(scope="module")
def texts(stack) -> dict[tuple[str, str], str]:
    """It needs the images that `stack` builds."""
    must("scripts/sbom.sh", *SERVICES)
    return {(service, kind): path(service, kind).read_text() for service in SERVICES for kind in ("debian", "python")}


@pytest.fixture(params=SERVICES)
def service(request) -> str:
    return request.param


def names(text: str) -> dict[str, str]:
    """Name and version of what is installed: sources are in the bill, too."""
    return {
        part["name"]: part["version"] for part in json.loads(text)["components"] if "arch=source" not in part["purl"]
    }


def fault(text: str) -> object:
    """What keeps a bill from being valid, or None. The validator takes three seconds to import."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)


@pytest.mark.parametrize("kind", ["debian", "python"])
def test_they_keep_to_the_standard(texts, kind):
    assert fault(texts["api", kind]) is None


def test_control_the_validator_finds_what_is_wrong(texts):
    spoilt = texts["api", "python"].replace('"type": "library"', '"type": "lybrary"', 1)
    assert fault(spoilt) is not None


def test_it_is_of_the_image_that_runs(texts, service, stack):
    image = stack.container(service).inspect()["Image"]
    assert json.loads(texts[service, "debian"])["metadata"]["component"]["version"] == image


def test_every_debian_package_is_in_it(texts, service, stack):
    said = stack.container(service).must("dpkg-query", "--show", "--showformat", "${Package}=${Version}\n")
    assert names(texts[service, "debian"]) == dict(line.split("=", 1) for line in said.splitlines())


def test_every_python_package_is_in_it(texts, stack):
    list_them = "from importlib.metadata import distributions as d; [print(x.name, x.version, sep='=') for x in d()]"
    said = stack.api.must("python", "-c", list_them)
    found = names(texts["api", "python"])
    assert found == dict(line.split("=", 1) for line in said.splitlines())
    assert {"flask", "gunicorn", "supervisor"} <= {name.lower() for name in found}
    assert list(names(texts["nginx", "python"])) == ["flask-openapi3-swagger"]


def test_they_are_the_same_each_time(texts):
    must("scripts/sbom.sh", "api")
    for kind in ("debian", "python"):
        assert path("api", kind).read_text() == texts["api", kind]
