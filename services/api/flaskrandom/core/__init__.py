"""The pure core: specs, exact counts of the values that they allow, and uniform draws.

No HTTP, no environment, no clock except for UUID 7. Specs go in, plans come out::

    plan(StringSpec(length=12, min_digits=2, exclude_similar=True, count=5)).draw()

Every value is drawn uniformly from the set of all values that meet the constraints. The same code
computes the size of that set.
"""

from .checksums import SCHEMES as CHECKSUMS
from .checksums import verify
from .errors import Impossible, Invalid, NoSeriesKey, TooComplex
from .plans import Plan, plan
from .specs import MAX_CODES, Checksum, IntegerSpec, Limits, PassphraseSpec, StringSpec, TokenSpec, UUIDSpec

__all__ = [
    "CHECKSUMS",
    "MAX_CODES",
    "Checksum",
    "Impossible",
    "IntegerSpec",
    "Invalid",
    "Limits",
    "NoSeriesKey",
    "PassphraseSpec",
    "Plan",
    "StringSpec",
    "TokenSpec",
    "TooComplex",
    "UUIDSpec",
    "plan",
    "verify",
]  # fmt: skip
