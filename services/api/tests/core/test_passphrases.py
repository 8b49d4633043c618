"""Passphrases: the word lists, and that the figures count different texts, not sequences of words."""

import math
from collections import Counter
from itertools import pairwise, product
from unicodedata import is_normalized

import pytest

from flaskrandom.core import Invalid, Limits, PassphraseSpec, plan
from flaskrandom.core import passphrases as module
from flaskrandom.core.passphrases import LISTS, Passphrases, can_run_together, word_list
from support.statistics import evenness, holm

MANY = Limits(max_count=10**6)
SIZES = {"en": 7776, "en-short": 1296} | dict.fromkeys(LISTS.keys() - {"en", "en-short"}, 2048)


@pytest.mark.parametrize("capitalize", [False, True])
@pytest.mark.parametrize("language", LISTS)
def test_a_word_list_has_the_expected_words(language, capitalize):
    words = word_list(language, capitalize)
    assert len(words) == len(set(words)) == SIZES[language]
    assert all(is_normalized("NFC", word) and word.isprintable() for word in words)
    assert not any(char.isdecimal() or char.isspace() for word in words for char in word)


def test_the_word_lists_are_the_published_ones():
    first_and_last = {language: (min(words := word_list(language)), max(words)) for language in LISTS}
    assert first_and_last["en"] == ("abacus", "zoom")
    assert first_and_last["en-short"] == ("acid", "zoom")
    assert word_list("zh")[:4] == ["的", "一", "是", "在"]
    assert word_list("zh-Hant")[9] == "這"
    assert word_list("ja")[0] == "あいこくしん"
    assert word_list("ko")[0] == "가격"
    assert word_list("es")[0] == "ábaco"
    assert word_list("fr")[0] == "abaisser"


@pytest.mark.parametrize("language", LISTS)
def test_only_in_spanish_do_words_begin_other_words(language):
    words = sorted(word_list(language))
    assert any(later.startswith(word) for word, later in pairwise(words)) == (language == "es")


def brute_force(words, length, separator, number):
    """Each text with the number of sequences of words and digits that give it."""
    digits = [[]] if not number else [[place, digit] for place in range(length) for digit in "0123456789"]
    texts = Counter()
    for chosen in product(words, repeat=length):
        for choice in digits:
            parts = list(chosen)
            if choice:
                parts[choice[0]] += choice[1]
            texts[separator.join(parts)] += 1
    return texts


CUT_LISTS = [
    ["a", "ab", "b"],
    ["a", "ab", "ba"],
    ["un", "uña", "ña", "o"],
    ["ab", "cd", "ef"],
    ["A", "Ab", "Ba"],
    ["x-y", "x", "y"],
    ["a", "aa"],
    ["月", "日", "山"],
]


@pytest.mark.parametrize("number", [False, True])
@pytest.mark.parametrize("separator", ["", "-", "a", "b", "1", "11", "a1", "1a", " ", "ab-"])
@pytest.mark.parametrize("words", CUT_LISTS, ids="/".join)
def test_texts_are_counted_exactly_or_refused(words, separator, number):
    """The test lists all texts of one to three words."""
    texts = [brute_force(words, length, separator, number) for length in (1, 2, 3)]
    if not can_run_together(words, separator):
        for length, found in enumerate(texts, 1):
            spec = PassphraseSpec(separator=separator, number=number)
            made = Passphrases(words, length, spec)
            assert set(found.values()) == {1}
            assert made.size == len(found)


def test_lists_with_ambiguous_texts_are_detected():
    """The short lists include both cases, and no list is ambiguous with an ordinary separator."""
    assert can_run_together(["a", "ab", "b"], "")
    assert brute_force(["a", "ab", "b"], 3, "", False)["abab"] == 2
    assert not any(can_run_together(words, " ") for words in CUT_LISTS)
    assert sum(can_run_together(words, "") for words in CUT_LISTS) == 4


@pytest.mark.parametrize("number", [False, True])
def test_every_text_is_equally_likely(number):
    words = ["ab", "cd", "ef"]
    spec = PassphraseSpec(separator="", number=number)
    values = Passphrases(words, 2, spec).rows(40_000)
    texts = brute_force(words, 2, "", number)
    assert set(values) == set(texts)
    assert holm([evenness(values, list(texts))])


@pytest.mark.parametrize("language", LISTS)
def test_drawn_words_are_in_the_list(language):
    made = plan(PassphraseSpec(language=language, words=3, separator=" ", number=True))
    assert made.size == SIZES[language] ** 3 * 30
    for value in made.draw(50):
        assert sum(char in "0123456789" for char in value) == 1
        words = [word.rstrip("0123456789") for word in value.split(" ")]
        assert len(words) == 3
        assert set(words) <= set(word_list(language))


@pytest.mark.parametrize("separator", ["", "a", "á", "7"])
def test_spanish_needs_a_separator_that_keeps_words_apart(separator):
    with pytest.raises(Invalid) as refused:
        plan(PassphraseSpec(language="es", separator=separator, words=2))
    assert [field for field, _ in refused.value.errors] == ["separator"]
    assert plan(PassphraseSpec(language="es", separator=separator, words=1)).size == 2048
    assert plan(PassphraseSpec(language="es", separator=separator + "_", words=2)).size == 2048**2
    assert plan(PassphraseSpec(language="es", separator=separator, words=2, capitalize=True)).size == 2048**2


@pytest.mark.parametrize("number", [False, True])
@pytest.mark.parametrize("language", ["en", "en-short", "ja"])
@pytest.mark.parametrize("bits", [1, 7, 10, 11, 13, 64, 128, 640])
def test_bits_give_the_fewest_words(language, bits, number):
    made = plan(PassphraseSpec(language=language, bits=bits, number=number, separator=" "))
    words = len(made.draw(1)[0].split(" "))
    assert made.entropy_bits >= bits
    if words > 1:
        fewer = plan(PassphraseSpec(language=language, words=words - 1, number=number, separator=" "))
        assert fewer.entropy_bits < bits


def test_more_bits_than_64_words_have_are_refused():
    assert plan(PassphraseSpec(bits=827)).entropy_bits == pytest.approx(64 * math.log2(7776))
    assert plan(PassphraseSpec(bits=704, language="cs")).entropy_bits == 704
    with pytest.raises(Invalid, match="bits"):
        plan(PassphraseSpec(bits=705, language="cs"))


def test_no_word_list_is_imported_as_code(monkeypatch):
    """Each list is read from its data file."""
    monkeypatch.setitem(module.LISTS, "en", ("xkcdpass", "static/eff-short", 7776))
    word_list.cache_clear()
    with pytest.raises(RuntimeError, match="eff-short"):
        word_list("en")
    word_list.cache_clear()
