"""The contract's constraints in a second, plain implementation for small alphabets.

It uses only the spec's fields and nothing else of the core, so a mistake goes unnoticed only if it is made twice.
"""

import re
from itertools import groupby, product
from string import ascii_lowercase, ascii_uppercase, digits, printable

EVERYTHING = "".join(char for char in printable if char.isprintable())


def classes(spec):
    full = {"digits": digits, "lower": ascii_lowercase, "upper": ascii_uppercase, "special": spec.special_chars}
    gone = set(spec.exclude) | (set("0Oo1lI|") if spec.exclude_similar else set())
    return {name: [char for char in chars if char not in gone] for name, chars in full.items() if getattr(spec, name)}


def mask_places(spec):
    """The characters allowed at each place of a mask."""
    gone = set(spec.exclude) | (set("0Oo1lI|") if spec.exclude_similar else set())
    sets = {
        "?d": digits, "?l": ascii_lowercase, "?u": ascii_uppercase, "?s": spec.special_chars,
        "?h": digits + "abcdef", "?H": digits + "ABCDEF",
        "?a": digits + ascii_lowercase + ascii_uppercase + spec.special_chars,
    }  # fmt: skip
    places, rest = [], spec.pattern
    while rest:
        size = 2 if rest[0] == "?" else 1
        token, rest = rest[:size], rest[size:]
        places.append([char for char in sets[token] if char not in gone] if token in sets else [token[-1]])
    return places


def longest_run(string):
    return max((len(list(run)) for _, run in groupby(string)), default=0)


def valid_strings(spec):
    """All strings that meet the constraints, found by checking every string."""
    if spec.pattern is not None:
        return {spec.prefix + "".join(string) + spec.suffix for string in product(*mask_places(spec))}
    allowed = classes(spec) if spec.alphabet is None else {"all": [c for c in spec.alphabet if c not in spec.exclude]}
    every = [char for chars in allowed.values() for char in chars]
    starts, ends = (
        every if names is None else {c for name in names.split(",") for c in allowed.get(name, ())}
        for names in (spec.first, spec.last)
    )
    words = [word.lower() for word in spec.exclude_words.split(",") if word]
    return {
        spec.prefix + "".join(string) + spec.suffix
        for string in product(every, repeat=spec.length)
        if all(
            sum(map(chars.__contains__, string)) >= getattr(spec, f"min_{name}", 0) for name, chars in allowed.items()
        )
        and (spec.max_repeat is None or longest_run(string) <= spec.max_repeat)
        and string[0] in starts
        and string[-1] in ends
        and not any(word in (spec.prefix + "".join(string) + spec.suffix).lower() for word in words)
    }


def all_but(kept):
    """The value of ``exclude`` that leaves only these characters."""
    return "".join(char for char in EVERYTHING if char not in kept)


def every_match(pattern, alphabet, longest):
    """All strings that match a regular expression, shorter ones first, then by code point."""
    matches = re.compile(pattern, re.ASCII).fullmatch
    return [
        value
        for length in range(longest + 1)
        for value in map("".join, product(sorted(alphabet), repeat=length))
        if matches(value)
    ]
