"""Types of request and answer bodies that all kinds share, and the media types of streams."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType

from .. import core
from ..core.specs import MAX_SEPARATOR, Affix
from ..kinds import CollisionProbability, EntropyBits
from .problems import FieldError


class Media(NamedTuple):
    """Media type and file extension of a stream format."""

    type: str
    suffix: str


MEDIA = {
    "text": Media("text/plain; charset=utf-8", "txt"),
    "ndjson": Media("application/x-ndjson", "ndjson"),
    "csv": Media("text/csv; charset=utf-8; header=present", "csv"),
    "xlsx": Media("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
}


class Estimate(Struct, omit_defaults=True):
    """Whether a request is possible, with its entropy and collision probability. Nothing is drawn."""

    possible: bool
    entropy_bits: EntropyBits | UnsetType = UNSET
    collision_probability: CollisionProbability | UnsetType = UNSET
    size: Annotated[int, Meta(description="With series: how many codes it has.")] | UnsetType = UNSET
    guess_probability: (
        Annotated[float, Meta(ge=0, le=1, description="The chance that a guess is one of the issued codes.")]
        | UnsetType
    ) = UNSET
    reason: Annotated[str, Meta(description="Why it is impossible.")] | UnsetType = UNSET
    errors: Annotated[list[FieldError], Meta(description="The reasons, field by field.")] | UnsetType = UNSET


class Verify(Struct, forbid_unknown_fields=True):
    """A value with check characters, and its prefix, suffix and separator, which the checksum does not cover."""

    value: Annotated[str, Meta(description="The value; spaces and punctuation in it are ignored.")]
    checksum: Annotated[core.Checksum, Meta(description="The checksum of its last characters.")]
    prefix: Annotated[Affix, Meta(description="The text before the drawn part.")] = ""
    suffix: Annotated[Affix, Meta(description="The text after the drawn part.")] = ""
    separator: Annotated[
        str, Meta(max_length=MAX_SEPARATOR, description="The separator between groups, if it has letters or digits.")
    ] = ""


class Verification(Struct, omit_defaults=True):
    """Whether the check characters of a value are valid; with series, whether it is one of its codes, and which."""

    valid: bool
    index: Annotated[int, Meta(description="The number of the code in its series.")] | UnsetType = UNSET


class Verifications(Struct):
    """The results for several values, in their order."""

    data: list[Verification]
    count: int
