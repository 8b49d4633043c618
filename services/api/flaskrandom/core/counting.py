"""Exact counting: how many strings meet the constraints.

Characters of a class are interchangeable, so only class sizes matter. Minimums are counted by
inclusion and exclusion over the classes that fall short; limited runs by their generating
function. Both meet in one sum, so a minimum and a run limit can be asked for together.

For runs of at most r, put h(x) = (x - x^(r+1)) / (1 - x^(r+1)); without a limit h(x) = x. Words with
no longer run are counted by 1 / (1 - sum of K_c h(x)): "blocks" of signed weight follow each other
freely (Goulden and Jackson, Combinatorial Enumeration, 2.4: Smirnov words). With the classes that
fall short written apart as D(b, j) (b of their blocks, j characters), the others fill the b + 1
gaps, each gap being counted by B = 1 / (1 - K h(x)).
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from math import comb

# How classes fall short: by blocks and characters, the ways, and those weighted by blocks that may stand first.
Ways = dict[tuple[int, int], tuple[int, int]]


def count(
    length: int,
    sizes: Sequence[int],
    minimums: Sequence[int],
    run: int | None = None,
    first: frozenset[int] | None = None,
) -> int:
    """Return the number of strings of ``length`` characters over disjoint classes.

    ``sizes`` and ``minimums`` go class by class; ``run`` is the longest run of one character
    allowed (None: any); ``first`` is the set of class indexes allowed in the first place
    (None: any).
    """
    if run is not None and run >= length:
        run = None
    if first is not None and (length == 0 or len(first) == len(sizes)):
        first = None
    # All but this many positions are free whichever classes fall short.
    short_at_most = sum(minimum - 1 for minimum in minimums if minimum)
    gaps = partial(_free_gaps, max(0, length - short_at_most)) if run is None else _limited_gaps(run)
    signs = _block_signs(run, max(minimums, default=0))

    def short(index: int) -> Ways:
        """The ways class ``index`` can fall short: {(blocks, characters): (ways, first-weighted ways)}."""
        favoured = first is not None and index in first
        ways: Ways = {}
        row, weight = {0: 1}, 1
        for blocks in range(minimums[index]):
            for chars, sign in row.items():
                ways[blocks, chars] = (weight * sign, weight * sign * blocks if favoured else 0)
            row, weight = _times(row, signs, minimums[index]), weight * sizes[index]
        return ways

    def total(index: int, ways: Ways, others: int, others_first: int, sign: int) -> int:
        """Sum over the choices for the classes from ``index`` on: fell short, or not looked at."""
        if index == len(sizes):
            return sign * gaps(length, others, others_first, ways, first is not None)
        free_first = others_first + (sizes[index] if first is not None and index in first else 0)
        result = total(index + 1, ways, others + sizes[index], free_first, sign)
        if minimums[index]:
            merged = _interleaved(ways, short(index), length)
            result += total(index + 1, merged, others, others_first, -sign)
        return result

    return total(0, {(0, 0): (1, 0)}, 0, 0, 1)


@lru_cache(maxsize=8)
def binomials(length: int, most: int) -> list[int]:
    """Return C(length, 0) to C(length, most)."""
    row = [1]
    for chosen in range(most):
        row.append(row[-1] * (length - chosen) // (chosen + 1))
    return row


@lru_cache(maxsize=32)
def _odd_power(base: int, exponent: int) -> int:
    power: int = base**exponent
    return power


def power(base: int, exponent: int) -> int:
    """``base ** exponent``, quickly: twos are a shift, and what is left recurs (26 and 52, 10 and 40)."""
    twos = (base & -base).bit_length() - 1 if base else 0
    return _odd_power(base >> twos, exponent) << twos * exponent


def run_limited(size: int, length: int, run: int) -> list[int]:
    """Return the numbers of strings of 0, 1, ... ``length`` characters with no longer run, as a list."""
    numbers = [size**shorter for shorter in range(min(length, run) + 1)]
    if length > run:
        numbers.append(size ** (run + 1) - size)
    # Any character after a shorter string, but not those that would make a run of run + 1.
    less = size - 1
    for after in range(1, length - run):
        numbers.append(size * numbers[-1] - less * numbers[after])
    return numbers


def cost(length: int, minimums: Sequence[int], run: int | None = None) -> int:
    """Estimate the work of :func:`count` in small steps, some 0.2 microseconds each."""
    limited = run is not None and run < length
    needed = [minimum for minimum in minimums if minimum]
    merging, entries = 0, [1]
    for minimum in needed:
        # Where a class alone can break the run limit, its blocks and characters differ in number.
        own = minimum * (minimum - 1) // 2 + 1 if run is not None and limited and run + 1 < minimum else minimum
        merging += own * sum(entries)
        entries += [entry + own - 1 for entry in entries]
    subsets, short = 1 << len(needed), sum(needed) - len(needed)
    if not limited:
        # A power with ``length`` for each subset, then a term for each entry.
        return merging + subsets * (20 + length // 24 + short * (60 + short) // 40)
    # A row of ``length`` ever larger numbers for each number of blocks that fall short.
    return 2 * merging + (subsets + subsets * short // 2) * length * (300 + length) // 300


def _block_signs(run: int | None, limit: int) -> dict[int, int]:
    """The coefficients of h(x) below x^limit, without the zeros: {exponent: 1 or -1}."""
    if run is None:
        return {1: 1}
    signs = {}
    for start in range(0, limit, run + 1):
        if start:
            signs[start] = -1
        signs[start + 1] = 1
    return {size: sign for size, sign in signs.items() if size < limit}


def _times(row: dict[int, int], signs: dict[int, int], limit: int) -> dict[int, int]:
    product: dict[int, int] = {}
    for chars, value in row.items():
        for size, sign in signs.items():
            if chars + size < limit:
                product[chars + size] = product.get(chars + size, 0) + value * sign
    return product


def _interleaved(left: Ways, right: Ways, length: int) -> Ways:
    """Both classes fall short at once: their blocks interleave in every order."""
    merged: Ways = {}
    for (blocks1, chars1), (ways1, first1) in left.items():
        for (blocks2, chars2), (ways2, first2) in right.items():
            key = blocks1 + blocks2, chars1 + chars2
            if key[1] <= length:
                orders = comb(key[0], blocks1)
                ways, first = merged.get(key, (0, 0))
                merged[key] = (
                    ways + orders * ways1 * ways2,
                    first + orders * (first1 * ways2 + ways1 * first2),
                )
    return merged


def _free_gaps(common: int, length: int, size: int, size_first: int, ways: Ways, only_first: bool) -> int:
    """Sum of D(b, j) times the fillings of the gaps, no run limit: C(n, j) K^(n-j)."""
    most = max(chars for _, chars in ways)
    # Of all positions, or, when the first belongs to one of the others, of those after it.
    choices = binomials(length - only_first, most)
    factor, at = 1, most
    plain_sum = first_sum = 0
    for (_, chars), (plain, weighted) in sorted(ways.items(), key=lambda item: -item[0][1]):
        factor *= size ** (at - chars)
        at = chars
        plain_sum += plain * choices[chars] * factor
        if weighted:
            # The first character is one of a short class's, in the share its blocks have of all.
            first_sum += weighted // chars * choices[chars - 1] * factor
    # The large power has one exponent for all subsets, so that those of one size share it.
    scale: int = power(size, common) * size ** (length - most - common)
    if only_first:
        plain_sum = plain_sum * size_first * scale // size if size else 0
        return plain_sum + first_sum * scale
    return plain_sum * scale


@lru_cache(maxsize=16)
def _limited_gaps(run: int) -> Callable[[int, int, int, Ways, bool], int]:
    """The same with runs of at most ``run``: coefficients of powers of B by their recurrence."""

    def gaps(length: int, size: int, size_first: int, ways: Ways, only_first: bool) -> int:
        by_blocks: dict[int, list[tuple[int, tuple[int, int]]]] = {}
        for (blocks, chars), value in ways.items():
            by_blocks.setdefault(blocks, []).append((chars, value))
        result, row = 0, [1] + [0] * length
        for blocks in range(max(by_blocks) + 1):
            before, row = row, _next_row(row, size, run)
            for chars, (plain, weighted) in by_blocks.get(blocks, ()):
                rest = length - chars
                if not only_first:
                    result += plain * row[rest]
                    continue
                if size:
                    result += plain * ((row[rest] - before[rest]) // size * size_first)
                if blocks:
                    result += weighted // blocks * before[rest]
        return result

    return gaps


def _next_row(row: list[int], size: int, run: int) -> list[int]:
    """Multiply a power series by B = (1 - x^(r+1)) / (1 - K x + (K-1) x^(r+1))."""
    out: list[int] = []
    step, less = run + 1, size - 1
    for index, value in enumerate(row):
        if index:
            value += size * out[index - 1]
            if index >= step:
                value -= row[index - step] + less * out[index - step]
        out.append(value)
    return out
