"""Counts strings that hold none of some words, and no longer run of one character than allowed.

Let N(p, n) be the number of strings of n characters that complete no word after a text that ends in p, the beginning
of a word. It is N(q, n), where q is the longest end of p that begins a word, without p itself, less the strings that
begin with the rest of a word w = p + rest: the ways to write the rest, times N(r, n - length of the rest), where r is
the longest end of w that begins a word, without w itself. N("", n) is the number of characters times N("", n - 1), less
the same. So only those beginnings of words count that also end one.

After a run of one character, the strings that go on with too many of it are lost in the same way. Upper and lower case
of a letter are interchangeable.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Mapping, Sequence
from functools import lru_cache
from math import prod
from threading import Lock
from typing import NamedTuple

from .automata import Budget, TooLarge
from .words import Rests, WordsAvoided, fold, rests

# Most steps to find what counts lack.
_MOST_STEPS = 6000

# Most bytes of counts: of one request, and of those that are kept for others with the same words and characters.
MOST_BYTES, _KEPT_BYTES = 1 << 23, 1 << 20

# Counts up to this length are kept, for words of at most so many characters: their states are kept with them.
_KEPT, _KEPT_TEXT = 128, 8000


class End(NamedTuple):
    """What a text ends in: the beginning of a word, as a state of the automaton, and perhaps a run.

    With ``char``, the text ends in a run of it. Without, nothing before counts for runs, even if ``begun`` ends in one:
    that is what makes the subtraction exact.
    """

    begun: Rests
    char: str = ""
    run: int = 0


class _State:
    """The counts after an end.

    ``counts[margin + n]`` is N(end, n). It is the count of ``like`` (the shorter end), minus, for each ``(times, end,
    back)`` in ``less``, ``times`` times the count of that end for ``n - back``, minus ``lost[n]``, the strings of n
    characters that complete a word only together with the suffix. It took ``steps`` to find these.
    """

    def __init__(self, like: End | None, less: list[tuple[int, End, int]], lost: dict[int, int], steps: int):
        self.like, self.less, self.lost, self.steps = like, less, lost, steps
        self.counts: list[int] = []


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
        start: The state of the empty text.
        alphabet: The characters.
        run: Longest allowed run of one character (None: any).
        suffix: The text after the strings, in lower case.
        mask: The bits of weights that matter.
    """

    def __init__(self, start: Rests, alphabet: tuple[Letters, ...], run: int | None, suffix: str, mask: int):
        self._start, self._alphabet, self._run, self._suffix, self._mask = start, alphabet, run, suffix, mask
        self._sizes = {letters.name: letters.weight for letters in alphabet}
        self._each = {letters.name: letters.each for letters in alphabet}
        self._last = {letters.name: letters.last for letters in alphabet}
        self._size, self._all_last = sum(self._sizes.values()), sum(self._last.values())
        #: Whether the last place is limited, so that each string holds at least one character.
        self._limited = self._size != self._all_last
        self._margin = max([(run or 0) + 1, *(length for _, _, length in start.completions)])
        self._states: dict[End, _State] = {}
        #: The ends asked for last, and what `_reached` returned for them: those of one policy are the same.
        self._last_ends: tuple[End, ...] = ()
        self._last_reached: tuple[dict[End, _State], int, int] = {}, 0, 0
        self._longest = 0
        self._lock = Lock()

    def prepare(self, lengths: Sequence[int], ends: Sequence[tuple[int, End]], budget: Budget) -> Numbers:
        """Return how to find, for each length, the sum of a weight times the strings after each end.

        All work is charged here, as if nothing was kept, so that the same is refused whatever came before.
        """
        longest = max(lengths)
        with self._lock:
            wanted = tuple([end for _, end in ends])
            if wanted != self._last_ends:
                self._last_reached, self._last_ends = self._reached(wanted), wanted
            states, links, steps = self._last_reached
            budget.spend(steps)
            # Plain counts grow with the length; weights have all bits from the start, and so do both factors.
            plain = self._mask == -1
            size = (longest * self._size.bit_length() if plain else self._mask.bit_length()) // 32 + 1
            each_count = 2 * size + 40 if plain else 4 * size + 40
            if len(states) * (self._margin + longest) * each_count > MOST_BYTES:
                raise TooLarge
            each = 120 + size // 4 if plain else 120 + size * size // 3
            budget.spend((2 * len(states) + links) * longest * each // 1000)
            self._longest = max(self._longest, longest)
            if len(self._states) * (self._margin + self._longest) * each_count > _KEPT_BYTES:
                self._states, self._last_ends, self._last_reached, self._longest = {}, (), ({}, 0, 0), 0

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
                [(times, states[to].counts, back) for times, to, back in state.less],
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

    def _reached(self, ends: tuple[End, ...]) -> tuple[dict[End, _State], int, int]:
        """Return the states that ends need, each after the one it is like, their links, and the steps to find them."""
        budget = Budget(_MOST_STEPS)
        reached: dict[End, _State] = {}
        todo: list[End | None] = [*ends]
        for end in todo:  # which grows
            shorter_last: list[End] = []
            while end is not None and end not in reached:
                if end not in self._states:
                    self._states[end] = self._linked(end, Budget(budget.left))
                budget.spend(self._states[end].steps)
                shorter_last.append(end)
                end = self._states[end].like
            for each in reversed(shorter_last):
                reached[each] = self._states[each]
                todo += [to for _, to, _ in reached[each].less]
        links = sum([len(state.less) for state in reached.values()])
        return reached, links, _MOST_STEPS - budget.left

    def _linked(self, end: End, budget: Budget) -> _State:
        """Find what an end's counts lack."""
        left, sizes, run = budget.left, self._sizes.__getitem__, self._run
        less: dict[tuple[End, int], int] = defaultdict(int)
        lost: dict[int, int] = defaultdict(int)
        completions = {} if end.char else end.begun.completions
        budget.spend(2 + sum(map(len, completions.values())) // 2)
        plain = run is None and self._mask == -1
        for (after, last, length), texts in completions.items():
            budget.spend(len(texts) * (length // 8 if plain else length // 3))
            if plain:
                less[End(after), length] += sum([prod(map(sizes, text)) for text in texts])
                continue
            for text in texts:
                for at_end, ways in self._ways(text, budget).items():
                    less[End(after, last, at_end) if run else End(after), length] += ways
        may_lose = completions and (self._suffix or self._limited)
        for head in end.begun.heads(self._suffix, budget, self._limited) if may_lose else ():
            ways = sum(self._ways(head[:-1] if self._limited else head, budget).values())
            lost[len(head)] += ways * (self._last[head[-1]] if self._limited else 1) & self._mask
        for times, char, drawn, more in self._runs(end):
            budget.spend(2 * more)
            following = end.begun.after(char * more)
            for _ in range(more):
                times = times * self._each[char] & self._mask
            if following is not None:
                less[End(following, char, more), drawn + more] += times
        shorter = end.begun if end.char else end.begun.alike
        links = [(times, to, back) for (to, back), times in less.items() if times]
        return _State(None if shorter is None else End(shorter), links, lost, 1 + left - budget.left)

    def _ways(self, text: str, budget: Budget) -> dict[int, int]:
        """The ways to write a text in upper and lower case, by the run at its end."""
        if not self._run:
            number = 1
            for char in text:
                number = number * self._sizes[char] & self._mask  # each time, or one set's bits reach another's
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
        if self._run is None or (end.begun is not self._start and not end.char):
            return []
        if end.char:
            return [(1, end.char, 0, self._run + 1 - end.run)]
        return [(letters.weight, letters.name, 1, self._run) for letters in self._alphabet if letters.weight]


_counts = lru_cache(maxsize=16)(Counts)


class Unequal(Exception):
    """Characters that are the same letter cannot be exchanged, so runs are not counted here."""


def number_without(
    words: WordsAvoided,
    weights: Mapping[str, int],
    lengths: Sequence[int],
    budget: Budget,
    run: int | None = None,
    first: Container[str] | None = None,
    last: Container[str] | None = None,
    mask: int = -1,
) -> Numbers:
    """Return how to find the numbers of strings without the words, also where these overlap the text around.

    Args:
        words: The words, and the text before and after.
        weights: The characters, each with its weight; the product of these is what a string counts.
        lengths: The lengths of the strings, at least 1 if first is given.
        budget: Bounds the work, in steps of about a microsecond. It is charged before most is done.
        run: Longest allowed run of one character (None: any).
        first: The characters that may stand first (None: all).
        last: The characters that may stand last (None: all).
        mask: The bits of weights that matter.

    Raises:
        TooLarge: The budget is used up.
        Unequal: Runs cannot be counted for these weights and characters at the ends.
    """
    # Counts for any beginning are cached, counts for an end only for each end.
    backwards = first is None and (last is not None or bool(words.suffix and not words.prefix))
    start = rests(words.words, backwards=backwards)
    prefix, suffix = words.prefix, words.suffix
    if backwards:
        prefix, suffix, first, last = suffix[::-1], prefix[::-1], last, first
    names = _names(words.letters, weights)
    letters = []
    for name, chars in sorted(names.items()):
        every = [weights[char] for char in chars]
        ends = every if last is None else [weights[char] for char in chars if char in last]
        letters.append(Letters(name, sum(every), every[0] if len(set(every)) == 1 else 0, sum(ends)))
    if run is not None and (last is not None or not all(letter.each for letter in letters if letter.weight)):
        raise Unequal
    make = _counts if max(lengths) <= _KEPT and words.total <= _KEPT_TEXT else Counts
    counts = make(start, tuple(letters), run, fold(suffix)[: words.longest], mask)
    begun = start.after(prefix)
    if begun is None or start.after(suffix) is None:
        return lambda: [0] * len(lengths)
    if first is None:
        return counts.prepare(lengths, [(1, End(begun))], budget)
    after_first = []
    for name, chars in names.items():
        weight = sum([weights[char] for char in chars if char in first])
        after = begun.after(name) if weight else None
        if after is not None:
            after_first.append((weight, End(after, name, 1) if run else End(after)))
    return counts.prepare([length - 1 for length in lengths], after_first, budget)


def _names(letters: frozenset[str], weights: Mapping[str, int]) -> dict[str, list[str]]:
    """The characters by the name of their letter; an empty list for the words' other letters."""
    names: dict[str, list[str]] = {letter: [] for letter in letters}
    others: dict[int, str] = {}
    for char, weight in weights.items():
        name = fold(char)
        if name not in letters:
            name = others.setdefault(weight, chr(len(others)))
        names.setdefault(name, []).append(char)
    return names
