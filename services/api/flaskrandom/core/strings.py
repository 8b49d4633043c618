"""Strings: from a :class:`~.specs.StringSpec` to the source of exactly the strings it allows."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from math import ceil, log2

from msgspec import structs

from . import constraints, masks, password_rules, regex
from .alphabets import CLASSES, PRINTABLE, SIMILAR, printable_once, without
from .automata import AnyMachine, Budget, TooLarge, explore
from .checksums import SCHEMES, normalized
from .constraints import Shape
from .errors import Impossible, Invalid, TooComplex, refuse, unprintable
from .languages import Language
from .layout import LaidOut
from .rejection import Limited
from .samplers import Product, Source
from .specs import DEFAULT_LENGTH, DEFAULT_MAX_LENGTH, DEFAULT_RULES_LENGTH, MAX_EXCLUDED_WORDS, Limits, StringSpec
from .words import WordsAvoided, fold, folded, profanities, words_avoided

REGEX_STEPS = 16_000
"""Most steps to count a regular expression or password rules: some 15 ms."""

MINIMUMS = tuple(f"min_{name}" for name in CLASSES)

# A field that defines a value's characters excludes others that do, and their minimums.
_OTHER_CHARACTERS = (*CLASSES, *MINIMUMS, "special_chars", "first", "last")
# Fields, why they exclude others, and the fields that they exclude.
_NOT_TOGETHER = [
    (
        "pattern",
        "says what stands at each place",
        ("length", "bits", "alphabet", "first", "last", "max_repeat", *CLASSES, *MINIMUMS),
    ),
    ("alphabet", "replaces the classes", _OTHER_CHARACTERS),
    ("regex", "says what stands at each place", ("pattern", *_OTHER_CHARACTERS)),
    ("rules", "say what is allowed", ("pattern", "regex", "alphabet", "max_repeat", *_OTHER_CHARACTERS)),
    ("bits", "decide the length", ("length",)),
    ("max_length", "leaves the length open", ("length",)),
    # Check characters depend on all others and could complete a word.
    ("checksum", "adds characters of its own", ("exclude_words", "exclude_profanity", "regex", "rules")),
]
_DEFAULTS = StringSpec()


def _errors(spec: StringSpec, limits: Limits) -> Iterator[tuple[str, str]]:
    """The errors of single fields and of their combinations."""
    for name in ("prefix", "suffix", "exclude"):
        yield from unprintable(name, getattr(spec, name))
    apart: dict[str, str] = {}
    if spec.pattern is not None and not 1 <= len(spec.pattern) <= 2 * limits.max_length:
        most = f"must stand for at most {limits.max_length} characters"
        apart["pattern"] = most if spec.pattern else "must not be empty"
    for name, why, others in _NOT_TOGETHER:
        for other in others if getattr(spec, name) is not None else ():
            if getattr(spec, other) != getattr(_DEFAULTS, other):
                apart.setdefault(other, f"cannot be combined with {name}, which {why}")
    yield from apart.items()
    if spec.max_length is not None and spec.regex is None:
        yield "max_length", "works only with regex; use length to fix the length"
    if wrong := printable_once(spec.special_chars):
        yield "special_chars", wrong
    elif taken := next((char for char in spec.special_chars if char.isascii() and char.isalnum()), None):
        yield "special_chars", f"{taken!r} is a letter or digit; special characters must be neither"
    if wrong := printable_once(spec.alphabet or ""):
        yield "alphabet", wrong
    for name, least in zip(CLASSES, MINIMUMS, strict=True):
        if getattr(spec, least) and not getattr(spec, name) and least not in apart:
            yield least, f"needs {name} to be true"
    for end in ("first", "last"):
        for name in _names(getattr(spec, end)) if end not in apart else ():
            if name not in CLASSES:
                yield end, f"{name!r} is not a class; use {', '.join(CLASSES)}, separated by commas"
            elif not getattr(spec, name):
                yield end, f"{name} is not among the classes of the string; it needs {name} to be true"
    yield from _layout_errors(spec)


def _layout_errors(spec: StringSpec) -> Iterator[tuple[str, str]]:
    words, group, separator = _names(spec.exclude_words or None), spec.group, spec.separator or "-"
    if spec.separator is not None:
        if group is None:
            yield "separator", "needs group, the number of characters between separators"
        yield from unprintable("separator", separator)
        if group is not None and len(separator) > group:
            # Otherwise a short request could exceed the limits' intended response size many times.
            yield "separator", f"must not be longer than a group, which has {group} characters"
        if group is not None and spec.exclude_profanity and _share_characters(separator, profanities()):
            yield "separator", "must not contain letters or digits of offensive words"
    if len(words) > MAX_EXCLUDED_WORDS:
        yield "exclude_words", f"must be at most {MAX_EXCLUDED_WORDS} words"
    elif not all(word and word.isprintable() for word in words):
        yield "exclude_words", "must be words of printable characters, separated by commas, with none left empty"
    elif group is not None and _share_characters(separator, words):
        yield "exclude_words", "must not contain characters of the separator"
    if spec.checksum and spec.separator and SCHEMES[spec.checksum].characters.intersection(normalized(separator)):
        yield "separator", "must not hold characters that the checksum covers"


def _share_characters(separator: str, words: Iterable[str]) -> bool:
    return not set(fold(separator)).isdisjoint(fold("".join(words)))


def _names(listed: str | None) -> list[str]:
    return [] if listed is None else [name.strip() for name in listed.split(",")]


def source(spec: StringSpec, limits: Limits) -> Source[str]:
    """Return the source for a spec.

    Raises:
        Invalid: fields contradict each other or cannot be parsed.
        Impossible: no string meets all constraints.
        TooComplex: counting or drawing would cost too much.
    """
    # The number of strings and the series do not change the set of valid strings.
    shared = structs.replace(spec, count=1, unique=False, series=None, offset=0)
    avoids_words = bool(spec.exclude_words or spec.exclude_profanity)
    if not avoids_words and (spec.prefix + spec.suffix).isprintable():
        shared = structs.replace(shared, prefix="", suffix="")
    make = _counted_source if avoids_words or spec.max_repeat or spec.regex or spec.rules else _source
    drawn = make(shared, limits)
    if spec.prefix or spec.suffix or spec.group or spec.checksum:
        separator = "-" if spec.separator is None else spec.separator
        return _laid_out(drawn, spec.prefix, spec.suffix, spec.group, separator, spec.checksum)
    return drawn


_laid_out = lru_cache(maxsize=4)(LaidOut)


@lru_cache(maxsize=64)
def _source(spec: StringSpec, limits: Limits) -> Source[str]:
    """The source of the drawn characters, without the layout around them."""
    refuse(_errors(spec, limits))
    return _drawn(spec, limits.max_length)


# Sources with counts by length and state: few are kept, as each may take some MiB.
_counted_source = lru_cache(maxsize=4)(_source.__wrapped__)


def _drawn(spec: StringSpec, max_length: int) -> Source[str]:
    excluded = frozenset(spec.exclude + (SIMILAR if spec.exclude_similar else ""))
    chosen = CLASSES | {"special": spec.special_chars}
    classes = {name: without(chars, excluded) for name, chars in chosen.items()}
    if spec.bits is not None and spec.regex is None:
        return _shortest(spec, spec.bits, classes, max_length)
    words = [*_names(spec.exclude_words or None), *(profanities() if spec.exclude_profanity else ())]
    if spec.regex is not None:
        return _match(spec, spec.regex, excluded, max_length, words)
    if spec.rules is not None:
        shape, fields = _ruled(spec, spec.rules, excluded, max_length), ["rules"]
    elif spec.pattern is not None:
        shape, fields = Shape(Product(_mask(spec, spec.pattern, classes, excluded, max_length))), ["pattern"]
    else:
        shape, fields = _constrained(spec, classes, excluded, max_length)
    shape = shape._replace(words=_avoiding(spec, words, shape.places))
    return constraints.source(shape, [*fields, *_words_fields(spec)])


def _shortest(spec: StringSpec, bits: int, classes: dict[str, str], max_length: int) -> Source[str]:
    """The source of the least length with at least this entropy; more length never gives less."""
    least, longest = 1, max_length
    if spec.rules is not None:
        rules, characters = password_rules.parse(spec.rules), len(PRINTABLE)
        least, longest = rules.shortest, min(max_length, rules.longest or max_length)
    else:
        characters = len(spec.alphabet or "".join(chars for name, chars in classes.items() if getattr(spec, name)))
    least = max(least, ceil(bits / log2(characters)) if characters > 1 else max_length + 1)
    lengths = range(least, longest + 1)
    made: dict[int, Source[str]] = {}

    def enough(length: int) -> bool:
        try:
            made[length] = _drawn(structs.replace(spec, bits=None, length=length), max_length)
        except Impossible:
            return False
        return made[length].size >= 1 << bits

    # Twice as many lengths each time, until the last of them is enough.
    tried, reach = 0, min(1, len(lengths))
    while tried < reach and not enough(lengths[reach - 1]):
        tried, reach = reach, min(2 * reach, len(lengths))
    if tried == reach:
        if spec.rules is not None:
            message = f"no length that the rules and the limit of {max_length} characters allow has {bits} bits"
            raise Impossible([("rules", message), ("bits", message)])
        raise Impossible([("bits", f"{bits} bits need more than {max_length} characters under these constraints")])
    return made[lengths[bisect_left(lengths, True, tried, reach - 1, key=enough)]]


def _words_fields(spec: StringSpec) -> list[str]:
    return ["exclude_words"] * bool(spec.exclude_words) + ["exclude_profanity"] * spec.exclude_profanity


def _avoiding(spec: StringSpec, words: list[str], alphabets: Iterable[str]) -> WordsAvoided | None:
    if not words:
        return None
    try:
        avoided = words_avoided(tuple(words), frozenset().union(*set(alphabets)), spec.prefix, spec.suffix)
    except TooLarge:
        raise TooComplex([(name, "these words are too long") for name in _words_fields(spec)]) from None
    if avoided.start is None:
        raise Impossible([(name, "the prefix contains one of these words") for name in _words_fields(spec)])
    return avoided


def _match(spec: StringSpec, pattern: str, excluded: frozenset[str], max_length: int, words: list[str]) -> Source[str]:
    """The matches of a regular expression."""
    universe = PRINTABLE if spec.alphabet is None else spec.alphabet
    longest = spec.length or spec.max_length or min(DEFAULT_MAX_LENGTH, max_length)
    fields = ["regex", *_words_fields(spec), *["max_repeat"] * (spec.max_repeat is not None)]
    try:
        found = _matches(spec, partial(regex.Regex, regex.parse(pattern), universe, excluded, longest), words, fields)
    except TooLarge:
        message = "takes too long to count exactly; use fewer repeats, choices or lookarounds, or a shorter length"
        raise TooComplex([(name, message) for name in fields]) from None
    if isinstance(found, Shape):
        return constraints.source(found, fields)
    if not found.size:
        wanted = f"{spec.length}" if spec.length else f"at most {longest}"
        allowed = "printable ASCII characters" if spec.alphabet is None else "characters of alphabet"
        left = ", without the excluded ones," if excluded else ""
        more = "" if spec.length or longest == max_length else "; raise max_length if it needs more"
        raise Impossible([(name, f"no string of {wanted} {allowed}{left} matches{more}") for name in fields])
    if spec.bits is not None and isinstance(found, Limited | Language):
        enough = (length for length, number in found.by_length.items() if number >= 1 << spec.bits)
        length = next(enough, None)
        if length is None:
            message = f"no length up to {longest} has enough matches for {spec.bits} bits"
            raise Impossible([("regex", message), ("bits", message)])
        found = found.only(length)
    characters = ["".join(sorted(chars)) for chars in (universe, excluded)]
    found.define = lambda: ("matches", pattern, *characters, *found.span(len), spec.max_repeat or 0, folded(words))
    return found


def _matches(
    spec: StringSpec, compiled: Callable[[Budget], regex.Regex], words: list[str], fields: list[str]
) -> Source[str] | Shape:
    """The strings that match and meet all other constraints but ``bits``; a shape if the pattern is like a mask."""
    budget = Budget(REGEX_STEPS)
    machine = compiled(budget)
    most = machine.longest
    run = spec.max_repeat if spec.max_repeat is not None and spec.max_repeat < most else None
    automaton = explore([machine], machine.alphabet, most, budget)
    places, lengths = automaton.chain(most) or ([], [])
    if places and lengths == [len(places)] and spec.bits is None and spec.length in (None, len(places)):
        return Shape(Product(places), (), run, _avoiding(spec, words, places))
    avoided = _avoiding(spec, words, machine.alphabet)

    def language(machines: list[AnyMachine], budget: Budget) -> Language:
        explored = automaton
        if machines != [machine] or run is not None:
            explored = explore(machines, machine.alphabet, most, budget, by_class=run is not None)
        return Language(explored, spec.length or 0, most, run, budget=budget)

    def ranked() -> Language:
        budget = Budget(constraints.RANKING_STEPS)
        return language([compiled(budget), *filter(None, [avoided])], budget)

    if avoided and spec.length in lengths:
        return constraints.source(Shape(Product(places[: spec.length]), (), run, avoided), fields)
    alphabet = places[0] if len({*places}) == 1 else None
    if avoided and (alphabet is not None or (run is None and constraints.may_match(avoided))):
        trial = language([machine], Budget(REGEX_STEPS))
        if numbers := constraints.avoiding(trial, avoided, alphabet, run):
            tests = [avoided.free_of_words]
            return Limited(trial, numbers, ranked, lambda: tests)
    return language([machine, *filter(None, [avoided])], budget)


def _ruled(spec: StringSpec, text: str, excluded: frozenset[str], max_length: int) -> Shape:
    """The passwords that follow Apple's password rules."""
    rules = password_rules.parse(text)
    longest = max_length if rules.longest is None else min(rules.longest, max_length)
    if rules.shortest > longest:
        most = "the limit is" if longest == max_length else "maxlength is"
        raise Impossible([("rules", f"minlength is {rules.shortest}, but {most} {longest}")])
    length = spec.length or max(rules.shortest, min(DEFAULT_RULES_LENGTH, longest))
    if not rules.shortest <= length <= longest:
        message = f"the rules allow {rules.shortest} to {longest} characters, not {length}"
        raise Impossible([("rules", message), ("length", message)])
    required = [(without(chars, excluded), 1) for chars in rules.required]
    return Shape(Product([without(rules.allowed, excluded)] * length), required, rules.run)


def _mask(
    spec: StringSpec, pattern: str, classes: dict[str, str], excluded: frozenset[str], max_length: int
) -> list[str]:
    positions, drawn = masks.parse(pattern, classes, excluded)
    if len(positions) > max_length:
        raise Invalid([("pattern", f"must stand for at most {max_length} characters")])
    if not drawn:
        raise Invalid([("pattern", "has nothing to draw; write ?d for a digit, ?l or ?u for a letter, ?a for any")])
    if not all(drawn):
        raise Impossible([("pattern", "a class in the pattern has no characters left after the exclusions")])
    if spec.checksum:
        covered = SCHEMES[spec.checksum].characters
        for chars in [*sorted(drawn), *sorted(filter(str.isalnum, {*positions} - drawn))]:
            if not covered.issuperset(chars):
                raise Invalid([("pattern", f"{spec.checksum} covers {_listed(covered)} only, not {chars[:40]!r}")])
    return positions


def _listed(covered: frozenset[str]) -> str:
    return {10: "digits", 26: "upper-case letters"}.get(len(covered), "digits and upper-case letters")


def _constrained(
    spec: StringSpec, classes: dict[str, str], excluded: frozenset[str], max_length: int
) -> tuple[Shape, list[str]]:
    """Strings of classes, or of a custom alphabet as the only class; and the fields that constrain them."""
    length = min(DEFAULT_LENGTH, max_length) if spec.length is None else spec.length
    if spec.alphabet is not None:
        used = {"alphabet": without(spec.alphabet, excluded)}
    else:
        used = {name: chars for name, chars in classes.items() if getattr(spec, name)}
    least = {name: getattr(spec, f"min_{name}", 0) for name in used}
    if spec.checksum:
        covered = SCHEMES[spec.checksum].characters
        remedy = "leave out the others" if spec.alphabet is not None else "set this to false"
        message = f"{spec.checksum} covers {_listed(covered)} only; {remedy}"
        refuse((name, message) for name, chars in used.items() if not covered.issuperset(chars))
    wrong = []
    if not used:
        wrong.append(("digits", "at least one of digits, lower, upper, special must be true"))
    elif not any(used.values()):
        wrong.append(("exclude" if spec.exclude else "exclude_similar", "leaves no characters to draw from"))
    needed, total = [name for name in used if least[name]], sum(least.values())
    message = "this class has no characters left after the exclusions"
    wrong += [(f"min_{name}", message) for name in needed if not used[name]]
    if total > length:
        message = f"the minimums add up to {total}, more than length {length}"
        wrong += [(f"min_{name}", message) for name in needed]
    refuse(wrong, Impossible)
    alphabet = "".join(used.values())
    places = [alphabet] * length
    for end, place in (("first", 0), ("last", -1)):
        if names := _names(getattr(spec, end)):
            allowed = "".join(chars for name, chars in used.items() if name in names)
            if not allowed:
                raise Impossible([(end, "none of these classes has characters left after the exclusions")])
            places[place] = "".join(char for char in allowed if char in places[place])
    required = [(used[name], least[name]) for name in needed]
    fields = [f"min_{name}" for name in needed]
    fields += [end for end in ("first", "last") if getattr(spec, end) is not None]
    fields += ["max_repeat"] * (spec.max_repeat is not None and spec.max_repeat < length)
    return Shape(Product(places), required, spec.max_repeat), fields
