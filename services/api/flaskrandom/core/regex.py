"""Regular expressions: compiles a pattern to a machine.

The syntax is that of JSON Schema, HTML's ``pattern`` and Python's ``re`` in ASCII; Python's own parser reads it. The
whole value has to match. The machine simulates a nondeterministic automaton: a state is a set of positions of the
pattern (Thompson, Regular Expression Search Algorithm, 1968). A lookahead adds a set of positions to a position: one
of them must reach its end or, if negative, none. A lookbehind is simulated from every place in the value.
"""

import re
import re._constants as op  # type: ignore[import-not-found]  # the parser's opcodes
import re._parser as parser  # type: ignore[import-not-found]
import warnings
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from string import ascii_letters, digits
from typing import Any, Never

from .alphabets import MAX_ALPHABET
from .automata import Budget, Machine, TooLarge
from .errors import Invalid, TooComplex

MAX_GROUPS = 100
"""Most groups: the parser recurses for each."""

MAX_PROGRAM = 2000
"""Most positions, with repeats unrolled."""

_TOO_MANY = ("regex", f"its classes hold more than {MAX_ALPHABET} different characters; use smaller ranges")
_WORD = frozenset(ascii_letters + digits + "_")
_CATEGORIES = {"DIGIT": frozenset(digits), "SPACE": frozenset(" "), "WORD": _WORD}  # no other space is printable

# The parser warns of apparent set operations; here they are plain characters.
warnings.filterwarnings("ignore", "Possible (nested set|set )", FutureWarning)

# Constructs that are not regular or depend on the search method. Escapes and classes are skipped.
_TOKENS = re.compile(
    r"(?P<a_backreference>\\[1-9]|\\k<|\(\?P=)|(?P<a_conditional>\(\?\()|(?P<an_atomic_group>\(\?>)"
    r"|(?P<a_possessive_quantifier>(?:[*+?]|\{\d*,?\d*\})\+)|(?P<named>\(\?<(?=[A-Za-z_]))"
    r"|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<group>\()|.",
    re.DOTALL,
)

Owed = frozenset[tuple[bool, "Threads"]]
Thread = tuple[int, Owed]
Threads = frozenset[Thread]
State = tuple[Threads, tuple[Threads, ...]]
_NOTHING: frozenset[Never] = frozenset()

# The first positions of every program: the end of the pattern, which reads nothing more, and that of a lookahead.
_END, _MET = 0, 1
_AT_END: Thread = (_END, _NOTHING)
_IS_MET: Thread = (_MET, _NOTHING)

# A position: its kind, the next one, the characters read (None: any), positions or lookbehind referred to, if negated.
_Chars = frozenset[str] | None
_Position = tuple[int, int, _Chars, Sequence[int], bool]
_CHAR, _SPLIT, _BEHIND, _AHEAD = range(4)


def _invalid(message: str) -> Invalid:
    """The error for a pattern that cannot be read or is not regular."""
    return Invalid([("regex", message)])


def parse(pattern: str) -> parser.SubPattern:
    """Return Python's parse tree of a pattern.

    Raises:
        Invalid: It cannot be read or is not regular; the message says what, and where.
        TooLarge: It has too many groups.
    """
    groups, python = 0, []
    added: list[int] = []  # where a P was inserted, for Python's syntax of named groups
    for token in _TOKENS.finditer(pattern):
        kind = token.lastgroup
        groups += kind in ("group", "named")
        if kind not in (None, "group", "named"):
            name = str(kind).replace("_", " ")
            raise _invalid(f"character {token.start() + 1}: {token.group()} is {name}, which is not supported")
        if kind == "named":
            added.append(token.start() + len(added) + 2)
        python.append("(?P<" if kind == "named" else token.group())
    if groups > MAX_GROUPS:
        raise TooLarge
    try:
        return parser.parse("".join(python), re.ASCII)
    except re.error as error:
        at = error.pos or 0
        raise _invalid(f"character {at - bisect_left(added, at) + 1}: {error.msg}") from None
    except (ValueError, OverflowError) as error:
        raise _invalid(f"cannot be read: {error}") from None


def _asserts(part: object) -> bool:
    """Whether a part of the parse tree holds a lookaround, an anchor or a boundary."""
    if isinstance(part, parser.SubPattern | list | tuple):
        return any(map(_asserts, part))
    return any(part is code for code in (op.ASSERT, op.ASSERT_NOT, op.AT))


class Regex(Machine[State]):
    """Reads a pattern. A state is a set of threads, and one more for each lookbehind.

    A thread is a position that waits for a character, with its undecided lookaheads, each as ``(negative, threads)``.

    Args:
        tree: What :func:`parse` returned.
        universe: Characters that dots and negated classes may match.
        excluded: Characters that never occur.
        longest: Maximum length of a value; parts that need longer ones are left out.
        budget: Bounds the work.
    """

    def __init__(self, tree: parser.SubPattern, universe: str, excluded: frozenset[str], longest: int, budget: Budget):
        self._universe, self._excluded = frozenset(universe), excluded
        self.longest, self._budget = min(longest, tree.getwidth()[1]), budget
        self._program: list[_Position] = [(_CHAR, _END, _NOTHING, (), False), (_CHAR, _MET, None, (), False)]
        self._lookbehinds: list[int] = []
        self.alphabet: frozenset[str] = frozenset()
        self._closures: dict[tuple[int, tuple[bool, ...]], Threads] = {}
        self._reads: dict[tuple[Threads, tuple[str, ...], tuple[bool, ...]], dict[str, Threads]] = {}
        start = self._sequence(tree, _END, bool(tree.state.flags & re.IGNORECASE), True)
        self.sets = {chars for _, _, chars, _, _ in self._program if chars}
        if len(self.alphabet) > MAX_ALPHABET:
            raise TooComplex([_TOO_MANY])
        found, tracks = self._tracks((), ())
        self.start = (self._closure(start, found), tracks)

    # Compilation of the parse tree, from right to left: each part gets the position that follows it.

    def _add(self, kind: int, after: int, chars: _Chars, others: Sequence[int] = (), negative: bool = False) -> int:
        if len(self._program) >= MAX_PROGRAM:
            raise TooLarge
        self._budget.spend()
        self._program.append((kind, after, chars, others, negative))
        return len(self._program) - 1

    def _sequence(self, tree: parser.SubPattern, after: int, any_case: bool, leading: bool) -> int:
        for place in range(len(tree) - 1, -1, -1):
            code, value = tree[place]
            after = self._part(code, value, after, any_case, leading and not place)
        return after

    def _part(self, code: int, value: Any, after: int, any_case: bool, leading: bool) -> int:
        """Compile a part; ``leading`` if it is at the start of the pattern."""
        if code in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN):
            chars = self._members(code, value, any_case)
            self.alphabet |= chars
            return self._add(_CHAR, after, chars)
        if code is op.SUBPATTERN:
            _, added, removed, tree = value
            any_case = bool((any_case or added & re.IGNORECASE) and not removed & re.IGNORECASE)
            return self._sequence(tree, after, any_case, leading)
        if code is op.BRANCH:
            return self._add(_SPLIT, _END, None, [self._sequence(tree, after, any_case, leading) for tree in value[1]])
        if code in (op.MAX_REPEAT, op.MIN_REPEAT):
            return self._repeat(value, after, any_case)
        if code in (op.ASSERT, op.ASSERT_NOT):
            look = self._ahead if value[0] > 0 else self._behind
            return look(code is op.ASSERT_NOT, after, lambda end: self._sequence(value[1], end, any_case, False))
        if code is op.AT:
            return self._anchor(value, after, leading)
        if code is op.FAILURE:
            return self._add(_SPLIT, _END, None, [])
        raise _invalid(f"has a construct that is not supported: {str(code).lower()}")

    def _members(self, code: int, value: Any, any_case: bool) -> frozenset[str]:
        """The characters that a literal, a dot or a class matches: printable ones, less those excluded."""
        negative = code is op.NOT_LITERAL
        if code is op.ANY:
            found = self._universe
        elif code is op.IN:
            negative = value[0][0] is op.NEGATE
            found = frozenset().union(*(self._item(*item) for item in value[negative:]))
        else:
            found = frozenset(chr(value))
        if any_case and code is not op.ANY:
            found = found.union(char.swapcase() for char in found if char in ascii_letters)
        found = self._universe - found if negative else found
        return frozenset(char for char in found - self._excluded if char.isprintable())

    def _item(self, code: int, value: Any) -> Iterable[str]:
        if code is op.LITERAL:
            return chr(value)
        if code is op.RANGE:
            low, high = value
            if high - low > 2 * MAX_ALPHABET:
                raise TooComplex([_TOO_MANY])
            return map(chr, range(low, high + 1))
        members = _CATEGORIES[value.name.rpartition("_")[2]]
        return self._universe - members if "NOT" in value.name else members

    def _repeat(self, value: tuple[int, int, parser.SubPattern], after: int, any_case: bool) -> int:
        least, most, tree = value
        shortest, widest = tree.getwidth()
        if least * shortest > self.longest:
            return self._add(_SPLIT, _END, None, [])
        if not shortest and not _asserts(tree):
            least = 0  # empty repeats can replace the missing ones
        if not widest:
            least, most = min(least, 1), min(most, 1)
        if most * max(shortest, 1) > self.longest:
            choices = [after]
            after = self._add(_SPLIT, _END, None, choices)
            choices.append(self._sequence(tree, after, any_case, False))
        else:
            end = after
            for _ in range(most - least):
                after = self._add(_SPLIT, _END, None, [end, self._sequence(tree, after, any_case, False)])
        for _ in range(least):
            after = self._sequence(tree, after, any_case, False)
        return after

    def _anchor(self, value: int, after: int, leading: bool) -> int:
        any_one, word = (partial(self._add, _CHAR, chars=chars) for chars in (None, _WORD))
        if value in (op.AT_BEGINNING, op.AT_BEGINNING_STRING):
            return after if leading else self._behind(True, after, any_one)
        if value in (op.AT_END, op.AT_END_STRING):
            return after if after == _END else self._ahead(True, after, any_one)
        # A boundary lies between a word character and another character or an end.
        at = value is op.AT_BOUNDARY
        sides = [self._behind(no, self._ahead(no is not at, after, word), word) for no in (False, True)]
        return self._add(_SPLIT, _END, None, sides)

    def _ahead(self, negative: bool, after: int, inner: Callable[[int], int]) -> int:
        return self._add(_AHEAD, after, None, [inner(_MET)], negative)

    def _behind(self, negative: bool, after: int, inner: Callable[[int], int]) -> int:
        size = len(self._program)
        begin = inner(_END)
        if any(instruction[0] is _AHEAD for instruction in self._program[size:]):
            raise _invalid("has a lookahead inside a lookbehind, which is not supported")
        self._lookbehinds.append(begin)
        return self._add(_BEHIND, after, None, [len(self._lookbehinds) - 1], negative)

    # Simulation.

    def _closure(self, start: int, found: tuple[bool, ...]) -> Threads:
        """The threads reached from a position without reading; ``found`` says which lookbehinds hold here."""
        key = start, found
        if key in self._closures:
            return self._closures[key]
        threads: set[Thread] = set()
        seen: set[Thread] = set()
        todo: list[Thread] = [(start, _NOTHING)]
        while todo:
            self._budget.spend(2)
            thread = todo.pop()
            if thread in seen:
                continue
            seen.add(thread)
            place, owed = thread
            kind, after, _, others, negative = self._program[place]
            if kind is _SPLIT:
                todo += [(target, owed) for target in others]
            elif kind is _BEHIND:
                if found[others[0]] is not negative:
                    todo.append((after, owed))
            elif kind is _AHEAD:
                new = self._settled([(negative, self._closure(others[0], found))])
                if new is not None:
                    todo.append((after, owed | new))
            else:
                threads.add(thread)
        self._closures[key] = frozenset(threads)
        return self._closures[key]

    @staticmethod
    def _settled(owed: Iterable[tuple[bool, Threads]]) -> Owed | None:
        """Drop lookaheads that hold; None if one has failed."""
        left = set()
        for negative, threads in owed:
            met = _IS_MET in threads
            if met or not threads:
                if met is negative:
                    return None
            else:
                left.add((negative, threads))
        return frozenset(left)

    def _read(self, threads: Threads, chars: tuple[str, ...], found: tuple[bool, ...]) -> dict[str, Threads]:
        """The threads after each of the characters, where ``found`` says which lookbehinds hold."""
        key = threads, chars, found
        if key in self._reads:
            return self._reads[key]
        reached: dict[str, set[Thread]] = {}
        for place, owed in threads:
            if place == _END:
                continue
            _, after, members, _, _ = self._program[place]
            following = self._closure(after, found)
            readable = [char for char in chars if members is None or char in members]
            self._budget.spend(1 + len(readable) * (len(following) + 4 * len(owed)))
            for char in readable:
                new: Iterable[Thread] = following
                if owed:
                    left = self._settled(
                        (negative, self._read(inner, chars, found).get(char, _NOTHING)) for negative, inner in owed
                    )
                    if left is None:
                        continue
                    new = [(target, more | left) for target, more in following]
                reached.setdefault(char, set()).update(new)
        self._reads[key] = {char: frozenset(threads) for char, threads in reached.items()}
        return self._reads[key]

    def _tracks(
        self, before: tuple[Threads, ...], chars: tuple[str, ...]
    ) -> tuple[tuple[bool, ...], tuple[Threads, ...]]:
        """Advance the lookbehinds by a character, if any: which hold, and their threads. Inner ones come first."""
        found: tuple[bool, ...] = ()
        tracks = []
        for index, begin in enumerate(self._lookbehinds):
            threads = self._closure(begin, found)
            for char in chars:
                threads |= self._read(before[index], chars, found).get(char, _NOTHING)
            self._budget.spend(3 + len(threads))
            tracks.append(threads)
            found += (_AT_END in threads,)
        return found, tuple(tracks)

    def moves(self, state: State, chars: Sequence[str]) -> Mapping[str, State]:
        threads, before = state
        if not self._lookbehinds:
            return {char: (reached, ()) for char, reached in self._read(threads, tuple(chars), ()).items()}
        after: dict[str, State] = {}
        for char in chars:
            found, tracks = self._tracks(before, (char,))
            reached = self._read(threads, (char,), found).get(char)
            if reached:
                after[char] = reached, tracks
        return after

    def accepts(self, state: State) -> bool:
        # One of the threads has to accept at the end of the value.
        return any(
            place in (_END, _MET) and all(self.accepts((inner, ())) is not negative for negative, inner in owed)
            for place, owed in state[0]
        )
