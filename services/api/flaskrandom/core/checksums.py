"""Check characters: computed from a value, appended to it, and verified later.

A check character is a function of the others: it adds no entropy and removes none.
"""

from collections.abc import Callable, Iterable
from string import ascii_lowercase, ascii_uppercase, digits, punctuation
from typing import Any

ALPHANUMERIC = digits + ascii_uppercase

# str.upper() would also map the long s to S and the sharp s to SS.
_UPPER = str.maketrans(ascii_lowercase, ascii_uppercase)
_IGNORED = str.maketrans("", "", punctuation + " ")


class Scheme:
    """``characters`` that a value may hold, ``length`` of the check, and ``check(value)``."""

    def __init__(self, characters: frozenset[str], length: int, check: Callable[[str], str]):
        self.characters, self.length, self.check = characters, length, check


def _automaton(states: int, characters: str, step: Callable[[int, str], int]) -> list[Any]:
    """Build states as linked dictionaries: ``state[character]`` is the next state.

    ``step(state number, character)`` gives the next state's number; ``state["number"]`` is its own.
    """
    nodes: list[Any] = [{"number": number} for number in range(states)]
    for number, node in enumerate(nodes):
        for char in characters:
            node[char] = nodes[step(number, char)]
    return nodes


def _run(state: Any, characters: Iterable[str]) -> int:
    for char in characters:
        state = state[char]
    return int(state["number"])


# The digit sum of each doubled digit: 0246813579.
_DOUBLED = bytes(2 * d - 9 * (d > 4) for d in range(10))
_VALUES = bytes.maketrans(digits.encode(), bytes(range(10)))


def luhn(value: str) -> str:
    """Luhn's mod 10 (ISO/IEC 7812-1, Annex B).

    Detects any single wrong digit, and any adjacent transposition except 09 and 90.
    """
    figures = value.encode("ascii").translate(_VALUES)
    total = sum(figures[-1::-2].translate(_DOUBLED.ljust(256, b"\0"))) + sum(figures[-2::-2])
    return digits[-total % 10]


# The dihedral group of ten elements, and the permutation that is applied once more at each place.
_DIHEDRAL = [[(a + b if a < 5 else a - b) % 5 + 5 * ((a < 5) != (b < 5)) for b in range(10)] for a in range(10)]
_TURN = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
_TURNS = [list(range(10))]
for _ in range(7):
    _TURNS.append([_TURN[d] for d in _TURNS[-1]])


# A state is an element of the group, and the next place modulo 8.
_VERHOEFF = _automaton(
    80, digits, lambda state, char: _DIHEDRAL[state // 8][_TURNS[state % 8][int(char)]] * 8 + (state + 1) % 8
)


def verhoeff(value: str) -> str:
    """Verhoeff's dihedral check (J. Verhoeff, Error Detecting Decimal Codes, 1969).

    Detects any single wrong digit and any adjacent transposition.
    """
    return digits[_DIHEDRAL[_run(_VERHOEFF[1], reversed(value)) // 8].index(0)]


_QUASIGROUP = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip
_DAMM = _automaton(10, digits, lambda state, char: int(_QUASIGROUP[state][int(char)]))


def damm(value: str) -> str:
    """Damm's quasigroup check (H. M. Damm, 2004). Detects any single wrong digit and any adjacent transposition."""
    return digits[_run(_DAMM[0], value)]


def _hybrid(alphabet: str) -> Scheme:
    """ISO/IEC 7064, hybrid systems MOD M+1,M: one check character from the alphabet itself."""
    size = len(alphabet)
    nodes = _automaton(
        size + 1, alphabet, lambda state, char: 2 * ((state + alphabet.index(char)) % size or size) % (size + 1)
    )
    return Scheme(frozenset(alphabet), 1, lambda value: alphabet[(1 - _run(nodes[size], value)) % size])


_MOD_97 = _automaton(
    97,
    ALPHANUMERIC,
    lambda state, char: (state * (10 if char in digits else 100) + ALPHANUMERIC.index(char)) % 97,
)


def mod_97_10(value: str) -> str:
    """ISO/IEC 7064, MOD 97-10: two check digits; letters count 10 to 35, as in IBAN and LEI.

    Detects any single wrong character and any transposition, if digits and letters keep their places.
    """
    return f"{98 - _run(_MOD_97[0], value) * 100 % 97:02d}"


SCHEMES = {
    "luhn": Scheme(frozenset(digits), 1, luhn),
    "verhoeff": Scheme(frozenset(digits), 1, verhoeff),
    "damm": Scheme(frozenset(digits), 1, damm),
    "iso7064": _hybrid(ALPHANUMERIC),
    "iso7064-11-10": _hybrid(digits),
    "iso7064-27-26": _hybrid(ascii_uppercase),
    "iso7064-97-10": Scheme(frozenset(ALPHANUMERIC), 2, mod_97_10),
}


def verify(value: str, checksum: str, *, prefix: str = "", suffix: str = "", separator: str = "") -> bool:
    """Say whether ``value`` ends in the right check characters.

    Spaces, ASCII punctuation (``!"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~``) and a ``separator`` named here are
    ignored anywhere, and the ASCII letters a to z count as A to Z. Any other character makes the value
    wrong: look-alikes such as a full-width digit or the long s, line breaks and tabs. So name separators
    and mask literals outside ASCII. The check does not cover ``prefix`` and ``suffix``: name them to have
    them removed first; a value without them is then wrong.

    Raises:
        KeyError: The ``checksum`` is unknown.
    """
    scheme = SCHEMES[checksum]
    if len(value) < len(prefix) + len(suffix) or not (value.startswith(prefix) and value.endswith(suffix)):
        return False
    bare = value[len(prefix) : len(value) - len(suffix)]
    if separator:
        bare = bare.replace(separator, "")
    bare = ascii_upper(bare.translate(_IGNORED))
    if len(bare) <= scheme.length or not scheme.characters.issuperset(bare):
        return False
    return scheme.check(bare[: -scheme.length]) == bare[-scheme.length :]


def ascii_upper(text: str) -> str:
    """Return the text with a to z in upper case and the rest unchanged."""
    return text.upper() if text.isascii() else text.translate(_UPPER)


def covered(value: str) -> str:
    """Return the part of a drawn value that a check covers: its letters and digits."""
    return value if value.isalnum() else "".join(filter(str.isalnum, value))
