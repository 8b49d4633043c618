"""Check characters: computed from a value, appended to it, and verified later.

A check character is a function of the others: it adds no entropy and removes none.
"""

from collections.abc import Callable
from string import ascii_lowercase, ascii_uppercase, digits, punctuation

ALPHANUMERIC = digits + ascii_uppercase

# str.upper() would also map the long s to S and the sharp s to SS.
_BARE = str.maketrans(ascii_lowercase, ascii_uppercase, punctuation + " ")


class Scheme:
    """Check characters, computed by a finite automaton.

    Its states are numbers: ``rows[state][code]`` is the next state, given the ASCII code of a character.

    Args:
        alphabet: The characters that a value may hold; each one's value is its index.
        states: The number of states.
        start: The number of the first state.
        step: Gives the next state's number from a state's and the value of a character.
        check: Gives the check characters from the last state's number; always as many.
        backwards: Whether the last character of a value comes first.
    """

    def __init__(
        self,
        alphabet: str,
        states: int,
        start: int,
        step: Callable[[int, int], int],
        check: Callable[[int], str],
        *,
        backwards: bool = False,
    ):
        self.characters, self.length = frozenset(alphabet), len(check(start))
        self._start, self._step, self._checks = start, -1 if backwards else 1, list(map(check, range(states)))
        self._rows = [[states] * 128 for _ in range(states)]  # other characters lead to no state
        for state, row in enumerate(self._rows):
            for value, char in enumerate(alphabet):
                row[ord(char)] = step(state, value)

    def check(self, value: str) -> str:
        """Return the check characters of a value that holds ``characters`` only."""
        state, rows = self._start, self._rows
        for code in value.encode()[:: self._step]:
            state = rows[state][code]
        return self._checks[state]


def _luhn(state: int, digit: int) -> int:
    """A state is the sum modulo 10, and whether the next place is not doubled."""
    total, plain = divmod(state, 2)
    return (total + (digit if plain else 2 * digit - 9 * (digit > 4))) % 10 * 2 + 1 - plain


# The dihedral group of ten elements, and the permutation that is applied once more at each place.
_DIHEDRAL = [[(a + b if a < 5 else a - b) % 5 + 5 * ((a < 5) != (b < 5)) for b in range(10)] for a in range(10)]
_TURN = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
_TURNS = [list(range(10))]
for _ in range(7):
    _TURNS.append([_TURN[d] for d in _TURNS[-1]])


def _verhoeff(state: int, digit: int) -> int:
    """A state is an element of the group, and the place modulo 8."""
    return _DIHEDRAL[state // 8][_TURNS[state % 8][digit]] * 8 + (state + 1) % 8


_QUASIGROUP = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip


def _hybrid(alphabet: str) -> Scheme:
    size = len(alphabet)
    return Scheme(
        alphabet,
        size + 1,
        size,
        lambda state, value: 2 * ((state + value) % size or size) % (size + 1),
        lambda state: alphabet[(1 - state) % size],
    )


SCHEMES = {
    # Luhn's mod 10 (ISO/IEC 7812-1, Annex B): any single wrong digit, any adjacent transposition except 09 and 90.
    "luhn": Scheme(digits, 20, 0, _luhn, lambda state: digits[-(state // 2) % 10], backwards=True),
    # J. Verhoeff, Error Detecting Decimal Codes, 1969: any single wrong digit and any adjacent transposition.
    "verhoeff": Scheme(digits, 80, 1, _verhoeff, lambda state: digits[_DIHEDRAL[state // 8].index(0)], backwards=True),
    # H. M. Damm's quasigroup, 2004: any single wrong digit and any adjacent transposition.
    "damm": Scheme(digits, 10, 0, lambda state, digit: int(_QUASIGROUP[state][digit]), digits.__getitem__),
    # ISO/IEC 7064, hybrid systems MOD M+1,M: one check character from the alphabet itself.
    "iso7064": _hybrid(ALPHANUMERIC),
    "iso7064-11-10": _hybrid(digits),
    "iso7064-27-26": _hybrid(ascii_uppercase),
    # ISO/IEC 7064, MOD 97-10: letters count 10 to 35, as in IBAN and LEI. Any single wrong character and any
    # transposition, if digits and letters keep their places.
    "iso7064-97-10": Scheme(
        ALPHANUMERIC,
        97,
        0,
        lambda state, value: (state * (10 if value < 10 else 100) + value) % 97,
        lambda state: f"{98 - state * 100 % 97:02d}",
    ),
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
    inner = value.removeprefix(prefix).removesuffix(suffix)
    bare = normalized(inner.replace(separator, ""))
    if prefix + inner + suffix != value or len(bare) <= scheme.length or not scheme.characters.issuperset(bare):
        return False
    return scheme.check(bare[: -scheme.length]) == bare[-scheme.length :]


def normalized(text: str) -> str:
    """Return the text without spaces and ASCII punctuation, with a to z in upper case."""
    return text.translate(_BARE)
