"""`/openapi.json`: OpenAPI 3.1, made from the very types that decode requests and encode answers.

Nothing about a field is written here: name, type, default, limits and description come from its type.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from ..annotations import Schema, field_schemas
from ..config import Config
from ..kinds import KINDS, answer_limits, stream_limits
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

REFUSED = "No API key was sent, or one that is not valid; `WWW-Authenticate` says which."

TAGS = [
    {"name": "checksums", "description": "Checking what was drawn with a checksum"},
    {"name": "article", "description": "The routes of the article that this began with"},
    {"name": "operation", "description": "For those who run it"},
]

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
    paths: dict[str, Any] = {}
    types: list[type[msgspec.Struct]] = [Problem]

    def add(
        path: str,
        tag: str,
        operation: str,
        summary: str,
        responses: Schema,
        asked: type[msgspec.Struct] | None = None,
        examples: dict[str, Any] | None = None,
    ) -> None:
        """Describe one operation: a POST with JSON if it has examples of it, otherwise a GET."""
        described: Schema = {"operationId": operation, "tags": [tag], "summary": summary}
        method = "post" if examples else "get"
        if examples and asked:
            types.append(asked)
            named = {name: {"value": value} for name, value in examples.items()}
            content = {JSON: {"schema": _ref(asked), "examples": named}}
            described["requestBody"] = {"required": True, "content": content}
        elif asked:
            described["parameters"] = _parameters(asked)
        if asked:
            errors = {status: {"$ref": f"#/components/responses/{status}"} for status in ERRORS}
            for status in () if examples else ("413", "415"):
                del errors[status]  # of a body
            responses = errors | responses
        described["responses"] = responses
        if config.api_keys_file and path not in access.OPEN:
            described["security"] = [{scheme: []} for scheme in KEY_SCHEMES]
            described["responses"] |= {"401": _problem(REFUSED)}
        paths.setdefault(path, {})[method] = described

    def json(description: str, body: type[msgspec.Struct]) -> Schema:
        types.append(body)
        return {"description": description, "content": {JSON: {"schema": _ref(body)}}}

    files: Schema = {media.type: {"schema": {"type": "string"}} for media in MEDIA.values()}
    files[MEDIA["xlsx"].type] = {}  # binary content has no schema (OpenAPI 3.1, 4.8.14.1)
    file = {"200": {"description": "A file with the values.", "content": files}}
    for kind in KINDS:
        name, path = kind.name, f"/api/v1/{kind.name}"
        request, stream = kind.request(answer_limits(config)), kind.stream_request(stream_limits(config))
        values, figures = {"200": json("The values.", kind.answer)}, {"200": json("The figures.", Estimate)}
        add(path, name, f"get_{name}", kind.summary, values, request)
        add(path, name, f"post_{name}", f"{kind.summary}, asked for in JSON", values, request, kind.examples)
        summary = "How strong values would be, with none drawn"
        add(f"{path}/estimate", name, f"post_{name}_estimate", summary, figures, stream, kind.examples)
        summary = "Download up to MAX_STREAM_COUNT values"
        add(f"{path}/stream", name, f"get_{name}_stream", summary, file, stream)
        summary = "Download, asked for in JSON"
        add(f"{path}/stream", name, f"post_{name}_stream", summary, file, stream, kind.examples)

    verified = {"200": json("Whether they are right.", Verification)}
    card = {"a valid card number": {"value": "4111 1111 1111 1111", "checksum": "luhn"}}
    add("/api/v1/verify", "checksums", "verify", "Check a value's check characters", verified, Verify, card)

    hello = {"200": {"description": "Hello.", "content": {"text/html": {"schema": {"type": "string"}}}}}
    add("/", "article", "hello", "The article's hello", hello)
    drawn = {"200": json("The strings, or `fail` beyond the article's limits.", article.Answer)}
    drawn["400"] = json("What is wrong, in the article's form.", article.Failure)
    flags = dict.fromkeys(article.CLASSES, True)
    asked = {"as in the article": {"intlen": 16, "intnum": 3, **flags}}
    add("/getrandomstr", "article", "getrandomstr", "The article's random strings", drawn, article.Request, asked)
    # The article's form has no status of its own for these.
    for status in ("415", "422"):
        del paths["/getrandomstr"]["post"]["responses"][status]
    for path, question in {"/healthz": "Is it alive?", "/readyz": "Can it do its work?"}.items():
        said = {"200": json("Yes.", health.Status), "503": {"description": "No."}}
        add(path, "operation", path[1:], question, said)

    _, schemas = msgspec.json.schema_components(types, ref_template=REFERENCE)
    components = {"schemas": schemas, "responses": {status: _problem(meaning) for status, meaning in ERRORS.items()}}
    if config.api_keys_file:
        components["securitySchemes"] = KEY_SCHEMES
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
        "tags": [{"name": kind.name, "description": kind.summary} for kind in KINDS] + TAGS,
        "paths": paths,
        "components": components,
    }


def _parameters(asked: type[msgspec.Struct]) -> list[Schema]:
    """The fields of a request as query parameters. A query says "none" by leaving the field out."""
    return [
        {"name": name, "in": "query", "description": schema.pop("description", ""), "schema": schema}
        for name, schema in field_schemas(asked).items()
    ]


def _problem(meaning: str) -> Schema:
    return {"description": meaning, "content": {PROBLEM: {"schema": _ref(Problem)}}}


def _ref(type_: type[msgspec.Struct]) -> Schema:
    return {"$ref": REFERENCE.format(name=type_.__name__)}
