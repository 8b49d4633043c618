"""`/api/v1`, row by row of the contract: what is asked, what every value looks like, how many there are.

The same table serves the unit tests (Flask's test client) and the integration tests (through nginx).
"""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

KINDS = ("strings", "tokens", "uuids", "integers", "passphrases")
ANSWER = {"data", "count", "entropy_bits", "collision_probability"}

DIGITS_ONLY = {"lower": False, "upper": False}
LOWER_ONLY = {"digits": False, "upper": False}
SPECIAL_ONLY = {"digits": False, "lower": False, "upper": False, "special": True}


def address(path: str, fields: dict[str, Any] | None = None) -> str:
    """The path under `/api/v1`, with `fields` as its query in the way that a query writes them."""
    written = {name: str(value).lower() if isinstance(value, bool) else value for name, value in (fields or {}).items()}
    return f"/api/v1/{path}" + (f"?{urlencode(written)}" if written else "")


def ask(client: Any, method: str, path: str, fields: dict[str, Any]) -> Any:
    """One request, by GET or by POST: the names and the meaning are the same."""
    if method == "GET":
        return client.get(address(path, fields))
    return client.post(address(path), json=fields)


class Case(NamedTuple):
    """A request that is met: every value matches `pattern`, and there are `size` possible ones."""

    kind: str
    fields: dict[str, Any]
    pattern: str
    size: int


def _two_or_more_of_three(wanted: int, others: int) -> int:
    return wanted**3 + 3 * wanted**2 * others


def _runs_of_two_at_most(characters: int, length: int = 12) -> int:
    """Strings with no character three times in a row: those that end in a single one, and in two alike."""
    single, double = characters, 0
    for _ in range(length - 1):
        single, double = (single + double) * (characters - 1), single
    return single + double


CASES = {
    "strings as they come": Case("strings", {}, r"[0-9A-Za-z]{16}", 62**16),
    "one character": Case("strings", {"length": 1}, r"[0-9A-Za-z]", 62),
    "the longest": Case("strings", {"length": 4096}, r"[0-9A-Za-z]{4096}", 62**4096),
    "digits": Case("strings", {"length": 6, **DIGITS_ONLY}, r"[0-9]{6}", 10**6),
    "lower": Case("strings", {"length": 6, **LOWER_ONLY}, r"[a-z]{6}", 26**6),
    "upper": Case("strings", {"length": 6, "digits": False, "lower": False}, r"[A-Z]{6}", 26**6),
    "special too": Case("strings", {"special": True}, r"[0-9A-Za-z!@#$]{16}", 66**16),
    "special alone": Case("strings", {"length": 6, **SPECIAL_ONLY}, r"[!@#$]{6}", 4**6),
    "special_chars": Case("strings", {"length": 5, **SPECIAL_ONLY, "special_chars": "-_.~+ &"}, r"[-_.~+ &]{5}", 7**5),
    "special_chars beyond ASCII": Case(
        "strings", {"length": 5, **SPECIAL_ONLY, "special_chars": "§€😀"}, r"[§€😀]{5}", 3**5
    ),
    "alphabet": Case("strings", {"alphabet": "abc", "length": 9}, r"[abc]{9}", 3**9),
    "alphabet beyond ASCII": Case("strings", {"alphabet": "αβγ", "length": 4}, r"[αβγ]{4}", 3**4),
    "alphabet beyond the basic plane": Case("strings", {"alphabet": "😀😁😂", "length": 4}, r"[😀😁😂]{4}", 3**4),
    "alphabet of mixed widths": Case("strings", {"alphabet": "aé€😀", "length": 7}, r"[aé€😀]{7}", 4**7),
    "alphabet of quotes": Case("strings", {"alphabet": "\"\\,'", "length": 8}, r"[\"\\,']{8}", 4**8),
    "alphabet of one": Case("strings", {"alphabet": "x", "length": 3}, r"xxx", 1),
    "alphabet of very many": Case(
        "strings",
        {"alphabet": "".join(map(chr, range(0x4E00, 0x4E00 + 300))), "length": 4},
        r"[\u4e00-\u4f2b]{4}",
        300**4,
    ),
    "exclude": Case("strings", {"exclude": "abcXYZ09", "length": 30}, r"[1-8d-zA-W]{30}", 54**30),
    "exclude_similar": Case("strings", {"exclude_similar": True}, r"[2-9a-kmnp-zA-HJ-NP-Z]{16}", 56**16),
    "min_digits": Case(
        "strings",
        {"length": 3, "min_digits": 2, "upper": False},
        r"(?=(.*[0-9]){2})[0-9a-z]{3}",
        _two_or_more_of_three(10, 26),
    ),
    "min_lower": Case(
        "strings",
        {"length": 3, "min_lower": 2, "upper": False},
        r"(?=(.*[a-z]){2})[0-9a-z]{3}",
        _two_or_more_of_three(26, 10),
    ),
    "min_upper": Case(
        "strings",
        {"length": 3, "min_upper": 2, "lower": False},
        r"(?=(.*[A-Z]){2})[0-9A-Z]{3}",
        _two_or_more_of_three(26, 10),
    ),
    "min_special": Case(
        "strings",
        {"length": 3, "min_special": 2, "special": True, **DIGITS_ONLY},
        r"(?=(.*[!@#$]){2})[0-9!@#$]{3}",
        _two_or_more_of_three(4, 10),
    ),
    "one of each class": Case(
        "strings",
        {"length": 4, "special": True, "min_digits": 1, "min_lower": 1, "min_upper": 1, "min_special": 1},
        r"(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])(?=.*[!@#$]).{4}",
        24 * 10 * 26 * 26 * 4,
    ),
    "first": Case("strings", {"length": 3, "first": "lower", "upper": False}, r"[a-z][0-9a-z]{2}", 26 * 36**2),
    "first of two": Case("strings", {"length": 3, "first": "lower,upper"}, r"[A-Za-z][0-9A-Za-z]{2}", 52 * 62**2),
    "max_repeat": Case("strings", {"length": 5, "max_repeat": 1, **DIGITS_ONLY}, r"(?!.*(.)\1)[0-9]{5}", 10 * 9**4),
    "max_repeat of two": Case("strings", {"length": 3, "max_repeat": 2, **DIGITS_ONLY}, r"(?!(.)\1\1)[0-9]{3}", 990),
    "prefix and suffix": Case(
        "strings", {"length": 4, "prefix": "key-", "suffix": "-ü", **DIGITS_ONLY}, r"key-[0-9]{4}-ü", 10**4
    ),
    "prefix of markup": Case("strings", {"length": 4, "prefix": "a+b&c=%20", **DIGITS_ONLY}, r"a\+b&c=%20\d{4}", 10**4),
    "pattern": Case(
        "strings",
        {"pattern": "A?d?l?u?s?h?H?a??"},
        r"A[0-9][a-z][A-Z][!@#$][0-9a-f][0-9A-F][0-9A-Za-z!@#$]\?",
        10 * 26 * 26 * 4 * 16 * 16 * 66,
    ),
    "pattern of a licence": Case(
        "strings", {"pattern": "?u?u-?d?d?d?d", "exclude_similar": True}, r"[A-HJ-NP-Z]{2}-[2-9]{4}", 24**2 * 8**4
    ),
    "checksum": Case("strings", {"length": 15, "checksum": "luhn", **DIGITS_ONLY}, r"[0-9]{16}", 10**15),
    "checksum of a pattern": Case("strings", {"pattern": "4000?d?d?d?d", "checksum": "luhn"}, r"4000[0-9]{5}", 10**4),
    "group": Case("strings", {"length": 10, "group": 4, **DIGITS_ONLY}, r"[0-9]{4}-[0-9]{4}-[0-9]{2}", 10**10),
    "group and separator": Case(
        "strings", {"length": 6, "group": 3, "separator": " · ", **DIGITS_ONLY}, r"[0-9]{3} · [0-9]{3}", 10**6
    ),
    "everything together": Case(
        "strings",
        {"length": 3, "upper": False, "min_digits": 2, "first": "lower", "prefix": "<", "suffix": ">", "group": 2},
        r"<[a-z][0-9]-[0-9]>",
        26 * 10 * 10,
    ),
    "last": Case("strings", {"length": 3, "last": "digits", "upper": False}, r"[0-9a-z]{2}[0-9]", 10 * 36**2),
    "first and last": Case(
        "strings", {"length": 3, "first": "upper", "last": "lower,upper"}, r"[A-Z][0-9A-Za-z][A-Za-z]", 26 * 62 * 52
    ),
    "regex": Case("strings", {"regex": "a{2,}b?", "max_length": 4}, r"aaaa|aaa?b?", 5),
    "regex of codes with a digit": Case(
        "strings",
        {"regex": r"(?=.*\d)[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){2}"},
        r"(?=.*\d)[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){2}",
        32**12 - 24**12,
    ),
    "regex of one length": Case("strings", {"regex": "[ab]+|c+", "length": 3}, r"[ab]{3}|ccc", 9),
    "regex over an alphabet": Case("strings", {"regex": ".{2}", "alphabet": "αβγ"}, r"[αβγ]{2}", 9),
    "regex with exclusions": Case(
        "strings", {"regex": "\\d{3}", "exclude_similar": True, "max_repeat": 1}, r"(?!.*(.)\1)[2-9]{3}", 8 * 7 * 7
    ),
    "regex with bits": Case("strings", {"regex": "[ab]+", "bits": 5}, r"[ab]{5}", 32),
    "regex in groups": Case(
        "strings", {"regex": "[ab]{4}", "group": 2, "prefix": "<", "suffix": ">"}, r"<[ab]{2}-[ab]{2}>", 16
    ),
    "rules": Case(
        "strings",
        {"rules": "minlength: 2; maxlength: 3; required: lower; required: digit; max-consecutive: 1"},
        r"(?=.*[a-z])(?=.*[0-9])(?!.*(.)\1)[0-9a-z]{3}",
        # All of 36 characters with no two alike in a row, less those of letters or digits alone.
        36 * 35**2 - 26 * 25**2 - 10 * 9**2,
    ),
    "rules as a site has them": Case(
        "strings",
        {"rules": "minlength: 8; maxlength: 12; required: lower, upper; required: digit; max-consecutive: 2"},
        r"(?=.*[A-Za-z])(?=.*[0-9])(?!.*(.)\1\1)[0-9A-Za-z]{12}",
        _runs_of_two_at_most(62) - _runs_of_two_at_most(52) - _runs_of_two_at_most(10),
    ),
    "bits": Case("strings", {"bits": 128, "exclude_similar": True}, r"[2-9a-kmnp-zA-HJ-NP-Z]{23}", 56**23),
    "exclude_words": Case(
        "strings", {"length": 3, "alphabet": "abAB", "exclude_words": "ab,bb"}, r"(?!.*[aAbB][bB])[abAB]{3}", 8 + 8
    ),
    "exclude_words across groups": Case(
        "strings",
        {"length": 2, "alphabet": "ab", "group": 1, "prefix": "a", "exclude_words": "ab"},
        r"aa-a",
        1,
    ),
    "exclude_profanity": Case(
        "strings", {"pattern": "f?lck", "exclude_profanity": True, "exclude": "aeio"}, r"f[bcdfghj-np-tv-z]ck", 21
    ),
    "tokens as they come": Case("tokens", {}, r"[0-9a-f]{64}", 2**256),
    "hex": Case("tokens", {"bytes": 3, "encoding": "hex"}, r"[0-9a-f]{6}", 2**24),
    "base64": Case("tokens", {"bytes": 4, "encoding": "base64"}, r"[0-9A-Za-z+/]{5}[AQgw]==", 2**32),
    "base64url": Case("tokens", {"bytes": 4, "encoding": "base64url"}, r"[0-9A-Za-z_-]{5}[AQgw]", 2**32),
    "base32": Case("tokens", {"bytes": 4, "encoding": "base32"}, r"[A-Z2-7]{6}[AIQY]=", 2**32),
    "bits of a token": Case("tokens", {"bits": 20}, r"[0-9a-f]{6}", 2**24),
    "prefix of a token": Case("tokens", {"bytes": 2, "prefix": "sk_"}, r"sk_[0-9a-f]{4}", 2**16),
    "uuids as they come": Case(
        "uuids", {}, r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", 2**122
    ),
    "uuids ordered by time": Case(
        "uuids", {"version": 7}, r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", 2**62
    ),
    "integers as they come": Case("integers", {}, r"[0-9]|[1-9][0-9]|100", 101),
    "dice": Case("integers", {"min": 1, "max": 6}, r"[1-6]", 6),
    "integers below zero": Case("integers", {"min": -9, "max": -1}, r"-[1-9]", 9),
    "integers beyond 64 bits": Case("integers", {"min": 10**40, "max": 2 * 10**40 - 1}, r"1[0-9]{40}", 10**40),
    "one integer": Case("integers", {"min": 7, "max": 7}, r"7", 1),
    "passphrases as they come": Case("passphrases", {}, r"[a-z-]{23,}", 7776**6),
    "words": Case("passphrases", {"words": 2, "separator": " "}, r"[a-z-]+ [a-z-]+", 7776**2),
    "bits of a passphrase": Case("passphrases", {"bits": 25, "separator": " "}, r"[a-z-]+ [a-z-]+", 7776**2),
    "capitalize": Case(
        "passphrases", {"words": 3, "separator": ".", "capitalize": True}, r"([A-Z][a-z-]+\.){2}[A-Z][a-z-]+", 7776**3
    ),
    "Chinese words": Case(
        "passphrases", {"words": 3, "separator": "", "language": "zh"}, r"[\u4e00-\u9fff]{3}", 2048**3
    ),
    "Spanish words": Case("passphrases", {"words": 2, "language": "es"}, r"[a-záéíóúñ]+-[a-záéíóúñ]+", 2048**2),
    "Japanese words of so many bits": Case(
        "passphrases", {"bits": 26, "separator": "・", "language": "ja"}, r"\w+・\w+・\w+", 2048**3
    ),
    "a number": Case(
        "passphrases",
        {"words": 3, "language": "en-short", "separator": " ", "number": True},
        r"(?=\D*\d\D*)([a-z-]+\d? ){2}[a-z-]+\d?",
        1296**3 * 30,
    ),
    "no separator": Case(
        "passphrases", {"words": 2, "separator": "", "capitalize": True}, r"([A-Z][a-z-]+){2}", 7776**2
    ),
}


def collisions(size: int, count: int) -> float:
    """The chance that `count` draws of `size` values are not all different, factor by factor."""
    if count > size:
        return 1.0
    return -math.expm1(sum(math.log1p(-drawn / size) for drawn in range(count)))


def check_answer(answer: dict[str, Any], case: Case, count: int) -> None:
    """The whole answer to a case, asked for `count` values."""
    assert set(answer) == ANSWER
    assert answer["count"] == len(answer["data"]) == count
    wanted = re.compile(case.pattern)
    assert [value for value in answer["data"] if not wanted.fullmatch(str(value))] == []
    assert {type(value) for value in answer["data"]} == {int if case.kind == "integers" else str}
    assert answer["entropy_bits"] == pytest.approx(math.log2(case.size), rel=1e-15, abs=0)
    # UUIDs of version 7 in one answer differ by their counter.
    expected = 0 if case.fields.get("version") == 7 else collisions(case.size, count)
    assert answer["collision_probability"] == pytest.approx(expected, rel=1e-9, abs=1e-300)
