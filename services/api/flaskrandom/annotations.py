"""What a field of a spec is, read from its annotation: `Annotated[int | None, Meta(description=...)]`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from msgspec import Meta


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
    """What a value must be, for a person: `a whole number from 1 to 1000`."""
    allowed = choices(kind)
    if allowed:
        return "one of " + ", ".join(map(str, allowed))
    types = plain_types(kind)
    if bool in types:
        return "true or false"
    if int not in types:
        return "text"
    least = next((meta.ge for meta in metas(kind) if meta.ge is not None), None)
    most = next((meta.le for meta in metas(kind) if meta.le is not None), None)
    if most is None:
        return "a whole number" if least is None else f"a whole number of {least} or more"
    return f"a whole number from {least} to {most}"
