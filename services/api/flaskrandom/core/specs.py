"""Specs: one frozen type for each kind of value, with the API's names and defaults.

A spec is plain data. Its annotations say what each field allows: msgspec checks them, messages and OpenAPI quote them.
:func:`flaskrandom.core.plan` checks only combinations of fields.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from .alphabets import DEFAULT_SPECIAL, MAX_ALPHABET, MAX_SPECIAL

DEFAULT_LENGTH = 16
MAX_SEPARATOR = 16
DEFAULT_MAX_LENGTH = 64
DEFAULT_RULES_LENGTH = 20
MAX_EXCLUDED_WORDS = 1000
DEFAULT_BYTES = 32
MAX_BYTES = 1024
DEFAULT_WORDS = 6
MAX_WORDS = 64

AtLeast0 = Annotated[int, Meta(ge=0)]
AtLeast1 = Annotated[int, Meta(ge=1)]
Affix = Annotated[str, Meta(max_length=256)]
Separator = Annotated[str, Meta(min_length=1, max_length=MAX_SEPARATOR)]
Checksum = Literal["luhn", "verhoeff", "damm", "iso7064", "iso7064-11-10", "iso7064-27-26", "iso7064-97-10"]

MAX_NAME = 64
MAX_CODES = 2**53 - 1  # in a series: the largest integers that every JSON reader keeps exactly

SeriesName = Annotated[
    Annotated[str, Meta(min_length=1, max_length=MAX_NAME)] | None,
    Meta(
        description="A name of your choice for codes that never repeat: the values at positions offset, offset + 1, "
        "... in a secret order of all valid values. The same name, fields and server key always give the same "
        "values; another name gives another order. Needs SERIES_KEY_FILE."
    ),
]
Offset = Annotated[int, Meta(ge=0, le=MAX_CODES, description="The number of the first value of the series, from 0 on.")]
Count = Annotated[AtLeast1, Meta(description="How many values to return.")]


class Limits(Struct, frozen=True):
    """The caller's limits. The core reads no environment; these are handed in."""

    max_length: int = 4096
    max_count: int = 1000


class StringSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Random strings, each valid string with exactly the same chance. Lengths count code points."""

    length: Annotated[
        AtLeast1 | None,
        Meta(
            description="Code points drawn at random. Prefix, suffix, separators and check characters are added to it. "
            f"{DEFAULT_LENGTH} when neither length nor pattern is given, or the limit if that is lower."
        ),
    ] = None
    count: Count = 1
    digits: Annotated[bool, Meta(description="Allow 0-9.")] = True
    lower: Annotated[bool, Meta(description="Allow a-z.")] = True
    upper: Annotated[bool, Meta(description="Allow A-Z.")] = True
    special: Annotated[bool, Meta(description="Allow the characters of special_chars.")] = False
    special_chars: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=MAX_SPECIAL,
            description="The special characters: printable, each once, no ASCII letter or digit. "
            "Also what ?s in a pattern stands for.",
        ),
    ] = DEFAULT_SPECIAL
    alphabet: Annotated[
        Annotated[str, Meta(min_length=1, max_length=MAX_ALPHABET)] | None,
        Meta(
            description="Draw from these characters instead of the classes: any printable Unicode, "
            "each code point once."
        ),
    ] = None
    exclude: Annotated[str, Meta(max_length=4096, description="Characters that never appear among those drawn.")] = ""
    exclude_similar: Annotated[bool, Meta(description="Leave out characters that look alike: 0 O o 1 l I |")] = False
    min_digits: Annotated[AtLeast0, Meta(description="At least this many digits.")] = 0
    min_lower: Annotated[AtLeast0, Meta(description="At least this many lower-case letters.")] = 0
    min_upper: Annotated[AtLeast0, Meta(description="At least this many upper-case letters.")] = 0
    min_special: Annotated[AtLeast0, Meta(description="At least this many special characters.")] = 0
    first: Annotated[
        str | None,
        Meta(
            description="Classes allowed for the first drawn character, comma-separated: digits, lower, upper, special."
        ),
    ] = None
    last: Annotated[
        str | None, Meta(description="Classes allowed for the last drawn character, comma-separated, as for first.")
    ] = None
    max_repeat: Annotated[
        AtLeast1 | None,
        Meta(description="How many times in a row a drawn character may appear; 1: never twice in a row."),
    ] = None
    unique: Annotated[bool, Meta(description="No value twice in one answer.")] = False
    prefix: Annotated[Affix, Meta(description="Put before each value.")] = ""
    suffix: Annotated[Affix, Meta(description="Put after each value.")] = ""
    pattern: Annotated[
        str | None,
        Meta(
            description="A mask in place of length: ?d digit, ?l lower, ?u upper, ?s special, ?h 0-9a-f, ?H 0-9A-F, "
            "?a any of digit, lower, upper, special; ?? a question mark; all else stands for itself."
        ),
    ] = None
    regex: Annotated[
        Annotated[str, Meta(max_length=1024)] | None,
        Meta(
            description="A regular expression that the whole value matches, in place of length, classes and pattern: "
            "the syntax of JSON Schema, HTML and Python's re in ASCII. Dots and negated classes range over printable "
            "ASCII, or over alphabet. Every match of up to max_length characters, or of exactly length, is equally "
            "likely."
        ),
    ] = None
    max_length: Annotated[
        AtLeast1 | None,
        Meta(
            description=f"Maximum length of a match of regex; {DEFAULT_MAX_LENGTH} when this and length are left out."
        ),
    ] = None
    rules: Annotated[
        Annotated[str, Meta(max_length=1024)] | None,
        Meta(
            description="Apple's password rules, the text of the HTML attribute passwordrules, in place of classes and "
            f"minimums. Without length: {DEFAULT_RULES_LENGTH} characters, or the nearest that the rules allow."
        ),
    ] = None
    bits: Annotated[
        Annotated[int, Meta(ge=1, le=8192)] | None,
        Meta(
            description="In place of length: the shortest length whose values have at least this many bits of entropy."
        ),
    ] = None
    exclude_words: Annotated[
        str,
        Meta(
            max_length=32_768,
            description=f"Up to {MAX_EXCLUDED_WORDS} words, comma-separated, that no value may contain: in any case, "
            "even across prefix, groups and suffix.",
        ),
    ] = ""
    exclude_profanity: Annotated[
        bool,
        Meta(
            description="The same for offensive words in several languages, also with digits for letters (Sqids' list)."
        ),
    ] = False
    checksum: Annotated[
        Checksum | None,
        Meta(
            description="Append check characters: luhn, verhoeff, damm (digits); iso7064 (MOD 37,36: digits and upper "
            "case), iso7064-11-10 (digits), iso7064-27-26 (upper case), iso7064-97-10 (digits and upper case, two "
            "digits)."
        ),
    ] = None
    group: Annotated[AtLeast1 | None, Meta(description="Characters between separators.")] = None
    separator: Annotated[
        Separator | None, Meta(description='Text between groups, no longer than a group; "-" if only group is given.')
    ] = None
    series: SeriesName = None
    offset: Offset = 0


class TokenSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Random bytes as text (RFC 4648). base64 and base32 are padded, base64url is not."""

    # Unset, not the default: beside bits, the same number would be accepted and have no effect.
    bytes: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_BYTES)] | UnsetType,
        Meta(description="Random bytes in each token.", extra_json_schema={"default": DEFAULT_BYTES}),
    ] = UNSET
    bits: Annotated[
        Annotated[int, Meta(ge=1, le=8 * MAX_BYTES)] | None,
        Meta(description="In place of bytes: the fewest bytes that have at least this many bits."),
    ] = None
    encoding: Annotated[
        Literal["hex", "base64", "base64url", "base32"], Meta(description="How the bytes are written.")
    ] = "hex"
    count: Count = 1
    prefix: Annotated[Affix, Meta(description="Put before each token.")] = ""


class UUIDSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """UUIDs of RFC 9562: 4 (random) or 7 (time-ordered)."""

    version: Annotated[
        Literal[4, 7], Meta(description="4: random. 7: ordered by time, ascending within an answer.")
    ] = 4
    count: Count = 1


class IntegerSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Integers, each value from min to max, both included, with the same chance."""

    min: Annotated[int, Meta(description="Smallest value.")] = 0
    max: Annotated[int, Meta(description="Largest value.")] = 100
    count: Count = 1
    unique: Annotated[bool, Meta(description="No value twice in one answer.")] = False
    series: SeriesName = None
    offset: Offset = 0


class PassphraseSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Passphrases of words, each drawn from the whole list: 12.9 bits a word of the EFF long list, 11 of BIP-39's."""

    words: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_WORDS)] | UnsetType,
        Meta(description="Words in each passphrase.", extra_json_schema={"default": DEFAULT_WORDS}),
    ] = UNSET
    bits: Annotated[
        Annotated[int, Meta(ge=1, le=827)] | None,  # the entropy of 64 words of 7,776
        Meta(description="In place of words: the fewest words that have at least this many bits of entropy."),
    ] = None
    language: Annotated[
        Literal["en", "en-short", "zh", "zh-Hant", "ja", "ko", "es", "fr", "it", "pt", "cs"],
        Meta(
            description="The word list. en: EFF long, 7,776 words. en-short: EFF short, 1,296 words of at most 5 "
            "letters. Others: BIP-39, 2,048 words each."
        ),
    ] = "en"
    separator: Annotated[str, Meta(max_length=MAX_SEPARATOR, description="Text between words.")] = "-"
    capitalize: Annotated[bool, Meta(description="Begin each word with a capital letter.")] = False
    number: Annotated[bool, Meta(description="Put a digit after one of the words, both drawn at random.")] = False
    count: Count = 1


Spec = StringSpec | TokenSpec | UUIDSpec | IntegerSpec | PassphraseSpec
