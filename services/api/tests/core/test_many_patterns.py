"""Hundreds of patterns: two oracles, order, ranks and frequencies; and a generator that must fail the same checks.

Each pattern is cut down to a few characters and short values, so that it has 2 to 40 values, which are drawn 20 times
each. A public automata library says how many values there are; where few strings come into question, all are tried.
"""

import random
import re
from collections import Counter
from itertools import accumulate, chain
from re import _compiler, _constants, _parser
from typing import Any, NamedTuple

import pytest
import real_patterns
from automata.fa.dfa import DFA
from automata.fa.nfa import NFA
from brute_force import all_but, every_match

from flaskrandom.core import StringSpec, plan
from flaskrandom.core.alphabets import PRINTABLE
from support.statistics import ALPHA, evenness, holm

MOST = 40
"""Most values of a pattern."""

ROOM = 6
"""Most characters beyond a pattern's shortest value."""

PER_VALUE = 20
"""Draws for each value."""

FEW = 20
"""Values in a small draw: up to 23 are drawn one by one, by rank; more are drawn together, step by step."""


class Part(NamedTuple):
    """A part of a pattern: one of the branches, from ``least`` to ``most`` times. A branch is a character or parts."""

    least: int
    most: int
    branches: list[Any]


def parts(tree, alphabet):
    """Read a pattern of an alphabet. Raises ValueError if a place has no character, or depends on what is around it."""
    found = []
    for code, value in tree:
        if code is _constants.SUBPATTERN:
            found += parts(value[3], alphabet)
        elif code is _constants.BRANCH:
            found.append(Part(1, 1, [parts(branch, alphabet) for branch in value[1]]))
        elif code in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            found.append(Part(value[0], value[1], [parts(value[2], alphabet)]))
        elif code in (_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN):
            matches = _compiler.compile(_parser.SubPattern(tree.state, [(code, value)]), re.ASCII).fullmatch
            found.append(Part(1, 1, list(filter(matches, alphabet))))
            if not found[-1].branches:
                raise ValueError("no character")
        elif value not in (_constants.AT_BEGINNING, _constants.AT_END):
            raise ValueError("looks around")
    return found


def choices(pattern):
    """The characters of each place."""
    for _, _, branches in pattern:
        if isinstance(branches[0], str):
            yield branches
        else:
            yield from chain.from_iterable(map(choices, branches))


def letter(char):
    """A letter that stands for a character, as the library gives signs a meaning."""
    return chr(0x4E00 + ord(char))


def spelled(pattern, longest):
    """The pattern in the library's syntax, for values up to a length."""
    out = ""
    for least, most, branches in pattern:
        texts = [letter(each) if isinstance(each, str) else spelled(each, longest) or "()" for each in branches]
        bounds = f"{min(least, longest)},{most if most <= longest else ''}"
        times = {"1,1": "", "0,": "*", "1,": "+", "0,1": "?"}.get(bounds, f"{{{bounds}}}")
        out += f"({'|'.join(texts)}){times}"
    return out


def branch_by_branch(pattern, room):
    """Draw a value as popular libraries do: each branch, and each number of repeats, with the same chance."""
    out = ""
    for least, most, branches in pattern:
        for _ in range(random.randint(least, min(most, least + room))):
            branch = random.choice(branches)
            out += branch if isinstance(branch, str) else branch_by_branch(branch, room)
    return out


class Case:
    """A pattern with few values: those of an alphabet up to a length; ``numbers`` holds the library's, by length."""

    def __init__(self, pattern, read, alphabet, numbers):
        self.pattern, self.parts, self.alphabet, self.numbers = pattern, read, alphabet, numbers
        self.longest, self.size = max(numbers), sum(numbers.values())
        self.plan = plan(StringSpec(regex=pattern, max_length=self.longest, exclude=all_but(alphabet)))
        self.values = list(map(self.plan._source.unrank, range(self.plan.size)))

    def skewed(self, tries):
        """Draw values branch by branch, and keep those that are not too long."""
        room = self.longest - min(self.numbers)
        drawn = (branch_by_branch(self.parts, room) for _ in range(tries))
        return [value for value in drawn if len(value) <= self.longest]


def cut_down(pattern):
    """The case with two characters of each place or, if these give too many values, of the last one; None without."""
    tree = _parser.parse(pattern, re.ASCII)
    try:
        *others, last = choices(parts(tree, PRINTABLE))
    except ValueError:
        return None
    shortest = tree.getwidth()[0]
    lengths = range(shortest, shortest + ROOM + 1)
    for each in (2, 1):
        alphabet = {last[0], last[-1]}.union(*((chars[0], chars[-1])[:each] for chars in others))
        read = parts(tree, sorted(alphabet))
        symbols = set(map(letter, alphabet))
        reference = DFA.from_nfa(NFA.from_regex(spelled(read, lengths[-1]), input_symbols=symbols), minify=False)
        numbers = {length: reference.count_words_of_length(length) for length in lengths}
        totals = dict(zip(lengths, accumulate(numbers.values()), strict=True))
        small = {length: numbers[length] for length in lengths if totals[length] <= MOST}
        if sum(small.values()) > 1:
            return Case(pattern, read, sorted(alphabet), small)
    return None


REPEATS = ["*", "+", "?", "{2}", "{1,3}", "{2,}", "*?"]


def generated(number):
    """Small patterns, the same ones in each run."""
    chance = random.Random(566)

    def pattern(depth):
        kind = chance.randrange(1, 4) if depth else 0
        if kind == 0:
            return chance.choice(["a", "b", "ab", "[ab]", "[^a]", "."])
        inner = pattern(depth - 1)
        if kind == 1:
            return inner + pattern(depth - 1)
        return f"({inner}|{pattern(depth - 1)})" if kind == 2 else f"({inner}){chance.choice(REPEATS)}"

    return list(dict.fromkeys(pattern(chance.randint(1, 3)) for _ in range(number)))


@pytest.fixture(scope="module", params=["generated", pytest.param("real", marks=real_patterns.needed)])
def cases(request):
    found = map(cut_down, real_patterns.texts() if request.param == "real" else generated(400))
    cases = [case for case in found if case]
    assert len(cases) >= 300
    return cases


def test_both_oracles_find_the_same_values(cases):
    enumerated = 0
    for case in cases:
        assert case.plan.size == case.size, case.pattern
        assert Counter(map(len, case.values)) == Counter(case.numbers), case.pattern
        assert all(map(re.compile(case.pattern, re.ASCII).fullmatch, case.values)), case.pattern
        if len(case.alphabet) ** case.longest <= 3000:
            assert case.values == every_match(case.pattern, case.alphabet, case.longest), case.pattern
            enumerated += 1
    assert enumerated >= 100


def test_values_are_in_order_and_have_their_ranks(cases):
    for case in cases:
        assert case.values == sorted(set(case.values), key=lambda value: (len(value), value)), case.pattern
        assert list(map(case.plan._source.rank, case.values)) == list(range(case.size)), case.pattern


def test_all_values_are_equally_likely(cases):
    """Holm's correction is for the number of patterns: all of them together fail by chance once in a million runs."""
    together = [evenness(case.plan.draw(PER_VALUE * case.size), case.values) for case in cases]
    few = [evenness(chain.from_iterable(case.plan.draw(FEW) for _ in range(case.size)), case.values) for case in cases]
    for levels in (together, few):
        assert holm(levels), min(zip(levels, (case.pattern for case in cases), strict=True))


def test_control_branch_by_branch_fails(cases):
    """The same check finds most sets of at least 20 values of several lengths; in others all branches may be equal."""
    uneven = [case for case in cases if case.size >= 20 and len(case.numbers) > 1][::3]
    draws = [case.skewed(PER_VALUE * case.size) for case in uneven]
    assert all(set(drawn) <= set(case.values) for drawn, case in zip(draws, uneven, strict=True))
    levels = [evenness(drawn, case.values) for drawn, case in zip(draws, uneven, strict=True)]
    assert not holm(levels)
    assert len(levels) >= 30
    assert sum(level < ALPHA for level in levels) >= 0.6 * len(levels)
