"""Passphrases from the EFF long word list (7,776 words, CC BY 3.0 US).

The list is the one in the package ``xkcdpass`` (BSD-3-Clause): the other candidate, ``diceware``, is
GPL-3. Only its data file is read, none of its code is imported. No word of the list begins
another, so different words give different passphrases with any separator, and the number of
passphrases is exactly 7,776 to the power of the words.
"""

from functools import cached_property, lru_cache
from importlib.resources import files

from .checks import require_printable
from .rng import WideSymbols
from .samplers import Measure, Source, Span
from .specs import Limits, PassphraseSpec


@lru_cache(maxsize=2)
def word_list(capitalize: bool = False) -> list[str]:
    """The words in the list's order."""
    words = (files("xkcdpass") / "static" / "eff-long").read_text("ascii").split()
    if len(set(words)) != 7776:
        raise RuntimeError("the EFF long word list should hold 7,776 different words")
    return [word.capitalize() for word in words] if capitalize else words


@lru_cache(maxsize=2)
def _symbols(capitalize: bool) -> WideSymbols:
    return WideSymbols(word_list(capitalize))


def source(spec: PassphraseSpec, limits: Limits) -> Source:
    """Return the source for a spec; Invalid if the separator is not printable."""
    require_printable(separator=spec.separator)
    return Passphrases(spec.words, spec.separator, spec.capitalize)


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

    def unrank(self, index: int) -> str:
        chosen, listed = [], word_list(self.capitalize)
        for _ in range(self.words):
            index, place = divmod(index, len(listed))
            chosen.append(listed[place])
        return self.separator.join(chosen)
