"""Validators of OpenAPI and JSON Schema, imported only when they are used, because that takes a second."""

from __future__ import annotations

import sys
from typing import Any

# Otherwise jsonschema spends three seconds on a grammar of IRIs, which neither OpenAPI 3.1 nor the API uses.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def check_document(document: dict[str, Any]) -> None:
    """Check that the document is valid OpenAPI."""
    from openapi_spec_validator import validate

    validate(document)


def check_value(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> None:
    """Check that `value` conforms to `schema`, which belongs to the document."""
    import jsonschema

    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(value)
