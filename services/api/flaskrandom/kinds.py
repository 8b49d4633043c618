"""The registry of kinds: `KINDS` lists every kind of value, with its request and answer types.

The routes, the OpenAPI description and the command line are generated from it. It lies between `core` and `http`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from . import core
from .annotations import field_schemas
from .config import Config
from .core.specs import DEFAULT_LENGTH, DEFAULT_MAX_LENGTH

Format = Annotated[
    Literal["text", "ndjson", "csv", "xlsx"],
    Meta(
        description="text: one value per line. ndjson: one JSON value per line. csv: RFC 4180 with a header line, for "
        "programs; a spreadsheet may change what it reads from it. xlsx: for Excel, LibreOffice and Google Sheets, "
        "with every value as text."
    ),
]


def answer_limits(config: Config) -> core.Limits:
    """What one JSON answer may hold."""
    return core.Limits(max_length=config.max_length, max_count=config.max_count)


def stream_limits(config: Config) -> core.Limits:
    """What one stream may hold."""
    return core.Limits(max_length=config.max_length, max_count=config.max_stream_count)


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


#: Fields that numbers of `core.Limits` bound, and what they are when neither they nor others in their place are given.
_LIMITED = {
    "count": ("max_count", None),
    "length": ("max_length", DEFAULT_LENGTH),
    "max_length": ("max_length", DEFAULT_MAX_LENGTH),
}


@cache
def _request(spec: type[Struct], suffix: str, limits: core.Limits, more: tuple[Any, ...]) -> Any:
    """A subclass of `spec`: one definition that is validated by, shown in messages and published in OpenAPI."""
    schemas, fields = field_schemas(spec), list[Any](more)
    for field in msgspec.structs.fields(spec):
        if field.name in _LIMITED:
            limit, usual = _LIMITED[field.name]
            most = getattr(limits, limit)
            number: Any = Annotated[int, Meta(ge=1, le=most)]
            # Left out, it is the usual one; the type cannot say so, for beside other fields it must stay left out.
            examples = [min(usual, most)] if usual else None
            about = Meta(description=schemas[field.name]["description"], examples=examples)
            fields.append(
                (field.name, Annotated[number | None if field.default is None else number, about], field.default)
            )
    return msgspec.defstruct(
        spec.__name__.removesuffix("Spec") + suffix,
        fields,
        bases=(spec,),
        module=__name__,
        namespace={"__doc__": spec.__doc__},
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )


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
            "matches of a regular expression": {
                "regex": "(?=.*\\d)[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){2}",
                "count": 3,
            },
            "a site's password rules": {
                "rules": "minlength: 8; maxlength: 12; required: lower, upper; required: digit"
            },
            "128 bits without look-alikes": {"bits": 128, "exclude_similar": True},
            "no offensive words": {"length": 10, "upper": False, "exclude_words": "ass,tit", "exclude_profanity": True},
            "own alphabet": {"alphabet": "αβγδεζηθ", "length": 8, "max_repeat": 1},
        },
    ),
    Kind(
        "tokens",
        "Random bytes as text: API keys, session ids, secrets",
        core.TokenSpec,
        Strings,
        {
            "hex": {"bytes": 32},
            "128 bits": {"bits": 128, "encoding": "base32"},
            "API keys": {"bytes": 24, "encoding": "base64url", "prefix": "key_", "count": 2},
        },
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
        {
            "six words": {},
            "capitalized": {"words": 5, "separator": " ", "capitalize": True, "count": 3},
            "with a number": {"words": 5, "capitalize": True, "number": True},
            "Chinese": {"language": "zh", "words": 8, "separator": ""},
            "short words": {"language": "en-short", "bits": 80, "separator": " "},
        },
    ),
)
