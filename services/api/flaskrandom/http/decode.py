"""From a request to a spec: the query of a GET or the JSON of a POST, with the same names in both.

The fast way lets msgspec decode and check in one go. Only when that fails is each field looked at by
itself, so that the answer can name every wrong one.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

import msgspec
from flask import Request

from ..annotations import choices, in_words, plain_types
from ..core import Impossible, Invalid, TooComplex

Spec = TypeVar("Spec", bound=msgspec.Struct)

NOT_JSON = "the body must be a JSON object, sent with the header Content-Type: application/json"
QUERY_IN_POST = "a POST takes its fields from the body alone; leave the query out of the address"

#: A problem names so many fields, and so much of each name, that it stays in proportion to its request.
MAX_NAMED = 20
MAX_NAME = 64


class Unreadable(ValueError):
    """The request is not of the form that was asked for at all; no single field is to blame."""


class Decoder(Generic[Spec]):
    """Decodes requests into one type of spec."""

    def __init__(self, spec: type[Spec], check: Callable[[Spec], Any] = lambda _: None) -> None:
        """
        Args:
            spec: what to decode into.
            check: raises core.Invalid for what types cannot say. Asked here only where something is wrong
                anyway, so that one answer names it all.
        """
        self._spec = spec
        self._check = check
        self._from_json = msgspec.json.Decoder(spec)
        self._fields = {field.encode_name: field for field in msgspec.structs.fields(spec)}
        self._texts = {name: _text_test(field.type) for name, field in self._fields.items()}

    def decode(self, request: Request) -> Spec:
        """The spec that `request` asks for.

        Raises:
            Unreadable: the body is not a JSON object, or the query is not UTF-8.
            core.Invalid: fields are missing, unknown, repeated, of the wrong type or beyond their limits;
                all of them are named.
        """
        return self._from_body(request) if request.method == "POST" else self._from_query(request)

    def _from_body(self, request: Request) -> Spec:
        if request.query_string:
            raise Unreadable(QUERY_IN_POST)
        if not request.is_json:
            raise Unreadable(NOT_JSON)
        body = request.get_data(cache=False)
        try:
            try:
                return self._from_json.decode(body)
            except msgspec.ValidationError:
                values = msgspec.json.decode(body)  # JSON so far, but not the fields that are wanted
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Unreadable(f"{NOT_JSON}: {error}") from None
        if not isinstance(values, dict):
            raise Unreadable(NOT_JSON)
        raise Invalid(self._wrong(values, strict=True))

    def _from_query(self, request: Request) -> Spec:
        try:
            pairs = parse_qsl(request.query_string.decode("ascii"), keep_blank_values=True, errors="strict")
        except UnicodeDecodeError:
            raise Unreadable("the query must be percent-encoded UTF-8") from None
        values = dict(pairs)
        if len(values) < len(pairs):
            raise Invalid(_repeated(pairs))
        try:
            if all(self._texts[name](value) for name, value in values.items()):
                return msgspec.convert(values, self._spec, strict=False)
        except (KeyError, msgspec.ValidationError):
            pass  # say which field
        raise Invalid(self._wrong(values, strict=False))

    def _wrong(self, values: dict[str, Any], strict: bool) -> list[tuple[str, str]]:
        """Each field of `values` that is missing, unknown or not as its type wants it."""
        wrong = [
            (name, f"is missing; it must be {in_words(field.type)}")
            for name, field in self._fields.items()
            if field.required and name not in values
        ]
        for name, value in values.items():
            if len(wrong) == MAX_NAMED:
                break
            field = self._fields.get(name)
            if field is None:
                wrong.append((name[:MAX_NAME], self._no_such_field(name[:MAX_NAME])))
            elif not ((strict or self._texts[name](value)) and _fits(value, field.type, strict)):
                wrong.append((name, f"must be {in_words(field.type)}"))
        named = {name for name, _ in wrong}
        rest = {name: value for name, value in values.items() if name in self._fields and name not in named}
        return (wrong + [(name, message) for name, message in self._also(rest, strict) if name not in named])[
            :MAX_NAMED
        ]

    def _also(self, values: dict[str, Any], strict: bool) -> list[tuple[str, str]]:
        """What is wrong with fields that have the right types."""
        try:
            self._check(msgspec.convert(values, self._spec, strict=strict))
        except msgspec.ValidationError:
            pass  # a field that must be there is not
        except (Impossible, TooComplex):
            pass  # may be so only because the wrong fields are left out
        except Invalid as invalid:
            return invalid.errors
        return []

    def _no_such_field(self, name: str) -> str:
        close = get_close_matches(name, self._fields, n=1)
        return f"there is no such field; did you mean {close[0]}?" if close else "there is no such field"


def _repeated(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    seen: set[str] = set()
    repeated: dict[str, None] = {}
    for name, _ in pairs:
        if name in seen:
            repeated[name[:MAX_NAME]] = None
        seen.add(name)
    return [(name, "is given more than once") for name in list(repeated)[:MAX_NAMED]]


def _fits(value: Any, kind: Any, strict: bool) -> bool:
    try:
        msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError:
        return False
    return True


def _text_test(kind: Any) -> Callable[[str], bool]:
    """Whether a text from a query can stand for a value of this type.

    msgspec alone would take "1e2" and "2.0" for whole numbers, and "null" for no choice at all.
    """
    allowed = choices(kind)
    if allowed:
        return frozenset(map(str, allowed)).__contains__
    return _is_whole if int in plain_types(kind) else _is_any


def _is_whole(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdecimal()


def _is_any(_: str) -> bool:
    return True
