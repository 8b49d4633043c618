"""Decodes a request into a spec: the query of a GET or the JSON of a POST, with the same field names.

What its functions raise:
    Unreadable: the body is not a JSON object, or the query is not UTF-8.
    core.Invalid: fields are missing, unknown, repeated, of the wrong type or beyond their limits; all are named.
    werkzeug.exceptions: UnsupportedMediaType if the body is compressed, RequestEntityTooLarge if it is longer than
        MAX_BODY, ClientDisconnected if it ended early.
"""

import json
import re
from collections import Counter
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qsl
from wsgiref.types import WSGIEnvironment

import msgspec
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge, UnsupportedMediaType

from ..annotations import MAX_NAME, MAX_NAMED, Fields, Spec
from ..core import Invalid

T = TypeVar("T")

#: Maximum size of a body in bytes; nginx has the same limit.
MAX_BODY = 1 << 16

#: Digits beyond what msgspec and Python read of an integer. No field takes one that is nearly as long.
SURPLUS_DIGITS = re.compile(rb"(?<!\d)(\d{4299})\d+")


class Unreadable(ValueError):
    """The request is malformed as a whole, not in one field."""


class Asked(NamedTuple):
    """The parts of a request that determine its response."""

    method: str
    query: str
    content_type: str
    content_encoding: str
    body: bytes


def read(environ: WSGIEnvironment) -> Asked:
    """Read the request, its whole body included."""
    get = environ.get
    method, body = environ["REQUEST_METHOD"], b""
    if method == "POST":
        length = get("CONTENT_LENGTH", "")
        # Without a Content-Length, read a body only if the server marks its end.
        least = int(length[:9]) if length.isdigit() else 0
        most = MAX_BODY + 1 if get("wsgi.input_terminated") and not least else least
        if most <= MAX_BODY + 1:
            body = environ["wsgi.input"].read(most)
        if max(least, len(body)) > MAX_BODY:
            raise RequestEntityTooLarge
        if len(body) < least:
            raise ClientDisconnected
    return Asked(method, get("QUERY_STRING", ""), get("CONTENT_TYPE", ""), get("HTTP_CONTENT_ENCODING", ""), body)


def decode(asked: Asked, fields: Fields[Spec]) -> Spec:
    return fields.from_values(values(asked)) if asked.method == "POST" else fields.from_texts(_query(asked.query))


def values(asked: Asked) -> dict[str, object]:
    """The fields in the body of a POST."""
    if asked.query:
        raise Unreadable("a POST takes its fields from the body alone; leave the query out of the address")
    return json_object(asked, once=True)


def json_object(asked: Asked, once: bool = False) -> dict[str, object]:
    """The JSON object in the body; with `once`, repeated names are refused.

    Like the article's code (`json.loads`), accepts UTF-8 with a byte order mark, UTF-16 and UTF-32.
    """
    if asked.content_encoding.lower() not in ("", "identity"):
        raise UnsupportedMediaType("the body must be sent as it is, without Content-Encoding")
    media = asked.content_type.partition(";")[0].strip().lower()
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise Unreadable("the body must be JSON, sent with the header Content-Type: application/json")
    body = asked.body
    try:
        encoding = "utf-8" if body[:1] == b"{" and body[1:2] != b"\0" else json.detect_encoding(body)
        if encoding != "utf-8":
            body = body.decode(encoding).encode()
        try:
            values = msgspec.json.decode(body)
        except msgspec.ValidationError:  # a number is out of range
            values = msgspec.json.decode(SURPLUS_DIGITS.sub(rb"\1", body))
        # A repeated name means more colons than distinct names. Parse again only then.
        if once and isinstance(values, dict) and body.count(b":") != len(values):
            json.loads(body, object_pairs_hook=_once, parse_int=str)  # int() takes no more than 4,300 digits
    except (UnicodeError, msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(f"the body cannot be read as JSON: {error}") from None
    if not isinstance(values, dict):
        raise Unreadable("the body must be a JSON object")
    return values


def _query(query: str) -> dict[str, str]:
    try:
        query.encode("ascii")
        return _once(parse_qsl(query, keep_blank_values=True, errors="strict"))
    except UnicodeError:
        raise Unreadable("the query must be percent-encoded UTF-8") from None


def _once(pairs: list[tuple[str, T]]) -> dict[str, T]:
    """Make a dictionary from the pairs of a JSON object or query; refuse repeated names."""
    values = dict(pairs)
    if len(values) < len(pairs):
        repeated = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
        raise Invalid([(name[:MAX_NAME], "is given more than once") for name in repeated[:MAX_NAMED]])
    return values
