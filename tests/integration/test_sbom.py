"""`make sbom`: valid CycloneDX, and whatever is in an image is in its bill."""

from __future__ import annotations

import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from support.stack import ROOT, SERVICES, must

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def texts(stack) -> dict[str, str]:
    """It needs the images that `stack` builds."""
    must(".venv/bin/python", "scripts/sbom.py")
    return {service: (ROOT / "dist" / f"flaskrandom-{service}.cdx.json").read_text() for service in SERVICES}


@pytest.fixture(params=SERVICES)
def service(request) -> str:
    return request.param


@pytest.fixture
def bill(texts, service):
    return json.loads(texts[service])


def names(bill, kind: str) -> dict[str, str]:
    return {part["name"]: part["version"] for part in bill["components"] if part["purl"].startswith(f"pkg:{kind}/")}


def test_it_keeps_to_the_standard(texts, service):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(texts[service]) is None


def test_control_the_validator_finds_what_is_wrong(texts, service):
    spoilt = texts[service].replace('"type": "library"', '"type": "lybrary"', 1)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(spoilt) is not None


def test_it_is_of_the_image_that_runs(bill, service, stack):
    image = stack.container(service).inspect()["Image"]
    assert bill["metadata"]["component"]["version"].endswith(f"@{image}")


def test_every_debian_package_is_in_it(bill, service, stack):
    said = stack.container(service).must("dpkg-query", "--show", "--showformat", "${Package}=${Version}\n")
    assert names(bill, "deb") == dict(line.split("=", 1) for line in said.splitlines())


def test_every_python_package_is_in_it(texts, stack):
    list_them = "from importlib.metadata import distributions as d; [print(x.name, x.version, sep='=') for x in d()]"
    said = stack.api.must("python", "-c", list_them)
    found = names(json.loads(texts["api"]), "pypi")
    assert found == dict(line.split("=", 1) for line in said.splitlines())
    assert {"flask", "gunicorn", "supervisor"} <= {name.lower() for name in found}
    assert list(names(json.loads(texts["nginx"]), "pypi")) == ["flask-openapi3-swagger"]


def test_it_is_the_same_each_time(texts, service):
    must(".venv/bin/python", "scripts/sbom.py")
    assert (ROOT / "dist" / f"flaskrandom-{service}.cdx.json").read_text() == texts[service]
