"""Apple's password rules: real rules, checked without the core's own code."""

import json
import re
from pathlib import Path
from string import ascii_lowercase

import pytest
from costs import check_cost, cost

from flaskrandom.core import Impossible, Invalid, Limits, StringSpec, minimums, plan, strings
from flaskrandom.core.alphabets import PRINTABLE
from flaskrandom.core.constraints import WORTH_REJECTING
from flaskrandom.core.password_rules import parse
from support.statistics import ALPHA, evenness

REAL = Path(__file__).parents[5] / "shared" / "data" / "password-rules.json"

NAMED = {"lower": "[a-z]", "upper": "[A-Z]", "digit": "[0-9]", "special": r"[^a-zA-Z0-9]"}


def checker(rules):
    """A function that tells whether a password follows the rules: a regular expression with lookaheads."""
    allowed, lookaheads, lengths, run = [], [], [1, 4096], None
    # Semicolons and commas inside brackets do not separate.
    hidden = re.sub(r"\[.*?\](?!\])", lambda found: "".join(f"<{ord(c):04x}>" for c in found.group()), rules)
    for rule in filter(None, map(str.strip, hidden.split(";"))):
        name, _, value = map(str.strip, rule.partition(":"))
        if name in ("minlength", "maxlength"):
            lengths[name == "maxlength"] = int(value)
        elif name == "max-consecutive":
            run = int(value)
        else:
            parts = []
            for part in map(str.strip, value.split(",")):
                own = "".join(chr(int(code, 16)) for code in re.findall("<(....)>", part))[1:-1]
                own = (own[:1] + own[1:].replace("-", "")) if own else ""
                own = "".join(char for char in own if " " <= char <= "~")
                parts.append(
                    NAMED.get(part) or (f"[{re.escape(own)}]" if own else "[ -~]" if "<" not in part else "(?!)")
                )
            allowed += parts
            lookaheads += [f"(?=.*(?:{'|'.join(parts)}))"] if name == "required" else []
    run_limit = rf"(?!.*(.)\1{{{run}}})" if run else ""
    body = f"(?:{'|'.join(allowed) or '[ -~]'})"
    return re.compile(f"{run_limit}{''.join(lookaheads)}{body}{{{lengths[0]},{lengths[1]}}}", re.DOTALL).fullmatch


@pytest.mark.skipif(not REAL.exists(), reason="the collection of rules is outside the repository")
def test_passwords_follow_real_rules():
    """261 rules of public sites, with 1,000 passwords for each."""
    collection = json.loads(REAL.read_text())
    assert len(collection) == 261
    for rules in collection:
        follows = checker(rules)
        drawn = plan(StringSpec(rules=rules, count=1000)).draw()
        assert [value for value in drawn if not follows(value)] == [], rules
        longest = re.search(r"maxlength: *(\d+)", rules)
        shortest = re.search(r"minlength: *(\d+)", rules)
        length = max(int(shortest[1]) if shortest else 1, min(20, int(longest[1]) if longest else 20))
        assert {len(value) for value in drawn} == {length}, rules


def test_control_the_checker_finds_bad_passwords():
    follows = checker(
        "minlength: 4; maxlength: 6; required: lower, [-;]; required: digit; allowed: [x]]; max-consecutive: 2"
    )
    assert [
        value for value in ("a1]x", "-1xx", "abc", "a1xxx", "ab]x", "1]xx", "a1yA", "a123456") if follows(value)
    ] == ["a1]x", "-1xx", "1]xx"]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("", (PRINTABLE, [], 1, None, None)),
        ("required: lower; required: lower, digit;", (36, 2, 1, None, None)),
        ("allowed: [-az]", ("-az", [], 1, None, None)),
        ("allowed: [a]], [b]", ("]ab", [], 1, None, None)),
        ("allowed:[]], UPPER", (27, [], 1, None, None)),
        ("allowed: [äaé]", ("a", [], 1, None, None)),
        ("allowed: unicode", (PRINTABLE, [], 1, None, None)),
        ("minlength: 8; minlength: 10; maxlength: 30; maxlength: 20", (PRINTABLE, [], 10, 20, None)),
        (" max-consecutive:3;max-consecutive: 2 ; required: ; ", (PRINTABLE, [], 1, None, 2)),
        ("max-consecutive: 0", (PRINTABLE, [], 1, None, None)),
    ],
)
def test_rules_are_read(rules, expected):
    found = parse(rules)
    for value, wanted in zip(found, expected, strict=True):
        assert (len(value) if isinstance(wanted, int) and not isinstance(value, int) else value) == wanted


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("required: vowels", "character 11: upper, lower"),
        ("length: 8", "character 1: allowed, required"),
        ("allowed lower", "character 9: a colon"),
        ("minlength: eight", "character 12: a number"),
        ("allowed: upper [a]", "character 16: a semicolon"),
        ("allowed: upper,", "character 16: upper, lower"),
        ("allowed: [abc", "character 10: upper, lower"),
        ("minlength: 1+1", "character 13: a semicolon"),
        ("required: [a-z]", "character 11: in [a-z] a hyphen must stand first; there are no ranges: write lower"),
        ("required: lower, [-+-]", "character 18: in [-+-] a hyphen must stand first"),
        ("required: [€]", "character 11: in [€] only printable ASCII counts, not '€'"),
        ("required: digit; allowed: lower, [€£]", "character 34: in [€£] only printable ASCII counts, not '€'"),
        ("required: [\u00a0]", "character 11: in [\u00a0] only printable ASCII counts, not U+00A0 NO-BREAK SPACE;"),
    ],
)
def test_an_error_in_the_rules_is_named_with_its_place(rules, message):
    with pytest.raises(Invalid, match=re.escape(message)):
        plan(StringSpec(rules=rules))


def test_overlapping_sets_are_counted_exactly():
    made = plan(StringSpec(rules="required: [ab]; required: [bc]; maxlength: 3"))
    follows = checker("required: [ab]; required: [bc]; maxlength: 3")
    every = [a + b + c for a in "abc" for b in "abc" for c in "abc"]
    expected = [value for value in every if follows(value)]
    assert made.size == len(expected)
    assert evenness(made.draw(50 * made.size), expected) > ALPHA
    assert [made._source.unrank(index) for index in range(made.size)] == sorted(expected)


@pytest.mark.parametrize("number", [8, 9, 16, 17, 25])
def test_rejection_finds_each_of_many_required_classes(number):
    """A byte holds a bit for each of eight classes only."""
    rules = "".join(f"required: [{lower}{lower.upper()}];" for lower in ascii_lowercase[:number])
    made = plan(StringSpec(rules=rules, length=5 * number))
    assert made.size * WORTH_REJECTING >= made._source._base.size
    follows = checker(rules)
    drawn = made.draw(1000)
    assert [value for value in drawn if not follows(value)] == []


@pytest.mark.parametrize(("number", "length"), [(20, 20), (43, 128), (75, 100)])
def test_many_required_classes_cost_little(number, length):
    """Their subsets are too many to count."""
    required = [char for char in PRINTABLE if char not in "-[]"][:number]
    spec = StringSpec(rules="".join(f"required: [{char}];" for char in required), length=length)

    def forget():
        for cached in (strings._counted_source, minimums._lacking, minimums._met):
            cached.cache_clear()

    check_cost(lambda: plan(spec), forget)
    # Beside the table of counts, a draw costs some 0.2 ms.
    assert cost(lambda: plan(spec).draw(500), forget) < 25
    assert all(set(value) == set(required) for value in plan(spec).draw(50))


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        ({"rules": "minlength: 8"}, 20),
        ({"rules": "minlength: 24"}, 24),
        ({"rules": "maxlength: 12"}, 12),
        ({"rules": "maxlength: 12", "length": 5}, 5),
        ({"rules": "required: lower; required: digit", "bits": 100}, 20),
        ({"rules": "required: lower; required: digit; minlength: 22", "bits": 100}, 22),
        ({"rules": "minlength: 10; maxlength: 11", "bits": 8}, 10),
        ({"rules": "minlength: 10; maxlength: 11", "bits": 70}, 11),
    ],
)
def test_the_length_follows_rules_and_fields(fields, length):
    assert len(plan(StringSpec(**fields)).draw()[0]) == length


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"rules": "minlength: 8", "length": 5}, {"rules", "length"}),
        ({"rules": "minlength: 8; maxlength: 6"}, {"rules"}),
        ({"rules": "maxlength: 2; required: lower; required: upper; required: digit"}, {"rules"}),
        ({"rules": "allowed: [a]; max-consecutive: 1"}, {"rules"}),
        ({"rules": "required: [l]", "exclude_similar": True}, {"rules"}),
        ({"rules": "maxlength: 3; allowed: digit", "bits": 10}, {"rules", "bits"}),
    ],
)
def test_impossible_rules_are_refused(fields, named):
    with pytest.raises(Impossible) as caught:
        plan(StringSpec(**fields), Limits(max_length=256))
    assert named.intersection(field for field, _ in caught.value.errors)
