"""The article's two routes. Their format never changes; inputs that crashed the article's code return 400."""

from typing import Annotated, Any

from flask import Blueprint, Response
from msgspec import Meta, Raw, Struct
from werkzeug.exceptions import UnsupportedMediaType

from ..annotations import Fields
from ..core import Invalid
from ..core.alphabets import DEFAULT_SPECIAL, DIGITS, LOWER, UPPER
from ..core.formats import json_array
from ..core.samplers import free_strings
from . import metrics
from .decode import Asked, Unreadable, json_object
from .draws import Draw, View
from .responses import encode, json_answer

blueprint = Blueprint("article", __name__)
count_drawn = metrics.drawn("article")

MAX_LENGTH = 30  # characters per string
MAX_COUNT = 1000  # strings per call

CLASSES = {"withnum": DIGITS, "withlow": LOWER, "withup": UPPER, "withspecial": DEFAULT_SPECIAL}


class Request(Struct):
    """The request of the article's client. The numbers 0 and 1 count as false and true."""

    intlen: Annotated[int, Meta(description=f"Characters in each string. Beyond {MAX_LENGTH} the answer is fail.")]
    intnum: Annotated[int, Meta(description=f"Strings. Beyond {MAX_COUNT}, or below 1, the answer is fail.")]
    withnum: Annotated[bool | None, Meta(description="Use 0-9.")] = None
    withlow: Annotated[bool | None, Meta(description="Use a-z.")] = None
    withup: Annotated[bool | None, Meta(description="Use A-Z.")] = None
    withspecial: Annotated[bool | None, Meta(description="Use !@#$.")] = None


class Answer(Struct):
    """The response: `msg` is success or fail, `datalen` the number of strings."""

    data: list[str]
    datalen: int
    msg: str


class Failure(Answer):
    """The same three fields, and a sentence that names the wrong field."""

    error: str


FIELDS = Fields(Request)


@blueprint.get("/")
def index() -> str:
    return "<h1>Hello World! From Flask!</h1>"


def prepare(asked: Asked) -> Draw:
    values = json_object(asked)
    for name in CLASSES:
        if type(values.get(name)) is int and values[name] in (0, 1):
            values[name] = bool(values[name])
    fields = FIELDS.from_values(values)
    length, count = fields.intlen, fields.intnum
    alphabet = "".join(symbols for name, symbols in CLASSES.items() if getattr(fields, name))
    if length > MAX_LENGTH or count > MAX_COUNT or count <= 0:
        return _fail
    if length < 0:
        raise Invalid([("intlen", f"must not be negative, but is {length}")])
    if length and not alphabet:
        raise Invalid([(", ".join(CLASSES), "are all false: set at least one to true")])

    def draw() -> bytes:
        source = free_strings(alphabet, length)
        drawn = json_array(source, count)
        values: Any = source.rows(count) if drawn is None else Raw(drawn)
        body = encode(Answer(values, count, "success"))
        count_drawn(count, len(body))
        return body

    return draw


def _fail() -> bytes:
    metrics.rejected("article_limit")
    return encode(Answer([], 0, "fail"))


blueprint.add_url_rule("/getrandomstr", "getrandomstr", View(prepare), methods=["POST"])


@blueprint.errorhandler(Invalid)
def invalid(error: Invalid) -> Response:
    return bad_request("; ".join(f"{field} {message}" for field, message in error.errors))


@blueprint.errorhandler(UnsupportedMediaType)
@blueprint.errorhandler(Unreadable)
def bad_request(error: object) -> Response:
    """400 in the article's form; `error` says why."""
    metrics.rejected("article_bad_request")
    return json_answer(Failure([], 0, "fail", str(getattr(error, "description", error))), 400)
