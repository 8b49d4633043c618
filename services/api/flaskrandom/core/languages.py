"""Strings that an automaton accepts: exact counts by length, ranks, and uniform draws.

Dynamic programming counts the completions of each state by the number of characters left. The counts give the rank of
a value in the order "shorter first, then by code point", and the value of a rank (Wilf, A unified setting for
sequencing, ranking, and selection algorithms, 1977). A draw takes the value of a uniform rank, or chooses each step
with the number of its completions as weight.

Two constraints would need many states and are counted without. Runs: the number of completions depends on the class of
the last character, not on the character. Minimums: see :class:`Needs`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from copy import copy
from functools import cached_property, partial
from itertools import accumulate, groupby, islice, zip_longest
from math import log2, prod
from operator import itemgetter, mul

from .automata import Automaton, Budget, TooLarge
from .rng import many_below, random_bytes
from .samplers import NO_VALUE, Measure, Source, Span, chooser

# Most values of a batch. Fewer than _FEW values are drawn one by one.
_BATCH = 4096
_FEW = 24

# Most entries, and most bytes, of the cache of steps and of the cache of choices.
_KEPT, _KEPT_BYTES = 4096, 1 << 23

# Fewest draws that justify a table of 256 places.
_TABULATED = 16

# Bytes of counts that the budget charges as one step, and most bytes of counts for one state.
_BYTES_A_STEP, _MOST_BYTES = 200, 1 << 24


class Needs:
    """Minimums: at least ``least`` characters of each of some sets, which may overlap.

    The numbers of characters still needed form one of ``slots`` vectors. One integer holds the counts for all vectors
    side by side: the count for a vector before a character is the count for a vector with less need after it.
    """

    def __init__(self, minimums: Sequence[tuple[Collection[str], int]], classes: Sequence[str], size: int):
        self._size, self._mask = size, (1 << 8 * size) - 1
        slots = [least + 1 for _, least in minimums]
        strides = list(accumulate(slots, mul, initial=1))
        self.slots = strides.pop()
        # The minimums that each class counts towards; classes with the same ones are of one kind.
        counts = [tuple(need for need, (chars, _) in enumerate(minimums) if each[0] in chars) for each in classes]
        kinds = {kind: number for number, kind in enumerate(dict.fromkeys(counts))}
        self.kind_of = [kinds[kind] for kind in counts]
        self._strides = [[(strides[need], slots[need]) for need in kind] for kind in kinds]
        self._shifts = [
            [(8 * size * stride, *self._masks(stride, slots)) for stride, slots in kind] for kind in self._strides
        ]

    def _masks(self, stride: int, slots: int) -> tuple[int, int]:
        """Bit masks of the slots with less than one minimum's full need, and with none of it."""
        full, empty, times = b"\xff" * stride * self._size, bytes(stride * self._size), self.slots // stride // slots
        less, none = (full * (slots - 1) + empty) * times, (full + empty * (slots - 1)) * times
        return int.from_bytes(less, "little"), int.from_bytes(none, "little")

    def after(self, slot: int, kind: int) -> int:
        """The slot after a character of this kind."""
        return slot - sum(stride for stride, slots in self._strides[kind] if slot // stride % slots)

    def read(self, ways: int, kind: int) -> int:
        """The counts before a character of this kind, given those after it."""
        for shift, less, none in self._shifts[kind]:
            ways = (ways & less) << shift | ways & none
        return ways

    def at(self, ways: int, slot: int) -> int:
        """The count for one slot."""
        return ways if self.slots == 1 else ways >> 8 * self._size * slot & self._mask


class _Step:
    """A weighted choice between parts, each with a weight, characters and the next state.

    A random byte selects from a table in which each part has the whole 256ths of its share. The other entries lead to
    an exact choice between the remainders. Few draws use exact weights alone.
    """

    def __init__(self, parts: list[tuple[int, str, int]]):
        self._weights = [weight for weight, _, _ in parts]
        self._cumulative = list(accumulate(self._weights))
        self._choosers: list[Callable[[int], Sequence[str]]] = [
            chooser(chars) if len(chars) > 1 else partial(mul, [chars]) for _, chars, _ in parts
        ]
        self._targets = [target for _, _, target in parts]

    @cached_property
    def _table(self) -> tuple[bytes, list[int]]:
        """The table, with 255 for the other entries, and the running totals of the remainders."""
        total = self._cumulative[-1]
        shares = [divmod(256 * weight, total) for weight in self._weights]
        table = b"".join(bytes([part]) * whole for part, (whole, _) in enumerate(shares))
        return table.ljust(256, b"\xff"), list(accumulate(rest for _, rest in shares))

    def _chosen(self, count: int) -> Sequence[int]:
        """Return ``count`` independent parts."""
        if count < _TABULATED or len(self._weights) > 255:
            cumulative = self._cumulative
            return [bisect_right(cumulative, value) for value in many_below(cumulative[-1], count)]
        table, rests = self._table
        first, *pieces = random_bytes(count).translate(table).split(b"\xff")
        if not pieces:
            return first
        joined = [first]
        for piece, value in zip(pieces, many_below(rests[-1], len(pieces)), strict=True):
            joined += bytes([bisect_right(rests, value)]), piece
        return b"".join(joined)

    def draw(self, count: int) -> tuple[Sequence[str], Sequence[int]]:
        """Return ``count`` characters and the states that follow them."""
        if len(self._weights) == 1:
            return self._choosers[0](count), self._targets * count
        chosen, targets = self._chosen(count), self._targets
        drawn = [iter(chooser(chosen.count(part))) for part, chooser in enumerate(self._choosers)]
        return [next(drawn[part]) for part in chosen], [targets[part] for part in chosen]


# A choice at a state: consecutive characters, the number of completions of each, the next state, the run so far, and
# the slot. All of them: the running totals before each, the first character of each, and the choices.
_Part = tuple[str, int, int, int, int]
_Choices = tuple[list[int], list[str], list[_Part]]

# The recurrence of a state's counts: the state whose total it starts from, the places and weights to add, the place
# after the same character for each run, and the number of reads for all states so far.
_Onward = tuple[int | None, list[tuple[int, int]], list[int], int]


class Language(Source[str]):
    """All values of ``shortest`` to ``longest`` characters that meet every constraint, each equally likely.

    Args:
        automaton: Accepts the values, apart from the limits below. Explored ``by_class`` if there is a ``run``.
        shortest: Minimum length of a value.
        longest: Maximum length of a value.
        run: Longest allowed run of one character (None: any).
        minimums: Sets of characters, each with its minimum number in a value. The automaton's classes must distinguish
            the sets.
        places: The characters of each place, for values of one length (None: any). The classes must distinguish them.
        budget: Bounds the counting.

    Raises:
        TooLarge: The budget is used up, or the counts need too much memory.
    """

    def __init__(
        self,
        automaton: Automaton,
        shortest: int,
        longest: int,
        run: int | None = None,
        minimums: Sequence[tuple[Collection[str], int]] = (),
        places: Sequence[str] | None = None,
        budget: Budget | None = None,
    ):
        self.automaton = automaton
        self._run, self._runs = run, run or 1
        alphabet = sum(map(len, automaton.classes))
        size = int(longest * log2(max(1, alphabet))) // 8 + 1  # bytes for the number of all strings
        row = size * prod(least + 1 for _, least in minimums)
        budget = budget or Budget()
        if row * longest > _MOST_BYTES:
            raise TooLarge
        budget.spend(row * longest // _BYTES_A_STEP)
        self._needs = Needs(minimums, automaton.classes, size)
        # The classes allowed at each place, by the characters left after it.
        every = frozenset(range(len(automaton.classes)))
        self._allowed = [every] * longest
        if places is not None:
            known = {
                chars: frozenset(index for index in every if automaton.classes[index][0] in chars) for chars in places
            }
            self._allowed = [known[chars] for chars in reversed(places)]
        self._choices: dict[tuple[int, int, int, int, str], _Choices] = {}
        self._steps: dict[tuple[int, int], _Step] = {}
        self._segments: dict[int, list[tuple[str, int, int]]] = {}
        self._kept = min(_KEPT, _KEPT_BYTES // (1 + len(automaton.classes)) // (200 + 2 * size))
        self._ways = self._counted(longest, row, budget)
        self._all = self._needs.slots - 1
        numbers = {length: self._needs.at(self._ways[length][0], self._all) for length in range(shortest, longest + 1)}
        self._keep({length: number for length, number in numbers.items() if number})

    def _keep(self, numbers: dict[int, int]) -> None:
        """Keep these lengths, each with its number of values."""
        #: The number of values by length, without zeros.
        self.by_length = numbers
        self._lengths, self._cumulative = list(numbers), list(accumulate(numbers.values()))
        self.size = sum(numbers.values())

    def _counted(self, longest: int, size: int, budget: Budget) -> list[list[int]]:
        """Count completions by characters left, then by state and run so far, in at most ``size`` bytes each."""
        depths, read = self.automaton.depths, self._needs.read
        rows = {}
        for allowed, times in Counter(self._allowed).items():
            budget.spend(len(depths) // 4)
            rows[allowed] = self._row(allowed)
            moves = sum(
                (longest - depth) * (len(again) + len(onward) + 1)
                for depth, (_, onward, again, _) in zip(depths, rows[allowed][0], strict=True)
            )
            moves = moves * times // longest
            budget.spend(moves // 4 + moves * size // 2 // _BYTES_A_STEP)
        before = [int(accepts) for accepts in self.automaton.accepting for _ in range(self._runs)]
        ways = [before]
        for left, allowed in enumerate(self._allowed, 1):
            # Only states reachable with so many characters left; they come first.
            reached = bisect_right(depths, longest - left)
            onwards, reads = rows[allowed]
            if self._needs.slots > 1:
                before = [read(before[place], kind) for place, kind in islice(reads, onwards[reached - 1][3])]
            totals: list[int] = []
            row: list[int] = []
            for base, onward, again, _ in onwards[:reached]:
                total = 0 if base is None else totals[base]
                for place, weight in onward:
                    total += weight * before[place]
                totals.append(total)
                if not again:
                    row += [total] * self._runs
                    continue
                # The same character again continues the run.
                others = total - before[again[0]]
                row += [others + before[longer] for longer in again[1:]]
                row.append(others)
            ways.append(row)
            before = row
        return ways

    def _row(self, allowed: frozenset[int]) -> tuple[list[_Onward], dict[tuple[int, int], int]]:
        """The recurrence of a row of counts for each state, and what it reads from the previous row.

        A read is a place of that row and a kind of character.
        """
        automaton, runs, kind_of, plain = self.automaton, self._runs, self._needs.kind_of, self._needs.slots == 1
        sizes = list(map(len, automaton.classes))
        reads: dict[tuple[int, int], int] = {}

        def reading(index: int, place: int) -> int:
            return place if plain else reads.setdefault((place, kind_of[index]), len(reads))

        onwards: list[_Onward] = []
        known: dict[Hashable, int] = {}
        for state, (found, (base, differing)) in enumerate(zip(automaton.moves, automaton.alike, strict=True)):
            weights: dict[int, int] = {}
            for index in found if base is None else differing:
                for sign, moves in ((1, found), (-1, {} if base is None else automaton.moves[base])):
                    if index in moves and index in allowed:
                        key = reading(index, moves[index] * runs)
                        weights[key] = weights.get(key, 0) + sign * sizes[index]
            onward = [part for part in weights.items() if part[1]]
            alike = known.setdefault((base, tuple(onward)), state)
            entered, again = automaton.entered_by[state], []
            if self._run is not None and entered in found and entered in allowed:
                again = [reading(entered, found[entered] * runs + run) for run in range(runs)]
            onwards.append((base, onward, again, len(reads)) if alike == state else (alike, [], again, len(reads)))
        return onwards, reads

    def only(self, length: int) -> Language:
        """Return the language of the values of one length."""
        found = copy(self)
        found._keep({length: self.by_length.get(length, 0)})
        return found

    @cached_property
    def characters(self) -> frozenset[str]:
        used = {index for found in self.automaton.moves for index in found}
        return frozenset("".join(self.automaton.classes[index] for index in used))

    def span(self, measure: Measure) -> Span:
        widths = set(map(measure, self.characters)) or {0}
        return self._lengths[0] * min(widths), self._lengths[-1] * max(widths)

    # Ranks.

    def _segmented(self, state: int) -> list[tuple[str, int, int]]:
        """The characters that a state reads, by code point, in pieces with one class and one next state."""
        classes, moves = self.automaton.classes, self.automaton.moves[state].items()
        places = sorted((char, index, target) for index, target in moves for char in classes[index])
        pieces = groupby(places, itemgetter(1, 2))
        return [("".join([char for char, _, _ in piece]), index, target) for (index, target), piece in pieces]

    def _parts(self, left: int, state: int, run: int, slot: int, last: str) -> list[_Part]:
        """The choices of the next character, with ``left`` characters left after it."""
        segments = self._segments.get(state) or self._segments.setdefault(state, self._segmented(state))
        needs, ways, allowed = self._needs, self._ways[left], self._allowed[left]
        if self._run is None and needs.slots == 1:
            return [(chars, ways[at], at, 1, 0) for chars, index, at in segments if index in allowed and ways[at]]
        parts = []
        for chars, index, target in segments:
            if index not in allowed:
                continue
            after, pieces = needs.after(slot, needs.kind_of[index]), [(chars, 1)]
            if last and last in chars:
                head, _, tail = chars.partition(last)
                pieces = [(head, 1), (last, run + 1), (tail, 1)]
            for piece, times in pieces:
                if piece and times <= self._runs:
                    each = needs.at(ways[target * self._runs + times - 1], after)
                    parts += [(piece, each, target, times, after)] if each else []
        return parts

    def _choices_at(self, left: int, state: int, run: int, slot: int, last: str) -> _Choices:
        """The choices of `_parts`, with the number of strings before each and its first character; cached."""
        if self._run is None:
            run, last = 0, ""
        key = left, state, run, slot, last
        # Threads share these: another one may clear them at any time.
        choices = self._choices.get(key)
        if choices is None:
            if len(self._choices) >= self._kept:
                self._choices.clear()
            parts = self._parts(*key)
            before = list(accumulate((len(part[0]) * part[1] for part in parts), initial=0))
            choices = self._choices[key] = before[:-1], [part[0][0] for part in parts], parts
        return choices

    def _spelled(self, index: int) -> Iterator[str]:
        """The characters of the value with this index."""
        place = bisect_right(self._cumulative, index)
        if place:
            index -= self._cumulative[place - 1]
        state, run, slot, last = 0, 0, self._all, ""
        for left in range(self._lengths[place] - 1, -1, -1):
            before, _, parts = self._choices_at(left, state, run, slot, last)
            part = bisect_right(before, index) - 1
            chars, each, state, run, slot = parts[part]
            chosen, index = divmod(index - before[part], each)
            last = chars[chosen]
            yield last

    def unrank(self, index: int) -> str:
        return "".join(self._spelled(index))

    def unrank_all(self, indexes: Iterable[int]) -> list[str]:
        indexes = list(indexes)
        # Place by place, as the values share the choices of a place.
        columns = list(zip_longest(*map(self._spelled, indexes), fillvalue=""))
        return list(map("".join, zip(*columns, strict=True))) if columns else [""] * len(indexes)

    @property
    def order_time(self) -> float:
        return self._lengths[-1] * (2 + self.size.bit_length() / 1600)

    def rank(self, value: str) -> int:
        if len(value) not in self._lengths:
            raise ValueError(NO_VALUE)
        place = self._lengths.index(len(value))
        rank = self._cumulative[place - 1] if place else 0
        state, run, slot, last = 0, 0, self._all, ""
        for left, char in zip(range(len(value) - 1, -1, -1), value, strict=True):
            before, firsts, parts = self._choices_at(left, state, run, slot, last)
            part = bisect_right(firsts, char) - 1
            if part < 0 or char not in parts[part][0]:
                raise ValueError(NO_VALUE)
            chars, each, state, run, slot = parts[part]
            rank += before[part] + chars.index(char) * each
            last = char
        return rank

    # Draws. One number stands for the state, its run and its slot.

    def rows(self, count: int) -> list[str]:
        if count < _FEW:
            return list(map(self.unrank, many_below(self.size, count)))
        out: list[str] = []
        while len(out) < count:
            out += self._batch(min(_BATCH, count - len(out)))
        return out

    def _batch(self, count: int) -> list[str]:
        if len(self._lengths) == 1:
            return self._stepped(self._lengths * count)
        places = [bisect_right(self._cumulative, index) for index in many_below(self.size, count)]
        order = sorted(range(count), key=places.__getitem__, reverse=True)
        out = [""] * count
        for place, row in zip(order, self._stepped([self._lengths[places[at]] for at in order]), strict=True):
            out[place] = row
        return out

    def _stepped(self, lengths: list[int]) -> list[str]:
        """Draw one value of each length, step by step in parallel. The lengths descend."""
        columns: list[Sequence[str]] = []
        states: list[int] = []
        last: Sequence[str] = ()
        reached, ends = 0, self._class_ends
        for left in range(lengths[0] - 1, -1, -1):
            while reached < len(lengths) and lengths[reached] > left:
                reached += 1
            states += [self._all] * (reached - len(states))
            groups = {state: self._step_at(left, state).draw(number) for state, number in Counter(states).items()}
            if len(groups) == 1:
                ((chars, following),) = groups.values()
            else:
                nexts = {state: zip(*group, strict=True) for state, group in groups.items()}
                chars, following = zip(*[next(nexts[state]) for state in states], strict=True)
            if self._run:
                # An empty draw repeats the previous character; a draw of that one means the class's last.
                last = [*last, *[""] * (reached - len(last))]
                chars = [
                    (ends[char] if char == before else char) if char else before
                    for char, before in zip(chars, last, strict=True)
                ]
            states, last = list(following), chars
            columns.append(chars if reached == len(lengths) else [*chars, *[""] * (len(lengths) - reached)])
        return list(map("".join, zip(*columns, strict=True))) if columns else [""] * len(lengths)

    def _step_at(self, left: int, number: int) -> _Step:
        """The step from a numbered state, with ``left`` characters left after it."""
        key = left, number
        step = self._steps.get(key)
        if step is not None:
            return step
        if len(self._steps) >= self._kept:
            self._steps.clear()
        together, slot = divmod(number, self._needs.slots)
        state, run = divmod(together, self._runs)
        entered = self.automaton.entered_by[state]
        # The last of the previous character's class stands for that character: see _stepped.
        last = self.automaton.classes[entered][-1] if entered >= 0 else ""
        merged: dict[int, tuple[int, str]] = {}
        for chars, each, target, times, after in self._parts(left, state, run + 1, slot, last):
            following = (target * self._runs + times - 1) * self._needs.slots + after
            others = merged.get(following, (0, ""))[1]
            merged[following] = each, others + chars * (times == 1)
        parts = [(each * (len(chars) or 1), chars, following) for following, (each, chars) in merged.items()]
        step = self._steps[key] = _Step(parts)
        return step

    @cached_property
    def _class_ends(self) -> dict[str, str]:
        return {char: chars[-1] for chars in self.automaton.classes for char in chars}
