"""Regular expressions: exactly the matches, real patterns, hostile patterns, and refused syntax."""

import re
import time
import tracemalloc
from contextlib import suppress
from re import _parser

import pytest
import real_patterns
from brute_force import every_match
from costs import ALLOWED, check_cost

from flaskrandom.core import Impossible, Invalid, Limits, StringSpec, TooComplex, plan, strings
from flaskrandom.core.alphabets import PRINTABLE
from flaskrandom.core.automata import Budget, explore
from flaskrandom.core.languages import Language
from flaskrandom.core.regex import Regex, parse
from support.statistics import ALPHA, evenness


def in_order(pattern, alphabet, longest):
    """The values that the engine finds, in its order, over an alphabet only."""
    machine = Regex(parse(pattern), PRINTABLE, frozenset(), longest, Budget(10**7))
    language = Language(explore([machine], alphabet, longest, Budget(10**7)), 0, longest)
    return [language.unrank(index) for index in range(language.size)]


@pytest.mark.parametrize(
    "pattern",
    [
        "", "a", "a*", "(a|b)*", "a{2,}b?", "[^a]*(a[^a]*){0,2}", "(a|ab)(c|bcd)?.*", "(a?)*", "((a?){2}b?){2}", "a*?b",
        "(?:a|b|ab)*", "(?i)a+B?.*", "(?i:a)b", "(?i)[^a]", "[^\\W_]+", "\\d\\D\\w?\\W?", "[\\s\\S]{2}", "\\S*", ".",
        "(?=.*1)(?=.*a).+", "(?!.*aa)[aAb1]*", "(?:(?=a)[ab]|(?!a|1).)*", "a(?=b|$).*", "(?=a(?=.b)).*",
        "(?!(?=a).b).*", "(?:(?=.*a)b?)+", "(?:(?=.*a))+[ab]{1,2}", "(?:(?=.*b)a?){2}b?", "(?:(?<=a)b?)+",
        "(?:(?<=a)b|a|1)*", ".*(?<=a.)(?!1).", "(?<!b)a?(?<!b)(b|a$|1)*", "(?<=(?<!a)b)a|.b.?|ba.*", "(?:(?<!^)a|b)*",
        "^a$", "^a|b$", "(^a|b)*", "(?:a$|b)*", "a^b", "\\Aa.\\Z", ".*\\b1.*", "(?:\\B.)*", "\\ba\\b.*", ".*-\\b.*",
        "(?P<x>a)b", "(?<x>a)b", "(?#note)a", "(?x) a  b # note", "[a-a]|[b-]", "\\x61", "\\u0061b", "a{0}b",
        "(?:){5}a",
        "(?:a{0,3}){0,3}", "()*a", "a||b", "(?=a)*b", "(?=a)?b", "(?!)|a", "(?=)b",
    ],
)  # fmt: skip
def test_the_values_are_exactly_the_matches(pattern):
    alphabet = "abAB1-" if "i" in pattern or "B" in pattern else "ab1-"
    assert in_order(pattern, alphabet, 4) == every_match(re.sub(r"\(\?<(?=[a-z])", "(?P<", pattern), alphabet, 4)


BEYOND_PLAIN = re.compile("GROUPREF_?[A-Z]*|ATOMIC_GROUP|POSSESSIVE_REPEAT|ASSERT_?[A-Z]*|AT_[A-Z_]*BOUNDARY")


def beyond_plain(pattern):
    """The constructs that plain regular expressions lack, as Python's parser names them."""
    return set(BEYOND_PLAIN.findall(repr(_parser.parse(pattern, re.ASCII))))


def check_planning(pattern):
    def run():
        with suppress(TooComplex, Impossible, Invalid):
            plan(StringSpec(regex=pattern), Limits(max_count=10**9))

    check_cost(run, strings._counted_source.cache_clear)


@real_patterns.needed
def test_real_patterns_are_regular_and_ten_look_around():
    """None of the 566 has a backreference or a conditional, so all are regular; ten have a lookahead or a boundary."""
    assert beyond_plain(r"(a)\1(?(1)b|c)(?>d)e*+") == {
        "GROUPREF", "GROUPREF_EXISTS", "ATOMIC_GROUP", "POSSESSIVE_REPEAT"
    }  # fmt: skip
    found = {pattern: beyond_plain(pattern) for pattern in real_patterns.texts()}
    assert len(found) == 566
    assert {pattern: what for pattern, what in found.items() if what} == {
        pattern: what for pattern, what, _ in real_patterns.NOT_PLAIN_OR_REFUSED if what
    }


@real_patterns.needed
def test_real_patterns_are_accepted_and_matched():
    """At least 95 % are accepted, each at little cost, and all matches up to length 4 are found."""
    refused, slow, patterns = {}, [], real_patterns.texts()
    for pattern in patterns:
        start = time.process_time()
        try:
            made = plan(StringSpec(regex=pattern))
        except (TooComplex, Impossible) as error:
            refused[pattern] = error
        if time.process_time() - start > ALLOWED:
            slow.append(pattern)
        if pattern in refused:
            continue
        matches = re.compile(pattern, re.ASCII).fullmatch
        assert all(map(matches, made.draw(30))), pattern
        source = made._source
        for index in (0, source.size // 3, source.size - 1):
            assert source.rank(source.unrank(index)) == index
        # Letters, digits and signs of the pattern itself, if it has any.
        named = sorted(
            {char for char in pattern if char.isprintable()} | set("a0"), key=lambda char: (char.isalnum(), char)
        )
        alphabet = [*named[:2], *named[-2:]]
        assert in_order(pattern, alphabet, 4) == every_match(pattern, alphabet, 4), pattern
    expected = {pattern: message for pattern, _, message in real_patterns.NOT_PLAIN_OR_REFUSED if message}
    assert set(refused) == set(expected)
    assert all(message in str(refused[pattern]) for pattern, message in expected.items())
    assert len(patterns) - len(refused) >= 0.95 * len(patterns)
    for pattern in slow:
        check_planning(pattern)


@real_patterns.needed
@pytest.mark.parametrize(
    ("construct", "place", "what"),
    [
        ("(x)\\1", 4, "\\1 is a backreference"),
        ("(?P<x>x)(?P=x)", 9, "(?P= is a backreference"),
        ("(x)(?(1)y|z)", 4, "(?( is a conditional"),
        ("(?>x)", 1, "(?> is an atomic group"),
        ("x*+", 2, "*+ is a possessive quantifier"),
    ],
)
def test_unsupported_syntax_is_found_behind_each_real_pattern(construct, place, what):
    for pattern in real_patterns.texts():
        with pytest.raises(Invalid) as caught:
            plan(StringSpec(regex=pattern + construct))
        assert type(caught.value) is Invalid, pattern
        message = f"character {len(pattern) + place}: {what}, which is not supported"
        assert caught.value.errors == [("regex", message)], pattern


HOSTILE = [
    "(a|b|ab)*{1000}", "((a|b|ab)*){1000}", "(?:a|b)*a(?:a|b){12}", "(((a{100}){100}){100}){100}", "((a?){1000}){1000}",
    "(x+x+)+y", "(" * 1000, "(?:" * 300 + ")" * 300, "()" * 99, "(?:){1000000}", "(?:(?:a*)*)*b" * 50,
    "[\u0000-\uffff]*", "[\U00010000-\U0010ffff]", "[\u4e00-\u9fff]{64}", "(?=.*a.{10}b)(?=.*c.{9}d).*",
    "(?=(?=(?=(?=.*a.{3})b?.*).*).*)" * 10 + ".*", "((((.*)*)*)*)*", "(a|aa|aaa|b|bb)+" * 10,
    "|".join(f"a{number}.*b" for number in range(100)), "(.{0,60}a){0,30}", "(?:(?<=a.{5})b|[ab])*",
    "(a{0,60}b{0,60}){0,60}", "(?i)" + "(k|K)*" * 100, "(?:(?<=a.{8})|(?<=b.{9})|.)*", ".*(?<=a.*b.*c.*d.*).*",
    "(?!.*(?!.*(?!.*(?!.*a.{6}).*b.{6}).*c).*d).*", "[ab]{0,400}" * 20, "(?:[ab]?[bc]?[cd]?){60}",
]  # fmt: skip


@pytest.mark.parametrize("pattern", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_patterns_cost_little(pattern):
    check_planning(pattern)


@pytest.mark.parametrize("fields", [{"length": 4096}, {"length": 1500}, {"max_length": 4096}])
@pytest.mark.parametrize("pattern", ["[a-z]+", "(?:a|bc)*d?", "(?=.*a.*b).*"])
def test_long_matches_cost_little(pattern, fields):
    tracemalloc.start()
    try:
        plan(StringSpec(regex=pattern, **fields))
    except TooComplex:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 16 << 20


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(a)\\1", "character 4: \\1 is a backreference"),
        ("(?P<x>a)(?P=x)", "character 9: (?P= is a backreference"),
        ("(?<x>a)\\k<x>", "character 8: \\k< is a backreference"),
        ("(a)?(?(1)b|c)", "character 5: (?( is a conditional"),
        ("a(?>b)", "character 2: (?> is an atomic group"),
        ("ba*+", "character 3: *+ is a possessive quantifier"),
        ("(?<=(?=a)b)c", "lookahead inside a lookbehind"),
        ("(a", "character 1: missing ), unterminated subpattern"),
        ("[b-a]", "character 2: bad character range b-a"),
        ("\\p{L}", "character 1: bad escape \\p"),
        ("(?<x>a)(?<y>b)[b-a]", "character 16: bad character range b-a"),
        ("(?u)a", "cannot be read"),
    ],
)
def test_unsupported_syntax_is_named_with_its_place(client, pattern, message):
    with pytest.raises(Invalid, match=re.escape(message)):
        Regex(parse(pattern), PRINTABLE, frozenset(), 64, Budget(10**6))
    with pytest.raises(Invalid, match=re.escape(message)):
        plan(StringSpec(regex=pattern))
    answer = client.post("/api/v1/strings", json={"regex": pattern})
    assert answer.status_code == 400
    [error] = answer.json["errors"]
    assert error["field"] == "regex"
    assert message in error["message"]


@pytest.mark.parametrize("pattern", ["[一-龥]", "[\U00010000-\U0010ffff]?a", "[一-巿]帀+", "a|[^a]"])
def test_too_many_characters_are_named_as_the_cause(pattern):
    alphabet = None if "一" in pattern else "".join(map(chr, range(0x4E00, 0x4E00 + 4096)))
    with pytest.raises(TooComplex) as caught:
        plan(StringSpec(regex=pattern, alphabet=alphabet, exclude_words="b"))
    message = "its classes hold more than 4096 different characters; use smaller ranges"
    assert caught.value.errors == [("regex", message)]


@pytest.mark.parametrize("pattern", ["\\\\1", "[*+]+", "[(?>]+", "\\(?P=", "a\\++"])
def test_syntax_that_only_looks_unsupported_is_accepted(pattern):
    assert re.fullmatch(pattern, plan(StringSpec(regex=pattern)).draw()[0])


def test_all_matches_are_equally_likely():
    made = plan(StringSpec(regex="a{2,}b?", max_length=4))
    assert made.size == 5
    assert evenness(made.draw(500), ["aa", "aaa", "aab", "aaaa", "aaab"]) > ALPHA


def test_a_lookahead_can_require_a_digit():
    made = plan(StringSpec(regex=r"(?=.*\d)[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){2}"))
    assert made.size == 32**12 - 24**12
    assert all(re.search(r"\d", value) and len(value) == 14 for value in made.draw(200))


def test_dots_use_the_alphabet_and_classes_do_not():
    assert plan(StringSpec(regex=".", alphabet="äöü")).size == 3
    assert plan(StringSpec(regex="[^ä][a-c]", alphabet="äöü")).size == 6
    assert plan(StringSpec(regex=".")).size == 95
    assert plan(StringSpec(regex="é[α-γ]")).size == 3


def test_excluded_characters_never_occur():
    assert plan(StringSpec(regex=r"\d\d", exclude="0", exclude_similar=True)).size == 8 * 8
    assert plan(StringSpec(regex=r"[0a].?", exclude="0", length=2)).size == 94
    with pytest.raises(Impossible):
        plan(StringSpec(regex="0a*", exclude="0"))


def test_a_fixed_shape_is_drawn_like_a_mask():
    made, mask = plan(StringSpec(regex=r"^[A-Z]{3}-(?:\d\d){2}$")), plan(StringSpec(pattern="?u?u?u-?d?d?d?d"))
    assert type(made._source) is type(mask._source)
    assert made.size == mask.size
    assert made._source.unrank(12345) == mask._source.unrank(12345)


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"regex": "[ab]+", "length": 3}, 8),
        ({"regex": "[ab]+", "length": 3, "max_repeat": 1}, 2),
        ({"regex": "[ab]+", "max_length": 2, "max_repeat": 1}, 4),
        ({"regex": "[ab]+", "length": 3, "exclude_words": "AB"}, 4),
        ({"regex": "[ab]+", "length": 2, "exclude_words": "xA", "prefix": "X"}, 2),
        ({"regex": "[ab]c", "exclude_words": "ac"}, 1),
        ({"regex": "(?:aa)+", "bits": 1}, None),
        ({"regex": "(?:[ab][ab])+", "bits": 3}, 16),
        ({"regex": "[ab]{3}", "bits": 3}, 8),
        ({"regex": "ab|cd"}, 2),
        ({"regex": "a[01]|b[12]|c"}, 5),
        ({"regex": "(?=[a-c])[b-d][01]"}, 4),
        ({"regex": "[a-c][ab]{2}[a-c]", "max_repeat": 1}, 8),
    ],
)
def test_a_regex_works_with_other_fields(fields, size):
    if size is None:
        with pytest.raises(Impossible):
            plan(StringSpec(**fields))
    else:
        assert plan(StringSpec(**fields)).size == size


def test_values_of_several_lengths_are_grouped_and_ranked():
    made = plan(StringSpec(regex="[ab]{1,5}", group=2, prefix="<", suffix=">", unique=True, count=62))
    values = made.draw()
    assert sorted(values, key=len)[-1].count("-") == 2
    assert set(values) == {made._source.unrank(index) for index in range(62)}
    assert [made._source.rank(made._source.unrank(index)) for index in range(62)] == list(range(62))
    assert made.content_length(62, "text") is None
    assert b"".join(made.chunks(62)).count(b"\n") == 62


def test_the_empty_string_may_match():
    assert plan(StringSpec(regex="")).draw(2) == ["", ""]
    assert set(plan(StringSpec(regex="a?")).draw(100)) == {"", "a"}


@pytest.mark.parametrize("pattern", ["a{70}", "\\n", "(?!)", "[^\\x00-\\x7f]", "(?=a)b"])
def test_a_pattern_without_matches_is_impossible(pattern):
    with pytest.raises(Impossible, match="matches"):
        plan(StringSpec(regex=pattern))


def test_a_case_insensitive_dot_stays_within_the_alphabet():
    made = plan(StringSpec(regex="(?i).{3}", alphabet="abc"))
    assert made.size == 27
    assert not set("".join(made.draw(1000))) - set("abc")
