"""Counts strings that hold none of some words, and no longer run of one character than allowed.

Let N(p, n) be the number of strings of n characters that complete no word after a text that ends in p, the beginning
of a word. It is N(q, n), where q is the longest end of p that begins a word, without p itself, less the strings that
begin with the rest of a word w = p + rest: the ways to write the rest, times N(r, n - length of the rest), where r is
the longest end of w that begins a word, without w itself. N("", n) is the number of characters times N("", n - 1), less
the same. So only those beginnings of words count that also end one. (The links are those of Aho and Corasick, Efficient
String Matching, 1975.)

After a run of one character, the strings that go on with too many of it are lost in the same way. Upper and lower case
of a letter are interchangeable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import prod
from re import compile as compiled
from threading import Lock
from typing import NamedTuple

from .automata import NO_LIMIT, Budget, TooLarge
from .words import WordsAvoided, fold

# Most characters to look at to find the overlaps of words.
_MOST_TEXT = 1 << 21

# Most steps to find what counts lack.
_MOST_STEPS = 6000

# Most bytes of counts.
_MOST_BYTES = 1 << 23

# Counts up to this length are cached.
_KEPT = 128


_DOUBLE = compiled(r"(.)\1")


class Overlaps:
    """Words in lower case, without those that contain another, and how they overlap."""

    def __init__(self, words: Iterable[str]):
        ordered = sorted(set(words), key=len)
        sizes = sorted(set(map(len, ordered)))
        if sum(len(word) * (len(word) + 8 * len(sizes)) for word in ordered) > _MOST_TEXT:
            raise TooLarge
        self.words: set[str] = set()
        #: The words by each of their beginnings.
        self.begun: dict[str, list[str]] = {"": []}
        self._rests: dict[str, dict[tuple[str, str, int], list[str]]] = {}
        for word in ordered:
            parts = (word[at : at + size] for size in sizes if size < len(word) for at in range(len(word) - size + 1))
            if self.words.isdisjoint(parts):
                self.words.add(word)
                for size in range(len(word)):
                    self.begun.setdefault(word[:size], []).append(word)
        self.longest = sizes[-1] if sizes else 0
        self.letters = frozenset().union(*self.words)

    def ending(self, text: str) -> str:
        """Return the longest end of a text, but not all of it, that begins a word."""
        ends = (text[at:] for at in range(1, len(text) + 1))
        return next(end for end in ends if end in self.begun)

    def rests(self, begun: str) -> dict[tuple[str, str, int], list[str]]:
        """Return the rests of the words with a beginning, by what the words end in, last character, and length."""
        if begun not in self._rests:
            rests: dict[tuple[str, str, int], list[str]] = {}
            for word in self.begun[begun]:
                rests.setdefault((self.ending(word), word[-1], len(word) - len(begun)), []).append(word[len(begun) :])
            self._rests[begun] = rests
        return self._rests[begun]

    def after(self, begun: str, text: str) -> str | None:
        """Return the beginning of a word that a text ends in, if it follows another; None if it completes a word."""
        for char in text:
            ends = (f"{begun}{char}"[at:] for at in range(len(begun) + 2))
            begun = next(end for end in ends if end in self.begun or end in self.words)
            if begun in self.words:
                return None
        return begun


@lru_cache(maxsize=4)
def _overlaps(words: tuple[str, ...], backwards: bool) -> Overlaps:
    return Overlaps(fold(word[::-1] if backwards else word) for word in words)


class End(NamedTuple):
    """What a text ends in: the beginning of a word, and a run of a character (empty if runs do not matter)."""

    begun: str = ""
    char: str = ""
    run: int = 0


class _State:
    """The counts after an end, by number of characters, with a margin of zeros before.

    They are those of ``like``, less those of other states so many characters before, a number of times, and less those
    in ``lost``, by number of characters.
    """

    def __init__(self, margin: int, like: _State | None):
        self.counts, self.like = [0] * margin, like
        self.less: list[tuple[int, list[int], int]] = []
        self.lost: dict[int, int] = {}


class Letters(NamedTuple):
    """The characters that are the same letter, in upper and lower case, or that are in no word.

    Attributes:
        name: The letter in lower case; a control character for others.
        weight: The weight of all of them.
        each: The weight of one, if all have the same.
        last: The weight of those that may stand last.
    """

    name: str
    weight: int
    each: int
    last: int


class Counts:
    """Weights of the strings over an alphabet, by length and by the end of the text before.

    Args:
        words: The words.
        alphabet: The characters.
        run: Longest allowed run of one character (None: any).
        suffix: The text after the strings, in lower case.
        mask: The bits of weights that matter.
    """

    def __init__(self, words: Overlaps, alphabet: tuple[Letters, ...], run: int | None, suffix: str, mask: int):
        self._words, self._alphabet, self._run, self._suffix, self._mask = words, alphabet, run, suffix, mask
        self._sizes = dict.fromkeys(words.letters, 0) | {letters.name: letters.weight for letters in alphabet}
        self._each = dict.fromkeys(words.letters, 0) | {letters.name: letters.each for letters in alphabet}
        self._last = dict.fromkeys(words.letters, 0) | {letters.name: letters.last for letters in alphabet}
        self._size, self._all_last = sum(self._sizes.values()), sum(self._last.values())
        #: Whether the last place is limited, so that each string holds at least one character.
        self._limited = self._size != self._all_last
        self._margin = max(words.longest, (run or 0) + 1)
        #: Each state follows the one it is like.
        self._states: dict[End, _State] = {}
        self._new: list[End] = []
        self._length, self._terms, self._steps = -1, 0, 0
        self._lock = Lock()

    def number(self, length: int, end: End, budget: Budget) -> int:
        """Return the weight of the strings of this length after an end.

        What is cached costs the budget the same.
        """
        with self._lock:
            self._fill(self._added(end), range(self._length + 1))
            # Plain counts grow with the length; weights have all bits from the start, and so do both factors.
            plain = self._mask == -1
            size = (length * self._size.bit_length() if plain else self._mask.bit_length()) // 32 + 1
            if len(self._states) * length * (2 * size + 40) > _MOST_BYTES:
                raise TooLarge
            each = 80 + size // 4 if plain else 100 + size * size // 3
            budget.spend(self._steps + self._terms * length * each // 1000)
            self._fill(list(self._states.values()), range(self._length + 1, length + 1))
            self._length = max(length, self._length)
            return self._states[end].counts[self._margin + length]

    def _fill(self, states: list[_State], lengths: range) -> None:
        mask = self._mask
        for length in lengths:
            at = self._margin + length
            for state in states:
                lost = state.lost.get(length, 0)
                for times, counts, back in state.less:
                    lost += times * counts[at - back]
                if state.like:
                    whole = state.like.counts[at]
                elif length == self._limited:
                    whole = self._all_last if self._limited else 1
                else:
                    whole = self._size * state.counts[-1]
                state.counts.append((whole & mask) - (lost & mask))

    def _added(self, end: End) -> list[_State]:
        """Add the states that an end needs, and return the new ones, each after the one it is like."""
        new = self._new = []
        self._state(end)
        for added in new:  # which grows
            self._link(added)
            if self._steps > _MOST_STEPS:
                self._states.clear()
                self._length, self._terms, self._steps = -1, 0, 0
                raise TooLarge
        return [self._states[added] for added in new]

    def _state(self, end: End) -> _State:
        if end not in self._states:
            like = None
            if end != End():
                like = self._state(End(end.begun) if end.char else End(self._words.ending(end.begun)))
            self._states[end] = _State(self._margin, like)
            self._new.append(end)
        return self._states[end]

    def _link(self, end: End) -> None:
        """Find what an end's counts lack."""
        words, state, sizes = self._words, self._states[end], self._sizes.__getitem__
        less: Counter[tuple[End, int]] = Counter()
        rests = {} if end.char else words.rests(end.begun)
        for (ending, last, length), texts in rests.items():
            self._steps += 2 + len(texts)
            for text in texts if self._suffix or self._limited else ():
                self._lose_at_end(state, text, ending)
            if self._run is None and self._mask == -1:
                less[End(ending), length] += sum([prod(map(sizes, text)) for text in texts])
                continue
            for text in texts:
                for run, ways in self._ways(text).items():
                    less[End(ending, last, run) if self._run else End(ending), length] += ways
        for times, char, drawn, more in self._runs(end):
            self._steps += 2 * more
            after = words.after(end.begun, char * more)
            for _ in range(more):
                times = times * self._each[char] & self._mask
            if after is not None:
                less[End(after, char, more), drawn + more] += times
        state.less = [(times, self._state(to).counts, back) for (to, back), times in less.items() if times]
        self._steps += 3
        self._terms += 2 + len(state.less)

    def _lose_at_end(self, state: _State, rest: str, ending: str) -> None:
        """Note the strings that end within a word's rest, where the suffix has the other part."""
        for cut in range(self._limited, len(rest) + self._limited):
            written, more = rest[:cut], self._suffix[len(rest) - cut :]
            if self._suffix.startswith(rest[cut:]) and self._words.after(ending, more) is not None:
                ways = sum(self._ways(written[:-1] if self._limited else written).values())
                ways *= self._last[written[-1]] if self._limited else 1
                state.lost[cut] = state.lost.get(cut, 0) + (ways & self._mask)

    def _ways(self, text: str) -> dict[int, int]:
        """The ways to write a text in upper and lower case, by the run at its end."""
        ways, before = {1: 1}, ""
        for char in text:
            every, size = sum(ways.values()), self._sizes[char]
            if char == before and self._run:
                each = self._each[char]
                ways = {run + 1: part * each & self._mask for run, part in ways.items() if run < self._run}
                ways[1] = every * (size - each) & self._mask
            else:
                ways = {1: every * size & self._mask}
            before = char
        return ways

    def _runs(self, end: End) -> list[tuple[int, str, int, int]]:
        """How a run grows too long: for so many characters, a letter, after so many drawn, by so many more."""
        if self._run is None or (end.begun and not end.char):
            return []
        if end.char:
            return [(1, end.char, 0, self._run + 1 - end.run)]
        return [(letters.weight, letters.name, 1, self._run) for letters in self._alphabet]


@lru_cache(maxsize=24)
def _counts(words: Overlaps, alphabet: tuple[Letters, ...], run: int | None, suffix: str, mask: int) -> Counts:
    return Counts(words, alphabet, run, suffix, mask)


class Unequal(Exception):
    """Characters that are the same letter cannot be exchanged, so runs are not counted here."""


def number_without(
    words: WordsAvoided,
    alphabet: str,
    length: int,
    budget: Budget,
    run: int | None = None,
    first: str | None = None,
    last: str | None = None,
    weights: Mapping[str, int] | None = None,
    mask: int = -1,
) -> int:
    """Return the number of strings without the words, also where these overlap the text before or after.

    Args:
        words: The words, and the text before and after.
        alphabet: The characters.
        length: The length of a string.
        budget: Bounds the work, in steps of about a microsecond.
        run: Longest allowed run of one character (None: any).
        first: The characters that may stand first (None: all).
        last: The characters that may stand last (None: all).
        weights: The weight of each character (None: 1); their product is what a string counts.
        mask: The bits of weights that matter.

    Raises:
        TooLarge: The budget is used up.
        Unequal: Runs cannot be counted for these weights and characters at the ends.
    """
    # Counts for any beginning are cached, counts for an end only for each end.
    backwards = first is None and (last is not None or bool(words.suffix and not words.prefix))
    known = _overlaps(words.words, backwards)
    prefix, suffix = words.prefix, words.suffix
    if backwards:
        prefix, suffix, first, last = suffix[::-1], prefix[::-1], last, first
    each = weights or dict.fromkeys(alphabet, 1)
    names = _names(known, alphabet, each)
    letters = []
    for name, chars in sorted(names.items()):
        every = [each[char] for char in chars]
        ends = every if last is None else [each[char] for char in chars if char in last]
        letters.append(Letters(name, sum(every), every[0] if len(set(every)) == 1 else 0, sum(ends)))
    if run is not None and (last is not None or not all(letter.each for letter in letters)):
        raise Unequal
    if run is not None and 2 * run * len(letters) > _MOST_STEPS:
        raise TooLarge
    make = _counts if length <= _KEPT else _counts.__wrapped__
    counts = make(known, tuple(letters), run, fold(suffix)[: known.longest], mask)
    begun = known.after("", fold(prefix))
    if begun is None or known.after("", fold(suffix)) is None:
        return 0
    if first is None:
        return counts.number(length, End(begun), budget)
    total = 0
    for name, chars in names.items():
        weight = sum([each[char] for char in chars if char in first])
        after = known.after(begun, name) if weight else None
        if after is not None:
            end = End(after, name, 1) if run else End(after)
            total += weight * counts.number(length - 1, end, budget) & mask
            budget = Budget(NO_LIMIT)
    return total


def _names(words: Overlaps, alphabet: str, weights: Mapping[str, int]) -> dict[str, list[str]]:
    """The characters of an alphabet by the name of their letter."""
    names: dict[str, list[str]] = {}
    others: dict[int, str] = {}
    for char in alphabet:
        name = fold(char)
        if name not in words.letters:
            name = others.setdefault(weights[char], chr(len(others)))
        names.setdefault(name, []).append(char)
    return names
