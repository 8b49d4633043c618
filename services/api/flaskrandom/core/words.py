"""Excluded words, in upper or lower case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from .automata import Machine, TooLarge

# Most characters of the rests of words, over all states.
_MOST_TEXT = 1 << 22


class Rests(dict[str, "Rests | None"]):
    """A state of the automaton: the rests of words that must not follow, as the text ends with their beginnings.

    As a dictionary it maps the next character to the next state, or to None if it completes a word. States with the
    same rests are one, so the automaton is minimal (Brzozowski, Derivatives of Regular Expressions, 1964).
    """

    def __init__(
        self,
        rests: frozenset[str],
        words: dict[str, set[str]],
        known: dict[frozenset[str], Rests],
        alike: Rests | None = None,
    ):
        #: The rests, and the state for a shorter ending of the text.
        self.rests, self.alike = rests, alike
        self._words, self._known = words, known
        known[rests] = self

    def __missing__(self, char: str) -> Rests | None:
        folded = fold(char)
        if folded != char:
            found = self[folded]
        else:
            after = {rest[1:] for rest in self.rests if rest[0] == char} | self._words.get(char, set())
            found = None if "" in after else self._after(char, after)
        if char.isascii() or found is None or found.rests:
            self[char] = found
        return found

    def _after(self, char: str, rests: set[str]) -> Rests:
        shortest: list[str] = []
        for rest in sorted(rests):  # a rest comes after its prefixes
            if not shortest or not rest.startswith(shortest[-1]):
                shortest.append(rest)
        key = frozenset(shortest)
        if key not in self._known:
            if len(self._known) * sum(map(len, key)) > _MOST_TEXT:
                raise TooLarge
            alike = self._known[frozenset()] if self.alike is None else self.alike[char]
            return Rests(key, self._words, self._known, alike)
        return self._known[key]

    def after(self, text: str) -> Rests | None:
        """Return the state after this text, or None if it completes a word."""
        state: Rests | None = self
        for char in text:
            if state is None:
                return None
            state = state[char]
        return state

    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__


@lru_cache(maxsize=8)
def rests(words: tuple[str, ...], letters: frozenset[str]) -> Rests:
    """Return the state of the empty text; words with other letters are left out."""
    begun: dict[str, set[str]] = {}
    for word in map(fold, words):
        if letters.issuperset(word):
            begun.setdefault(word[0], set()).add(word[1:])
    return Rests(frozenset(), begun, {})


class WordsAvoided(Machine):
    """Accepts values without any of the words.

    Args:
        words: The words.
        alphabet: The characters that are read.
        prefix: Fixed text before the characters read.
        suffix: Fixed text after them.
    """

    def __init__(self, words: tuple[str, ...], alphabet: Iterable[str], prefix: str = "", suffix: str = ""):
        self.words, self.prefix, self.suffix = words, prefix, suffix
        self._cased: dict[str, list[str]] = {}
        for char in sorted(alphabet):
            self._cased.setdefault(fold(char), []).append(char)
        self.sets = self._cased.values()
        self._letters = frozenset(fold("".join(words))).intersection({*self._cased, *fold(prefix + suffix)})
        #: None if the prefix holds a word.
        self.start: Rests | None = rests(words, self._letters).after(prefix)
        self._alike: dict[Rests, tuple[Rests, list[str]]] = {}

    def alike(self, state: Rests) -> tuple[Rests, list[str]] | None:
        if state.alike is not None and state not in self._alike:
            differing = {rest[0] for rest in state.rests ^ state.alike.rests}
            self._alike[state] = state.alike, [char for each in differing for char in self._cased.get(each, "")]
        return self._alike.get(state)

    def moves(self, state: Rests, chars: Sequence[str]) -> Mapping[str, Rests]:
        return {char: after for char in chars if (after := state[char]) is not None}

    def accepts(self, state: Rests) -> bool:
        return state.after(self.suffix) is not None

    def free_of_words(self, rows: list[str]) -> list[str]:
        """Return the rows that hold no word."""
        begin, suffix = self.start, self.suffix
        return [row for row in rows if begin is not None and begin.after(row + suffix) is not None]


@lru_cache(maxsize=4)
def words_avoided(words: tuple[str, ...], alphabet: frozenset[str], prefix: str, suffix: str) -> WordsAvoided:
    """Return the constraint, cached."""
    return WordsAvoided(words, alphabet, prefix, suffix)


def fold(text: str) -> str:
    """Return the text in lower case, character by character."""
    if text.isascii():
        return text.lower()
    return "".join(lower if len(lower := char.lower()) == 1 else char for char in text)


def folded(words: Iterable[str]) -> tuple[str, ...]:
    """Return the different words in lower case, in order."""
    return tuple(sorted(set(map(fold, words))))


@lru_cache(maxsize=1)
def profanities() -> tuple[str, ...]:
    """Return Sqids' list of offensive words (MIT licence; only the package's data is read)."""
    from sqids.constants import DEFAULT_BLOCKLIST

    return tuple(sorted(DEFAULT_BLOCKLIST))
