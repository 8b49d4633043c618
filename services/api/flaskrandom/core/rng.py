"""Uniform draws from random bytes: symbols, integers, orders. All draws of the core use this module.

Every call takes fresh bytes from the kernel's generator: see :func:`random_bytes`. No generator state
is kept between calls, so neither a fork nor a restored snapshot of a machine can repeat a draw.

Every draw uses rejection sampling: no modulo bias, and no floating point.
"""

from __future__ import annotations

import os
import ssl
from array import array
from collections.abc import Iterable, Iterator, Sequence
from math import isqrt
from typing import TypeVar

Item = TypeVar("Item")

_FROM_KERNEL = 4096
"""Largest request, in bytes, for which the kernel is as fast as a generator that it would have to seed."""

# Large requests are processed in pieces that fit the CPU cache.
_PIECE = 1 << 15

# Most ranks that are shuffled by sorting, in a fifth of the time but with some 200 bytes each.
SORTED = 1 << 14


def random_bytes(count: int) -> bytes:
    """Return ``count`` unpredictable bytes.

    A small number comes straight from the kernel. For a large one, the kernel reseeds OpenSSL's generator
    (CTR_DRBG with AES-256, NIST SP 800-90A) in each call, which is five to ten times as fast.
    """
    if count <= _FROM_KERNEL:
        return os.urandom(count)
    ssl.RAND_add(os.urandom(32), 32.0)
    return ssl.RAND_bytes(count)


class Symbols:
    """Draws from a set of 1 to 256 byte codes, each with the same chance.

    One ``bytes.translate`` maps random bytes below the largest multiple of the set's size to
    symbols, and deletes the others.
    """

    def __init__(self, codes: bytes):
        size = len(codes)
        limit = 256 - 256 % size
        self._limit = limit
        self._table = (codes * (256 // size)).ljust(256, b"\0")
        self._rejected = bytes(range(limit, 256))

    def draw(self, count: int) -> bytes:
        """Return ``count`` independent codes."""
        parts, missing = [], count
        while missing > 0:
            wanted = min(missing, _PIECE)
            raw = wanted * 256 // self._limit + 2 * isqrt(wanted) + 8
            parts.append(random_bytes(raw).translate(self._table, self._rejected)[:wanted])
            missing -= len(parts[-1])
        return b"".join(parts)


class WideSymbols:
    """Draws from 257 to 65,536 strings, two random bytes each, by the same rejection."""

    def __init__(self, items: Sequence[str]):
        size = len(items)
        limit = 65536 - 65536 % size
        self._limit = limit
        # The empty string, which is no item, marks rejected words.
        self._table = [*items] * (65536 // size) + [""] * (65536 - limit)

    def draw(self, count: int) -> list[str]:
        """Return ``count`` independent items."""
        out: list[str] = []
        while len(out) < count:
            out += filter(None, self._some(count - len(out)))
        return out[:count]

    def text(self, count: int) -> str:
        """Return ``count`` independent items of one character each, as one text."""
        parts: list[str] = []
        while count > 0:
            parts.append("".join(self._some(count))[:count])
            count -= len(parts[-1])
        return "".join(parts)

    def _some(self, wanted: int) -> list[str]:
        wanted, table = min(wanted, _PIECE), self._table
        words = array("H", random_bytes(2 * (wanted * 65536 // self._limit + 2 * isqrt(wanted) + 8)))
        return [table[word] for word in words]


def below(bound: int) -> int:
    """Return a uniform integer in ``[0, bound)``; ``bound`` may be of any size."""
    bits = (bound - 1).bit_length()
    size, spare = (bits + 7) // 8, -bits % 8
    while True:
        value = int.from_bytes(random_bytes(size), "little") >> spare
        if value < bound:
            return value


def many_below(bound: int, count: int) -> list[int]:
    """Return ``count`` independent uniform integers in ``[0, bound)``."""
    bits = (bound - 1).bit_length()
    mask = (1 << bits) - 1
    out: list[int] = []
    while len(out) < count:
        missing = count - len(out)
        # At least half of the words pass the test.
        words = _words(bits, (missing << bits) // bound + 2 * isqrt(missing) + 8)
        out += [value for word in words if (value := word & mask) < bound][:missing]
    return out


def _words(bits: int, count: int) -> Iterable[int]:
    """Random integers of at least this many bits."""
    for code in "BHIQ":
        if bits <= 8 * (size := array(code).itemsize):
            return array(code, random_bytes(size * count))
    size = (bits + 7) // 8
    raw = random_bytes(size * count)
    return (int.from_bytes(raw[start : start + size], "little") for start in range(0, len(raw), size))


def shuffled(items: Iterable[Item]) -> list[Item]:
    """Return the items in an order drawn uniformly from all orders.

    Each item gets a 64-bit random key and the keys are sorted. Two equal keys would favour
    some orders, so then all keys are drawn again.
    """
    items = list(items)
    while True:
        keys = memoryview(random_bytes(8 * len(items))).cast("Q").tolist()
        keyed = dict(zip(keys, items, strict=True))
        if len(keyed) == len(items):
            return [keyed[key] for key in sorted(keyed)]


def ranks_in_random_order(size: int) -> Iterator[int]:
    """Iterate over ``range(size)`` in an order drawn uniformly, in 4 bytes a rank once there are many."""
    if size <= SORTED:
        return iter(shuffled(range(size)))
    return _fisher_yates(array("I", range(size)))


def _fisher_yates(ranks: array[int]) -> Iterator[int]:
    for done, rank in enumerate(ranks):
        chosen = done + below(len(ranks) - done)
        # ``rank`` was read before this step, and no later step reaches back to it.
        yield ranks[chosen]
        ranks[chosen] = rank
