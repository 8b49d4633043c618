"""Masks: a pattern that says position by position what may stand there (hashcat's mask syntax)."""

HEX_LOWER = "0123456789abcdef"
HEX_UPPER = "0123456789ABCDEF"


def parse(pattern: str, classes: dict[str, str]) -> list[tuple[str, bool]]:
    """Return ``(characters, drawn)`` for each position of the mask.

    ``classes`` gives the characters of digits, lower, upper and special. ``drawn`` is false for a
    literal. Raises ValueError, with a message for people, for a mask that cannot be read.
    """
    meanings = {
        "d": classes["digits"],
        "l": classes["lower"],
        "u": classes["upper"],
        "s": classes["special"],
        "h": HEX_LOWER,
        "H": HEX_UPPER,
        "a": "".join(classes.values()),
    }
    positions, rest = [], iter(enumerate(pattern, 1))
    for place, char in rest:
        if char != "?":
            if not char.isprintable():
                raise ValueError(f"character {place}, U+{ord(char):04X}, is not printable")
            positions.append((char, False))
            continue
        _, letter = next(rest, (place, ""))
        if letter == "?":
            positions.append(("?", False))
        elif letter in meanings and letter:
            positions.append((meanings[letter], True))
        else:
            raise ValueError(
                f"character {place}: {'?' + letter!r} is not known; use ?d ?l ?u ?s ?h ?H ?a, or ?? for a question mark"
            )
    return positions
