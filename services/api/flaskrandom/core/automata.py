"""Deterministic finite automata over a finite alphabet.

A :class:`Machine` says what one constraint has to remember of the characters read so far. Running several side by
side is the intersection of their languages. :func:`explore` writes down the states that can be reached; characters
that no machine tells apart are one class.

Source: Hopcroft, Motwani, Ullman, Introduction to Automata Theory, Languages, and Computation, 2.3 and 4.2.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple


class TooLarge(Exception):
    """The work would cost more than its budget."""


class Budget:
    """Bounds work before it is done: ``spend`` raises TooLarge once ``steps`` are used up."""

    def __init__(self, steps: int):
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise TooLarge


class Machine(ABC):
    """One constraint, read character by character.

    Attributes:
        start: The state before the first character.
        sets: Sets of characters such that characters in the same ones are treated alike.
    """

    start: Hashable
    sets: Iterable[Iterable[str]] = ()

    @abstractmethod
    def moves(self, state: Any, chars: Sequence[str]) -> Mapping[str, Hashable]:
        """Return the next state for each of the characters after which a value may still be accepted."""

    def alike(self, state: Any) -> tuple[Hashable, Sequence[str]] | None:
        """Return a state that goes on in the same way but for some characters, if one is known."""
        return None

    def accepts(self, state: Any) -> bool:
        """Say whether the characters read so far may be all."""
        return True


class Automaton(NamedTuple):
    """A deterministic automaton; state 0 is the start, a move that is missing leads nowhere.

    Attributes:
        classes: Disjoint sets of characters, each as a sorted string.
        moves: For each state, the next state by class index.
        accepting: For each state, whether a value may end there.
        depths: For each state, the least number of characters that lead there; ascending.
        entered_by: For each state, the class of the character that led there, if ``explore`` was told to keep
            these apart; -1 at the start.
        alike: For each state, an earlier state that goes on in the same way but for some classes, and these classes;
            None if no such state is known.
    """

    classes: list[str]
    moves: list[dict[int, int]]
    accepting: list[bool]
    depths: list[int]
    entered_by: list[int]
    alike: list[tuple[int | None, Sequence[int]]]

    def places(self) -> list[str] | None:
        """Return the characters of each place if these are all that the automaton asks for, else None."""
        last = len(self.moves) - 1
        if self.accepting != [False] * last + [True]:
            return None
        if any(
            set(moves.values()) != ({state + 1} if state < last else set()) for state, moves in enumerate(self.moves)
        ):
            return None
        return ["".join(sorted("".join(self.classes[index] for index in moves))) for moves in self.moves[:last]]


# The states of all machines, and the class of the character that led there.
_Name = tuple[tuple[Any, ...], int]


def partition(alphabet: Iterable[str], sets: Iterable[Iterable[str]]) -> list[str]:
    """Split an alphabet into the coarsest classes that each set is a union of, in code point order."""
    signatures = dict.fromkeys(sorted(alphabet), 0)
    for index, members in enumerate(sets):
        for char in members:
            if char in signatures:
                signatures[char] |= 1 << index
    classes: dict[int, list[str]] = {}
    for char, signature in signatures.items():
        classes.setdefault(signature, []).append(char)
    return ["".join(chars) for chars in classes.values()]


def explore(
    machines: Sequence[Machine],
    alphabet: Iterable[str],
    longest: int,
    budget: Budget,
    sets: Iterable[Iterable[str]] = (),
    by_class: bool = False,
) -> Automaton:
    """Return the automaton that accepts what all machines accept, without states that lead nowhere.

    Args:
        machines: The constraints.
        alphabet: The characters that values are made of.
        longest: Only states within so many characters of the start are of interest.
        budget: Bounds the moves that are tried.
        sets: More sets of characters that the classes are to keep apart.
        by_class: Keep states apart by the class of the character that led to them.

    Raises:
        TooLarge: The budget is used up.
    """
    classes = partition(alphabet, [*sets, *(members for machine in machines for members in machine.sets)])
    numbers = {chars[0]: index for index, chars in enumerate(classes)}
    every = tuple(numbers)
    known: list[dict[Any, Mapping[str, Hashable]]] = [{} for _ in machines]

    def options(chars: Sequence[str], together: tuple[Any, ...]) -> Iterable[tuple[str, tuple[Hashable, ...]]]:
        """The characters after which all machines go on, each with their next states."""
        each = []
        for machine, state, seen in zip(machines, together, known, strict=True):
            if chars is not every and state not in seen:
                each.append(machine.moves(state, chars))
                continue
            if state not in seen:
                seen[state] = machine.moves(state, every)
            each.append(seen[state])
        for char in chars:
            if all(char in after for after in each):
                yield char, tuple([after[char] for after in each])

    # A state is named by those of the machines and the class that led there.
    level: list[_Name] = [(tuple(machine.start for machine in machines), -1)]
    order: list[_Name] = []
    places: dict[_Name, int] = {}
    moves: list[dict[int, _Name]] = []
    alike: list[tuple[int | None, Sequence[int]]] = []
    depths: list[int] = []
    # Where each combination of the machines' states was met first.
    first: dict[tuple[Hashable, ...], int] = {}
    while level:
        # Those that others are like come first.
        level.sort(key=lambda name: sum(map(_alike_states, machines, name[0])))
        for name in level:
            places[name] = len(order)
            order.append(name)
        following: dict[_Name, None] = {}
        depth = depths[-1] + 1 if depths else 0
        depths += [depth] * len(level)
        for name in level if depth < longest else ():
            together, place = name[0], places[name]
            base: int | None = first.setdefault(together, place)
            tried: Sequence[str] = ()
            if base == place:
                base, differing = _alike(machines, name, places)
                tried = every if base is None else [char for char in differing if char in numbers]
            budget.spend(1 + len(tried))
            found = {} if base is None else dict(moves[base])
            for char in tried:
                found.pop(numbers[char], None)
            for char, after in options(tried, together):
                target = found[numbers[char]] = after, numbers[char] if by_class else -1
                if target not in places:
                    following[target] = None
            moves.append(found)
            alike.append((base, [numbers[char] for char in tried] if base is not None else ()))
        level = list(following)
    rest = len(order) - len(moves)
    accepting = [
        all(machine.accepts(state) for machine, state in zip(machines, together, strict=True)) for together, _ in order
    ]
    return _trimmed(
        Automaton(
            classes,
            [{index: places[target] for index, target in found.items()} for found in moves] + [{}] * rest,
            accepting,
            depths,
            [entered for _, entered in order],
            alike + [(None, ())] * rest,
        )
    )


def _alike_states(machine: Machine, state: Any) -> int:
    """How many states a machine has, one like the other, before this one."""
    similar, number = machine.alike(state), 0
    while similar:
        similar, number = machine.alike(similar[0]), number + 1
    return number


def _alike(machines: Sequence[Machine], name: _Name, places: Mapping[_Name, int]) -> tuple[int | None, Sequence[str]]:
    """An earlier state that goes on like this one, and the characters for which it does not."""
    together, entered = name
    for which, machine in enumerate(machines):
        differing: dict[str, None] = {}
        similar = machine.alike(together[which])
        while similar:
            differing.update(dict.fromkeys(similar[1]))
            base = places.get(((*together[:which], similar[0], *together[which + 1 :]), entered), places[name])
            if base < places[name]:
                return base, list(differing)
            similar = machine.alike(similar[0])
    return None, ()


def _trimmed(automaton: Automaton) -> Automaton:
    """Leave out the states from which no accepting one can be reached."""
    if all(automaton.accepting):
        return automaton
    before: list[list[int]] = [[] for _ in automaton.moves]
    for state, moves in enumerate(automaton.moves):
        for target in moves.values():
            before[target].append(state)
    useful = {state for state, accepting in enumerate(automaton.accepting) if accepting} | {0}
    todo = list(useful)
    while todo:
        new = [state for state in before[todo.pop()] if state not in useful]
        useful.update(new)
        todo += new
    kept = sorted(useful)
    number = {state: place for place, state in enumerate(kept)}
    return Automaton(
        automaton.classes,
        [{c: number[target] for c, target in automaton.moves[state].items() if target in useful} for state in kept],
        [automaton.accepting[state] for state in kept],
        [automaton.depths[state] for state in kept],
        [automaton.entered_by[state] for state in kept],
        [
            (number[base], differing) if base is not None and base in useful else (None, ())
            for base, differing in (automaton.alike[state] for state in kept)
        ],
    )
