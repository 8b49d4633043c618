"""Rules of a msgspec type's fields, from its JSON Schema: described in words, and checked field by field."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

import msgspec

from .core import Impossible, Invalid, TooComplex

Spec = TypeVar("Spec", bound=msgspec.Struct)

Schema = dict[str, Any]

MAX_NAMED = 20  # fields that one error reports
MAX_NAME = 64  # characters shown of a field's name


def field_schemas(spec: type[msgspec.Struct]) -> dict[str, Schema]:
    """The JSON Schema of each field, by name, without its null alternative."""
    _, components = msgspec.json.schema_components([spec])
    return {name: _not_null(schema) for name, schema in components[spec.__name__]["properties"].items()}


def _not_null(schema: Schema) -> Schema:
    either = schema.pop("anyOf", ({},))
    (allowed,) = [choice for choice in either if choice != {"type": "null"}]
    if schema.get("default", "") is None:
        del schema["default"]
    return {**schema, **allowed}


def in_words(schema: Schema) -> str:
    """Describe the allowed values: `a whole number from 1 to 1000`, `text of at most 256 characters`."""
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if schema["type"] == "boolean":
        return "true or false"
    if schema["type"] == "array":
        items = "whole numbers" if schema["items"]["type"] == "integer" else "strings"
        return f"a list of {schema['minItems']} to {schema['maxItems']} {items}"
    if schema["type"] == "integer":
        least, most = schema.get("minimum"), schema.get("maximum")
        if most is not None:
            return f"a whole number from {least} to {most}"
        return "a whole number" if least is None else f"a whole number of {least} or more"
    least, most = schema.get("minLength"), schema.get("maxLength")
    characters = "character" if (most or least) == 1 else "characters"
    if most is None:
        return "text" if least is None else f"text of at least {least} {characters}"
    return f"text of {'at most' if least is None else f'{least} to'} {most} {characters}"


class Fields(Generic[Spec]):
    """Converts named values into a spec, or reports every wrong field.

    msgspec converts all fields at once. Only if that fails is each field checked by itself; those that pass then go
    through `check`, which raises core.Invalid for rules that types cannot express.
    """

    def __init__(self, spec: type[Spec], check: Callable[[Spec], object] = lambda _: None) -> None:
        self._spec = spec
        self._check = check
        self._fields = {field.encode_name: field for field in msgspec.structs.fields(spec)}
        self._schemas = field_schemas(spec)
        self._tests = {name: test for name, schema in self._schemas.items() if (test := _text_test(schema))}

    def from_values(self, values: Mapping[str, object]) -> Spec:
        """Convert values that have JSON types.

        Raises:
            core.Invalid: fields are missing, unknown, of the wrong type or beyond their limits; all are named.
        """
        try:
            return msgspec.convert(values, self._spec)
        except msgspec.ValidationError:
            raise Invalid(self._wrong(values, strict=True)) from None

    def from_texts(self, values: Mapping[str, str]) -> Spec:
        """Convert values that are text, as in a query; raises core.Invalid as `from_values` does."""
        tests = self._tests
        try:
            if all(tests[name](text) for name, text in values.items() if name in tests):
                return msgspec.convert(values, self._spec, strict=False)
        except msgspec.ValidationError:
            pass
        raise Invalid(self._wrong(values, strict=False))

    def _wrong(self, values: Mapping[str, object], strict: bool) -> list[tuple[str, str]]:
        """Errors of fields that are missing, unknown or not allowed; then those that `check` finds in the others."""
        wrong = [
            (name, f"is missing; it must be {in_words(self._schemas[name])}")
            for name, field in self._fields.items()
            if field.required and name not in values
        ]
        for name, value in values.items():
            if name not in self._fields:
                if self._spec.__struct_config__.forbid_unknown_fields:
                    wrong.append((name[:MAX_NAME], self._no_such_field(name[:MAX_NAME])))
            elif not self._fits(name, value, strict):
                wrong.append((name, f"must be {in_words(self._schemas[name])}"))
            if len(wrong) >= MAX_NAMED:
                return wrong[:MAX_NAMED]
        named = {name for name, _ in wrong}
        rest = {name: value for name, value in values.items() if name in self._fields and name not in named}
        try:
            self._check(msgspec.convert(rest, self._spec, strict=strict))
        except (msgspec.ValidationError, Impossible, TooComplex):
            pass  # a required field is missing, or the omitted fields may be the cause
        except Invalid as invalid:
            wrong += [(name, message) for name, message in invalid.errors if name not in named]
        return wrong[:MAX_NAMED]

    def _fits(self, name: str, value: object, strict: bool) -> bool:
        if not strict and name in self._tests and not self._tests[name](str(value)):
            return False
        try:
            msgspec.convert(value, self._fields[name].type, strict=strict)
        except msgspec.ValidationError:
            return False
        return True

    def _no_such_field(self, name: str) -> str:
        close = get_close_matches(name, self._fields, n=1)
        return f"there is no such field; did you mean {close[0]}?" if close else "there is no such field"


def _text_test(schema: Schema) -> Callable[[str], bool] | None:
    """Return a test for a query's text against the schema; None if every text passes.

    msgspec alone would accept "1e2" and "2.0" as whole numbers, and "null" as None.
    """
    if "enum" in schema:
        return frozenset(map(str, schema["enum"])).__contains__
    return (lambda text: text.removeprefix("-").isdecimal()) if schema["type"] == "integer" else None
