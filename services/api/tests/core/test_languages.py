"""The engine: sizes, order and draws match all strings of small sets and a public automata library."""

import random
from itertools import groupby, product

import pytest
from automata.fa.dfa import DFA
from automata.fa.nfa import NFA
from hypothesis import given
from hypothesis import strategies as st

from flaskrandom.core.automata import Budget, TooLarge, explore
from flaskrandom.core.languages import Language, _Step
from flaskrandom.core.regex import Regex, parse
from flaskrandom.core.words import WordsAvoided
from support.statistics import ALPHA, evenness

STEPS = 10**7


def all_strings(alphabet, shortest, longest):
    """All strings, in the order of their ranks."""
    for length in range(shortest, longest + 1):
        yield from map("".join, product(sorted(alphabet), repeat=length))


def longest_run(value):
    return max((len(list(run)) for _, run in groupby(value)), default=0)


def language(machines, alphabet, shortest, longest, run=None, minimums=(), places=None):
    apart = [*(places or ()), *(chars for chars, _ in minimums)]
    automaton = explore(machines, alphabet, longest, Budget(STEPS), apart, by_class=run is not None)
    return Language(automaton, shortest, longest, run, minimums, places, Budget(STEPS))


def check(found, expected, alphabet, longest):
    """Check the size, the order, the ranks of strings in and outside the language, and draws."""
    assert found.size == len(expected)
    assert [found.unrank(index) for index in range(found.size)] == expected
    assert [found.rank(value) for value in expected] == list(range(found.size))
    inside = set(expected)
    for value in all_strings(alphabet, 0, min(longest, 3)):
        if value not in inside:
            with pytest.raises(ValueError, match="not a value"):
                found.rank(value)
    if expected:
        assert set(found.rows(5) + found.rows(100)) <= inside
    if 0 < len(expected) <= 100:
        assert evenness(found.rows(30 * len(expected)), inside) > ALPHA


@st.composite
def constraints(draw):
    alphabet = draw(st.sampled_from(["ab", "aAb", "aA01", "äöx", "AaBb"]))
    longest = draw(st.integers(0, 5 if len(alphabet) < 4 else 4))
    return {
        "alphabet": alphabet,
        "longest": longest,
        "shortest": draw(st.integers(0, longest) | st.just(longest)),
        "run": draw(st.none() | st.integers(1, 3)),
        "minimums": draw(
            st.lists(st.tuples(st.frozensets(st.sampled_from(alphabet), min_size=1), st.integers(1, 3)), max_size=2)
        ),
        "words": draw(st.lists(st.text(alphabet, min_size=1, max_size=3), max_size=4)),
        "first": draw(st.just(alphabet) | st.text(alphabet, min_size=1, max_size=2)),
        "last": draw(st.just(alphabet) | st.text(alphabet, min_size=1, max_size=2)),
        "prefix": draw(st.just("") | st.text(alphabet, max_size=2)),
        "suffix": draw(st.just("") | st.text(alphabet, max_size=2)),
    }


@given(constraints())
def test_constraints_together_match_a_search_of_all_strings(asked):
    alphabet, shortest, longest, run, minimums, words, first, last, prefix, suffix = (
        asked[name]
        for name in (
            "alphabet", "shortest", "longest", "run", "minimums", "words", "first", "last", "prefix", "suffix"
        )
    )  # fmt: skip
    avoided = WordsAvoided(tuple(words), alphabet, prefix, suffix)
    if avoided.start is None:
        assert any(word.lower() in prefix.lower() for word in words)
        return
    places = None
    if first != alphabet or last != alphabet:
        shortest = longest = max(2, longest)
        places = [first, *[alphabet] * (longest - 2), last]
    found = language([avoided], alphabet, shortest, longest, run, minimums, places)
    expected = [
        value
        for value in all_strings(alphabet, shortest, longest)
        if (places is None or (value[0] in first and value[-1] in last))
        and (run is None or longest_run(value) <= run)
        and all(sum(map(chars.__contains__, value)) >= least for chars, least in minimums)
        and not any(word.lower() in (prefix + value + suffix).lower() for word in words)
    ]
    check(found, expected, alphabet, longest)


class Forgetful(dict):
    """Loses every entry at once, as if another thread cleared the shared cache."""

    def __setitem__(self, key, value):
        pass


def test_the_caches_may_be_cleared_at_any_time():
    found = language([], "ab01", 4, 4, run=2, minimums=[("01", 1)])
    found._choices, found._steps = Forgetful(), Forgetful()
    assert [found.rank(found.unrank(index)) for index in range(found.size)] == list(range(found.size))
    assert len(found.rows(100)) == 100


def test_each_place_can_have_its_own_characters():
    found = language([], "ab-01", 4, 4, places=["ab", "-", "01", "01"])
    check(found, sorted(map("".join, product("ab", "-", "01", "01"))), "ab-01", 4)


# Patterns in the syntax that both Python's re and the automata library read.
PATTERNS = st.recursive(
    st.sampled_from(["a", "b", "c", "ab", "ba", "ca"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{1,2}", "{2,}"])).map(lambda pair: f"({pair[0]}){pair[1]}"),
    ),
    max_leaves=6,
)


@given(PATTERNS, PATTERNS)
def test_a_public_library_gives_the_same_counts(one, other):
    """For one pattern, for two at once, and for one without the other."""
    longest = 8
    first, second = (DFA.from_nfa(NFA.from_regex(text, input_symbols=set("abc"))) for text in (one, other))
    for text, reference in (
        (one, first),
        (f"(?={one}$){other}", first & second),
        (f"(?!{one}$)({other})", second - first),
    ):
        found = language([Regex(parse(text), "abc", frozenset(), longest, Budget(STEPS))], "abc", 0, longest)
        counts = [reference.count_words_of_length(length) for length in range(longest + 1)]
        assert [found.by_length.get(length, 0) for length in range(longest + 1)] == counts


def test_the_budget_limits_counting_and_exploring():
    machine = Regex(parse("(a|b)*"), "ab", frozenset(), 64, Budget(STEPS))
    automaton = explore([machine], "ab", 64, Budget(STEPS))
    with pytest.raises(TooLarge):
        Language(automaton, 0, 64, budget=Budget(1))
    with pytest.raises(TooLarge):
        Language(automaton, 0, 64, None, [(frozenset("a"), 40), (frozenset("b"), 40)], budget=Budget(5_000))
    with pytest.raises(TooLarge):
        explore([WordsAvoided(("abab" * 50,), "ab")], "ab", 200, Budget(20))


@pytest.mark.parametrize("number", [3, 100, 200, 300])
@pytest.mark.parametrize("each", [1, 10**30 + 7])
def test_a_step_draws_its_parts_by_weight(number, each):
    """Hundreds of parts fit badly into a table of 256 places; with more than 255 parts there is no table."""
    step = _Step([(each * (1 + part % 2), "x", part) for part in range(number)])
    _, targets = step.draw(100 * number)
    # A part of double weight counts as two outcomes.
    outcomes = [2 * part + random.randrange(1 + part % 2) for part in targets]
    assert evenness(outcomes, [2 * part + half for part in range(number) for half in range(1 + part % 2)]) > ALPHA


# A control: the checks above reject a generator that chooses branch by branch.


def branch_by_branch():
    """(a|b[01]{1,2}): each branch has the same chance, as in popular libraries."""
    if random.random() < 0.5:
        return "a"
    return "b" + "".join(random.choice("01") for _ in range(random.choice([1, 2])))


def test_control_branch_by_branch_is_found():
    expected = {"a", "b0", "b1", "b00", "b01", "b10", "b11"}
    skewed = [branch_by_branch() for _ in range(30 * len(expected))]
    assert set(skewed) <= expected
    assert evenness(skewed, expected) < ALPHA
    fair = language([Regex(parse("(a|b[01]{1,2})"), "", frozenset(), 8, Budget(STEPS))], "ab01", 0, 8)
    assert evenness(fair.rows(30 * len(expected)), expected) > ALPHA
