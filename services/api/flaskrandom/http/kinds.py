"""The kinds of value that `/api/v1` hands out, and the shapes of what it takes and answers.

Everything that HTTP needs to know of a kind is in `KINDS`: the routes, the OpenAPI description and the
command line are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from .. import core
from ..config import Config
from ..core.specs import DEFAULT_LENGTH, MAX_SEPARATOR, Affix
from ..fields import description, plain_types

Format = Annotated[
    Literal["text", "ndjson", "csv"],
    Meta(description="text: a value a line. ndjson: a JSON value a line. csv: RFC 4180 with a header line."),
]


def answer_limits(config: Config) -> core.Limits:
    """What one JSON answer may hold."""
    return core.Limits(max_length=config.max_length, max_count=config.max_count)


def stream_limits(config: Config) -> core.Limits:
    """What one stream may hold."""
    return core.Limits(max_length=config.max_length, max_count=config.max_stream_count)


class Media(NamedTuple):
    """How a stream of one format travels: its media type, and the ending of a file of it."""

    type: str
    suffix: str


MEDIA = {
    "text": Media("text/plain; charset=utf-8", "txt"),
    "ndjson": Media("application/x-ndjson", "ndjson"),
    "csv": Media("text/csv; charset=utf-8; header=present", "csv"),
}

EntropyBits = Annotated[float, Meta(description="log2 of the number of possible values, exact under all constraints.")]
CollisionProbability = Annotated[
    float, Meta(ge=0, le=1, description="The chance that at least two of the values asked for are equal.")
]


class Strings(Struct):
    """Values as text, with how strong they are."""

    data: list[str]
    count: int
    entropy_bits: EntropyBits
    collision_probability: CollisionProbability


class Integers(Struct):
    """Values as integers, with how many bits each holds."""

    data: list[int]
    count: int
    entropy_bits: EntropyBits
    collision_probability: CollisionProbability


class FieldError(Struct):
    """One wrong field, and what is wrong with it."""

    field: str
    message: str


def field_errors(errors: list[tuple[str, str]]) -> list[FieldError]:
    """The core's pairs of a field and what is wrong with it, as they are answered."""
    return [FieldError(field, message) for field, message in errors]


class Estimate(Struct, omit_defaults=True):
    """The same figures with nothing drawn, and whether the request can be met at all."""

    possible: bool
    entropy_bits: EntropyBits | UnsetType = UNSET
    collision_probability: CollisionProbability | UnsetType = UNSET
    reason: Annotated[str, Meta(description="Why it is impossible.")] | UnsetType = UNSET
    errors: Annotated[list[FieldError], Meta(description="The same, field by field.")] | UnsetType = UNSET


class Verify(Struct, forbid_unknown_fields=True):
    """A value with check characters, and how it was made: what a check covers is the part that was drawn."""

    value: Annotated[str, Meta(description="The value; spaces and punctuation between its characters do not count.")]
    checksum: Annotated[core.Checksum, Meta(description="The checksum of its last characters.")]
    prefix: Annotated[Affix, Meta(description="What was put before it.")] = ""
    suffix: Annotated[Affix, Meta(description="What was put after it.")] = ""
    separator: Annotated[
        str, Meta(max_length=MAX_SEPARATOR, description="What stands between its groups, if letters or digits.")
    ] = ""


class Verification(Struct):
    """Whether the check characters of a value are right."""

    valid: bool


class Problem(Struct, omit_defaults=True):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    request_id: Annotated[str, Meta(description="The id of this request in the log, also in X-Request-Id.")]
    errors: list[FieldError] | UnsetType = UNSET


@dataclass(frozen=True)
class Kind:
    """One kind of value: its path, what a request for it holds, what answers it, and runnable examples."""

    name: str
    summary: str
    spec: type[Struct]
    answer: type[Struct]
    examples: dict[str, dict[str, Any]]

    def request(self, limits: core.Limits) -> Any:
        """The spec with these limits in its fields: what an answer of values is asked for with."""
        return _request(self.spec, "Request", limits, ())

    def stream_request(self, limits: core.Limits) -> Any:
        """The same with `format`: what a stream, and an estimate of one, is asked for with."""
        return _request(self.spec, "StreamRequest", limits, (("format", Format, "text"),))


@cache
def _request(spec: type[Struct], suffix: str, limits: core.Limits, more: tuple[Any, ...]) -> Any:
    """A subclass of `spec`: one definition that is validated by, shown in messages and published in OpenAPI."""
    kinds = {field.name: field for field in msgspec.structs.fields(spec)}
    fields: list[Any] = [("count", _up_to(limits.max_count, kinds["count"].type), kinds["count"].default)]
    if "length" in kinds:
        # Left out, it is this; the type cannot say so, for beside a pattern it must stay left out.
        usual = min(DEFAULT_LENGTH, limits.max_length)
        length = _up_to(limits.max_length, kinds["length"].type, [usual])
        fields.append(("length", length, kinds["length"].default))
    return msgspec.defstruct(
        spec.__name__.removesuffix("Spec") + suffix,
        [*fields, *more],
        bases=(spec,),
        module=__name__,
        namespace={"__doc__": spec.__doc__},
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )


def _up_to(most: int, kind: Any, examples: list[int] | None = None) -> Any:
    """The type of a field that is a number from 1 to `most`, and may be left out if `kind` says so."""
    number: Any = Annotated[int, Meta(ge=1, le=most)]
    if type(None) in plain_types(kind):
        number = number | None
    return Annotated[number, Meta(description=description(kind), examples=examples)]


KINDS = (
    Kind(
        "strings",
        "Random strings under any constraint: passwords, voucher codes, test data",
        core.StringSpec,
        Strings,
        {
            "password": {"length": 20, "special": True, "min_digits": 2, "min_special": 1},
            "readable codes": {"length": 12, "count": 5, "min_digits": 2, "exclude_similar": True},
            "vouchers": {"pattern": "SALE-?u?u?d?d-?d?d?d?d", "count": 3, "unique": True},
            "card numbers to test with": {"pattern": "4000?d?d?d?d?d?d?d?d?d?d?d", "checksum": "luhn", "count": 3},
            "own alphabet": {"alphabet": "αβγδεζηθ", "length": 8, "max_repeat": 1},
        },
    ),
    Kind(
        "tokens",
        "Random bytes as text: API keys, session ids, secrets",
        core.TokenSpec,
        Strings,
        {"hex": {"bytes": 32}, "API keys": {"bytes": 24, "encoding": "base64url", "prefix": "key_", "count": 2}},
    ),
    Kind(
        "uuids",
        "UUIDs, random (4) or ordered by time (7)",
        core.UUIDSpec,
        Strings,
        {"random": {"count": 3}, "ordered by time": {"version": 7, "count": 3}},
    ),
    Kind(
        "integers",
        "Whole numbers from a range",
        core.IntegerSpec,
        Integers,
        {"dice": {"min": 1, "max": 6, "count": 10}, "lottery": {"min": 1, "max": 49, "count": 6, "unique": True}},
    ),
    Kind(
        "passphrases",
        "Passphrases of words that are easy to type",
        core.PassphraseSpec,
        Strings,
        {"six words": {}, "capitalized": {"words": 5, "separator": " ", "capitalize": True, "count": 3}},
    ),
)
