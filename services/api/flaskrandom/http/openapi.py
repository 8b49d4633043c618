"""`/openapi.json`: OpenAPI 3.1.

Routes are in openapi.json beside this module, those of each kind in openapi.kind.json. Names, types, defaults, limits
and descriptions of fields come from the types that decode requests and encode responses.
"""

import json
import re
from functools import cache
from pathlib import Path

import msgspec
from flask import Blueprint, Response, request
from msgspec import Struct

from .. import __version__
from ..annotations import Schema, field_schemas
from ..config import Config
from ..kinds import KINDS, Kind, examples
from . import access, article, health, verify
from .responses import JSON, Problem
from .v1 import MEDIA, Estimate

HERE = Path(__file__).parent


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
    more: Schema = named["with a key for series"] if config.series_key_file else {}
    paths: Schema = {}
    for kind in KINDS:
        requests = kind.request(config), kind.estimate_request(config), kind.stream_request(config)
        types += [*requests, kind.answer]
        if kind.has_series:
            types.append(kind.verify_request(config))
        paths |= _paths_of(kind, *requests, named[kind.name] | more.get(kind.name, {}))
    document["paths"] = paths | document["paths"]
    verification = document["paths"][verify.PATH]["post"]["requestBody"]["content"][JSON]
    verification["examples"] |= _named(more.get("verify", {}))
    document["tags"][:0] = [{"name": kind.name, "description": kind.summary} for kind in KINDS]
    components = document["components"]
    _, components["schemas"] = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    if config.api_keys_file:
        for path in document["paths"].keys() - access.OPEN:
            for operation in document["paths"][path].values():
                # Either scheme is enough.
                operation["security"] = [{scheme: []} for scheme in components["securitySchemes"]]
                operation["responses"]["401"] = {"$ref": "#/components/responses/401"}
    else:
        del components["securitySchemes"], components["responses"]["401"]
    return document


def _named(examples: Schema) -> Schema:
    return {what: {"value": value} for what, value in examples.items()}


def _paths_of(kind: Kind, draw: type[Struct], estimate: type[Struct], stream: type[Struct], examples: Schema) -> Schema:
    """The routes of a kind: openapi.kind.json with its names, fields, examples and formats."""
    names = {"KIND": kind.name, "SUMMARY": kind.summary, "ANSWER": kind.answer.__name__}
    names |= {"DRAW": draw.__name__, "ESTIMATE": estimate.__name__, "STREAM": stream.__name__}
    template = (HERE / "openapi.kind.json").read_text()
    paths: Schema = json.loads(re.sub(r"\{([A-Z]+)\}", lambda found: names[found[1]], template))
    drawn, streamed = paths[f"/api/v1/{kind.name}"], paths[f"/api/v1/{kind.name}/stream"]
    drawn["get"]["parameters"], streamed["get"]["parameters"] = _parameters(draw), _parameters(stream)
    for operations in paths.values():
        operations["post"]["requestBody"]["content"][JSON]["examples"] = _named(examples)
    files: Schema = {media: {"schema": {"type": "string"}} for media in MEDIA.values()}
    files[MEDIA["xlsx"]] = {}  # binary content has no schema (OpenAPI 3.1, 4.8.14.1)
    for operation in streamed.values():
        operation["responses"]["200"]["content"] = files
    return paths


def _parameters(asked: type[Struct]) -> list[Schema]:
    """The fields of a request as query parameters. A query omits a field instead of sending null."""
    return [
        {"name": name, "in": "query", "description": schema.pop("description", ""), "schema": schema}
        for name, schema in field_schemas(asked).items()
    ]
