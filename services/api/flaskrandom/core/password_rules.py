"""Apple's password rules, the text of the HTML attribute ``passwordrules``.

Follows Apple's description (Customizing Password AutoFill Rules) and WebKit's parser: in a custom class only printable
ASCII counts, and a hyphen only in the first place; a closing bracket belongs to the class if another follows it. What
that parser silently ignores, for instance an unknown property, is an error here; only characters beyond ASCII are
ignored beside others, as sites' rules have such classes.
"""

import re
from string import ascii_lowercase, ascii_uppercase, digits
from typing import NamedTuple

from .alphabets import PRINTABLE
from .errors import Invalid, named

_CLASSES = {
    "upper": ascii_uppercase,
    "lower": ascii_lowercase,
    "digit": digits,
    "special": "".join(char for char in PRINTABLE if not char.isalnum()),
    "ascii-printable": PRINTABLE,
    "unicode": PRINTABLE,
}

# A custom class ends at the first closing bracket, or the second of two.
_NAME = r"(allowed|required|minlength|maxlength|max-consecutive)(?![A-Za-z-])"
_CLASS = rf"\[([^\]]*\]?)\]|(?i:({'|'.join(_CLASSES)})(?![A-Z-]))"
_EXPECTED = {
    _NAME: "allowed, required, minlength, maxlength or max-consecutive",
    _CLASS: "upper, lower, digit, special, ascii-printable, unicode or [characters]",
    "[0-9]{1,9}": "a number",
    ":": "a colon",
    ";": "a semicolon",
}


class PasswordRules(NamedTuple):
    """Parsed password rules.

    Attributes:
        allowed: The characters that may occur, by code point.
        required: Sets of characters; one of each set must occur.
        shortest: Minimum length, or 1.
        longest: Maximum length, or None.
        run: Longest allowed run of one character, or None.
    """

    allowed: str
    required: list[str]
    shortest: int
    longest: int | None
    run: int | None


class _Reader:
    """A text and the reading position."""

    def __init__(self, text: str):
        self.text, self.at = text, 0

    def take(self, form: str) -> re.Match[str] | None:
        """Read what has this form, and the white space after it; None if something else stands here."""
        found = re.compile(rf"(?:{form})[ \f\n\r\t]*", re.ASCII).match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found

    def expect(self, form: str) -> re.Match[str]:
        if found := self.take(form):
            return found
        there = repr(self.text[self.at]) if self.at < len(self.text) else "its end"
        raise Invalid([("rules", f"character {self.at + 1}: {_EXPECTED[form]} is expected, not {there}")])

    def classes(self) -> set[str]:
        """Read classes separated by commas, and return their characters."""
        chars: set[str] = set()
        while True:
            found = self.expect(_CLASS)
            (own, name), wrong = found.groups(default=""), ""
            if "-" in own[1:]:
                wrong = "a hyphen must stand first; there are no ranges: write lower, upper or digit, or all characters"
            elif own and set(own).isdisjoint(PRINTABLE):
                wrong = f"only printable ASCII counts, not {named(own[0])}; for other characters use regex or alphabet"
            if wrong:
                raise Invalid([("rules", f"character {found.start() + 1}: in [{own[:40]}] {wrong}")])
            chars.update(_CLASSES.get(name.lower(), own))
            if not self.take(","):
                return chars.intersection(PRINTABLE)


def parse(text: str) -> PasswordRules:
    """Read password rules.

    Raises:
        Invalid: They cannot be read; the message says where.
    """
    reader = _Reader(text)
    reader.take("")
    allowed: set[str] = set()
    required: list[str] = []
    numbers: dict[str, list[int]] = {"minlength": [], "maxlength": [], "max-consecutive": []}
    while reader.at < len(text):
        name = reader.expect(_NAME)[1]
        reader.expect(":")
        if text[reader.at : reader.at + 1] in ("", ";"):
            pass  # requires nothing
        elif name in numbers:
            numbers[name].append(int(reader.expect("[0-9]{1,9}")[0]))
        else:
            chars = reader.classes()
            allowed |= chars
            if name == "required" and chars:
                required.append("".join(sorted(chars)))
        if reader.at < len(text):
            reader.expect(";")
    return PasswordRules(
        "".join(sorted(allowed)) or PRINTABLE,
        list(dict.fromkeys(required)),
        max([1, *numbers["minlength"]]),
        min(numbers["maxlength"], default=None),
        min((run for run in numbers["max-consecutive"] if run), default=None),
    )
