"""OpenAPI and JSON Schema by their own validators. These take a second to import: only who needs them waits."""

from __future__ import annotations

import sys
from typing import Any

# With it, jsonschema would compile a grammar of IRIs for three seconds; no schema of OpenAPI 3.1 or the API uses them.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def check_document(document: dict[str, Any]) -> None:
    """The document is valid OpenAPI."""
    from openapi_spec_validator import validate

    validate(document)


def check_value(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> None:
    """`value` is as `schema` of the document says, to the letter."""
    import jsonschema

    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(value)
