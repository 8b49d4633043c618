"""How a constrained string is counted and drawn: the choice between the sources, and what bounds it.

Every way is exactly uniform; they differ in cost. Free strings are drawn and rejected as long as one in
``WORTH_REJECTING`` is kept. A request is refused as too complex, before the work is done, beyond:

* minimums: any up to length 128; longer ones if ``MINIMUMS_STEPS`` suffice to count them (four of 4 at any length) and
  rejecting is worth it;
* ``max_repeat``: 1 at any length, more up to ``RUN_LENGTH`` and ``RUN_BITS`` (1536 digits, 1024 letters and digits);
* all else, also these together: what an automaton counts in so many steps.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, NoReturn

from . import minimums
from .automata import Budget, Ends, Machine, TooLarge, explore
from .errors import Impossible, TooComplex
from .languages import Language, Ranked
from .minimums import Minimums
from .rejection import Filtered, Test, at_least, no_run_over
from .runs import Runs
from .samplers import Product, Source
from .words import MOST_STEPS as WORDS_STEPS
from .words import WordsAvoided

ANY_MINIMUMS_LENGTH = 128
"""Up to this length minimums may be anything."""

MINIMUMS_STEPS = 2000
"""Most steps to count minimums of longer strings."""

RUN_LENGTH = 2048
"""Greatest length with a max_repeat over 1."""

RUN_BITS = 6144
"""Most bits (length times the bits of the alphabet's size) with a max_repeat over 1."""

WORTH_REJECTING = 8
"""Free strings are drawn and rejected as long as one in so many is kept."""

CLASS_STEPS = 10_000
"""Most steps of an automaton over classes, about 3 ms."""

# Words alone are counted for as many characters, so that other lengths are known, too.
_FEW, _KEPT = 16, 64

RANKING_STEPS = 2_000_000
"""Most steps spent on the order of a set, which only some draws need."""


def language(
    machines: Sequence[Machine],
    alphabet: Iterable[str],
    shortest: int,
    longest: int,
    run: int | None,
    minimums: Sequence[tuple[str, int]],
    steps: int | Budget,
) -> Language:
    """Return the language of all strings that the machines accept and that meet a run limit and minimums."""
    budget = Budget(steps) if isinstance(steps, int) else steps
    only = machines[0] if len(machines) == 1 and run is None and not minimums else None
    if isinstance(only, WordsAvoided) and only.alone and shortest == longest:
        return _kept(only, max(_FEW, 1 << (longest - 1).bit_length()) if longest <= _KEPT else longest).only(longest)
    apart = [chars for chars, _ in minimums]
    automaton = explore(machines, alphabet, longest, budget, apart, by_class=run is not None)
    return Language(automaton, shortest, longest, run, minimums, budget)


@lru_cache(maxsize=4)
def _kept(words: WordsAvoided, longest: int) -> Language:
    """The strings of up to so many characters without the words: counted once for all lengths."""
    automaton, steps = words.automaton()
    return Language(automaton, 0, longest, budget=Budget(WORDS_STEPS - steps))


class Shape(NamedTuple):
    """A string from disjoint classes, and what is asked of them.

    Attributes:
        classes: The characters of each class.
        minimums: Least characters of each class.
        length: Characters of a string.
        run: Most times that a character may stand in a row (None: any).
        first: Indexes of the classes allowed in the first place (None: all).
        last: Indexes of the classes allowed in the last place (None: all).
        words: Words that must not occur.
    """

    classes: list[str]
    minimums: list[int]
    length: int
    run: int | None
    first: frozenset[int] | None
    last: frozenset[int] | None
    words: WordsAvoided | None

    @property
    def alphabet(self) -> str:
        return "".join(self.classes)

    def characters(self, classes: frozenset[int] | None) -> str:
        """The characters of some classes (None: of all)."""
        return self.alphabet if classes is None else "".join(self.classes[index] for index in sorted(classes))

    @property
    def required(self) -> list[tuple[str, int]]:
        """The classes with a minimum, each with it."""
        return [(chars, least) for chars, least in zip(self.classes, self.minimums, strict=True) if least]

    def free(self) -> Product:
        """All strings, but for what may stand at the ends."""
        places = [self.characters(self.first)] + [self.alphabet] * (self.length - 1)
        if self.last is not None:
            places[-1] = "".join(char for char in self.characters(self.last) if char in places[-1])
        return Product(places)

    def language(self, steps: int = RANKING_STEPS) -> Language:
        """All strings, as an automaton accepts them; TooLarge beyond so many steps."""
        machines: list[Machine] = [] if self.words is None else [self.words]
        if self.first is not None or self.last is not None:
            machines.append(Ends(self.characters(self.first), self.characters(self.last)))
        return language(machines, self.alphabet, self.length, self.length, self.run, self.required, steps)

    def tests(self) -> list[Test]:
        """What a free string has to pass."""
        tests = [at_least(self.required, self.alphabet)] if self.required else []
        tests += [no_run_over(self.run)] if self.run is not None else []
        return tests + ([self.words.free_of_words] if self.words else [])


def source(shape: Shape, fields: list[str]) -> Source:
    """Return the cheapest source for a shape. ``fields`` are those to name when there is none."""
    if shape.length == 1 and None not in (shape.first, shape.last):
        shape = shape._replace(first=shape.first & shape.last, last=None)  # type: ignore[operator]
    free, least = shape.free(), [name for name in fields if name.startswith("min_")]
    if shape.run is None and not shape.required and not shape.words:
        exact: Source = free
    elif shape.words or (shape.run is not None and (shape.required or None not in (shape.first, shape.last))):
        try:
            exact = shape.language(WORDS_STEPS if shape.words else CLASS_STEPS)
        except TooLarge:
            _refuse(fields, "takes too long to count exactly; use fewer constraints or a shorter length")
    elif shape.run is not None:
        exact = _limited(shape, shape.run)
    else:
        exact = _with_minimums(shape, least)
    if not exact.size:
        message = f"no string of length {shape.length} meets these constraints together"
        raise Impossible([(name, message) for name in fields])
    if isinstance(exact, Ranked):
        exact.make_language = shape.language
    found = filtered(free, exact, shape.tests())
    if isinstance(found, Minimums) and shape.length > ANY_MINIMUMS_LENGTH:
        _refuse(
            least,
            f"too few strings of length {shape.length} meet this to draw them in good time; accepted are "
            f"any up to length {ANY_MINIMUMS_LENGTH}, or smaller ones",
        )
    return found


def filtered(base: Product, exact: Source, tests: list[Test]) -> Source:
    """Return the cheaper way to draw from ``exact``, which holds the values of ``base`` that pass the tests."""
    if not tests or exact.size * WORTH_REJECTING < base.size:
        return exact
    return Filtered(base, exact, tests)


def _limited(shape: Shape, run: int) -> Source:
    longest = min(RUN_LENGTH, RUN_BITS // len(shape.alphabet).bit_length())
    if run > 1 and shape.length > longest:
        message = f"{run} is possible up to length {longest} with these {len(shape.alphabet)} characters"
        _refuse(["max_repeat"], message)
    end = shape.first if shape.last is None else shape.last
    return Runs(shape.alphabet, shape.length, run, shape.characters(end), last=shape.last is not None)


def _with_minimums(shape: Shape, least: list[str]) -> Source:
    # With both ends restricted, the rest is counted for each pair of classes there.
    both = None not in (shape.first, shape.last)
    most = MINIMUMS_STEPS // 4 if both else MINIMUMS_STEPS
    if (both or shape.length > ANY_MINIMUMS_LENGTH) and minimums.steps(shape.minimums) > most:
        _refuse(
            least,
            f"too large to count exactly at length {shape.length}; accepted are any up to length "
            f"{ANY_MINIMUMS_LENGTH}, and four of 4 at any length",
        )
    return Minimums(shape.classes, shape.minimums, shape.length, shape.first, shape.last)


def _refuse(fields: list[str], message: str) -> NoReturn:
    raise TooComplex([(name, message) for name in fields])
