"""The core's errors: one exception names every wrong field at once."""

import unicodedata
from collections.abc import Iterable


class Invalid(ValueError):
    """A request that cannot be met.

    ``errors`` holds ``(field, message)`` pairs, one for each wrong field, in plain words.
    """

    def __init__(self, errors: Iterable[tuple[str, str]]):
        self.errors = [(field, message) for field, message in errors]
        super().__init__("; ".join(f"{field}: {message}" for field, message in self.errors))


class Impossible(Invalid):
    """Each field is fine by itself, but no value, or too few values, meet them together."""


class TooComplex(Invalid):
    """Possible, but exact counting or drawing would exceed the core's limits on work."""


class NoSeriesKey(Invalid):
    """A series is requested, but there is no series key."""

    def __init__(self) -> None:
        super().__init__([("series", "this server has no key for series; its operator can set SERIES_KEY_FILE")])


class Problems:
    """Collects ``(field, message)`` pairs, so that a caller learns of all of them at once."""

    def __init__(self) -> None:
        self._errors: list[tuple[str, str]] = []

    def add(self, field: str, message: str) -> None:
        self._errors.append((field, message))

    def check_printable(self, field: str, text: str) -> None:
        """Add a problem if ``text`` holds a character that is not printable."""
        if not text.isprintable():
            bad = next(char for char in text if not char.isprintable())
            self.add(field, f"must hold printable characters only, not {named(bad)}")

    def __bool__(self) -> bool:
        return bool(self._errors)

    def __contains__(self, field: str) -> bool:
        return any(name == field for name, _ in self._errors)

    def stop_if_any(self, kind: type[Invalid] = Invalid) -> None:
        """Raise all problems at once, if there are any."""
        if self._errors:
            raise kind(self._errors)


def require_printable(field: str, text: str) -> None:
    """Raise Invalid if ``text`` holds a character that is not printable."""
    problems = Problems()
    problems.check_printable(field, text)
    problems.stop_if_any()


def named(char: str) -> str:
    """A character in quotes, or its code point and name if it is not visible."""
    if unicodedata.category(char)[0] not in "MCZ" or char == " ":
        return repr(char)
    return f"U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip()
