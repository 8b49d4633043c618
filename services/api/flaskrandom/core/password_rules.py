"""Apple's password rules, the text of the HTML attribute ``passwordrules``.

Follows Apple's description (Customizing Password AutoFill Rules) and WebKit's parser: in a custom class only printable
ASCII counts, and a hyphen only in the first place; a closing bracket belongs to the class if another follows it. What
that parser silently ignores, for instance an unknown property, is an error here.
"""

import re
from string import ascii_lowercase, ascii_uppercase, digits
from typing import NamedTuple

from .alphabets import PRINTABLE

_CLASSES = {
    "upper": ascii_uppercase,
    "lower": ascii_lowercase,
    "digit": digits,
    "special": "".join(char for char in PRINTABLE if not char.isalnum()),
    "ascii-printable": PRINTABLE,
    "unicode": PRINTABLE,
}

_SPACE = re.compile(r"[ \f\n\r\t]*")
_NAME = re.compile(r"[A-Za-z-]+")
_NUMBER = re.compile(r"[0-9]{1,9}")
# Up to the first closing bracket, or the second of two.
_OWN_CLASS = re.compile(r"\[([^\]]*\]?)\]")


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

    def take(self, form: re.Pattern[str]) -> re.Match[str] | None:
        found = form.match(self.text, self.at)
        if found:
            self.at = _SPACE.match(self.text, found.end()).end()  # type: ignore[union-attr]
        return found

    def take_char(self, char: str) -> bool:
        return self.take(re.compile(re.escape(char))) is not None

    def fail(self, wanted: str) -> ValueError:
        found = repr(self.text[self.at]) if self.at < len(self.text) else "its end"
        return ValueError(f"character {self.at + 1}: {wanted} is expected, not {found}")

    def classes(self) -> set[str]:
        """Read classes separated by commas, and return their characters."""
        chars: set[str] = set()
        while True:
            start = self.at
            if found := self.take(_OWN_CLASS):
                chars.update(char for char in found[1][:1] + found[1][1:].replace("-", "") if char in PRINTABLE)
            elif (name := self.take(_NAME)) and name[0].lower() in _CLASSES:
                chars.update(_CLASSES[name[0].lower()])
            else:
                self.at = start
                raise self.fail("upper, lower, digit, special, ascii-printable, unicode or [characters]")
            if not self.take_char(","):
                return chars

    def number(self) -> int:
        if found := self.take(_NUMBER):
            return int(found[0])
        raise self.fail("a number")


def parse(text: str) -> PasswordRules:
    """Read password rules.

    Raises:
        ValueError: They cannot be read; the message says where.
    """
    reader = _Reader(text)
    reader.take(_SPACE)
    allowed: set[str] = set()
    required: list[str] = []
    numbers: dict[str, list[int]] = {"minlength": [], "maxlength": [], "max-consecutive": []}
    while reader.at < len(text):
        start = reader.at
        name = reader.take(_NAME)
        if not name or (name[0] not in numbers and name[0] not in ("allowed", "required")):
            reader.at = start
            raise reader.fail("allowed, required, minlength, maxlength or max-consecutive")
        if not reader.take_char(":"):
            raise reader.fail("a colon")
        if reader.at == len(text) or text[reader.at] == ";":
            pass  # requires nothing
        elif name[0] in numbers:
            numbers[name[0]].append(reader.number())
        else:
            chars = reader.classes()
            allowed |= chars
            if name[0] == "required" and chars:
                required.append("".join(sorted(chars)))
        if reader.at < len(text) and not reader.take_char(";"):
            raise reader.fail("a semicolon")
    return PasswordRules(
        "".join(sorted(allowed)) or PRINTABLE,
        list(dict.fromkeys(required)),
        max([1, *numbers["minlength"]]),
        min(numbers["maxlength"], default=None),
        min((run for run in numbers["max-consecutive"] if run), default=None),
    )
