"""Counts the strings that an automaton accepts and that hold no word.

The recurrence is that of word_counts.py, for each state of the automaton. Let N(s, p, n) be the number of strings of n
characters that lead from state s to acceptance, and complete no word after a text that ends in p. It is N(s, q, n),
with q as there, less the strings that begin with the rest of a word: for each state t, the ways to read the rest from s
to t, times N(t, r, n - length of the rest), with r as there. N(s, "", n) is the sum of N(t, "", n - 1) over all
characters, where t is the state after the character, less the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .automata import Automaton, Budget, TooLarge
from .word_counts import MOST_BYTES
from .words import Rests, WordsAvoided, rests

# A state of the automaton, and what the text before ends in.
_Place = tuple[int, Rests]

# How often a place counts (negative: its strings are lost), the place, and how many characters lead to it.
_Link = tuple[int, _Place, int]


def _like(state: int, begun: Rests) -> _Place | None:
    """The place with the next shorter end."""
    return None if begun.alike is None else (state, begun.alike)


class Matches:
    """Counts the strings.

    Args:
        words: The words and the text before the strings; no text may follow.
        automaton: Accepts the strings.
        budget: Bounds the work, in steps of about a microsecond.
    """

    def __init__(self, words: WordsAvoided, automaton: Automaton, budget: Budget):
        self._words, self._automaton, self._budget = words, automaton, budget
        self._classes = {char: index for index, chars in enumerate(automaton.classes) for char in chars}
        self._reads: dict[int, dict[str, list[tuple[int, int]]]] = {}

    def by_length(self, lengths: Sequence[int]) -> list[int]:
        """Return the number of strings of each length, ascending; raises TooLarge if the budget is used up."""
        begun, longest, automaton = rests(self._words.words).after(self._words.prefix), lengths[-1], self._automaton
        if begun is None:
            return [0] * len(lengths)
        links = self._all_links((0, begun))
        margin = max([back for found in links.values() for _, _, back in found], default=1)
        size = longest * sum(map(len, automaton.classes)).bit_length() // 32 + 1
        left = {place: longest - automaton.depths[place[0]] for place in links}
        if sum([margin + most for most in left.values()]) * (2 * size + 40) > MOST_BYTES:
            raise TooLarge
        steps = sum([(2 + len(found)) * left[place] for place, found in links.items()])
        self._budget.spend(steps * (80 + size // 4) // 1000)
        counts = {place: [0] * margin for place in links}
        rows = []
        for place, found in links.items():
            like, added = _like(*place), [(times, counts[to], back) for times, to, back in found]
            accepts = automaton.accepting[place[0]]
            rows.append((counts[place], None if like is None else counts[like], added, accepts, left[place]))
        for length in range(longest + 1):
            for numbers, shared, added, accepts, most in rows:
                if length <= most:
                    number = int(accepts and not length) if shared is None else shared[-1]
                    for times, others, back in added:
                        number += times * others[margin + length - back]
                    numbers.append(number)
        return [counts[0, begun][margin + length] for length in lengths]

    def _all_links(self, start: _Place) -> dict[_Place, list[_Link]]:
        """Return the links of all places that one needs, each after the one it is like."""
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
        return links

    def _links(self, state: int, begun: Rests) -> list[_Link]:
        """Return what the numbers at a place add to those of the one it is like."""
        self._budget.spend(2 + sum([len(texts) * length for (_, _, length), texts in begun.completions.items()]) // 16)
        added: Counter[tuple[_Place, int]] = Counter()
        todo = [(begun.tree, state, 1)]
        for tree, at, ways in todo:  # which grows
            self._budget.spend()
            if tree.end:
                after, length = tree.end
                added[(at, after), length] -= ways
                continue
            reads = self._reads[at] if at in self._reads else self._reading(at)
            for letter, longer in tree.items():
                todo += [(longer, target, ways * number) for target, number in reads.get(letter, ())]
        if begun.alike is None:
            for index, target in self._automaton.moves[state].items():
                added[(target, begun), 1] += len(self._automaton.classes[index])
        return [(times, to, back) for (to, back), times in added.items()]

    def _reading(self, state: int) -> dict[str, list[tuple[int, int]]]:
        """The states after each letter, each with the number of the letter's characters that lead there."""
        moves = self._automaton.moves[state]
        found = self._reads[state] = {}
        for letter, chars in self._words.cased.items():
            targets = Counter([moves[index] for index in map(self._classes.get, chars) if index in moves])
            if targets:
                found[letter] = list(targets.items())
        return found
