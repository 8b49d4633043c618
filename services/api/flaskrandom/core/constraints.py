"""Chooses the source that counts and draws constrained strings, and limits its cost.

All sources are exactly uniform; they differ in cost. Rejection sampling serves if it keeps at least one string in
``WORTH_REJECTING``. Beyond the limits below, a request is refused as too complex before the work is done. They allow
four minimums of 4 at any length where rejection sampling serves, ``max_repeat`` over 1 for 1536 digits or 1024 letters
and digits, and the list of offensive words with one minimum at length 160, with four up to length 32, with masks of
some letters, and with four in five public patterns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

from . import minimums
from .automata import Automaton, Budget, TooLarge, explore, partition
from .errors import Impossible, TooComplex
from .languages import Language
from .matches import Matches
from .minimums import Minimums
from .rejection import Draw, Limited, Test, at_least, no_run_over
from .runs import Runs
from .samplers import Definition, Product, Source
from .word_counts import Unequal, number_without
from .words import WordsAvoided, folded

# What is accepted, and how it is drawn.
ANY_MINIMUMS_LENGTH = 128  # up to this length any minimums are accepted
RUN_LENGTH = 2048  # greatest length with a max_repeat over 1
RUN_BITS = 6144  # greatest length times bits of the alphabet's size, with a max_repeat over 1
MOST_REQUIRED = 4  # most required sets together with words
MOST_BITS = 1 << 12  # most bits of a number of strings with words and minimums
WORTH_REJECTING = 8  # rejection sampling must keep at least one string in this many

# Most steps of counting.
MINIMUMS_STEPS = 2000  # minimums of longer strings
CLASS_STEPS = 10_000  # an automaton over classes: about 3 ms
AUTOMATON_STEPS = 150_000  # an automaton over words
WORDS_STEPS = 25_000  # strings without words: about 20 ms; the next length costs a fraction, as counts are kept
MINIMUMS_WORDS_STEPS = 38_600  # the same for all the alphabets that minimums lead to
MATCHES_STEPS = 18_000  # matches of a pattern without words: about 20 ms
MASK_STEPS = 12_000  # the same for masks, which an automaton over the words serves too
MASK_LETTERS = 12  # most places of a mask in a row that may be letters
# For words of fewer letters, or more text, an automaton over the words serves.
FEW_LETTERS, MOST_TEXT = 10, 5000
RANKING_STEPS = 2_000_000  # the order of a set, which only some draws need
EXPLORING = 15  # one step in so many may go into finding states, so that requests are refused early

# Beyond this length, words alone that are not counted within WORDS_STEPS are refused at once: an automaton over them
# would take longer still. So are words of more than LONG_TEXT characters with runs or a minimum, and from half this
# length with several minimums.
LONG, LONG_TEXT = 128, 1000


class Shape(NamedTuple):
    """The constraints on strings of one length.

    Attributes:
        free: All strings of the places.
        required: Sets of characters, each with how many a string holds at least.
        run: Longest allowed run of one character (None: any).
        words: Words that must not occur.
    """

    free: Product
    required: Sequence[tuple[str, int]] = ()
    run: int | None = None
    words: WordsAvoided | None = None

    @property
    def places(self) -> Sequence[str]:
        """The characters of each place."""
        return self.free.alphabets

    @property
    def alphabet(self) -> str:
        different = self.free.times
        return self.places[0] if len(different) == 1 else "".join(sorted(set().union(*different)))

    def language(self, steps: int = RANKING_STEPS) -> Language:
        """The language of these strings; raises TooLarge beyond so many ``steps`` of counting."""
        length, budget = len(self.places), Budget(steps // EXPLORING)
        machines = [self.words] if self.words else []
        apart = [*self.free.times, *(chars for chars, _ in self.required)]
        automaton = explore(machines, self.alphabet, length, budget, apart, by_class=self.run is not None)
        return Language(automaton, length, length, self.run, self.required, self.places, Budget(steps))

    def automaton(self) -> Automaton:
        """An automaton that accepts the strings of the places: a state for each place."""
        classes, last = partition(self.alphabet, self.free.times), len(self.places)
        of = {chars: [index for index, each in enumerate(classes) if each[0] in chars] for chars in self.free.times}
        moves = [*(dict.fromkeys(of[chars], place) for place, chars in enumerate(self.places, 1)), {}]
        depths, size = [*range(last + 1)], last + 1
        unknown: list[tuple[int | None, Sequence[int]]] = [(None, ())] * size
        return Automaton(classes, moves, [False] * last + [True], depths, [-1] * size, unknown, depths[::-1])

    def definition(self) -> Definition:
        """A canonical description of the set, whatever fields define it."""
        alphabet, words = "".join(sorted(self.alphabet)), folded(self.words.words) if self.words else ()
        if not self.is_even:
            return "without", self.free.definition, self.run or 0, words
        least = tuple(sorted(("".join(sorted(chars)), number) for chars, number in self.required))
        ends = ("".join(sorted(chars)) for chars in (self.places[0], self.places[-1]))
        ends = ("" if chars == alphabet else chars for chars in ends)
        return "constraints", len(self.places), alphabet, least, self.run or 0, *ends, words

    @property
    def is_even(self) -> bool:
        """Whether all places but the ends may hold any of the characters."""
        most = len(self.alphabet)
        fewer = sum([times for chars, times in self.free.times.items() if len(chars) < most])
        return fewer == sum([len(end) < most for end in (*self.places[:1], *self.places[-1:])])

    def tests(self) -> list[Test]:
        """The tests that a free string must pass."""
        tests = [at_least(self.required, self.alphabet)] if self.required else []
        tests += [no_run_over(self.run)] if self.run is not None else []
        return tests + ([self.words.free_of_words] if self.words else [])


def source(shape: Shape, fields: list[str]) -> Source[str]:
    """Return the cheapest source for a shape. Errors name ``fields``."""
    if shape.run is not None and shape.run >= len(shape.places):
        shape = shape._replace(run=None)
    free, length = shape.free, len(shape.places)
    is_free = shape.run is None and not shape.required and not shape.words
    number: int | None = free.size if is_free else None
    draw: Draw | None = None
    language: Language | None = None
    if not is_free:
        try:
            if shape.is_even:
                number, draw = _by_formula(shape, fields)
            elif shape.words and shape.run is None and may_match(shape.words):
                number = _by_places(shape, shape.words)
            if number is None or (shape.words and 0 < number * WORTH_REJECTING < free.size):
                language = _by_automaton(shape)
                number = language.size
        except TooLarge:
            message = "takes too long to count exactly; use fewer constraints or a shorter length"
            raise TooComplex([(name, message) for name in fields]) from None
    if not number:
        message = f"no string of length {length} meets these constraints together"
        raise Impossible([(name, message) for name in fields])
    if is_free:
        return free
    # Strings without repeats are drawn in less time than their test takes.
    rejects = not (draw and shape.run == 1) and number * WORTH_REJECTING >= free.size
    if not rejects and draw and shape.required and length > ANY_MINIMUMS_LENGTH:
        message = (
            f"too few strings of length {length} meet this to draw them in good time; use smaller minimums, "
            f"or a length of at most {ANY_MINIMUMS_LENGTH}"
        )
        raise TooComplex([(name, message) for name in _least(fields)])
    make, tests = (lambda: language) if language else shape.language, shape.tests if rejects else list
    limited = Limited(free, {length: number}, make, tests, draw)
    found: Source[str] = language if language and not rejects else limited
    found.define = shape.definition
    return found


def _by_automaton(shape: Shape) -> Language:
    # There are about as many states as words.
    if shape.words and len(shape.words.words) * len(shape.places) // 4 > AUTOMATON_STEPS:
        raise TooLarge
    return shape.language(AUTOMATON_STEPS if shape.words else CLASS_STEPS)


def _by_formula(shape: Shape, fields: list[str]) -> tuple[int | None, Draw | None]:
    """The number of strings of a shape that ``is_even``, and how to draw them; None for what is unknown.

    Runs alone; minimums of disjoint sets alone; or words, with runs and up to `MOST_REQUIRED` minimums.
    """
    if shape.words:
        return number_of(shape, shape.words), None
    alphabet, ends = shape.alphabet, (shape.places[0], shape.places[-1])
    limited = [chars for chars in ends if len(chars) < len(alphabet)]
    exact: Minimums | Runs | None = None
    if shape.run is None:
        exact = _with_minimums(shape, alphabet, fields)
    elif not shape.required and len(limited) < 2:
        longest = min(RUN_LENGTH, RUN_BITS // len(alphabet).bit_length())
        if shape.run > 1 and len(shape.places) > longest:
            message = f"{shape.run} is possible up to length {longest} with these {len(alphabet)} characters"
            raise TooComplex([("max_repeat", message)])
        exact = Runs(alphabet, len(shape.places), shape.run, limited[0] if limited else None, last=limited == [ends[1]])
    return (exact.size, exact.rows) if exact else (None, None)


def _by_places(shape: Shape, words: WordsAvoided) -> int | None:
    """The number of strings without words; None if an automaton over the words may take less time."""
    length = len(shape.places)
    letters = {chars for chars in shape.free.times if len(chars) > 1 and any(map(str.isalpha, chars))}
    in_a_row = "".join([" x"[chars in letters] for chars in shape.places]).split()
    if max(map(len, in_a_row), default=0) > MASK_LETTERS:
        return None
    try:
        return Matches(words, shape.automaton(), length, Budget(MASK_STEPS)).by_length([length])[0]
    except TooLarge:
        return None


def avoiding(language: Language, words: WordsAvoided, alphabet: str | None, run: int | None) -> dict[int, int] | None:
    """The number of strings without words, by length, in a language.

    None if these are rare or cannot be counted so. Raises TooLarge if they take too long to count.

    Args:
        language: The strings, also with the words.
        words: The words. Without an alphabet, `may_match` must hold for them.
        alphabet: The characters, if the language limits only these, lengths and runs; None otherwise.
        run: Longest allowed run of one character (None: any); only with an alphabet.
    """
    lengths = list(language.by_length)
    if not lengths:
        return None
    if alphabet is None:
        numbers = Matches(words, language.automaton, lengths[-1], Budget(MATCHES_STEPS)).by_length(lengths)
    else:
        try:
            numbers = number_without(words, dict.fromkeys(alphabet, 1), lengths, Budget(WORDS_STEPS), run)()
        except TooLarge:
            return None
    common = all(numbers) and sum(numbers) * WORTH_REJECTING >= language.size
    return dict(zip(lengths, numbers, strict=True)) if common else None


def may_match(words: WordsAvoided) -> bool:
    """Whether :class:`Matches` can count, likely in less time than an automaton over the words."""
    return len(words.read) >= FEW_LETTERS and words.total <= MOST_TEXT


def number_of(shape: Shape, words: WordsAvoided) -> int | None:
    """Count by inclusion and exclusion: all strings, less those that lack characters of one required set, and so on.

    None if the shape cannot be counted so.
    """
    if len(shape.required) > MOST_REQUIRED:
        return None
    budget = Budget(MINIMUMS_WORDS_STEPS if shape.required else WORDS_STEPS)
    try:
        # All are charged before any is counted.
        numbers = [
            ((-1) ** number, _number_lacking(shape, words, lacking, budget))
            for number in range(len(shape.required), -1, -1)
            for lacking in combinations(shape.required, number)
        ]
    except Unequal:
        return None
    except TooLarge:
        alone = shape.run is None and not shape.required
        longest = LONG // 2 - 1 if len(shape.required) > 1 else LONG
        if len(shape.places) > longest and (alone or words.total > LONG_TEXT):
            raise
        return None
    total: int = sum(sign * count() for sign, count in numbers)
    return total


def _number_lacking(
    shape: Shape, words: WordsAvoided, lacking: Sequence[tuple[str, int]], budget: Budget
) -> Callable[[], int]:
    """Return how to find the number of strings that have too few characters of each of these sets.

    Each character weighs a power of two for each set that it is in. So the number of strings for each number of
    characters of each set is in bits of its own.
    """
    gone = frozenset().union(*(chars for chars, least in lacking if least == 1))
    weights = dict.fromkeys([char for char in shape.alphabet if char not in gone], 1)
    first, last = (
        None if weights.keys() <= (allowed := frozenset(shape.places[end])) else allowed - gone for end in (0, -1)
    )
    if not weights or frozenset() in (first, last):
        return lambda: 0
    size = len(shape.places) * len(weights).bit_length() + 1
    slots, spread = [0], 1
    for chars, least in lacking:
        if least > 1:
            if spread * least * size > MOST_BITS:
                raise TooLarge
            for char in weights.keys() & chars:
                weights[char] <<= size * spread
            slots = [slot + number * spread for number in range(least) for slot in slots]
            spread *= 2 * least - 1
    one = (1 << size) - 1
    mask = sum(one << size * slot for slot in slots) if len(slots) > 1 else -1
    find = number_without(words, weights, [len(shape.places)], budget, shape.run, first, last, mask)

    def number() -> int:
        (found,) = find()
        return sum(found >> size * slot & one for slot in slots) if len(slots) > 1 else found

    return number


def _with_minimums(shape: Shape, alphabet: str, fields: list[str]) -> Minimums | None:
    least = {"".join(sorted(chars)): least for chars, least in shape.required}
    length, ends = len(shape.places), [shape.places[0], shape.places[-1]][: len(shape.places)]
    classes = partition(alphabet, [*least, *(chars for chars in ends if len(chars) < len(alphabet))])
    if not least.keys() <= {*classes} or len(least) < len(shape.required):
        return None
    both = all(len(chars) < len(alphabet) for chars in ends)
    # With both ends restricted, the rest is counted for each pair of classes at the ends.
    most = MINIMUMS_STEPS // 4 if both else MINIMUMS_STEPS
    if (both or length > ANY_MINIMUMS_LENGTH) and minimums.steps(least.values()) > most:
        message = (
            f"too large to count exactly at length {length}; any minimums are accepted up to length "
            f"{ANY_MINIMUMS_LENGTH}, and four minimums of 4 at any length"
        )
        raise TooComplex([(name, message) for name in _least(fields)])
    allowed = [
        None if len(chars) == len(alphabet) else frozenset(i for i, each in enumerate(classes) if each[0] in chars)
        for chars in ends
    ]
    return Minimums(classes, [least.get(chars, 0) for chars in classes], length, *allowed)


def _least(fields: list[str]) -> list[str]:
    """The fields that set minimums."""
    return [name for name in fields if name.startswith("min_")] or fields
