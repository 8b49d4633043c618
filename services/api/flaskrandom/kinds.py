"""The registry of kinds: `KINDS` lists every kind of value, with its request and answer types.

The routes, the OpenAPI description and the command line are generated from it. Layer: between `core` and `http`.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

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
    return core.Limits(max_length=config.max_length, max_count=config.max_count)


def stream_limits(config: Config) -> core.Limits:
    return core.Limits(max_length=config.max_length, max_count=config.max_stream_count)


Issued = Annotated[
    Annotated[int, Meta(ge=1, le=core.MAX_CODES)] | None,
    Meta(description="With series: how many codes have been handed out, counting from the first."),
]
NextOffset = Annotated[int, Meta(description="With series: the offset of the next value.")]
EntropyBits = Annotated[float, Meta(description="log2 of the number of possible values, exact under all constraints.")]
CollisionProbability = Annotated[
    float, Meta(ge=0, le=1, description="The chance that at least two of the values asked for are equal.")
]


class Strings(Struct, omit_defaults=True):
    """Values as text, with their entropy."""

    data: list[str]
    count: int
    entropy_bits: EntropyBits
    collision_probability: CollisionProbability
    next_offset: NextOffset | UnsetType = UNSET


class Integers(Strings, omit_defaults=True):
    """Values as integers, with their entropy."""

    data: list[int]  # type: ignore[assignment]


@dataclass(frozen=True)
class Kind:
    """One kind of value: its path, request types and response type."""

    name: str
    summary: str
    spec: type[Struct]
    answer: type[Struct]

    def request(self, config: Config) -> type[Struct]:
        """Request type of a draw: the spec with the limits of `config` in its fields."""
        return _request(self.spec, "Request", answer_limits(config), ())

    def stream_request(self, config: Config) -> type[Struct]:
        """Request type of a stream: the same with `format`."""
        return _request(self.spec, "StreamRequest", stream_limits(config), _FORMAT)

    def estimate_request(self, config: Config) -> type[Struct]:
        """Request type of an estimate: that of a stream, which it may be for; with series, also "issued"."""
        if not self.has_series:
            return self.stream_request(config)
        return _request(self.spec, "EstimateRequest", stream_limits(config), (*_FORMAT, ("issued", Issued, None)))

    def verify_request(self, config: Config) -> type[Struct]:
        """Request type of a verification by series: the fields of the draw or stream, and values."""
        data: Any = self.answer.__annotations__["data"]
        item: Any = data.__args__[0]
        one = Annotated[item | None, Meta(description="The value to verify.")]
        many = Annotated[
            Annotated[data, Meta(min_length=1, max_length=config.max_count)] | None,
            Meta(description="In place of value: several at once."),
        ]
        fields = (("value", one, None), ("values", many, None), ("issued", Issued, None))
        return _request(self.spec, "VerifyRequest", stream_limits(config), fields)

    @property
    def has_series(self) -> bool:
        return "series" in self.spec.__struct_fields__


_FORMAT = (("format", Format, "text"),)

#: Fields bounded by `core.Limits`: the limit, and the default if no field that replaces it is given.
_LIMITED = {
    "count": ("max_count", None),
    "length": ("max_length", DEFAULT_LENGTH),
    "max_length": ("max_length", DEFAULT_MAX_LENGTH),
}


@cache
def _request(spec: type[Struct], suffix: str, limits: core.Limits, more: tuple[Any, ...]) -> type[Struct]:
    """A subclass of `spec` with these limits, for validation, messages and OpenAPI."""
    schemas, fields = field_schemas(spec), list(more)
    for field in msgspec.structs.fields(spec):
        if field.name in _LIMITED:
            limit, usual = _LIMITED[field.name]
            most = getattr(limits, limit)
            number = Annotated[int, Meta(ge=1, le=most)]
            # Show the default as an example. The type has none: beside fields that replace it, it must be absent.
            examples = [min(usual, most)] if usual else None
            about = Meta(description=schemas[field.name]["description"], examples=examples)
            allowed = number | None if field.default is None else number
            fields.append((field.name, Annotated[allowed, about], field.default))
    name, docstring = spec.__name__.removesuffix("Spec") + suffix, {"__doc__": spec.__doc__}
    return msgspec.defstruct(name, fields, bases=(spec,), module=__name__, namespace=docstring, kw_only=True)


_STRINGS = "Random strings under any constraint: passwords, voucher codes, test data"

KINDS = (
    Kind("strings", _STRINGS, core.StringSpec, Strings),
    Kind("tokens", "Random bytes as text: API keys, session ids, secrets", core.TokenSpec, Strings),
    Kind("uuids", "UUIDs, random (4) or ordered by time (7)", core.UUIDSpec, Strings),
    Kind("integers", "Whole numbers from a range", core.IntegerSpec, Integers),
    Kind("passphrases", "Passphrases of words that are easy to type", core.PassphraseSpec, Strings),
)


def examples() -> dict[str, Any]:
    """Runnable examples of each kind, from examples.json."""
    return msgspec.json.decode(Path(__file__).with_name("examples.json").read_bytes(), type=dict[str, Any])
