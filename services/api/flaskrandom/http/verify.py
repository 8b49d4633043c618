"""`/api/v1/verify`: whether values have the right check characters, or are codes of a series."""

from functools import partial
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from .. import core
from ..annotations import Fields
from ..config import Config
from ..core.specs import MAX_SEPARATOR, Affix
from ..kinds import KINDS, answer_limits
from .decode import Asked, values
from .draws import Draw, Prepare
from .responses import encode

PATH = "/api/v1/verify"

INTEGER_FIELDS = {*core.IntegerSpec.__struct_fields__, "value", "values", "issued"}

NEEDS_SERIES = "works only with series"


class Verify(Struct, forbid_unknown_fields=True):
    """A value with check characters, and its prefix, suffix and separator, which the checksum does not cover."""

    value: Annotated[str, Meta(description="The value; spaces and punctuation in it are ignored.")]
    checksum: Annotated[core.Checksum, Meta(description="The checksum scheme of its check characters.")]
    prefix: Annotated[Affix, Meta(description="The text before the drawn part.")] = ""
    suffix: Annotated[Affix, Meta(description="The text after the drawn part.")] = ""
    separator: Annotated[
        str, Meta(max_length=MAX_SEPARATOR, description="The separator between groups, if not punctuation.")
    ] = ""


class Verification(Struct, omit_defaults=True):
    """Whether the check characters of a value are valid; with series, whether it is one of its codes, and which."""

    valid: bool
    index: Annotated[int, Meta(description="The number of the code in its series.")] | UnsetType = UNSET


class Verifications(Struct):
    """The results for several values, in their order."""

    data: list[Verification]
    count: int


def preparation(config: Config, series_key: bytes | None) -> Prepare:
    """Make the `Prepare` function of verifications."""
    limits, checksums = answer_limits(config), Fields(Verify)

    def make_plan(spec: Any) -> core.AnyPlan:
        # Drop the fields that say nothing about which codes there are; they would split the core's caches, too.
        plain = structs.replace(spec, value=None, values=None, issued=None, count=1, offset=0)
        return core.plan(plain, limits, series_key)

    of_series = {*core.StringSpec.__struct_fields__, *INTEGER_FIELDS} - {*Verify.__struct_fields__, "series"}
    series = {kind.name: Fields(kind.verify_request(config), make_plan) for kind in KINDS if kind.has_series}

    def prepare(asked: Asked) -> Draw:
        given = values(asked)
        if given.get("series") is None:
            if only := of_series & given.keys():
                hint = f"{NEEDS_SERIES}; without it, the fields are {', '.join(Verify.__struct_fields__)}"
                raise core.Invalid([(name, hint) for name in sorted(only)])
            checked = structs.asdict(checksums.from_values(given))
            return lambda: encode(Verification(core.verify(**checked)))
        spec: Any = series["integers" if _is_of_integers(given) else "strings"].from_values(given)
        if (spec.value is None) == (spec.values is None):
            raise core.Invalid([(name, "give value, or values for several at once") for name in ("value", "values")])
        plan = make_plan(spec)
        check_issued(spec.issued, plan)
        return partial(_by_series, spec, plan)

    return prepare


def check_issued(issued: int | None, plan: core.AnyPlan) -> None:
    """Raise core.Invalid if `issued` exceeds the number of codes, or there is no series."""
    if issued is None:
        return
    if plan.codes is None:
        raise core.Invalid([("issued", NEEDS_SERIES)])
    if issued > plan.codes:
        raise core.Impossible([("issued", f"the series has only {plan.codes} codes")])


def _is_of_integers(given: dict[str, object]) -> bool:
    """Whether the values belong to a series of integers: JSON numbers, as a draw returns them."""
    several = given.get("values")
    first = several[0] if isinstance(several, list) and several else given.get("value")
    is_number = isinstance(first, int | float) and given.keys() <= INTEGER_FIELDS
    return is_number or "min" in given or "max" in given


def _by_series(spec: Any, plan: core.AnyPlan) -> bytes:
    numbers = plan.numbers([spec.value] if spec.values is None else spec.values)
    end = spec.issued or core.MAX_CODES
    verified = [Verification(False) if n is None or n >= end else Verification(True, n) for n in numbers]
    return encode(verified[0] if spec.values is None else Verifications(verified, len(verified)))
