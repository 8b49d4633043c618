"""The pure core: specs, exact counts of the values that they allow, and uniform draws.

No HTTP, no environment, no clock except for UUID 7. Specs go in, plans come out::

    plan(StringSpec(length=12, min_digits=2, exclude_similar=True, count=5)).draw()

Every value is drawn uniformly from the set of all values that meet the constraints. The same code
computes the size of that set.
"""

from .checksums import verify as verify
from .errors import Impossible as Impossible
from .errors import Invalid as Invalid
from .errors import NoSeriesKey as NoSeriesKey
from .errors import TooComplex as TooComplex
from .plans import AnyPlan as AnyPlan
from .plans import Plan as Plan
from .plans import plan as plan
from .specs import MAX_CODES as MAX_CODES
from .specs import Checksum as Checksum
from .specs import IntegerSpec as IntegerSpec
from .specs import Limits as Limits
from .specs import PassphraseSpec as PassphraseSpec
from .specs import Spec as Spec
from .specs import StringSpec as StringSpec
from .specs import TokenSpec as TokenSpec
from .specs import UUIDSpec as UUIDSpec
