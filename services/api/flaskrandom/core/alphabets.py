"""The character classes, and what may be done to them before anything is counted or drawn."""

from collections.abc import Set
from itertools import filterfalse
from string import ascii_lowercase, ascii_uppercase, digits

from .checks import named

DIGITS, LOWER, UPPER = digits, ascii_lowercase, ascii_uppercase
DEFAULT_SPECIAL = "!@#$"

PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))

# The order is the order of the contract's fields, and of every class tuple in the core.
CLASSES = ("digits", "lower", "upper", "special")

SIMILAR = "0Oo1lI|"
"""What ``exclude_similar`` removes: zero and both letters O; one, small L, capital I and the bar."""

MAX_ALPHABET = 4096
"""Most code points in a custom alphabet. A draw rejects at most one in sixteen up to here."""

MAX_SPECIAL = 128
"""Most special characters; with the other classes they still fit the 256 values of a byte."""


def printable_once(text: str) -> str | None:
    """Say what is wrong with a set of characters: one not printable, or one given twice."""
    if not text.isprintable():
        bad = next(char for char in text if not char.isprintable())
        return f"{named(bad)} is not a printable character"
    if len(set(text)) < len(text):
        twice = next(char for char in text if text.count(char) > 1)
        return f"{named(twice)} is given more than once; each character would not be equally likely"
    return None


def without(text: str, excluded: Set[str]) -> str:
    """Return ``text`` less the excluded characters, in the same order."""
    if not excluded:
        return text
    return "".join(filterfalse(excluded.__contains__, text))
