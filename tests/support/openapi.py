"""OpenAPI and JSON Schema by their own validators. These take three seconds to import: only who needs them waits."""

from __future__ import annotations

from typing import Any


def check_document(document: dict[str, Any]) -> None:
    """The document is valid OpenAPI."""
    from openapi_spec_validator import validate

    validate(document)


def check_value(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> None:
    """`value` is as `schema` of the document says, to the letter."""
    import jsonschema

    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(value)
