"""The article's two routes. What they answer never changes; what crashed the article's code is a clear 400."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Blueprint, Response
from msgspec import Meta, Raw, Struct

from ..core.alphabets import DEFAULT_SPECIAL, DIGITS, LOWER, UPPER
from ..core.article import random_strings, random_strings_json
from . import metrics
from .decode import ENCODED, Asked, is_json, read_json
from .draws import Draw, view
from .responses import encode, json_answer

blueprint = Blueprint("article", __name__)

MAX_LENGTH = 30  # characters a string
MAX_COUNT = 1000  # strings a call

CLASSES = {"withnum": DIGITS, "withlow": LOWER, "withup": UPPER, "withspecial": DEFAULT_SPECIAL}

Flag = bool | None


class Request(Struct):
    """What the article's client sends. Described here for the documentation, and read field by field below:
    the numbers 0 and 1 pass for false and true, and each fault has its own sentence.
    """

    intlen: Annotated[int, Meta(description=f"Characters in each string. Beyond {MAX_LENGTH} the answer is fail.")]
    intnum: Annotated[int, Meta(description=f"Strings. Beyond {MAX_COUNT}, or below 1, the answer is fail.")]
    withnum: Annotated[Flag, Meta(description="Use 0-9.")] = None
    withlow: Annotated[Flag, Meta(description="Use a-z.")] = None
    withup: Annotated[Flag, Meta(description="Use A-Z.")] = None
    withspecial: Annotated[Flag, Meta(description="Use !@#$.")] = None


class Answer(Struct):
    """What the article's client gets: `msg` is success or fail, `datalen` the number of strings."""

    data: list[str]
    datalen: int
    msg: str


class Failure(Struct):
    """The same three fields, and a sentence that names the field at fault."""

    data: list[str]
    datalen: int
    msg: str
    error: str


class BadRequest(ValueError):
    """The request cannot be understood; the message names the field."""


@blueprint.get("/")
def index() -> str:
    return "<h1>Hello World! From Flask!</h1>"


def prepare(asked: Asked) -> Draw:
    """Read a request and plan its strings.

    Raises:
        BadRequest: the request cannot be understood.
    """
    alphabet, length, count = _wanted(_read_object(asked))
    if not count:
        return _fail

    def draw() -> bytes:
        drawn = random_strings_json(alphabet, length, count)
        values: Any = random_strings(alphabet, length, count) if drawn is None else Raw(drawn)
        body = encode(Answer(values, count, "success"))
        metrics.drawn(metrics.ARTICLE, count, len(body))
        return body

    return draw


blueprint.post("/getrandomstr", endpoint="getrandomstr")(view(prepare))


def _fail() -> bytes:
    metrics.rejected("article_limit")
    return encode(Answer([], 0, "fail"))


@blueprint.app_errorhandler(BadRequest)
def bad_request(bad: BadRequest) -> Response:
    metrics.rejected("article_bad_request")
    return json_answer(Failure([], 0, "fail", str(bad)), 400)


def _wanted(fields: dict[str, Any]) -> tuple[str, int, int]:
    """Alphabet, length and count; a count of 0 where the article's code would have answered "fail"."""
    length = _integer(fields, "intlen")
    count = _integer(fields, "intnum")
    alphabet = "".join(symbols for name, symbols in CLASSES.items() if _flag(fields, name))

    if length > MAX_LENGTH or count > MAX_COUNT or count <= 0:
        return alphabet, length, 0
    if length < 0:
        raise BadRequest(f"intlen must not be negative, but is {length}")
    if length and not alphabet:
        raise BadRequest(f"choose at least one of {', '.join(CLASSES)}: set it to true")
    return alphabet, length, count


def _read_object(asked: Asked) -> dict[str, Any]:
    if asked.content_encoding.lower() not in ("", "identity"):
        raise BadRequest(ENCODED)
    if not is_json(asked.content_type):
        raise BadRequest("the body must be JSON, sent with the header Content-Type: application/json")
    try:
        fields, _ = read_json(asked.body)
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise BadRequest("the body must be a JSON object with the fields intlen and intnum")
    return fields


def _integer(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if value is None:
        raise BadRequest(f"{name} is missing: it must be a whole number")
    # bool is a kind of int in Python, not in JSON.
    if type(value) is not int:
        raise BadRequest(f"{name} must be a whole number")
    return value


def _flag(fields: dict[str, Any], name: str) -> bool:
    value = fields.get(name)
    if value is None:
        return False
    if type(value) not in (bool, int) or value not in (0, 1):
        raise BadRequest(f"{name} must be true or false")
    return bool(value)
