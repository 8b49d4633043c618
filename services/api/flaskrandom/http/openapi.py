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
    paths |= _other_paths()
    components = {"schemas": schemas, "responses": {status: _problem(meaning) for status, meaning in ERRORS.items()}}
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
    name, values = kind.name, _responses("The values.", _json(kind.answer))
    files = {media.type: {"schema": {"type": "string"}} for media in MEDIA.values()}
    # Binary content has no schema (OpenAPI 3.1, 4.8.14.1).
    files[MEDIA["xlsx"].type] = {}
    stream = _responses("A file with the values.", files)

    def get(what: str, summary: str, asked: type[msgspec.Struct], responses: Schema) -> Schema:
        parameters = {"parameters": _parameters(schemas[asked.__name__])}
        return {"get": _operation(f"get_{what}", name, summary, responses) | parameters}

    def post(what: str, summary: str, asked: type[msgspec.Struct], responses: Schema) -> Schema:
        body = {"requestBody": _body(asked, kind.examples)}
        return {"post": _operation(f"post_{what}", name, summary, responses) | body}

    return {
        f"/api/v1/{name}": get(name, kind.summary, request, values)
        | post(name, f"{kind.summary}, asked for in JSON", request, values),
        f"/api/v1/{name}/estimate": post(
            f"{name}_estimate",
            "How strong values would be, with none drawn",
            stream_request,
            _responses("The figures.", _json(Estimate)),
        ),
        f"/api/v1/{name}/stream": get(
            f"{name}_stream", "Download up to MAX_STREAM_COUNT values", stream_request, stream
        )
        | post(f"{name}_stream", "Download, asked for in JSON", stream_request, stream),
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


def _other_paths() -> dict[str, Any]:
    """Verify, the article's routes and the health checks."""
    card = {"value": "4111 1111 1111 1111", "checksum": "luhn"}
    asked = {"intlen": 16, "intnum": 3, "withnum": True, "withlow": True, "withup": True, "withspecial": True}
    verified = _responses("Whether they are right.", _json(Verification))
    drawn = _responses("The strings, or `fail` beyond the article's limits.", _json(article.Answer))
    drawn["400"] = {"description": "What is wrong, in the article's form.", "content": _json(article.Failure)}
    # The article's form has no status of its own for these.
    del drawn["415"], drawn["422"]
    hello = {"200": {"description": "Hello.", "content": {"text/html": {"schema": {"type": "string"}}}}}
    health_check = {"200": {"description": "Yes.", "content": _json(health.Status)}, "503": {"description": "No."}}
    return {
        "/api/v1/verify": {
            "post": _operation("verify", "checksums", "Check a value's check characters", verified)
            | {"requestBody": _body(Verify, {"a valid card number": card})}
        },
        "/": {"get": _operation("hello", "article", "The article's hello", hello)},
        "/getrandomstr": {
            "post": _operation("getrandomstr", "article", "The article's random strings", drawn)
            | {"requestBody": _body(article.Request, {"as in the article": asked})}
        },
        "/healthz": {"get": _operation("healthz", "operation", "Is it alive?", health_check)},
        "/readyz": {"get": _operation("readyz", "operation", "Can it do its work?", health_check)},
    }


def _operation(name: str, tag: str, summary: str, responses: Schema) -> Schema:
    return {"operationId": name, "tags": [tag], "summary": summary, "responses": responses}


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


def _problem(meaning: str) -> Schema:
    return {"description": meaning, "content": {PROBLEM: {"schema": _ref(Problem)}}}


def _json(type_: type[msgspec.Struct]) -> Schema:
    return {JSON: {"schema": _ref(type_)}}


def _ref(type_: type[msgspec.Struct]) -> Schema:
    return {"$ref": REFERENCE.format(name=type_.__name__)}
