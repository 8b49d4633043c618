"""`/openapi.json`: OpenAPI 3.1, made from the very types that decode requests and encode answers.

Nothing about a field is written here: name, type, default, limits and description come from its type.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from ..config import Config
from ..kinds import KINDS, Kind, answer_limits, stream_limits
from . import access, article, health
from .bodies import MEDIA, Estimate, Problem, Verification, Verify
from .responses import JSON, PROBLEM

REFERENCE = "#/components/schemas/{name}"

ERRORS = {
    "400": "The request is not understood; `errors` names each wrong field.",
    "413": "The body is larger than 64 KiB.",
    "415": "The body is compressed: it must be sent without `Content-Encoding`.",
    "414": "The address is longer than 8 KiB; send the fields by POST.",
    "422": "Each field is fine, but no value meets them together, or finding one would be too complex.",
    "429": "More requests than this client may send; wait as long as `Retry-After` says.",
    "503": "Not now: the application is starting, or other streams hold the memory. `Retry-After` says when.",
}

#: Either will do. Described only where keys are asked for.
KEY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer frk_…`."},
    "header": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same in a header of its own.",
    },
}

Schema = dict[str, Any]


def blueprint(config: Config) -> Blueprint:
    """The route."""
    routes = Blueprint("openapi", __name__)

    @cache  # it never changes while the process lives, and most processes are never asked
    def document() -> bytes:
        return msgspec.json.format(msgspec.json.encode(describe(config)), indent=1) + b"\n"

    @routes.get("/openapi.json")
    def openapi() -> Response:
        response = Response(document(), headers={"Cache-Control": "no-cache"}, content_type=JSON)
        response.add_etag()
        response.make_conditional(request)
        return response

    return routes


def describe(config: Config) -> Schema:
    """The description of the API under the limits of `config`, ready to be encoded as JSON."""
    schemas = _schemas(config)
    paths: dict[str, Any] = {}
    for kind in KINDS:
        paths |= _paths_of(kind, config, schemas)
    paths |= _verify_path() | _article_paths() | _health_paths()
    components = {"schemas": schemas, "responses": _problems()}
    if config.api_keys_file:
        components["securitySchemes"] = KEY_SCHEMES
        _ask_for_keys(paths)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "flaskrandom",
            "version": "1",
            "summary": "Random strings, exactly uniform under any constraint.",
            "description": "Every answer carries `X-Request-Id`. Nothing that was drawn is stored or logged.",
        },
        # Relative to this document: right under any path that another proxy serves the instance at.
        "servers": [{"url": "."}],
        "tags": [{"name": kind.name, "description": kind.summary} for kind in KINDS]
        + [
            {"name": "checksums", "description": "Checking what was drawn with a checksum"},
            {"name": "article", "description": "The routes of the article that this began with"},
            {"name": "operation", "description": "For those who run it"},
        ],
        "paths": paths,
        "components": components,
    }


def _schemas(config: Config) -> dict[str, Schema]:
    """JSON Schema of every type that is asked for or answered."""
    types = [Estimate, Verify, Verification, Problem, article.Request, article.Answer, article.Failure, health.Status]
    for kind in KINDS:
        types += [kind.request(answer_limits(config)), kind.stream_request(stream_limits(config)), kind.answer]
    _, schemas = msgspec.json.schema_components(types, ref_template=REFERENCE)
    return schemas


def _paths_of(kind: Kind, config: Config, schemas: dict[str, Schema]) -> dict[str, Any]:
    request, stream_request = kind.request(answer_limits(config)), kind.stream_request(stream_limits(config))
    values = _responses("The values.", {JSON: {"schema": _ref(kind.answer)}})
    figures = _responses("The figures.", {JSON: {"schema": _ref(Estimate)}})
    files = {media.type: {"schema": {"type": "string"}} for media in MEDIA.values()}
    # Binary content has no schema (OpenAPI 3.1, 4.8.14.1).
    files[MEDIA["xlsx"].type] = {}
    stream = _responses("A file with the values.", files)

    def operation(name: str, summary: str, responses: Schema) -> Schema:
        return {"operationId": name, "tags": [kind.name], "summary": summary, "responses": responses}

    def get(name: str, summary: str, asked: type[msgspec.Struct], responses: Schema) -> Schema:
        return operation(f"get_{name}", summary, responses) | {"parameters": _parameters(schemas[asked.__name__])}

    def post(name: str, summary: str, asked: type[msgspec.Struct], responses: Schema) -> Schema:
        return operation(f"post_{name}", summary, responses) | {"requestBody": _body(asked, kind.examples)}

    return {
        f"/api/v1/{kind.name}": {
            "get": get(kind.name, kind.summary, request, values),
            "post": post(kind.name, f"{kind.summary}, asked for in JSON", request, values),
        },
        f"/api/v1/{kind.name}/estimate": {
            "post": post(
                f"{kind.name}_estimate", "How strong values would be, with none drawn", stream_request, figures
            ),
        },
        f"/api/v1/{kind.name}/stream": {
            "get": get(f"{kind.name}_stream", "Download up to MAX_STREAM_COUNT values", stream_request, stream),
            "post": post(f"{kind.name}_stream", "Download, asked for in JSON", stream_request, stream),
        },
    }


def _parameters(schema: Schema) -> list[Schema]:
    """The fields of a request as query parameters."""
    parameters = []
    for name, described in schema["properties"].items():
        field = dict(described)
        description = field.pop("description", "")
        # A query says "none" by leaving the field out.
        if "anyOf" in field:
            (not_null,) = [choice for choice in field.pop("anyOf") if choice != {"type": "null"}]
            field |= not_null
        if field.get("default", "") is None:
            del field["default"]
        parameters.append({"name": name, "in": "query", "description": description, "schema": field})
    return parameters


def _verify_path() -> dict[str, Any]:
    examples = {"a valid card number": {"value": "4111 1111 1111 1111", "checksum": "luhn"}}
    return {
        "/api/v1/verify": {
            "post": {
                "operationId": "verify",
                "tags": ["checksums"],
                "summary": "Check a value's check characters",
                "requestBody": _body(Verify, examples),
                "responses": _responses("Whether they are right.", {JSON: {"schema": _ref(Verification)}}),
            }
        }
    }


def _article_paths() -> dict[str, Any]:
    html = {"text/html": {"schema": {"type": "string"}}}
    drawn = {JSON: {"schema": _ref(article.Answer)}}
    wrong = {JSON: {"schema": _ref(article.Failure)}}
    asked = {"intlen": 16, "intnum": 3, "withnum": True, "withlow": True, "withup": True, "withspecial": True}
    responses = _responses("The strings, or `fail` beyond the article's limits.", drawn)
    responses["400"] = {"description": "What is wrong, in the article's form.", "content": wrong}
    del responses["422"]
    return {
        "/": {
            "get": {
                "operationId": "hello",
                "tags": ["article"],
                "summary": "The article's hello",
                "responses": {"200": {"description": "Hello.", "content": html}},
            }
        },
        "/getrandomstr": {
            "post": {
                "operationId": "getrandomstr",
                "tags": ["article"],
                "summary": "The article's random strings",
                "requestBody": _body(article.Request, {"as in the article": asked}),
                "responses": responses,
            }
        },
    }


def _health_paths() -> dict[str, Any]:
    def check(name: str, summary: str) -> Schema:
        answers = {JSON: {"schema": _ref(health.Status)}}
        return {
            "get": {
                "operationId": name,
                "tags": ["operation"],
                "summary": summary,
                "responses": {"200": {"description": "Yes.", "content": answers}, "503": {"description": "No."}},
            }
        }

    return {"/healthz": check("healthz", "Is it alive?"), "/readyz": check("readyz", "Can it do its work?")}


def _ask_for_keys(paths: dict[str, Any]) -> None:
    """Say of every operation that needs a key that it does, and what comes back without one."""
    refused = _problem("No API key was sent, or one that is not valid; `WWW-Authenticate` says which.")
    for path in paths.keys() - access.OPEN:
        for operation in paths[path].values():
            operation["security"] = [{scheme: []} for scheme in KEY_SCHEMES]
            operation["responses"]["401"] = refused


def _body(asked: type[msgspec.Struct], examples: dict[str, dict[str, Any]]) -> Schema:
    named = {name: {"value": value} for name, value in examples.items()}
    return {"required": True, "content": {JSON: {"schema": _ref(asked), "examples": named}}}


def _responses(description: str, content: Schema) -> Schema:
    return {"200": {"description": description, "content": content}} | {
        status: {"$ref": f"#/components/responses/{status}"} for status in ERRORS
    }


def _problems() -> Schema:
    return {status: _problem(meaning) for status, meaning in ERRORS.items()}


def _problem(meaning: str) -> Schema:
    return {"description": meaning, "content": {PROBLEM: {"schema": _ref(Problem)}}}


def _ref(type_: type[msgspec.Struct]) -> Schema:
    return {"$ref": REFERENCE.format(name=type_.__name__)}
