"""Passphrases from word lists.

The EFF lists (7,776 and 1,296 words, CC BY 3.0 US) are files of the package ``xkcdpass`` (BSD-3-Clause); the other
candidate, ``diceware``, is GPL-3. The lists of BIP-39 (2,048 words each) are files of the package ``mnemonic`` (MIT).
Only the files are read. BIP-39 writes its words decomposed (NFKD); here they are composed (NFC), as people type them.

In every list but the Spanish one, no word is a prefix of another. Then different words give different texts with any
separator, and the number of texts is the size of the list to the power of the words. See :func:`can_run_together`.
"""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib.resources import files
from itertools import count, pairwise
from string import digits
from unicodedata import normalize

from .errors import Invalid, refuse, unprintable
from .rng import many_below
from .samplers import Measure, Source, Span, power
from .specs import DEFAULT_WORDS, MAX_WORDS, Limits, PassphraseSpec

#: For each language: the package, the file in it and the number of words.
LISTS = {
    "en": ("xkcdpass", "static/eff-long", 7776),
    "en-short": ("xkcdpass", "static/eff-short", 1296),
    "zh": ("mnemonic", "wordlist/chinese_simplified.txt", 2048),
    "zh-Hant": ("mnemonic", "wordlist/chinese_traditional.txt", 2048),
    "ja": ("mnemonic", "wordlist/japanese.txt", 2048),
    "ko": ("mnemonic", "wordlist/korean.txt", 2048),
    "es": ("mnemonic", "wordlist/spanish.txt", 2048),
    "fr": ("mnemonic", "wordlist/french.txt", 2048),
    "it": ("mnemonic", "wordlist/italian.txt", 2048),
    "pt": ("mnemonic", "wordlist/portuguese.txt", 2048),
    "cs": ("mnemonic", "wordlist/czech.txt", 2048),
}


@lru_cache(maxsize=2 * len(LISTS))
def word_list(language: str = "en", capitalize: bool = False) -> list[str]:
    """Return the words of a list, all different."""
    package, file, size = LISTS[language]
    words = normalize("NFC", (files(package) / file).read_text("utf-8")).split()
    if len(set(words)) != size:
        raise RuntimeError(f"the word list {file} should hold {size} different words")
    return [word.capitalize() for word in words] if capitalize else words


def can_run_together(words: Sequence[str], separator: str) -> bool:
    """Say whether two different sequences of words, of equal length, might give the same text.

    A digit may follow one of the words. They cannot if one of these holds:

    * No word is a prefix of another. The text can then be parsed from the left. A digit is unambiguous too: no word
      begins with one, and the next characters cannot be both the separator and a digit before the separator.
    * The separator holds a character that is in no word, and is not a digit.
    * A word begins with a character that is nowhere else in a word or the separator, such as a capital letter.
    """
    in_order = sorted(words)
    if not any(later.startswith(word) for word, later in pairwise(in_order)):
        return False
    if not set(separator) <= set(digits).union(*words):
        return False
    begins = {word[0] for word in words}
    return not begins.isdisjoint(set(separator).union(*(word[1:] for word in words)))


@lru_cache(maxsize=2 * len(LISTS))
def _can_run_together(language: str, capitalize: bool, separator: str) -> bool:
    return can_run_together(word_list(language, capitalize), separator)


def source(spec: PassphraseSpec, limits: Limits) -> Source[str]:
    """Return the source for a spec.

    Raises:
        Invalid: the separator is not printable or makes texts ambiguous; the length is given twice; or ``bits`` needs
            too many words.
    """
    refuse(unprintable("separator", spec.separator))
    words = spec.words or DEFAULT_WORDS
    if spec.bits is not None:
        if spec.words:
            raise Invalid([("words", "cannot be combined with bits, which decide the length")])
        listed = LISTS[spec.language][2]
        words = next(words for words in count(1) if _size(listed, words, spec.number) >> spec.bits)
        if words > MAX_WORDS:
            message = f"{spec.bits} bits need {words} words of this list, and at most {MAX_WORDS} are allowed"
            raise Invalid([("bits", message)])
    if words > 1 and _can_run_together(spec.language, spec.capitalize, spec.separator):
        message = (
            "does not keep the words of this list apart, so that two passphrases could have the same text; "
            "it needs a character that is no letter or digit, or set capitalize"
        )
        raise Invalid([("separator", message)])
    return Passphrases(word_list(spec.language, spec.capitalize), words, spec)


def _size(listed: int, words: int, number: bool) -> int:
    return power(listed, words) * (len(digits) * words if number else 1)


class Passphrases(Source[str]):
    """Words of a list, each drawn independently, joined by the separator, with an optional digit."""

    def __init__(self, listed: list[str], words: int, spec: PassphraseSpec):
        self._listed, self._words, self._separator, self._number = listed, words, spec.separator, spec.number
        self.size = _size(len(listed), words, spec.number)

    @cached_property
    def characters(self) -> frozenset[str]:
        return frozenset(self._separator + digits * self._number).union(*self._listed)

    def rows(self, count: int) -> list[str]:
        listed, words = self._listed, self._words
        drawn = [listed[place] for place in many_below(len(listed), count * words)]
        if self._number:
            for row, choice in enumerate(many_below(words * len(digits), count)):
                word, digit = divmod(choice, len(digits))
                drawn[row * words + word] += digits[digit]
        join = self._separator.join
        return [join(drawn[start : start + words]) for start in range(0, count * words, words)]

    def span(self, measure: Measure) -> Span:
        widths = {sum(map(measure, word)) for word in self._listed}
        beside = (self._words - 1) * sum(map(measure, self._separator)) + self._number * measure("0")
        return self._words * min(widths) + beside, self._words * max(widths) + beside
