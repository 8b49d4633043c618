"""`/openapi.json` is valid OpenAPI 3.1, says what the routes do, and every example in it runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cases.v1 import KINDS, address
from flaskrandom import __version__, create_app
from flaskrandom.config import Config
from support.openapi import check_document, check_value

APP = create_app(Config(series_key_file=Path(__file__).parent / "series_key"))
DOCUMENT = APP.test_client().get("/openapi.json").json

# The document itself and the routes for nginx or operators are not part of the API.
NOT_DESCRIBED = {"/openapi.json", "/docs", "/metrics"}

OPERATIONS = [
    (method, path, operation) for path, item in DOCUMENT["paths"].items() for method, operation in item.items()
]
EXAMPLES = {
    f"{method.upper()} {path}: {name}": (path, operation, example["value"])
    for method, path, operation in OPERATIONS
    if "requestBody" in operation
    for name, example in operation["requestBody"]["content"]["application/json"].get("examples", {}).items()
}
PARAMETERS = {
    f"{path}?{parameter['name']}": (path, parameter)
    for method, path, operation in OPERATIONS
    for parameter in operation.get("parameters", ())
}

# A value for each parameter without a default, with the other fields it needs.
SAMPLES: dict[str, dict[str, Any]] = {
    "length": {"length": 5},
    "alphabet": {"alphabet": "abc"},
    "first": {"first": "lower"},
    "last": {"last": "digits"},
    "max_repeat": {"max_repeat": 2},
    "regex": {"regex": "[a-f]+"},
    "max_length": {"max_length": 5, "regex": "[a-f]+"},
    "rules": {"rules": "required: lower; required: digit"},
    "bits": {"bits": 64},
    "pattern": {"pattern": "?d?d"},
    "checksum": {"checksum": "luhn", "lower": False, "upper": False},
    "group": {"group": 4},
    "separator": {"separator": "/", "group": 4},
    "series": {"series": "spring"},
}


@pytest.fixture(scope="module")
def client():
    return APP.test_client()


def check_schema(value: Any, schema: dict[str, Any]) -> None:
    """Check that `value` matches `schema` of the document exactly."""
    check_value(value, schema, DOCUMENT)


def response(operation: dict[str, Any], status: int) -> dict[str, Any]:
    described = operation["responses"][str(status)]
    if "$ref" in described:
        return DOCUMENT["components"]["responses"][described["$ref"].rpartition("/")[2]]
    return described


def check_described(answer, operation: dict[str, Any]) -> None:
    """Check that status, media type and body are among those that the operation describes."""
    content = response(operation, answer.status_code)["content"]
    assert answer.content_type in content
    if answer.is_json:
        check_schema(answer.json, content[answer.content_type]["schema"])


ROOT = Path(__file__).parents[3]
#: Files that name the version, and how many times.
VERSIONS = {
    "docs/testing.md": 1,
    "docs/deploy.md": 3,
    "deploy/kubernetes/overlays/production/kustomization.yaml": 2,
    "deploy/kubernetes/smoke/kustomization.yaml": 2,
}


def test_every_file_has_the_version_of_the_changelog():
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.findall(r"^## \[([0-9.]+)\]", changelog, re.MULTILINE)[0] == DOCUMENT["info"]["version"] == __version__
    for page, times in VERSIONS.items():
        named = re.findall(r"(?:TAG=|newTag: |ref: v|flaskrandom-\w+:)(\d[\d.]+\d)", (ROOT / page).read_text())
        assert named == [__version__] * times, page


def test_the_document_is_valid_openapi():
    check_document(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1.")


def test_the_document_is_json_that_caches_must_revalidate(client):
    answer = client.get("/openapi.json")
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_every_route_is_described():
    routes = {
        (method.lower(), rule.rule)
        for rule in APP.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule not in NOT_DESCRIBED
    }
    assert {(method, path) for method, path, _ in OPERATIONS} == routes


def test_every_operation_has_a_unique_id_and_a_summary():
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] for _, _, operation in OPERATIONS)
    known = {tag["name"] for tag in DOCUMENT["tags"]}
    assert all(set(operation["tags"]) <= known for _, _, operation in OPERATIONS)


def test_every_body_has_examples():
    with_body = {(method, path) for method, path, operation in OPERATIONS if "requestBody" in operation}
    assert {tuple(name.split(": ")[0].lower().split(" ", 1)) for name in EXAMPLES} == with_body


@pytest.mark.parametrize(("path", "operation", "value"), EXAMPLES.values(), ids=EXAMPLES)
def test_every_example_runs(client, path, operation, value):
    check_schema(value, operation["requestBody"]["content"]["application/json"]["schema"])
    answer = client.post(path, json=value)
    assert answer.status_code == 200
    check_described(answer, operation)


@pytest.mark.parametrize(("path", "parameter"), PARAMETERS.values(), ids=PARAMETERS)
def test_every_parameter_is_accepted(client, path, parameter):
    name, schema = parameter["name"], parameter["schema"]
    fields = {name: schema["default"]} if "default" in schema else SAMPLES[name]
    check_schema(fields[name], schema)
    answer = client.get(address(path.removeprefix("/api/v1/"), fields))
    assert answer.status_code == 200
    check_described(answer, DOCUMENT["paths"][path]["get"])


def test_every_schema_has_a_title_and_a_description():
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema["title"] == name
        assert schema["description"], name


@pytest.mark.parametrize("path", [path for method, path, operation in OPERATIONS if "requestBody" in operation])
def test_a_request_body_describes_every_field_and_allows_no_others(path):
    operation = DOCUMENT["paths"][path]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    for either in body.get("anyOf", [body]):
        schema = DOCUMENT["components"]["schemas"][either["$ref"].rpartition("/")[2]]
        # The article's route ignores unknown fields; the others refuse them.
        assert schema.get("additionalProperties", True) is (path == "/getrandomstr")
        assert schema["properties"]
        assert [field for field, about in schema["properties"].items() if not about.get("description")] == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["", "/stream"])
def test_get_and_post_have_the_same_fields(kind, suffix):
    item = DOCUMENT["paths"][f"/api/v1/{kind}{suffix}"]
    reference = item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    body = DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]]["properties"]
    query = {parameter["name"]: parameter for parameter in item["get"]["parameters"]}
    assert list(query) == list(body)
    for name, parameter in query.items():
        assert parameter["in"] == "query"
        assert not parameter.get("required")
        assert parameter["schema"].get("default") == body[name].get("default")


def limits(document: dict[str, Any], path: str, name: str) -> tuple[int | None, int | None]:
    (schema,) = [p["schema"] for p in document["paths"][path]["get"]["parameters"] if p["name"] == name]
    return schema.get("minimum"), schema.get("maximum")


def test_the_limits_follow_the_settings():
    app = create_app(Config(max_length=33, max_count=44, max_stream_count=55))
    document = app.test_client().get("/openapi.json").json
    assert limits(document, "/api/v1/strings", "length") == (1, 33)
    assert limits(document, "/api/v1/strings/stream", "length") == (1, 33)
    for kind in KINDS:
        assert limits(document, f"/api/v1/{kind}", "count") == (1, 44)
        assert limits(document, f"/api/v1/{kind}/stream", "count") == (1, 55)


NUMBERS = {
    name: (path, parameter["name"])
    for name, (path, parameter) in PARAMETERS.items()
    if parameter["schema"].get("type") == "integer" and "/stream" not in path
}


@pytest.mark.parametrize(("path", "name"), NUMBERS.values(), ids=NUMBERS)
def test_the_described_limits_are_the_real_ones(client, path, name):
    """The limit itself is accepted, the next value is refused, and no limit is missing."""
    least, most = limits(DOCUMENT, path, name)

    def refused(value: int) -> bool:
        fields = {"length": 5, "special": True, "group": 4} if path.endswith("strings") else {}
        if name == "max_length":
            fields = {"regex": "a{1,3}"}
        if name == "offset":
            fields = {"series": "spring"}
        answer = client.get(address(path.removeprefix("/api/v1/"), {**fields, name: value}))
        return answer.status_code == 400 and name in {error["field"] for error in answer.json["errors"]}

    if path.endswith("integers") and name in ("min", "max"):
        least, most = least or -(2**1024) + 1, most or 2**1024 - 1  # far beyond what JSON readers keep exact
        assert refused(least - 1) or refused(most + 1)
        return
    assert least is not None
    assert not refused(least)
    assert refused(least - 1)
    if most is not None:
        assert not refused(most)
        assert refused(most + 1)
    else:
        assert not refused(10**18), "the API has a maximum that the document does not name"


def test_the_choices_are_described(client):
    """The document lists the values of every field with a fixed set of values."""
    said = {
        (path, parameter["name"]): parameter["schema"]["enum"]
        for path, parameter in PARAMETERS.values()
        if "enum" in parameter["schema"]
    }
    assert said["/api/v1/tokens", "encoding"] == ["base32", "base64", "base64url", "hex"]
    assert said["/api/v1/uuids", "version"] == [4, 7]
    assert said["/api/v1/strings/stream", "format"] == ["csv", "ndjson", "text", "xlsx"]
    assert "luhn" in said["/api/v1/strings", "checksum"]


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/api/v1/strings?length=0", {}),
        ("GET", "/api/v1/strings/stream?colour=blue", {}),
        ("POST", "/api/v1/strings", {"json": {"length": 2, "min_digits": 3}}),
        ("POST", "/api/v1/tokens", {"data": b"{"}),
        ("POST", "/api/v1/strings/estimate", {"json": {"length": 2, "min_digits": 3}}),
        ("POST", "/getrandomstr", {"json": {}}),
        ("POST", "/api/v1/verify", {"json": {"value": 1}}),
    ],
)
def test_every_error_answer_is_described(client, method, path, options):
    operation = DOCUMENT["paths"][re.sub(r"\?.*", "", path)][method.lower()]
    check_described(client.open(path, method=method, **options), operation)


def test_streams_are_described_as_text_or_as_binary(client):
    """There are four media types. Binary content has no schema in OpenAPI 3.1."""
    content = DOCUMENT["paths"]["/api/v1/strings/stream"]["get"]["responses"]["200"]["content"]
    types = {
        form: client.get(f"/api/v1/strings/stream?format={form}").content_type
        for form in ("text", "ndjson", "csv", "xlsx")
    }
    assert set(types.values()) == set(content)
    assert content.pop(types["xlsx"]) == {}
    assert all(media["schema"] == {"type": "string"} for media in content.values())


def test_addresses_are_relative():
    """Relative addresses work under any path of another proxy."""
    assert DOCUMENT["servers"] == [{"url": "."}]


def test_a_client_with_a_current_copy_gets_304(client):
    answer = client.get("/openapi.json")
    tag, weak = answer.headers["ETag"], f"W/{answer.headers['ETag']}"
    for known in (tag, weak, f'"other", {weak}'):
        again = client.get("/openapi.json", headers={"If-None-Match": known})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert client.get("/openapi.json", headers={"If-None-Match": '"other"'}).status_code == 200


def test_examples_of_series_appear_only_with_a_series_key():
    without = create_app(Config()).test_client().get("/openapi.json").json

    def examples(document, path):
        return document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["examples"]

    for path in ("/api/v1/strings", "/api/v1/integers", "/api/v1/verify"):
        assert examples(without, path).keys() < examples(DOCUMENT, path).keys()
