"""Chooses the source that counts and draws constrained strings, and limits its cost.

All sources are exactly uniform; they differ in cost. Rejection sampling serves if it keeps at least one string in
``WORTH_REJECTING``. A request is refused as too complex, before the work is done, beyond:

* minimums: any up to length 128; longer ones if ``MINIMUMS_STEPS`` suffice to count them (four of 4 at any length) and
  rejection sampling serves;
* ``max_repeat``: 1 at any length, more up to ``RUN_LENGTH`` and ``RUN_BITS`` (1536 digits, 1024 letters and digits);
* all else, and combinations: what an automaton counts within its steps.
"""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from . import minimums
from .automata import Budget, TooLarge, explore, partition
from .errors import Impossible, TooComplex
from .languages import Language, Ranked
from .minimums import Minimums
from .rejection import Filtered, Test, at_least, no_run_over
from .runs import Runs
from .samplers import Definition, Product, Source
from .words import MOST_STEPS as WORDS_STEPS
from .words import WordsAvoided, folded

ANY_MINIMUMS_LENGTH = 128
"""Greatest length at which any minimums are accepted."""

MINIMUMS_STEPS = 2000
"""Most steps to count minimums of longer strings."""

RUN_LENGTH = 2048
"""Greatest length with a max_repeat over 1."""

RUN_BITS = 6144
"""Most bits (length times the bits of the alphabet's size) with a max_repeat over 1."""

WORTH_REJECTING = 8
"""Rejection sampling must keep at least one string in this many."""

CLASS_STEPS = 10_000
"""Most steps of an automaton over classes, about 3 ms."""

# With words alone, lengths up to _KEPT are rounded up to a power of two, at least _FEW, to share counts.
_FEW, _KEPT = 16, 64

RANKING_STEPS = 2_000_000
"""Most steps to rank a set, which only some draws need."""


@lru_cache(maxsize=4)
def _kept(words: WordsAvoided, longest: int) -> Language:
    """The strings of up to ``longest`` characters without the words, cached for all lengths."""
    automaton, steps = words.automaton()
    return Language(automaton, 0, longest, budget=Budget(WORDS_STEPS - steps))


class Shape(NamedTuple):
    """The constraints on strings of one length.

    Attributes:
        places: The characters of each place.
        required: Sets of characters, each with how many a string holds at least.
        run: Longest allowed run of one character (None: any).
        words: Words that must not occur.
    """

    places: Sequence[str]
    required: Sequence[tuple[str, int]] = ()
    run: int | None = None
    words: WordsAvoided | None = None

    @property
    def alphabet(self) -> str:
        different = set(self.places)
        return self.places[0] if len(different) == 1 else "".join(sorted(set().union(*different)))

    def language(self, steps: int = RANKING_STEPS) -> Language:
        """The language of these strings; raises TooLarge beyond ``steps``."""
        length, budget = len(self.places), Budget(steps)
        if self.words and self.words.alone and len({*self.places}) == 1 and not self.required and self.run is None:
            most = max(_FEW, 1 << (length - 1).bit_length()) if length <= _KEPT else length
            return _kept(self.words, most).only(length)
        machines = [self.words] if self.words else []
        apart = [*set(self.places), *(chars for chars, _ in self.required)]
        automaton = explore(machines, self.alphabet, length, budget, apart, by_class=self.run is not None)
        return Language(automaton, length, length, self.run, self.required, self.places, budget)

    def definition(self, free: Product) -> Definition:
        """A canonical description of the set, whatever fields define it."""
        alphabet, words = "".join(sorted(self.alphabet)), folded(self.words.words) if self.words else ()
        if not self.is_even:
            return "without", free.definition, self.run or 0, words
        least = tuple(sorted(("".join(sorted(chars)), number) for chars, number in self.required))
        ends = ("".join(sorted(chars)) for chars in (self.places[0], self.places[-1]))
        ends = ("" if chars == alphabet else chars for chars in ends)
        return "constraints", len(self.places), alphabet, least, self.run or 0, *ends, words

    @property
    def is_even(self) -> bool:
        """Whether all places but the ends may hold any of the characters."""
        alphabet = self.alphabet
        return all(len(chars) == len(alphabet) for chars in set(self.places[1:-1]))

    def tests(self) -> list[Test]:
        """The tests that a free string must pass."""
        tests = [at_least(self.required, self.alphabet)] if self.required else []
        tests += [no_run_over(self.run)] if self.run is not None else []
        return tests + ([self.words.free_of_words] if self.words else [])


def source(shape: Shape, fields: list[str]) -> Source:
    """Return the cheapest source for a shape. Errors name ``fields``."""
    free = Product(shape.places)
    if shape.run is None and not shape.required and not shape.words:
        exact: Source = free
    else:
        exact = _by_formula(shape, fields) or _by_automaton(shape, fields)
    if not exact.size:
        message = f"no string of length {len(shape.places)} meets these constraints together"
        raise Impossible([(name, message) for name in fields])
    if exact is free:
        return free
    exact.define = partial(shape.definition, free)
    if exact.size * WORTH_REJECTING >= free.size:
        return Filtered(free, exact, shape.tests())
    if isinstance(exact, Minimums) and len(shape.places) > ANY_MINIMUMS_LENGTH:
        message = (
            f"too few strings of length {len(shape.places)} meet this to draw them in good time; accepted are "
            f"any up to length {ANY_MINIMUMS_LENGTH}, or smaller ones"
        )
        raise TooComplex([(name, message) for name in _least(fields)])
    return exact


def _by_automaton(shape: Shape, fields: list[str]) -> Language:
    try:
        return shape.language(WORDS_STEPS if shape.words else CLASS_STEPS)
    except TooLarge:
        message = "takes too long to count exactly; use fewer constraints or a shorter length"
        raise TooComplex([(name, message) for name in fields]) from None


def _by_formula(shape: Shape, fields: list[str]) -> Ranked | None:
    """A source with a closed formula: for a limit on runs alone, or for minimums of disjoint sets alone."""
    alphabet, ends = shape.alphabet, (shape.places[0], shape.places[-1])
    limited = [chars for chars in ends if len(chars) < len(alphabet)]
    if shape.words or not shape.is_even:
        return None
    found: Ranked | None = None
    if shape.run is None:
        found = _with_minimums(shape, alphabet, fields)
    elif not shape.required and len(limited) < 2:
        longest = min(RUN_LENGTH, RUN_BITS // len(alphabet).bit_length())
        if shape.run > 1 and len(shape.places) > longest:
            message = f"{shape.run} is possible up to length {longest} with these {len(alphabet)} characters"
            raise TooComplex([("max_repeat", message)])
        found = Runs(alphabet, len(shape.places), shape.run, limited[0] if limited else None, last=limited == [ends[1]])
    if found:
        found.make_language = shape.language
    return found


def _with_minimums(shape: Shape, alphabet: str, fields: list[str]) -> Minimums | None:
    least = {"".join(sorted(chars)): least for chars, least in shape.required}
    length, ends = len(shape.places), [shape.places[0], shape.places[-1]][: len(shape.places)]
    classes = partition(alphabet, [*least, *ends])
    if not least.keys() <= {*classes} or len(least) < len(shape.required):
        return None
    steps = minimums.steps(least.values())
    both = all(len(chars) < len(alphabet) for chars in ends)
    # With both ends restricted, the rest is counted for each pair of classes at the ends.
    if (both or length > ANY_MINIMUMS_LENGTH) and steps > (MINIMUMS_STEPS // 4 if both else MINIMUMS_STEPS):
        message = (
            f"too large to count exactly at length {length}; accepted are any up to length "
            f"{ANY_MINIMUMS_LENGTH}, and four of 4 at any length"
        )
        raise TooComplex([(name, message) for name in _least(fields)])
    allowed = [
        None if len(chars) == len(alphabet) else frozenset(i for i, each in enumerate(classes) if each[0] in chars)
        for chars in ends
    ]
    return Minimums(classes, [least.get(chars, 0) for chars in classes], length, *allowed)


def _least(fields: list[str]) -> list[str]:
    """The fields that set minimums."""
    return [name for name in fields if name.startswith("min_")] or fields
