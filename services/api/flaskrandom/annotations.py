"""What the fields of a msgspec type allow: read from their annotations, put into words, and checked one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Meta

from .core import Impossible, Invalid, TooComplex

Spec = TypeVar("Spec", bound=msgspec.Struct)

#: An error names at most so many fields, and so many characters of a name, to stay in proportion to its request.
MAX_NAMED = 20
MAX_NAME = 64


def plain_types(kind: Any) -> tuple[type, ...]:
    """The plain types in an annotation: `Annotated[int | None, ...]` gives int and NoneType."""
    if get_origin(kind) is Literal:
        return tuple({type(value) for value in get_args(kind)})
    if hasattr(kind, "__metadata__"):
        return plain_types(get_args(kind)[0])
    arguments = get_args(kind)
    if not arguments:
        return (kind,)
    return tuple(plain for argument in arguments for plain in plain_types(argument))


def choices(kind: Any) -> tuple[Any, ...]:
    """The values that a Literal in an annotation allows; none when it holds no Literal."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(value for argument in get_args(kind) for value in choices(argument))


def metas(kind: Any) -> Iterator[Meta]:
    """Every Meta in an annotation, the outermost first."""
    yield from (meta for meta in getattr(kind, "__metadata__", ()) if isinstance(meta, Meta))
    if get_origin(kind) is not Literal:
        for argument in get_args(kind):
            yield from metas(argument)


def description(kind: Any) -> str:
    """What the annotation says of the field; empty when it says nothing."""
    return next((meta.description for meta in metas(kind) if meta.description), "")


def in_words(kind: Any) -> str:
    """What a value must be, for a person: `a whole number from 1 to 1000`, `text of at most 256 characters`."""
    allowed = choices(kind)
    if allowed:
        return "one of " + ", ".join(map(str, allowed))
    types = plain_types(kind)
    if bool in types:
        return "true or false"
    if int in types:
        least, most = _bound(kind, "ge"), _bound(kind, "le")
        if most is not None:
            return f"a whole number from {least} to {most}"
        return "a whole number" if least is None else f"a whole number of {least} or more"
    least, most = _bound(kind, "min_length"), _bound(kind, "max_length")
    if most is None:
        return "text" if least is None else f"text of at least {least} {_characters(least)}"
    return f"text of {'at most' if least is None else f'{least} to'} {most} {_characters(most)}"


def _bound(kind: Any, name: str) -> int | None:
    return next((bound for meta in metas(kind) if (bound := getattr(meta, name)) is not None), None)


def _characters(number: int) -> str:
    return "character" if number == 1 else "characters"


class Fields(Generic[Spec]):
    """Converts named values into a spec, or says what is wrong with each of them.

    msgspec checks them all in one step. Only when that fails is each field looked at by itself.

    Args:
        spec: the type to convert to.
        check: raises core.Invalid for what types cannot express. Called only when a field is wrong, so that one
            answer names every error.
    """

    def __init__(self, spec: type[Spec], check: Callable[[Spec], object] = lambda _: None) -> None:
        self._spec = spec
        self._check = check
        self._fields = {field.encode_name: field for field in msgspec.structs.fields(spec)}
        self._texts = {name: _text_test(field.type) for name, field in self._fields.items()}
        self._tested = {name: test for name, test in self._texts.items() if test}

    def from_values(self, values: Mapping[str, Any]) -> Spec:
        """The spec with these values, which have the types of JSON.

        Raises:
            core.Invalid: fields are missing, unknown, of the wrong type or beyond their limits; all are named.
        """
        try:
            return msgspec.convert(values, self._spec)
        except msgspec.ValidationError:
            raise Invalid(self._wrong(values, strict=True)) from None

    def from_texts(self, values: Mapping[str, str]) -> Spec:
        """The same for values that are text, as in a query.

        Raises:
            core.Invalid: as in `from_values`.
        """
        tested = self._tested
        try:
            if all(tested[name](text) for name, text in values.items() if name in tested):
                return msgspec.convert(values, self._spec, strict=False)
        except msgspec.ValidationError:
            pass
        raise Invalid(self._wrong(values, strict=False))

    def _wrong(self, values: Mapping[str, Any], strict: bool) -> list[tuple[str, str]]:
        """Each field of `values` that is missing, unknown or not what its type allows."""
        wrong = [
            (name, f"is missing; it must be {in_words(field.type)}")
            for name, field in self._fields.items()
            if field.required and name not in values
        ]
        for name, value in values.items():
            field = self._fields.get(name)
            if field is None:
                wrong.append((name[:MAX_NAME], self._no_such_field(name[:MAX_NAME])))
            elif not self._fits(name, value, strict):
                wrong.append((name, f"must be {in_words(field.type)}"))
            if len(wrong) >= MAX_NAMED:
                return wrong[:MAX_NAMED]
        named = {name for name, _ in wrong}
        rest = {name: value for name, value in values.items() if name in self._fields and name not in named}
        also = [(name, message) for name, message in self._also(rest, strict) if name not in named]
        return [*wrong, *also][:MAX_NAMED]

    def _fits(self, name: str, value: Any, strict: bool) -> bool:
        test = self._texts[name]
        if not strict and test is not None and not test(value):
            return False
        try:
            msgspec.convert(value, self._fields[name].type, strict=strict)
        except msgspec.ValidationError:
            return False
        return True

    def _also(self, values: Mapping[str, Any], strict: bool) -> list[tuple[str, str]]:
        """What `check` says of the fields that have the right types."""
        try:
            self._check(msgspec.convert(values, self._spec, strict=strict))
        except msgspec.ValidationError:
            pass  # a required field is missing
        except (Impossible, TooComplex):
            pass  # possibly only because the wrong fields are left out
        except Invalid as invalid:
            return invalid.errors
        return []

    def _no_such_field(self, name: str) -> str:
        close = get_close_matches(name, self._fields, n=1)
        return f"there is no such field; did you mean {close[0]}?" if close else "there is no such field"


def _text_test(kind: Any) -> Callable[[str], bool] | None:
    """Whether a text from a query can stand for a value of this type; None when any text can.

    msgspec alone would take "1e2" and "2.0" for whole numbers, and "null" for no choice at all.
    """
    allowed = choices(kind)
    if allowed:
        return frozenset(map(str, allowed)).__contains__
    return _is_whole if int in plain_types(kind) else None


def _is_whole(text: str) -> bool:
    return text.isdecimal() if text[:1] != "-" else text[1:].isdecimal()
