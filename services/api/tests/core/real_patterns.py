"""566 patterns of public JSON schemas, which are kept outside the repository, and the special ones among them.

Tests that need the patterns are skipped, and say so, where they are missing.
"""

import json
from pathlib import Path

import pytest

FILE = Path(__file__).parents[5] / "shared" / "data" / "json-schema-patterns.json"

needed = pytest.mark.skipif(not FILE.exists(), reason="the collection of patterns is outside the repository")


def texts():
    return json.loads(FILE.read_text())


LOOKAHEAD, BOUNDARY, GUARD = "ASSERT_NOT", "AT_BOUNDARY", r'["<>*?:/\\]'
UNCOUNTED, TOO_LONG = "takes too long to count exactly", "no string of at most 64 printable ASCII characters matches"

# All patterns are regular. These have a construct that plain regular expressions lack, as Python's parser names it, or
# are refused with the default fields: the constructs, and the message.
NOT_PLAIN_OR_REFUSED = [
    (r"^(?!(?:meta|local)$).*$", {LOOKAHEAD}, None),
    (r"^(?!\.)(?!\./).+", {LOOKAHEAD}, None),
    (r"^(?!io\.papermc\.)([a-zA-Z_$][a-zA-Z\d_$]*\.)*[a-zA-Z_$][a-zA-Z\d_$]*$", {LOOKAHEAD}, None),
    (r"^(?!org\.bukkit\.)([a-zA-Z_$][a-zA-Z\d_$]*\.)*[a-zA-Z_$][a-zA-Z\d_$]*$", {LOOKAHEAD}, None),
    (r"\b\d{13}\b", {BOUNDARY}, None),
    (r"^(?!.*\bnative\b)[a-zA-Z][a-zA-Z0-9_]*(\.[a-zA-Z][a-zA-Z0-9_]*)+$", {LOOKAHEAD, BOUNDARY}, None),
    (
        rf"^(?!.*(\{{TriggerCondition\}}|\{{LoggingBlock\}}|\{{IncMeasurement\}}|\{{ConfigName\}}"
        rf"|\{{IncTrigger\|[0-9]*\}}|{GUARD})).*\.[bB][lL][fF]$",
        {LOOKAHEAD},
        UNCOUNTED,
    ),
    *(
        (
            rf"^(?!.*(\{{LoggingBlock\}}|\{{IncMeasurement\}}|\{{ConfigName\}}|{GUARD})).*\.{end}$",
            {LOOKAHEAD},
            UNCOUNTED,
        )
        for end in ("[bB][lL][fF]", "[mM][fF]4")
    ),
    (
        r"^https?:\/\/(www\.)?[-a-zA-Z0-9@:%._\+~#=]{1,256}\.[a-zA-Z0-9()]{1,6}\b([-a-zA-Z0-9()@:%_\+.~#?&//=]*)$",
        {BOUNDARY},
        UNCOUNTED,
    ),
    (
        r"^(%5C*|(.*)?%5C.?(mediawiki|wiktionary|wiki(pedia|quote|books|source|news|versity|data|voyage|tech|media"
        r"|mediafoundation))%5C.org)$",
        set(),
        UNCOUNTED,
    ),
    (
        r"^[^:]+://[^:/]+(:[0-9]+)?(/[^?#/]+)*(\?([^=#&]+=[^=#&]+)(&([^=#&]+=[^=#&]+))*)?(#.+)?",
        set(),
        UNCOUNTED,
    ),
    (r"\nhttps?://.", set(), TOO_LONG),  # a line feed is not printable
    (r"^(?:[A-F0-9]{2}:){31}[A-F0-9]{2}$", set(), TOO_LONG),
    (r"^[a-f0-9]{128}$", set(), TOO_LONG),
]
