"""The core's errors: one exception names every wrong field at once."""

import unicodedata
from collections.abc import Iterable


class Invalid(ValueError):
    """A request that cannot be met.

    ``errors`` holds ``(field, message)`` pairs, one for each wrong field, in plain words.
    """

    def __init__(self, errors: Iterable[tuple[str, str]]):
        self.errors = list(errors)
        super().__init__("; ".join(f"{field}: {message}" for field, message in self.errors))


class Impossible(Invalid):
    """Each field is fine by itself, but no value, or too few values, meet them together."""


class TooComplex(Invalid):
    """Possible, but exact counting or drawing would exceed the core's limits on work."""


class NoSeriesKey(Invalid):
    """A series is requested, but there is no series key."""


def refuse(errors: Iterable[tuple[str, str]], kind: type[Invalid] = Invalid) -> None:
    """Raise all errors at once, if there are any."""
    if errors := list(errors):
        raise kind(errors)


def unprintable(field: str, text: str) -> list[tuple[str, str]]:
    """The error of a field whose text holds a character that is not printable; none for other texts."""
    bad = "" if text.isprintable() else [char for char in text if not char.isprintable()]
    return [(field, f"must hold printable characters only, not {named(char)}") for char in bad[:1]]


def named(char: str) -> str:
    """A character in quotes, or its code point and name if it is not visible."""
    if unicodedata.category(char)[0] not in "MCZ" or char == " ":
        return repr(char)
    return f"U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip()
