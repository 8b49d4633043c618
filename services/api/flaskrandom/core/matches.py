"""Counts the strings that an automaton accepts and that hold no word.

The recurrence is that of word_counts.py, for each state of the automaton. Let N(s, p, n) be the number of strings of n
characters that lead from state s to acceptance, and complete no word after a text that ends in p. It is N(s, q, n),
with q as there, less the strings that begin with the rest of a word: for each state t, the ways to read the rest from s
to t, times N(t, r, n - length of the rest), with r as there. N(s, "", n) is the sum of N(t, "", n - 1) over all
characters, where t is the state after the character, less the same. Strings that complete a word only together with the
suffix are also taken off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from .automata import Automaton, Budget, TooLarge
from .word_counts import MOST_BYTES
from .words import Rests, WordsAvoided, fold, rests

# A state of the automaton, and what the text before ends in; None where the strings end, before the suffix.
_Place = tuple[int, Rests | None]

# How often a place counts (negative: its strings are lost), the place, and how many characters lead to it.
_Link = tuple[int, _Place, int]

# Stands for letters that no string holds.
_UNREAD = "\0"


def _like(state: int, begun: Rests | None) -> _Place | None:
    """The place with the next shorter end."""
    return None if begun is None or begun.alike is None else (state, begun.alike)


class _Tree(dict[str, "_Tree"]):
    """Texts by their next letter; ``ends`` counts those that end here, by the state of the words after them.

    That is None for texts that the suffix completes to a word.
    """

    def __init__(self) -> None:
        self.ends: dict[Rests | None, int] = {}


class _Trees(dict[Rests, _Tree]):
    """The rests of words by what the text before ends in.

    Args:
        start: The state of the empty text: other words have other trees.
        letters: For the code of each letter the one that stands for it. Rests with `_UNREAD` are left out.
        suffix: The text after the strings, in lower case.
    """

    def __init__(self, start: Rests, letters: tuple[tuple[int, str], ...], suffix: str):
        self._letters, self._suffix = dict(letters), suffix

    def __missing__(self, begun: Rests) -> _Tree:
        root, letters = _Tree(), self._letters
        ends: list[tuple[str, Rests | None]] = [
            (text.translate(letters), end) for (end, _, _), texts in begun.completions.items() for text in texts
        ]
        if self._suffix:
            ends += [(head.translate(letters), None) for head in begun.heads(self._suffix, Budget())]
        for (text, end), times in Counter(ends).items():
            if _UNREAD not in text:
                tree = root
                for letter in text:
                    if letter not in tree:
                        tree[letter] = _Tree()
                    tree = tree[letter]
                tree.ends[end] = times
        self[begun] = root
        return root


_trees = lru_cache(maxsize=4)(_Trees)


class Matches:
    """Counts the strings.

    Args:
        words: The words, and the text before and after the strings.
        automaton: Accepts the strings.
        longest: Greatest length of a string.
        budget: Bounds the work, in steps of about a microsecond.
    """

    def __init__(self, words: WordsAvoided, automaton: Automaton, longest: int, budget: Budget):
        self._words, self._automaton, self._longest, self._budget = words, automaton, longest, budget
        self._left = [longest - depth for depth in automaton.depths]
        self._size = longest * sum(map(len, automaton.classes)).bit_length() // 32 + 1
        class_of = {char: index for index, chars in enumerate(automaton.classes) for char in chars}
        # Letters whose characters are of the same classes are one: the first of them stands for all.
        first: dict[tuple[int, ...], str] = {(): _UNREAD}
        first_of = {}
        for letter in words.letters:
            classes = sorted([class_of[char] for char in words.cased.get(letter, ()) if char in class_of])
            first_of[ord(letter)] = first.setdefault(tuple(classes), letter)
        self._classes = {letter: classes for classes, letter in first.items() if classes}
        self._reads: dict[int, dict[str, list[tuple[int, int]]]] = {}
        self._start, self._paid = rests(words.words), set[Rests]()
        self._suffix = fold(words.suffix)[: words.longest]
        self._trees = _trees(self._start, tuple(sorted(first_of.items())), self._suffix)

    def by_length(self, lengths: Sequence[int]) -> list[int]:
        """Return the number of strings of each length; raises TooLarge if the budget is used up."""
        begun = self._start.after(self._words.prefix)
        if begun is None or self._start.after(self._words.suffix) is None:
            return [0] * len(lengths)
        links, least = self._all_links((0, begun)), self._automaton.least
        margin = max([back for found in links.values() for _, _, back in found], default=1)
        # Where nothing is added, the numbers are those of the place it is like.
        same = {place: None if found else _like(*place) for place, found in links.items()}
        counts: dict[_Place, list[int]] = {}
        for place, like in same.items():
            counts[place] = [0] * (margin + least[place[0]]) if like is None else counts[like]
        rows = [
            (
                counts[place],
                counts[_like(*place) or place],
                [(times, counts[to], back) for times, to, back in links[place]],
                least[place[0]],
                self._left[place[0]],
            )
            for place, like in same.items()
            if like is None
        ]
        if sum([margin + most for *_, most in rows]) * (2 * self._size + 40) > MOST_BYTES:
            raise TooLarge
        for length in range(self._longest + 1):
            for numbers, shared, added, fewest, most in rows:
                if fewest <= length <= most:
                    number = int(not length) if shared is numbers else shared[-1]
                    for times, others, back in added:
                        number += times * others[margin + length - back]
                    numbers.append(number)
        return [counts[0, begun][margin + length] for length in lengths]

    def _all_links(self, start: _Place) -> dict[_Place, list[_Link]]:
        """Return the links of all places that one needs, each after the one it is like; first where strings end."""
        links: dict[_Place, list[_Link]] = {}
        todo: list[_Place | None] = [start]
        for place in todo:  # which grows
            shorter_last: list[_Place] = []
            while place is not None and place not in links:
                shorter_last.append(place)
                place = _like(*place)
            for each in reversed(shorter_last):
                links[each] = self._links(*each)
                todo += [to for _, to, _ in links[each]]
        return dict(sorted(links.items(), key=lambda each: each[0][1] is not None))

    def _links(self, state: int, begun: Rests | None) -> list[_Link]:
        """Return what the numbers at a place add to those of the one it is like."""
        if begun is None:
            return []
        added: dict[tuple[int, Rests | None, int], int] = {}
        if begun not in self._paid:
            # Its tree is charged even if it is kept, so that the same is refused whatever came before.
            self._paid.add(begun)
            each = 3 if self._suffix else 1
            cost = sum([len(texts) * (8 + n * each) for (_, _, n), texts in begun.completions.items()])
            self._budget.spend(1 + cost // 16)
        todo = [(self._trees[begun], {state: 1}, 0)]
        for tree, ways, read in todo:  # which grows
            self._budget.spend(len(ways) * (1 + len(tree.ends)))
            for after, times in tree.ends.items():
                for at, number in ways.items():
                    key = at, after, read
                    added[key] = added.get(key, 0) - number * times
            for letter, longer in tree.items() if read < self._left[state] else ():
                if found := self._step(ways, letter):
                    todo.append((longer, found, read + 1))
        if self._suffix:
            accepting = self._automaton.accepting
            added = {key: times for key, times in added.items() if key[1] is not None or accepting[key[0]]}
        if begun.alike is None:
            for index, target in self._automaton.moves[state].items():
                key = target, begun, 1
                added[key] = added.get(key, 0) + len(self._automaton.classes[index])
        lengths = self._left[state] - self._automaton.least[state] + 1
        self._budget.spend((2 + len(added)) * lengths * (80 + self._size // 4) // 1000)
        return [(times, (at, after), back) for (at, after, back), times in added.items()]

    def _step(self, ways: dict[int, int], letter: str) -> dict[int, int]:
        """How many strings lead to each state after one more letter."""
        found: dict[int, int] = {}
        for state, number in ways.items():
            reads = self._reads[state] if state in self._reads else self._reading(state)
            for target, times in reads.get(letter, ()):
                found[target] = found.get(target, 0) + number * times
        return found

    def _reading(self, state: int) -> dict[str, list[tuple[int, int]]]:
        """The states after each letter, each with the number of the letter's characters that lead there."""
        moves = self._automaton.moves[state]
        found = self._reads[state] = {}
        for letter, classes in self._classes.items():
            if targets := [moves[index] for index in classes if index in moves]:
                found[letter] = [(target, targets.count(target)) for target in {*targets}]
        return found
