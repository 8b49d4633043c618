"""Masks: the characters allowed at each position, in hashcat's mask syntax."""

import re
from collections.abc import Set

from .alphabets import without
from .errors import Invalid, named

HEX_LOWER = "0123456789abcdef"
HEX_UPPER = "0123456789ABCDEF"


def parse(pattern: str, classes: dict[str, str], excluded: Set[str]) -> tuple[list[str], set[str]]:
    """Return the characters of each position of the mask, and which of these are drawn.

    ``classes`` gives the characters of digits, lower, upper and special, less those ``excluded``; the
    hexadecimal digits lose them here. Raises Invalid for a mask that cannot be read.
    """
    meanings = {
        "?d": classes["digits"],
        "?l": classes["lower"],
        "?u": classes["upper"],
        "?s": classes["special"],
        "?h": without(HEX_LOWER, excluded),
        "?H": without(HEX_UPPER, excluded),
        "?a": "".join(classes.values()),
        "??": "?",
    }
    # Each is a question mark with what it applies to, or a literal.
    tokens, at = re.findall(r"\?.?|.", pattern, re.DOTALL), 1
    for token in tokens:
        if token[0] == "?" and token not in meanings:
            known = "use ?d ?l ?u ?s ?h ?H ?a, or ?? for a question mark"
            raise Invalid([("pattern", f"character {at}: {token!r} is not known; {known}")])
        if not token.isprintable():
            raise Invalid([("pattern", f"character {at}, {named(token)}, is not printable")])
        at += len(token)
    drawn = {meanings[token] for token in {*tokens} & meanings.keys() - {"??"}}
    return [meanings.get(token, token) for token in tokens], drawn
