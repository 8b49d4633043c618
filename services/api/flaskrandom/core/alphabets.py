"""Character classes, and operations on sets of characters."""

from collections.abc import Set
from itertools import filterfalse
from string import ascii_lowercase, ascii_uppercase, digits

from .errors import named

DIGITS, LOWER, UPPER = digits, ascii_lowercase, ascii_uppercase
DEFAULT_SPECIAL = "!@#$"

PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))

# The API's fields have this order.
CLASSES = {"digits": DIGITS, "lower": LOWER, "upper": UPPER, "special": DEFAULT_SPECIAL}

SIMILAR = "0Oo1lI|"
"""What ``exclude_similar`` removes: zero and both letters O; one, small L, capital I and the bar."""

MAX_ALPHABET = 4096
"""Most code points in a custom alphabet. Up to here a draw rejects at most one in sixteen."""

MAX_SPECIAL = 128
"""Most special characters; with the other classes they still fit the 256 values of a byte."""


def printable_once(text: str) -> str | None:
    """Describe the fault of a set of characters: one is not printable or is given twice."""
    if not text.isprintable():
        bad = next(char for char in text if not char.isprintable())
        return f"{named(bad)} is not a printable character"
    if len(set(text)) < len(text):
        twice = next(char for char in text if text.count(char) > 1)
        return f"{named(twice)} is given more than once; each character would not be equally likely"
    return None


def without(text: str, excluded: Set[str]) -> str:
    """Return ``text`` less the excluded characters, in the same order."""
    return text if not excluded else "".join(filterfalse(excluded.__contains__, text))
