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
from typing import NamedTuple, NoReturn

from . import counting
from .errors import Impossible, TooComplex
from .minimums import Minimums
from .rejection import Filtered, Test, at_least, no_run_over
from .runs import Runs
from .samplers import Product, Source

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


class Shape(NamedTuple):
    """A constrained string in the terms of counting: disjoint classes, what is asked of them."""

    classes: list[str]
    minimums: list[int]
    length: int
    run: int | None
    first: frozenset[int] | None

    @property
    def alphabet(self) -> str:
        return "".join(self.classes)

    @property
    def first_characters(self) -> str:
        if self.first is None:
            return self.alphabet
        return "".join(self.classes[index] for index in sorted(self.first))

    def free(self) -> Product:
        """All strings, but for what may stand first."""
        return Product([self.first_characters] + [self.alphabet] * (self.length - 1))

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


def source(shape: Shape, fields: list[str]) -> Source:
    """Return the cheapest source for a shape. ``fields`` are those to name when there is none."""
    if shape.run is None:
        return _with_minimums(shape, fields) if any(shape.minimums) else shape.free()
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
            "minimums together with max_repeat take too long to count exactly; accepted are smaller "
            "minimums, or a shorter length",
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
