"""How a constrained string is counted and drawn: the choice between the sources, and what bounds it.

Every way is exactly uniform; they differ in cost. A request is refused as too complex, before
the work is done, when no way is cheap enough:

* minimums: any up to length 128; beyond, what inclusion and exclusion counts in ``COUNTING_STEPS``
  (for instance four minimums of 4 at any length), if at least one free string in eight meets them;
* ``max_repeat``: 1 at any length, more up to ``RUN_LENGTH`` and ``RUN_BITS`` (1536 digits, 1024 letters
  and digits), if joining halves costs at most ``DRAWING_COST`` characters a string (at max_repeat 2 up
  to some 230 of two symbols, 750 of three);
* both together: what is counted in ``COUNTING_STEPS`` (for instance four minimums of 1 up to length 128,
  of 2 up to 58, of 3 up to 32), if at least one drawn string in 32 is kept.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple, NoReturn

from . import counting
from .automata import Automaton, Budget, Ends, Machine, TooLarge, explore
from .errors import Impossible, TooComplex
from .languages import Language
from .minimums import Minimums
from .rejection import Filtered, Test, at_least, ends_in, no_run_over
from .runs import Runs
from .samplers import Product, Source
from .words import WordsAvoided

ANY_MINIMUMS_LENGTH = 128
"""Up to this length minimums may be anything."""

RUN_LENGTH = 2048
"""Greatest length with a max_repeat over 1."""

RUN_BITS = 6144
"""Most bits (length times the bits of the alphabet's size) with a max_repeat over 1."""

COUNTING_STEPS = 3700
"""Most steps of exact counting, some 0.2 to 0.3 microseconds each.

This and ``RUN_BITS`` bound what an estimate takes, with what comes before: about 1 ms, at most 1.5 ms for
the dearest that bench/core.py knows of (Python 3.13, a shared core). Beyond counting the dearest are
a mask of 4,096 places and an exclusion of 4,096 characters out of as many.
"""

DRAWING_COST = 12_000
"""Most characters drawn for one string, those thrown away included; some 50 nanoseconds each."""

WORTH_REJECTING = 8
"""Free strings are drawn and rejected as long as one in so many is kept."""

RAREST = 32
"""At least one in so many must be kept wherever strings are rejected."""


RANKING_STEPS = 2_000_000
"""Most steps spent on the order of a set, which only some draws need."""

ENDS_STEPS, WORDS_STEPS = 4_000, 150_000
"""Most steps of an automaton for ``last`` together with others, about 2 ms, and for words, about 40 ms."""


def language(
    machines: Sequence[Machine],
    alphabet: Iterable[str],
    shortest: int,
    longest: int,
    run: int | None,
    minimums: Sequence[tuple[frozenset[str], int]],
    steps: int | Budget,
    sets: Iterable[str] = (),
) -> Language:
    """Return the language of all strings that the machines accept and that meet a run limit and minimums."""
    budget = Budget(steps) if isinstance(steps, int) else steps
    apart = [*sets, *("".join(sorted(chars)) for chars, _ in minimums)]
    if len(machines) == 1 and isinstance(machines[0], WordsAvoided):
        depth = min(longest, machines[0].depth)
        automaton, spent = _explored(machines[0], "".join(alphabet), depth, tuple(apart), run is not None)
        budget.spend(spent)
    else:
        automaton = explore(machines, alphabet, longest, budget, apart, by_class=run is not None)
    return Language(automaton, shortest, longest, run, minimums, budget)


@lru_cache(maxsize=4)
def _explored(
    words: WordsAvoided, alphabet: str, depth: int, sets: tuple[str, ...], by_class: bool
) -> tuple[Automaton, int]:
    """The automaton of words alone, which serves all lengths from ``depth`` on, and the steps that it took."""
    budget = Budget(WORDS_STEPS)
    automaton = explore([words], alphabet, depth, budget, sets, by_class)
    return automaton, WORDS_STEPS - budget.left


class Shape(NamedTuple):
    """A constrained string in the terms of counting: disjoint classes, what is asked of them."""

    classes: list[str]
    minimums: list[int]
    length: int
    run: int | None
    first: frozenset[int] | None
    last: frozenset[int] | None = None

    @property
    def alphabet(self) -> str:
        return "".join(self.classes)

    def characters(self, classes: frozenset[int] | None) -> str:
        """The characters of some classes (None: of all)."""
        return self.alphabet if classes is None else "".join(self.classes[index] for index in sorted(classes))

    @property
    def first_characters(self) -> str:
        return self.characters(self.first)

    def free(self) -> Product:
        """All strings, but for what may stand at the ends."""
        places = [self.first_characters] + [self.alphabet] * (self.length - 1)
        if self.last is not None:
            places[-1] = "".join(char for char in self.characters(self.last) if char in places[-1])
        return Product(places)

    def language(self, words: WordsAvoided | None = None, steps: int = RANKING_STEPS) -> Language:
        """All strings, as an automaton accepts them; TooLarge beyond so many steps."""
        machines: list[Machine] = [] if words is None else [words]
        if self.first is not None or self.last is not None:
            machines.append(Ends(self.first_characters, self.characters(self.last)))
        minimums = [
            (frozenset(chars), least) for chars, least in zip(self.classes, self.minimums, strict=True) if least
        ]
        return language(machines, self.alphabet, self.length, self.length, self.run, minimums, steps, self.classes)

    def exact(self) -> Minimums:
        return Minimums(self.classes, self.minimums, self.length, self.first)

    def limited(self, run: int) -> Runs:
        return Runs(self.alphabet, self.length, run, self.first_characters)

    def number(self) -> int:
        return counting.count(self.length, list(map(len, self.classes)), self.minimums, self.run, self.first)

    def met(self) -> Test:
        """The test that all minimums are met."""
        wanted = [(chars, least) for chars, least in zip(self.classes, self.minimums, strict=True) if least]
        return at_least(wanted, frozenset(self.alphabet))


def source(shape: Shape, fields: list[str], words: WordsAvoided | None = None) -> Source:
    """Return the cheapest source for a shape. ``fields`` are those to name when there is none."""
    if words or (shape.last is not None and (shape.run is not None or any(shape.minimums))):
        found = _by_automaton(shape, fields, words)
    else:
        found = _by_class(shape, fields)
    if isinstance(found, Filtered | Minimums | Runs):
        found.make_language = partial(shape.language, words)
    return found


def _by_automaton(shape: Shape, fields: list[str], words: WordsAvoided | None) -> Source:
    try:
        exact = shape.language(words, WORDS_STEPS if words else ENDS_STEPS)
    except TooLarge:
        _refuse(fields, "takes too long to count exactly; use fewer constraints or a shorter length")
    _stop_if_none(exact.size, shape, fields)
    free_ends = shape._replace(last=None) if any(shape.minimums) or shape.run is not None else shape
    try:
        base = _by_class(free_ends, fields)
    except TooComplex:
        return exact
    tests: list[Test] = [] if words is None else [words.free_of_words]
    if shape.last is not None and free_ends.last is None:
        tests.append(ends_in(shape.characters(shape.last)))
    return filtered(base, exact, tests)


def filtered(base: Source, exact: Language, tests: list[Test]) -> Source:
    """Return the cheaper way to draw from ``exact``, which holds the values of ``base`` that pass the tests."""
    if exact.size * WORTH_REJECTING < base.size:
        return exact
    found = Filtered(base, exact.size, tests, exact.longest)
    found.make_language = lambda: exact
    return found


def _by_class(shape: Shape, fields: list[str]) -> Source:
    if shape.run is None:
        if any(shape.minimums):
            return _with_minimums(shape, fields)
        free = shape.free()
        _stop_if_none(free.size, shape, fields)
        return free
    if shape.run > 1 and shape.length > _longest_counted(shape):
        _refuse_run(shape, shape.run)
    runs = shape.limited(shape.run)
    _stop_if_none(runs.size, shape, fields)
    if any(shape.minimums):
        return _with_both(shape, runs, fields)
    if runs.cost() > DRAWING_COST:
        _refuse_run(shape, shape.run)
    return runs


def _longest_counted(shape: Shape) -> int:
    return min(RUN_LENGTH, RUN_BITS // len(shape.alphabet).bit_length())


def _refuse_run(shape: Shape, run: int) -> NoReturn:
    """Say which length would do: the longest that is counted, unless drawing it costs too much."""
    longest = min(shape.length, _longest_counted(shape))
    runs = Runs(shape.alphabet, longest, run)
    if runs.cost() > DRAWING_COST:
        longest = bisect_right(range(1, longest + 1), DRAWING_COST, key=lambda length: int(runs.cost(length)))
    without = " and no minimums" if any(shape.minimums) else ""
    _refuse(
        ["max_repeat"],
        f"{run} is possible up to length {longest} with these {len(shape.alphabet)} characters{without}",
    )


def _with_minimums(shape: Shape, fields: list[str]) -> Source:
    free = shape.free()
    if shape.length <= ANY_MINIMUMS_LENGTH:
        exact = shape.exact()
        _stop_if_none(exact.size, shape, fields)
        if exact.size * WORTH_REJECTING < free.size:
            return exact
        return Filtered(free, exact.size, [shape.met()], shape.length)
    least = [name for name in fields if name != "first"]
    if counting.cost(shape.length, shape.minimums) > COUNTING_STEPS:
        _refuse(
            least,
            f"too large to count exactly at length {shape.length}; accepted are any up to length "
            f"{ANY_MINIMUMS_LENGTH}, and four of 4 at any length",
        )
    size = shape.number()
    _stop_if_none(size, shape, fields)
    if size * WORTH_REJECTING < free.size:
        _refuse(
            least,
            f"too few strings of length {shape.length} meet this to draw them in good time; accepted are "
            f"any up to length {ANY_MINIMUMS_LENGTH}, or smaller ones",
        )
    return Filtered(free, size, [shape.met()], shape.length)


def _with_both(shape: Shape, runs: Runs, fields: list[str]) -> Source:
    least = [name for name in fields if name != "first"]
    if counting.cost(shape.length, shape.minimums, shape.run) > COUNTING_STEPS:
        _refuse(
            least,
            "minimums with max_repeat take too long to count exactly; use smaller minimums or a shorter length",
        )
    size, free = shape.number(), shape.free()
    _stop_if_none(size, shape, fields)
    no_run, met = no_run_over(runs.run), shape.met()
    if size * WORTH_REJECTING >= free.size:
        return Filtered(free, size, [met, no_run], shape.length)
    ways: list[tuple[Source, list[Test]]] = [(runs, [met])]
    if shape.length <= ANY_MINIMUMS_LENGTH:
        ways.append((shape.exact(), [no_run]))
    base, tests = min(ways, key=lambda way: way[0].size)
    if size * RAREST < base.size or (base is runs and runs.cost() * runs.size > DRAWING_COST * size):
        _refuse(
            fields,
            "together these leave too few strings to draw them in good time; accepted are smaller "
            "minimums, or a larger max_repeat",
        )
    return Filtered(base, size, tests, shape.length)


def _stop_if_none(size: int, shape: Shape, fields: list[str]) -> None:
    if not size:
        message = f"no string of length {shape.length} meets these constraints together"
        raise Impossible([(name, message) for name in fields])


def _refuse(fields: list[str], message: str) -> NoReturn:
    raise TooComplex([(name, message) for name in fields])
