"""Excluded words, in upper or lower case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain

from .automata import Budget, Machine, TooLarge

# Greatest sum of the squares of the words' lengths: twice the characters in all states' rests.
_MOST_TEXT = 1 << 22


class Rests(dict[str, "Rests | None"]):
    """A state of the automaton: the rests of words that must not follow, as the text ends with their beginning.

    The text may also end with shorter beginnings of words; ``alike`` is the state for the longest of these, None at
    the start (Aho and Corasick, Efficient String Matching, 1975). As a dictionary it maps the next character to the
    next state, or to None if it completes a word. States with the same rests and ``alike`` are one.
    """

    def __init__(self, rests: Iterable[str], alike: Rests | None, known: dict[tuple[frozenset[str], Rests], Rests]):
        self.alike, self._known = alike, known
        #: The rests by their first character.
        self.rests: dict[str, list[str]] = {}
        for rest in rests:
            self.rests.setdefault(rest[0], []).append(rest)

    def __missing__(self, char: str) -> Rests | None:
        folded = fold(char)
        if folded != char:
            found = self[folded]
            if char.isascii():
                self[char] = found
            return found
        shorter_last = [self]
        while shorter_last[-1].alike is not None and char not in shorter_last[-1].alike:
            shorter_last.append(shorter_last[-1].alike)
        shorter = shorter_last[-1].alike
        found = shorter_last[-1] if shorter is None else shorter[char]
        for state in reversed(shorter_last):
            if found is not None and char in state.rests:
                found = state._after(frozenset([rest[1:] for rest in state.rests[char]]), found)
            if char.isascii() or found is None or found.alike is not None:
                state[char] = found
        return found

    def _after(self, rests: frozenset[str], alike: Rests) -> Rests | None:
        if "" in rests:
            return None
        found = self._known.get((rests, alike))
        # Threads share the states, and two could make one at once.
        return self._known.setdefault((rests, alike), Rests(rests, alike, self._known)) if found is None else found

    def after(self, text: str) -> Rests | None:
        """Return the state after this text, or None if it completes a word."""
        state: Rests | None = self
        for char in text:
            if state is None:
                return None
            state = state[char]
        return state

    @cached_property
    def completions(self) -> dict[tuple[Rests, str, int], list[str]]:
        """The rests, by the state they lead to from ``alike``, their last character, and their length.

        Rests that contain a word are left out. At the start, where there is no ``alike``, the first character is
        skipped.
        """
        found: dict[tuple[Rests, str, int], list[str]] = {}
        for rest in chain.from_iterable(self.rests.values()):
            end = self.after(rest[1:]) if self.alike is None else self.alike.after(rest)
            if end is not None:
                found.setdefault((end, rest[-1], len(rest)), []).append(rest)
        return found

    def heads(self, suffix: str, budget: Budget, fewest: int = 0) -> Iterator[str]:
        """Iterate over the beginnings of rests that the suffix completes to a word, and to no other word after it.

        With ``fewest`` = 1, they are not empty, and whole rests are among them.
        """
        for (end, _, length), texts in self.completions.items():
            for text in texts:
                budget.spend(length // 6)
                for cut in range(fewest, length + fewest):
                    if suffix.startswith(text[cut:]):
                        budget.spend(1 + len(suffix) + length // 2)
                        if end.after(suffix[length - cut :]) is not None:
                            yield text[:cut]

    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__


@lru_cache(maxsize=4)
def rests(words: tuple[str, ...], letters: frozenset[str] | None = None, backwards: bool = False) -> Rests:
    """Return the state of the empty text. Words with other than these letters (None: any) are left out.

    Raises:
        TooLarge: the words are too long together.
    """
    shortest: list[str] = []
    # A word comes after its beginnings.
    for word in sorted([fold(word[::-1] if backwards else word) for word in words]):
        if (letters is None or letters.issuperset(word)) and not (shortest and word.startswith(shortest[-1])):
            shortest.append(word)
    if sum(len(word) ** 2 for word in shortest) > _MOST_TEXT:
        raise TooLarge
    return Rests(shortest, None, {})


class WordsAvoided(Machine[Rests]):
    """Accepts values without any of the words.

    Args:
        words: The words.
        alphabet: The characters that are read.
        prefix: Fixed text before the characters read.
        suffix: Fixed text after them.
    """

    def __init__(self, words: tuple[str, ...], alphabet: Iterable[str], prefix: str = "", suffix: str = ""):
        self.words, self.prefix, self.suffix = words, prefix, suffix
        #: The characters by their lower case.
        self.cased: dict[str, list[str]] = {}
        for char in sorted(alphabet):
            self.cased.setdefault(fold(char), []).append(char)
        self.letters, self.longest = frozenset(fold("".join(words))), max(map(len, words), default=0)
        self.sets = [chars for letter, chars in self.cased.items() if letter in self.letters]
        #: The number of characters of all words.
        self.total = sum(map(len, words))
        #: The letters of words that are read, or stand before or after.
        self.read = self.letters.intersection({*self.cased, *fold(prefix + suffix)})
        #: None if the prefix holds a word.
        self.start: Rests | None = rests(words, self.read).after(prefix)
        self._alike: dict[Rests, tuple[Rests, list[str]]] = {}

    def alike(self, state: Rests) -> tuple[Rests, list[str]] | None:
        if state.alike is not None and state not in self._alike:
            self._alike[state] = state.alike, [char for each in state.rests for char in self.cased.get(each, "")]
        return self._alike.get(state)

    def moves(self, state: Rests, chars: Sequence[str]) -> Mapping[str, Rests]:
        return {char: after for char in chars if (after := state[char]) is not None}

    def accepts(self, state: Rests) -> bool:
        return state.after(self.suffix) is not None

    def free_of_words(self, rows: list[str]) -> list[str]:
        """Return the rows that hold no word."""
        begin, suffix = self.start, self.suffix
        return [row for row in rows if begin is not None and begin.after(row + suffix) is not None]


words_avoided = lru_cache(maxsize=4)(WordsAvoided)


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
