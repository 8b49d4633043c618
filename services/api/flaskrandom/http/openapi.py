"""`/openapi.json`: OpenAPI 3.1. The fixed parts are in openapi.json beside this module.

The rest is generated from the types that decode requests and encode responses: name, type, default, limits and
description of each field. examples.json has runnable examples of each kind.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from .. import __version__
from ..annotations import Schema, field_schemas
from ..config import Config
from ..kinds import KINDS, Kind, answer_limits, examples, stream_limits
from . import access, article, health, verify
from .responses import JSON, Problem
from .v1 import MEDIA, Estimate

HERE = Path(__file__).parent

REFERENCE = "#/components/schemas/{name}"

ERRORS = {status: {"$ref": f"#/components/responses/{status}"} for status in ("400", "414", "422", "429", "503")}
#: Responses to unacceptable bodies.
BODY_ERRORS = {status: {"$ref": f"#/components/responses/{status}"} for status in ("413", "415")}


def blueprint(config: Config) -> Blueprint:
    """The `/openapi.json` route."""
    routes = Blueprint("openapi", __name__)

    @cache  # constant, and most processes never need it
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
    document: Schema = json.loads((HERE / "openapi.json").read_bytes())
    document["info"]["version"] = __version__
    named = examples()
    types = [Estimate, verify.Verify, verify.Verification, verify.Verifications, Problem, health.Status]
    types += [article.Request, article.Answer, article.Failure]
    more: dict[str, Any] = named["with a key for series"] if config.series_key_file else {}
    paths: dict[str, Any] = {}
    for kind in KINDS:
        types += [*_requests(kind, config), kind.answer]
        if kind.has_series:
            types.append(kind.verify_request(config))
        paths |= _paths_of(kind, *_requests(kind, config), named[kind.name] | more.get(kind.name, {}))
    document["paths"] = paths | document["paths"]
    verification = document["paths"][verify.PATH]["post"]["requestBody"]["content"][JSON]
    verification["examples"] |= _named(more.get("verify", {}))
    document["tags"][:0] = [{"name": kind.name, "description": kind.summary} for kind in KINDS]
    components = document["components"]
    _, components["schemas"] = msgspec.json.schema_components(types, ref_template=REFERENCE)
    if config.api_keys_file:
        for path in document["paths"].keys() - access.OPEN:
            for operation in document["paths"][path].values():
                # Either scheme is enough.
                operation["security"] = [{scheme: []} for scheme in components["securitySchemes"]]
                operation["responses"]["401"] = {"$ref": "#/components/responses/401"}
    else:
        del components["securitySchemes"], components["responses"]["401"]
    return document


def _requests(kind: Kind, config: Config) -> tuple[Any, Any, Any]:
    """Request types of a draw, an estimate and a stream."""
    limits = stream_limits(config)
    return kind.request(answer_limits(config)), kind.estimate_request(limits), kind.stream_request(limits)


def _named(examples: dict[str, Any]) -> Schema:
    return {what: {"value": value} for what, value in examples.items()}


def _paths_of(
    kind: Kind, request: Any, estimate_request: Any, stream_request: Any, examples: dict[str, Any]
) -> dict[str, Any]:
    name, path = kind.name, f"/api/v1/{kind.name}"
    named = _named(examples)
    files: Schema = {media.type: {"schema": {"type": "string"}} for media in MEDIA.values()}
    files[MEDIA["xlsx"].type] = {}  # binary content has no schema (OpenAPI 3.1, 4.8.14.1)

    def get(what: str, summary: str, asked: Any, answer: Schema) -> Schema:
        operation = {"operationId": f"get_{what}", "tags": [name], "summary": summary}
        return operation | {"parameters": _parameters(asked), "responses": {"200": answer} | ERRORS}

    def post(what: str, summary: str, asked: Any, answer: Schema) -> Schema:
        operation = {"operationId": f"post_{what}", "tags": [name], "summary": summary}
        body = {"required": True, "content": {JSON: {"schema": _ref(asked), "examples": named}}}
        return operation | {"requestBody": body, "responses": {"200": answer} | ERRORS | BODY_ERRORS}

    values, file = _json("The values.", kind.answer), {"description": "A file with the values.", "content": files}
    figures = _json("The figures.", Estimate)
    return {
        path: {
            "get": get(name, kind.summary, request, values),
            "post": post(name, f"{kind.summary}, asked for in JSON", request, values),
        },
        f"{path}/estimate": {
            "post": post(f"{name}_estimate", "How strong values would be, with none drawn", estimate_request, figures)
        },
        f"{path}/stream": {
            "get": get(f"{name}_stream", "Download up to MAX_STREAM_COUNT values", stream_request, file),
            "post": post(f"{name}_stream", "Download, asked for in JSON", stream_request, file),
        },
    }


def _parameters(asked: type[msgspec.Struct]) -> list[Schema]:
    """The fields of a request as query parameters. A query omits a field instead of sending null."""
    return [
        {"name": name, "in": "query", "description": schema.pop("description", ""), "schema": schema}
        for name, schema in field_schemas(asked).items()
    ]


def _json(description: str, body: type[msgspec.Struct]) -> Schema:
    return {"description": description, "content": {JSON: {"schema": _ref(body)}}}


def _ref(type_: type[msgspec.Struct]) -> Schema:
    return {"$ref": REFERENCE.format(name=type_.__name__)}
