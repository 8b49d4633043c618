"""Words that occur in no value, whatever the case of their letters."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache

from .automata import Machine


class WordsAvoided(Machine):
    """Accepts what holds none of the words (Aho and Corasick, Efficient String Matching, 1975).

    A state is the longest beginning of a word that the text so far ends in.

    Args:
        words: The words; those that cannot occur in the alphabet, or hold another, are left out.
        alphabet: All characters that may occur, also before and after what is read.
        prefix: What stands before what is read.
        suffix: What stands after it.
    """

    def __init__(self, words: Sequence[str], alphabet: Iterable[str], prefix: str = "", suffix: str = ""):
        self._cased: dict[str, list[str]] = {}
        for char in sorted(alphabet):
            self._cased.setdefault(fold(char), []).append(char)
        self.sets = self._cased.values()
        self._suffix = suffix
        # For each state, the next state by folded character; what is missing leads back to the start.
        self._goto: list[dict[str, int]] = [{}]
        bad: set[int] = set()
        for word in sorted(map(fold, words), key=len):
            if not all(char in self._cased for char in word):
                continue
            state = 0
            for char in word:
                if char not in self._goto[state]:
                    self._goto[state][char] = len(self._goto)
                    self._goto.append({})
                state = self._goto[state][char]
                if state in bad:
                    break
            else:
                bad.add(state)
        self._bad = bad
        #: One more than the longest beginning of a word: so many characters lead to every state.
        self.depth = 2 + max(map(len, words), default=0)
        self._link()
        #: None if the prefix holds a word.
        self.start: int | None = self.after(prefix)

    def _link(self) -> None:
        """Let each state go on where its longest proper ending would, unless a word goes on there."""
        self._endings: dict[int, tuple[int, list[str]]] = {}
        todo = [(target, 0) for target in self._goto[0].values()]
        for state, ending in todo:
            children = self._goto[state]
            if ending in self._bad:
                self._bad.add(state)
            self._endings[state] = ending, [cased for char in children for cased in self._cased[char]]
            elsewhere = self._goto[ending]
            todo += [(target, elsewhere.get(char, 0)) for char, target in children.items()]
            self._goto[state] = {**elsewhere, **children}

    def alike(self, state: int) -> tuple[int, list[str]] | None:
        return self._endings.get(state)

    @cached_property
    def letters(self) -> dict[str, str]:
        return {char: folded for folded, chars in self._cased.items() for char in chars}

    def moves(self, state: int, chars: Sequence[str]) -> Mapping[str, int]:
        goto, bad, letters = self._goto[state], self._bad, self.letters
        after = {char: goto.get(letters[char], 0) for char in chars}
        return {char: target for char, target in after.items() if target not in bad}

    def after(self, text: str, state: int | None = 0) -> int | None:
        """Return the state after a text, or None if it holds a word."""
        goto, bad = self._goto, self._bad
        for char in fold(text) if state is not None else "":
            state = goto[state].get(char, 0)  # type: ignore[index]
            if state in bad:
                return None
        return state

    def accepts(self, state: int) -> bool:
        return self.after(self._suffix, state) is not None

    def free_of_words(self, rows: list[str]) -> list[str]:
        """Return the rows that hold no word."""
        begin, suffix = self.start, self._suffix
        return [row for row in rows if self.after(row + suffix, begin) is not None]


@lru_cache(maxsize=4)
def words_avoided(words: tuple[str, ...], alphabet: frozenset[str], prefix: str, suffix: str) -> WordsAvoided:
    """Return the constraint, made once for the same words."""
    return WordsAvoided(words, alphabet, prefix, suffix)


def fold(text: str) -> str:
    """Return the text in lower case, character by character."""
    if text.isascii():
        return text.lower()
    return "".join(lower if len(lower := char.lower()) == 1 else char for char in text)


@lru_cache(maxsize=1)
def profanities() -> tuple[str, ...]:
    """Return the words that Sqids keeps out of its ids (MIT licence; the package's data alone is read)."""
    from sqids.constants import DEFAULT_BLOCKLIST

    return tuple(sorted(DEFAULT_BLOCKLIST))
