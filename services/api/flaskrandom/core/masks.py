"""Masks: the characters allowed at each position, in hashcat's mask syntax."""

import re
from collections.abc import Set

from .alphabets import without
from .errors import named

HEX_LOWER = "0123456789abcdef"
HEX_UPPER = "0123456789ABCDEF"

# A question mark with what it applies to, or a literal.
_tokens = re.compile(r"\?.?|.", re.DOTALL).findall


def parse(pattern: str, classes: dict[str, str], excluded: Set[str]) -> tuple[list[str], set[str]]:
    """Return the characters of each position of the mask, and which of these are drawn.

    ``classes`` gives the characters of digits, lower, upper and special, less those ``excluded``; the
    hexadecimal digits lose them here. Raises ValueError, with a message for people, for a mask that
    cannot be read.
    """
    meanings = {
        "?d": classes["digits"],
        "?l": classes["lower"],
        "?u": classes["upper"],
        "?s": classes["special"],
        "?h": without(HEX_LOWER, excluded),
        "?H": without(HEX_UPPER, excluded),
        "?a": "".join(classes.values()),
    }
    tokens = _tokens(pattern)
    # A mask may have thousands of places: parse each distinct token once.
    different = set(tokens)
    drawn = {meanings[token] for token in different & meanings.keys()}
    literals = different - meanings.keys() - {"??"}
    together = "".join(literals)
    if "?" in together or not together.isprintable():
        bad = next(token for token in tokens if token in literals and ("?" in token or not token.isprintable()))
        place = 1 + sum(map(len, tokens[: tokens.index(bad)]))
        if bad.startswith("?"):
            known = "use ?d ?l ?u ?s ?h ?H ?a, or ?? for a question mark"
            raise ValueError(f"character {place}: {bad!r} is not known; {known}")
        raise ValueError(f"character {place}, {named(bad)}, is not printable")
    meanings.update(zip(literals, literals, strict=True))
    meanings["??"] = "?"
    return [meanings[token] for token in tokens], drawn
