"""Passphrases from the EFF long word list (7,776 words, CC BY 3.0 US).

The list is the one in the package ``xkcdpass`` (BSD-3-Clause): the other candidate, ``diceware``, is
GPL-3. Only its data file is read, none of its code is imported. No word of the list begins
another, so different words give different passphrases with any separator, and the number of
passphrases is exactly 7,776 to the power of the words.
"""

from bisect import bisect_right
from collections import Counter
from functools import cached_property, lru_cache
from importlib.resources import files
from itertools import accumulate, product
from math import ceil, log2

from .checks import require_printable
from .errors import Invalid
from .rng import WideSymbols
from .samplers import Measure, Source, Span
from .specs import Limits, PassphraseSpec


@lru_cache(maxsize=2)
def word_list(capitalize: bool = False) -> list[str]:
    """The words in the list's order, which is by code point."""
    words = (files("xkcdpass") / "static" / "eff-long").read_text("ascii").split()
    if len(set(words)) != 7776:
        raise RuntimeError("the EFF long word list should hold 7,776 different words")
    return [word.capitalize() for word in words] if capitalize else words


@lru_cache(maxsize=2)
def _symbols(capitalize: bool) -> WideSymbols:
    return WideSymbols(word_list(capitalize))


def source(spec: PassphraseSpec, limits: Limits) -> Source:
    """Return the source for a spec; Invalid for a separator that is not printable, or two ways to give the length."""
    require_printable(separator=spec.separator)
    words = spec.words
    if spec.bits is not None:
        if words != PassphraseSpec().words:
            raise Invalid([("words", "cannot be combined with bits, which decide the length")])
        words = ceil(spec.bits / log2(len(word_list())))
    return Passphrases(words, spec.separator, spec.capitalize)


class Passphrases(Source):
    """So many words of the list, each drawn independently, with the separator between them."""

    def __init__(self, words: int, separator: str, capitalize: bool):
        self.words, self.separator, self.capitalize = words, separator, capitalize
        self.size = len(word_list()) ** words

    @cached_property
    def characters(self) -> frozenset[str]:
        return frozenset(self.separator).union(*word_list(self.capitalize))

    def rows(self, count: int) -> list[str]:
        drawn, words = _symbols(self.capitalize).draw(count * self.words), self.words
        join = self.separator.join
        return [join(drawn[start : start + words]) for start in range(0, count * words, words)]

    def span(self, measure: Measure) -> Span:
        # Letters and the list's hyphen are one wide in every format.
        lengths = set(map(len, word_list()))
        between = (self.words - 1) * sum(map(measure, self.separator))
        return self.words * min(lengths) + between, self.words * max(lengths) + between

    @cached_property
    def _ways(self) -> list[Counter[int]]:
        """For each number of words, how many sequences of words there are by their letters."""
        lengths = Counter(map(len, word_list()))
        ways = [Counter({0: 1})]
        for _ in range(self.words):
            ways.append(Counter())
            for (letters, before), (more, times) in product(ways[-2].items(), lengths.items()):
                ways[-1][letters + more] += before * times
        return ways

    def _before(self, left: int, letters: int) -> list[int]:
        """How many phrases of so many words and letters begin with an earlier word than each of the list."""
        ways = self._ways[left - 1]
        return list(accumulate((ways[letters - len(word)] for word in word_list(self.capitalize)), initial=0))

    def unrank(self, index: int) -> str:
        # No word begins another, so the order of phrases of one length is that of their words.
        letters, found = 0, []
        while index >= self._ways[self.words][letters]:
            index -= self._ways[self.words][letters]
            letters += 1
        for left in range(self.words, 0, -1):
            before = self._before(left, letters)
            place = bisect_right(before, index) - 1
            found.append(word_list(self.capitalize)[place])
            index -= before[place]
            letters -= len(found[-1])
        return self.separator.join(found)
