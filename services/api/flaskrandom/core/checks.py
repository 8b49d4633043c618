"""Checks of texts that no type can express, and how messages show a character."""

import unicodedata

from .errors import Problems


def check_printable(name: str, text: str, problems: Problems) -> None:
    """Add a problem if ``text`` holds a character that is not printable."""
    if not text.isprintable():
        bad = next(char for char in text if not char.isprintable())
        problems.add(name, f"must hold printable characters only, not {named(bad)}")


def require_printable(**texts: str) -> None:
    """Raise Invalid that names each field whose text holds a character that is not printable."""
    problems = Problems()
    for name, text in texts.items():
        check_printable(name, text, problems)
    problems.stop_if_any()


def named(char: str) -> str:
    """A character in quotes, or its code point and name if it is not visible."""
    if unicodedata.category(char)[0] not in "MCZ" or char == " ":
        return repr(char)
    return f"U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip()
