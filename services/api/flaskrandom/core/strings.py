"""Strings: from a :class:`~.specs.StringSpec` to the source of exactly the strings it allows."""

from functools import lru_cache

from msgspec import structs

from . import masks, strategies
from .alphabets import (
    CLASSES,
    DEFAULT_SPECIAL,
    DIGITS,
    LOWER,
    SIMILAR,
    UPPER,
    printable_once,
    without,
)
from .checks import check_printable
from .checksums import SCHEMES, ascii_upper
from .errors import Impossible, Invalid, Problems
from .layout import Layout
from .samplers import Product, Source, free_strings
from .specs import DEFAULT_LENGTH, Limits, StringSpec


def check(spec: StringSpec, limits: Limits, problems: Problems) -> None:
    """Add to ``problems`` what is wrong with the fields themselves and with which are combined."""
    for name in ("prefix", "suffix", "exclude"):
        check_printable(name, getattr(spec, name), problems)
    if spec.pattern is not None:
        _check_pattern(spec, limits, problems)
    _check_characters(spec, problems)
    _check_constraints(spec, problems)
    _check_layout(spec, problems)


def _check_pattern(spec: StringSpec, limits: Limits, problems: Problems) -> None:
    if not spec.pattern:
        problems.add("pattern", "must not be empty")
    elif len(spec.pattern) > 2 * limits.max_length:
        problems.add("pattern", f"must stand for at most {limits.max_length} characters")
    for name in ("length", "alphabet", "first", "max_repeat"):
        if getattr(spec, name) is not None:
            problems.add(name, "cannot be combined with pattern, which says what stands at each place")
    for name in CLASSES:
        if getattr(spec, name) is not (name != "special"):
            problems.add(name, "cannot be combined with pattern, which names the classes itself")
        if getattr(spec, f"min_{name}"):
            problems.add(f"min_{name}", "cannot be combined with pattern, which says what stands at each place")


def _check_characters(spec: StringSpec, problems: Problems) -> None:
    wrong = printable_once(spec.special_chars)
    if wrong:
        problems.add("special_chars", wrong)
    else:
        taken = next((char for char in spec.special_chars if char.isascii() and char.isalnum()), None)
        if taken:
            problems.add("special_chars", f"{taken!r} is a letter or digit already; special characters must be others")
    if spec.alphabet is None or spec.pattern is not None:
        return
    if wrong := printable_once(spec.alphabet):
        problems.add("alphabet", wrong)
    for name in CLASSES:
        if getattr(spec, name) is not (name != "special"):
            problems.add(name, "cannot be combined with alphabet, which replaces the classes")
        if getattr(spec, f"min_{name}"):
            problems.add(f"min_{name}", "cannot be combined with alphabet, which replaces the classes")
    if spec.special_chars != DEFAULT_SPECIAL:
        problems.add("special_chars", "cannot be combined with alphabet, which replaces the classes")
    if spec.first is not None:
        problems.add("first", "cannot be combined with alphabet, which replaces the classes")


def _check_constraints(spec: StringSpec, problems: Problems) -> None:
    for name in CLASSES:
        field, least = f"min_{name}", getattr(spec, f"min_{name}")
        if least and not getattr(spec, name) and field not in problems:
            problems.add(field, f"needs {name} to be true")
    if spec.first is not None and "first" not in problems:
        for name in _names(spec.first):
            if name not in CLASSES:
                problems.add("first", f"{name!r} is not a class; use {', '.join(CLASSES)}, separated by commas")
            elif not getattr(spec, name):
                problems.add("first", f"{name} is not among the classes of the string; it needs {name} to be true")


def _check_layout(spec: StringSpec, problems: Problems) -> None:
    if spec.separator is not None:
        if spec.group is None:
            problems.add("separator", "needs group, the number of characters between separators")
        check_printable("separator", spec.separator, problems)
        if spec.group is not None and len(spec.separator) > spec.group:
            # Or a short request could make an answer many times as long as the limits mean it to be.
            problems.add("separator", f"must not be longer than a group, which has {spec.group} characters")
    if spec.checksum and spec.separator and SCHEMES[spec.checksum].characters.intersection(ascii_upper(spec.separator)):
        problems.add("separator", "must not hold characters that the checksum covers")


def _names(first: str) -> list[str]:
    return [name.strip() for name in first.split(",")]


def source(spec: StringSpec, limits: Limits) -> Source:
    """Return the source for a spec.

    Raises Invalid for fields that contradict each other or cannot be read, Impossible when no string meets all
    constraints, TooComplex when counting or drawing would cost too much.
    """
    alphabet = _free_alphabet(structs.replace(spec, length=None, count=1, unique=False, prefix="", suffix=""))
    if alphabet and (spec.prefix + spec.suffix).isprintable():
        length = min(DEFAULT_LENGTH, limits.max_length) if spec.length is None else spec.length
        free = free_strings(alphabet, length)
        return Layout(spec.prefix, spec.suffix).around(free, length) if spec.prefix or spec.suffix else free
    problems = Problems()
    check(spec, limits, problems)
    problems.stop_if_any()
    # How many are wanted, and whether all must differ, changes nothing in which are valid.
    return _source(structs.replace(spec, count=1, unique=False), limits.max_length)


@lru_cache(maxsize=64)
def _free_alphabet(spec: StringSpec) -> str | None:
    """The characters allowed in each place, if a spec says nothing but these; None for other specs, and wrong ones.

    Such specs, at any length and with anything around it, are most of what is asked for. Here they come to
    microseconds.
    """
    characters = ("digits", "lower", "upper", "special", "special_chars", "alphabet", "exclude", "exclude_similar")
    free = StringSpec(**{name: getattr(spec, name) for name in characters})
    if any(getattr(spec, name) != getattr(free, name) for name in free.__struct_fields__):
        return None
    problems = Problems()
    check(spec, Limits(), problems)
    if problems:
        return None
    try:
        drawn = _source(structs.replace(spec, length=1), 1)
    except Invalid:
        return None
    return drawn.alphabets[0] if isinstance(drawn, Product) else None


@lru_cache(maxsize=32)
def _source(spec: StringSpec, max_length: int) -> Source:
    excluded = frozenset(spec.exclude + (SIMILAR if spec.exclude_similar else ""))
    classes = {
        "digits": without(DIGITS, excluded),
        "lower": without(LOWER, excluded),
        "upper": without(UPPER, excluded),
        "special": without(spec.special_chars, excluded),
    }
    if spec.pattern is not None:
        mask = _mask(spec, spec.pattern, classes, excluded, max_length)
        drawn: Source = mask
        length = len(mask.alphabets)
    else:
        length = min(DEFAULT_LENGTH, max_length) if spec.length is None else spec.length
        drawn = _constrained(spec, classes, excluded, length)
    separator = "-" if spec.separator is None else spec.separator
    return Layout(spec.prefix, spec.suffix, spec.group, separator, spec.checksum).around(drawn, length)


def _mask(
    spec: StringSpec, pattern: str, classes: dict[str, str], excluded: frozenset[str], max_length: int
) -> Product:
    try:
        positions, drawn, literals = masks.parse(pattern, classes, excluded)
    except ValueError as error:
        raise Invalid([("pattern", str(error))]) from None
    if len(positions) > max_length:
        raise Invalid([("pattern", f"must stand for at most {max_length} characters")])
    if not drawn:
        raise Invalid([("pattern", "has nothing to draw; write ?d for a digit, ?l or ?u for a letter, ?a for any")])
    if not all(drawn):
        raise Impossible([("pattern", "a class in the pattern has no characters left after the exclusions")])
    if spec.checksum:
        covered = SCHEMES[spec.checksum].characters
        for chars in [*sorted(drawn), *sorted(filter(str.isalnum, literals))]:
            if not covered.issuperset(chars):
                raise Invalid([("pattern", f"{spec.checksum} covers {_listed(covered)} only, not {chars[:40]!r}")])
    return Product(positions)


def _listed(covered: frozenset[str]) -> str:
    return {10: "digits", 26: "upper-case letters"}.get(len(covered), "digits and upper-case letters")


def _constrained(spec: StringSpec, classes: dict[str, str], excluded: frozenset[str], length: int) -> Source:
    """Strings without a mask: from classes, or from one custom alphabet as a class of its own."""
    if spec.alphabet is not None:
        used = {"alphabet": without(spec.alphabet, excluded)}
    else:
        used = {name: chars for name, chars in classes.items() if getattr(spec, name)}
    least = {name: getattr(spec, f"min_{name}", 0) for name in used}
    _check_covered(spec, used)
    _check_possible(spec, used, least, length)
    # Classes without characters take no part from here on.
    used = {name: chars for name, chars in used.items() if chars}
    first = None
    if spec.first is not None:
        first = frozenset(place for place, name in enumerate(used) if name in _names(spec.first))
        if not first:
            raise Impossible([("first", "none of these classes has characters left after the exclusions")])
        if len(first) == len(used):
            first = None
    run = spec.max_repeat if spec.max_repeat is not None and spec.max_repeat < length else None
    shape = strategies.Shape(list(used.values()), [least[name] for name in used], length, run, first)
    fields = [f"min_{name}" for name in used if least[name]]
    fields += ["first"] * (first is not None) + ["max_repeat"] * (run is not None)
    return strategies.source(shape, fields)


def _check_covered(spec: StringSpec, used: dict[str, str]) -> None:
    """A checksum has to cover every character that may be drawn."""
    problems = Problems()
    if spec.checksum:
        covered = SCHEMES[spec.checksum].characters
        for name, chars in used.items():
            if not covered.issuperset(chars):
                remedy = "leave out the others" if name == "alphabet" else "set this to false"
                problems.add(name, f"{spec.checksum} covers {_listed(covered)} only; {remedy}")
    problems.stop_if_any()


def _check_possible(spec: StringSpec, used: dict[str, str], least: dict[str, int], length: int) -> None:
    problems = Problems()
    if not any(used.values()):
        if spec.alphabet is None and not used:
            problems.add("digits", "at least one of digits, lower, upper, special must be true")
        else:
            problems.add("exclude" if spec.exclude else "exclude_similar", "leaves no characters to draw from")
    for name, chars in used.items():
        if least[name] and not chars:
            problems.add(f"min_{name}", "this class has no characters left after the exclusions")
    if sum(least.values()) > length:
        for name in least:
            if least[name]:
                problems.add(f"min_{name}", f"the minimums add up to {sum(least.values())}, more than length {length}")
    problems.stop_if_any(Impossible)
