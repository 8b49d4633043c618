"""Integers, uniform from ``min`` to ``max``, both included."""

from .errors import Invalid, refuse
from .rng import many_below
from .samplers import NO_VALUE, Measure, Source, Span
from .specs import IntegerSpec, Limits

MAX_BITS = 1024
"""Values lie strictly between -2**1024 and 2**1024 (309 decimal digits)."""


def source(spec: IntegerSpec, limits: Limits) -> Source[int]:
    """Return the source for a spec.

    Raises:
        Invalid: a number exceeds MAX_BITS (msgspec checks limits of up to 64 bits only), or min exceeds max.
    """
    message = f"must be an integer between -2^{MAX_BITS} and 2^{MAX_BITS}"
    refuse((name, message) for name in ("min", "max") if getattr(spec, name).bit_length() > MAX_BITS)
    if spec.min > spec.max:
        raise Invalid([("min", f"must not be over max, {spec.max}")])
    return Integers(spec.min, spec.max)


class Integers(Source[int]):
    """The integers from ``low`` to ``high``."""

    numbers = True
    characters = frozenset("-0123456789")

    def __init__(self, low: int, high: int):
        self.low, self.high = low, high
        self.size = high - low + 1
        self.define = lambda: ("integers", str(low), str(high))

    def rows(self, count: int) -> list[int]:
        low = self.low
        return [low + value for value in many_below(self.size, count)]

    def unrank(self, index: int) -> int:
        return self.low + index

    def rank(self, value: int) -> int:
        if not self.low <= value <= self.high:
            raise ValueError(NO_VALUE)
        return value - self.low

    def span(self, measure: Measure) -> Span:
        ends = len(str(self.low)), len(str(self.high))
        return 1 if self.low < 0 <= self.high else min(ends), max(ends)
