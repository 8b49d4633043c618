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
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import prod
from threading import Lock
from typing import NamedTuple

from .automata import Budget, TooLarge
from .words import WordsAvoided, fold

# Most characters to look at to find the overlaps of words.
_MOST_TEXT = 1 << 21

# Most steps to find what counts lack.
_MOST_STEPS = 6000

# Most bytes of counts: of one request, and of those that are kept for others with the same words and characters.
_MOST_BYTES, _KEPT_BYTES = 1 << 23, 1 << 20

# Counts up to this length are kept.
_KEPT = 128


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
        self._endings: dict[str, str] = {}
        for word in ordered:
            parts = (word[at : at + size] for size in sizes if size < len(word) for at in range(len(word) - size + 1))
            if self.words.isdisjoint(parts):
                self.words.add(word)
                for size in range(len(word)):
                    self.begun.setdefault(word[:size], []).append(word)
        self.longest = sizes[-1] if sizes else 0
        self.letters = frozenset().union(*self.words)

    def ending(self, text: str) -> str:
        """Return the longest end of a word or its beginning, but not all of it, that begins a word."""
        if text not in self._endings:
            ends = (text[at:] for at in range(1, len(text) + 1))
            self._endings[text] = next(end for end in ends if end in self.begun)
        return self._endings[text]

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
            while begun and begun + char not in self.begun and begun + char not in self.words:
                begun = self.ending(begun)
            begun += char
            if begun in self.words:
                return None
            if begun not in self.begun:
                begun = ""
        return begun


@lru_cache(maxsize=4)
def _overlaps(words: tuple[str, ...], backwards: bool) -> Overlaps:
    return Overlaps(fold(word[::-1] if backwards else word) for word in words)


class End(NamedTuple):
    """What a text ends in: the beginning of a word, and perhaps a run.

    With ``char``, the text ends in a run of it. Without, nothing before counts for runs, even if ``begun`` ends in one:
    that is what makes the subtraction exact.
    """

    begun: str = ""
    char: str = ""
    run: int = 0


class _State:
    """The counts after an end.

    ``counts[margin + n]`` is N(end, n). It is the count of ``like`` (the shorter end), minus, for each ``(times, end,
    back)`` in ``less``, ``times`` times the count of that end for ``n - back``, minus ``lost[n]``, the strings of n
    characters that complete a word only together with the suffix. It took ``steps`` to find these.
    """

    def __init__(self, like: End | None):
        self.counts: list[int] = []
        self.like = like
        self.less: list[tuple[int, End, int]] | None = None
        self.lost: dict[int, int] = {}
        self.steps = 0


# Finds a number for each length.
Numbers = Callable[[], list[int]]


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
        self._states: dict[End, _State] = {}
        self._lock = Lock()

    def prepare(self, lengths: Sequence[int], ends: Sequence[tuple[int, End]], budget: Budget) -> Numbers:
        """Return how to find, for each length, the sum of a weight times the strings after each end.

        All work is charged here, as if nothing was kept, so that the same is refused whatever came before.
        """
        longest = max(lengths)
        with self._lock:
            states = self._reached(ends, budget)
            # Plain counts grow with the length; weights have all bits from the start, and so do both factors.
            plain = self._mask == -1
            size = (longest * self._size.bit_length() if plain else self._mask.bit_length()) // 32 + 1
            each_count = 2 * size + 40 if plain else 4 * size + 40
            if len(states) * (self._margin + longest) * each_count > _MOST_BYTES:
                raise TooLarge
            each = 120 + size // 4 if plain else 120 + size * size // 3
            budget.spend(sum([2 + len(state.less or ()) for state in states.values()]) * longest * each // 1000)
            most = _KEPT_BYTES // ((self._margin + max(longest, _KEPT)) * each_count)
            if len(self._states) > most:
                self._states = dict(states) if len(states) <= most else {}

        def numbers() -> list[int]:
            with self._lock:
                self._fill(states, longest)
            counts = [(weight, states[end].counts) for weight, end in ends]
            return [sum([weight * of[self._margin + n] & self._mask for weight, of in counts]) for n in lengths]

        return numbers

    def _fill(self, states: dict[End, _State], longest: int) -> None:
        margin, mask = self._margin, self._mask
        for state in states.values():
            state.counts[:margin] = [0] * margin
        late = [
            (
                state.counts,
                states[state.like].counts if state.like else None,
                [(times, states[to].counts, back) for times, to, back in state.less or ()],
                state.lost,
            )
            for state in states.values()
            if len(state.counts) <= margin + longest
        ]
        for at in range(min([len(counts) for counts, _, _, _ in late], default=0), margin + longest + 1 if late else 0):
            for counts, like, less, missing in late:
                if len(counts) > at:
                    continue
                lost = missing.get(at - margin, 0) if missing else 0
                for times, others, back in less:
                    lost += times * others[at - back]
                if like:
                    whole = like[at]
                elif at - margin == self._limited:
                    whole = self._all_last if self._limited else 1
                else:
                    whole = self._size * counts[-1]
                counts.append(whole - lost if mask == -1 else (whole & mask) - (lost & mask))

    def _reached(self, ends: Iterable[tuple[int, End]], budget: Budget) -> dict[End, _State]:
        """Return the states that ends need, each after the one it is like."""
        linking = Budget(_MOST_STEPS)
        reached: dict[End, _State] = {}
        todo: list[End] = []

        def reach(end: End) -> None:
            if end in reached:
                return
            if end not in self._states:
                like = None if end == End() else End(end.begun if end.char else self._words.ending(end.begun))
                self._states[end] = _State(like)
            state = self._states[end]
            if state.like is not None:
                reach(state.like)
            reached[end] = state
            todo.append(end)
            linking.spend(1)

        for _, end in ends:
            reach(end)
        for end in todo:  # which grows
            state = reached[end]
            if state.less is None:
                before = linking.left
                self._link(end, state, linking)
                state.steps = before - linking.left
            else:
                linking.spend(state.steps)
            for _, to, _ in state.less or ():
                reach(to)
        budget.spend(_MOST_STEPS - linking.left)
        return reached

    def _link(self, end: End, state: _State, budget: Budget) -> None:
        """Find what an end's counts lack."""
        words, sizes, run = self._words, self._sizes.__getitem__, self._run
        less: Counter[tuple[End, int]] = Counter()
        lost: Counter[int] = Counter()
        budget.spend(2 + (0 if end.char else len(words.begun[end.begun]) // 2))
        rests = {} if end.char else words.rests(end.begun)
        plain = run is None and self._mask == -1
        for (ending, last, length), texts in rests.items():
            budget.spend(len(texts) * (length // 8 if plain else length // 3))
            for text in texts if self._suffix or self._limited else ():
                self._lose_at_end(lost, text, ending, budget)
            if plain:
                less[End(ending), length] += sum([prod(map(sizes, text)) for text in texts])
                continue
            for text in texts:
                for at_end, ways in self._ways(text, budget).items():
                    less[End(ending, last, at_end) if run else End(ending), length] += ways
        for times, char, drawn, more in self._runs(end):
            budget.spend(2 * more)
            after = words.after(end.begun, char * more)
            for _ in range(more):
                times = times * self._each[char] & self._mask
            if after is not None:
                less[End(after, char, more), drawn + more] += times
        state.lost, state.less = lost, [(times, to, back) for (to, back), times in less.items() if times]

    def _lose_at_end(self, lost: Counter[int], rest: str, ending: str, budget: Budget) -> None:
        """Note the strings that end within a word's rest, where the suffix has the other part."""
        budget.spend(len(rest) // 6)
        for cut in range(self._limited, len(rest) + self._limited):
            if not self._suffix.startswith(rest[cut:]):
                continue
            budget.spend(1 + len(self._suffix) + len(rest) // 2)
            written, more = rest[:cut], self._suffix[len(rest) - cut :]
            if self._words.after(ending, more) is not None:
                ways = sum(self._ways(written[:-1] if self._limited else written, budget).values())
                ways *= self._last[written[-1]] if self._limited else 1
                lost[cut] += ways & self._mask

    def _ways(self, text: str, budget: Budget) -> dict[int, int]:
        """The ways to write a text in upper and lower case, by the run at its end."""
        if not self._run:
            number = 1
            for char in text:
                number = number * self._sizes[char] & self._mask
            return {1: number}
        ways, before = {1: 1}, ""
        for char in text:
            every, size = sum(ways.values()), self._sizes[char]
            if char == before:
                budget.spend(1 + len(ways) // 4)
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


@lru_cache(maxsize=16)
def _counts(words: Overlaps, alphabet: tuple[Letters, ...], run: int | None, suffix: str, mask: int) -> Counts:
    return Counts(words, alphabet, run, suffix, mask)


class Unequal(Exception):
    """Characters that are the same letter cannot be exchanged, so runs are not counted here."""


def number_without(
    words: WordsAvoided,
    alphabet: str,
    lengths: Sequence[int],
    budget: Budget,
    run: int | None = None,
    first: str | None = None,
    last: str | None = None,
    weights: Mapping[str, int] | None = None,
    mask: int = -1,
) -> Numbers:
    """Return how to find the numbers of strings without the words, also where these overlap the text around.

    Args:
        words: The words, and the text before and after.
        alphabet: The characters.
        lengths: The lengths of the strings, at least 1 if first is given.
        budget: Bounds the work, in steps of about a microsecond. It is charged before most is done.
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
    make = _counts if max(lengths) <= _KEPT else _counts.__wrapped__
    counts = make(known, tuple(letters), run, fold(suffix)[: known.longest], mask)
    begun = known.after("", fold(prefix))
    if begun is None or known.after("", fold(suffix)) is None:
        return lambda: [0] * len(lengths)
    if first is None:
        return counts.prepare(lengths, [(1, End(begun))], budget)
    after_first = []
    for name, chars in names.items():
        weight = sum([each[char] for char in chars if char in first])
        after = known.after(begun, name) if weight else None
        if after is not None:
            after_first.append((weight, End(after, name, 1) if run else End(after)))
    return counts.prepare([length - 1 for length in lengths], after_first, budget)


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
