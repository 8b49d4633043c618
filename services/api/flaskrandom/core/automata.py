"""Deterministic finite automata over a finite alphabet.

A :class:`Machine` is one constraint. Several in parallel accept the intersection of their languages. :func:`explore`
builds the reachable states of this product; characters that no machine distinguishes form one class.

Source: Hopcroft, Motwani, Ullman, Introduction to Automata Theory, Languages, and Computation, 2.3 and 4.2.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

State = TypeVar("State", bound=Hashable)

COPY_STEPS = 8
"""Steps charged for copying the moves of a similar state."""


class TooLarge(Exception):
    """The work exceeds its budget."""


class Budget:
    """Bounds work before it is done: ``spend`` raises TooLarge once ``steps`` are used up (by default, never)."""

    def __init__(self, steps: int = 1 << 62):
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise TooLarge


class Machine(ABC, Generic[State]):
    """One constraint, read character by character.

    Attributes:
        start: The state before the first character.
        sets: Sets of characters. Characters that are in the same sets are equivalent.
    """

    start: Hashable
    sets: Iterable[Iterable[str]] = ()

    @abstractmethod
    def moves(self, state: State, chars: Sequence[str]) -> Mapping[str, State]:
        """Return the next state for each of the characters that does not rule out acceptance."""

    def alike(self, state: State) -> tuple[State, Sequence[str]] | None:
        """Return a state with the same moves except for some characters, and these; None if unknown."""
        return None

    def accepts(self, state: State) -> bool:
        """Say whether a value may end in this state."""
        return True


class Automaton(NamedTuple):
    """A deterministic automaton. State 0 is the start; a missing move rejects the value.

    Attributes:
        classes: Disjoint sets of characters, each as a sorted string.
        moves: For each state, the next state by class index.
        accepting: For each state, whether a value may end there.
        depths: For each state, the least number of characters that lead there; ascending.
        entered_by: For each state, the class of the last character read if explored ``by_class``, else -1; -1 at the
            start.
        alike: For each state, an earlier state with the same moves except for some classes, and these classes; None
            if unknown.
        least: For each state, the least number of characters that lead from it to acceptance.
    """

    classes: list[str]
    moves: list[dict[int, int]]
    accepting: list[bool]
    depths: list[int]
    entered_by: list[int]
    alike: list[tuple[int | None, Sequence[int]]]
    least: list[int]

    def chain(self, longest: int) -> tuple[list[str], list[int]] | None:
        """Return the characters allowed at each place, and the lengths, if nothing else matters; None otherwise."""
        state, places, lengths = 0, list[str](), list[int]()
        known: dict[int, str] = {}
        for length in range(longest + 1):
            if self.accepting[state]:
                lengths.append(length)
            found = self.moves[state]
            if len({*found.values()}) != 1:
                return None if found else (places, lengths)
            if state not in known:
                known[state] = "".join(sorted("".join(self.classes[index] for index in found)))
            places.append(known[state])
            state = next(iter(found.values()))
        return places, lengths


# A product state: the states of all machines, and the class of the last character read.
_Name = tuple[tuple[Hashable, ...], int]
AnyMachine = Machine[Any]  # machines in parallel have states of different types


def partition(alphabet: Iterable[str], sets: Iterable[Iterable[str]]) -> list[str]:
    """Split an alphabet into the coarsest classes that each set is a union of, in code point order."""
    signatures = dict.fromkeys(sorted(alphabet), 0)
    for index, members in enumerate(sets):
        for char in signatures.keys() & members:
            signatures[char] |= 1 << index
    classes: dict[int, list[str]] = {}
    for char, signature in signatures.items():
        classes.setdefault(signature, []).append(char)
    return ["".join(chars) for chars in classes.values()]


def explore(
    machines: Sequence[AnyMachine],
    alphabet: Iterable[str],
    longest: int,
    budget: Budget,
    sets: Iterable[Iterable[str]] = (),
    by_class: bool = False,
) -> Automaton:
    """Return the automaton that accepts what all machines accept, without moves to dead states.

    Args:
        machines: The constraints.
        alphabet: The characters that values are made of.
        longest: Explore states up to this depth.
        budget: Bounds the moves that are tried.
        sets: More sets of characters that the classes must distinguish.
        by_class: Distinguish states by the class of the last character read.

    Raises:
        TooLarge: The budget is used up.
    """
    classes = partition(alphabet, [*sets, *(members for machine in machines for members in machine.sets)])
    numbers = {chars[0]: index for index, chars in enumerate(classes)}
    every = tuple(numbers)
    known: dict[tuple[AnyMachine, Hashable], Mapping[str, Hashable]] = {}

    def options(machine: AnyMachine, state: Hashable, chars: Sequence[str]) -> Mapping[str, Hashable]:
        """The moves by some characters, or by all if those are known."""
        if chars is every and (machine, state) not in known:
            known[machine, state] = machine.moves(state, every)
        found = known.get((machine, state))
        return machine.moves(state, chars) if found is None else found

    level: list[_Name] = [(tuple(machine.start for machine in machines), -1)]
    places: dict[_Name, int] = {}
    # The moves that a state does not share with the earlier one that it is like.
    moves: list[dict[int, _Name]] = []
    alike: list[tuple[int | None, Sequence[int]]] = []
    depths: list[int] = []
    # The first place of each combination of the machines' states.
    first: dict[tuple[Hashable, ...], int] = {}
    copying = COPY_STEPS + len(every) // 16
    cheapest = len(machines) + min(copying, len(machines) * len(every))
    while level:
        depth = depths[-1] + 1 if depths else 0
        if depth < longest and len(level) * cheapest > budget.left:
            raise TooLarge  # before the level is sorted
        # States that others refer to in ``alike`` come first.
        level.sort(
            key=lambda name: sum(len(list(_alike_states(*each))) for each in zip(machines, name[0], strict=True))
        )
        for name in level:
            places[name] = len(places)
        following: dict[_Name, None] = {}
        depths += [depth] * len(level)
        for name in level if depth < longest else ():
            together, place = name[0], places[name]
            base: int | None = first.setdefault(together, place)
            tried: Sequence[str] = ()
            if base == place:
                base, differing = _alike(machines, name, places)
                tried = every if base is None else [char for char in differing if char in numbers]
            budget.spend(len(machines) * (1 + len(tried)) + (0 if base is None else copying))
            each = [options(machine, state, tried) for machine, state in zip(machines, together, strict=True)]
            found = {}
            for char in tried:
                if all(char in after for after in each):
                    target = tuple([after[char] for after in each]), numbers[char] if by_class else -1
                    found[numbers[char]] = target
                    if target not in places:
                        following[target] = None
            moves.append(found)
            alike.append((base, [numbers[char] for char in tried] if base is not None else ()))
        level = list(following)
    whole: list[dict[int, int]] = []
    for found, (base, changed) in zip(moves, alike, strict=True):
        shared = {} if base is None else dict(whole[base])
        for index in changed:
            shared.pop(index, None)
        shared.update({index: places[target] for index, target in found.items()})
        whole.append(shared)
    rest = len(places) - len(moves)
    accepting = [
        all(machine.accepts(state) for machine, state in zip(machines, together, strict=True)) for together, _ in places
    ]
    entered = [index for _, index in places]
    trimmed, least = _trimmed(whole + [{}] * rest, accepting)
    return Automaton(classes, trimmed, accepting, depths, entered, alike + [(None, ())] * rest, least)


def _alike_states(machine: AnyMachine, state: Hashable) -> Iterator[tuple[Hashable, Sequence[str]]]:
    """A machine's chain of ``alike`` states from this one, each with the characters that differ from the one before."""
    while similar := machine.alike(state):
        yield similar
        state = similar[0]


def _alike(machines: Sequence[AnyMachine], name: _Name, places: dict[_Name, int]) -> tuple[int | None, Sequence[str]]:
    """An earlier state with the same moves except for some characters, and these."""
    together, entered = name
    for which, machine in enumerate(machines):
        differing: dict[str, None] = {}
        for similar, chars in _alike_states(machine, together[which]):
            differing.update(dict.fromkeys(chars))
            base = places.get(((*together[:which], similar, *together[which + 1 :]), entered), places[name])
            if base < places[name]:
                return base, list(differing)
    return None, ()


def _trimmed(moves: list[dict[int, int]], accepting: list[bool]) -> tuple[list[dict[int, int]], list[int]]:
    """Return the moves without those to states that cannot reach an accepting one, and `Automaton.least`."""
    if all(accepting):
        return moves, [0] * len(moves)
    before: list[list[int]] = [[] for _ in moves]
    for state, found in enumerate(moves):
        for target in found.values():
            before[target].append(state)
    least = {state: 0 for state, accepts in enumerate(accepting) if accepts}
    todo = [*least]
    for state in todo:  # which grows
        new = [source for source in before[state] if source not in least]
        least.update(dict.fromkeys(new, least[state] + 1))
        todo += dict.fromkeys(new)
    useful = [{index: target for index, target in found.items() if target in least} for found in moves]
    return useful, [least.get(state, 0) for state in range(len(moves))]
