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
    tokens = re.findall(r"\?.?|.", pattern, re.DOTALL)
    different = dict.fromkeys(tokens)
    for token in different:
        known = token[0] != "?" or token in meanings
        if not known or not token.isprintable():
            at = f"character {len(''.join(tokens[: tokens.index(token)])) + 1}"
            unknown = f"{at}: {token!r} is not known; use ?d ?l ?u ?s ?h ?H ?a, or ?? for a question mark"
            raise Invalid([("pattern", f"{at}, {named(token)}, is not printable" if known else unknown)])
    drawn = {meanings[token] for token in different.keys() & meanings.keys() - {"??"}}
    meanings = dict(zip(different, different, strict=True)) | meanings
    return [meanings[token] for token in tokens], drawn
