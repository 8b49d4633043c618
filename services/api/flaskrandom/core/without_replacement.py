"""Values drawn without repeats, at any density, in random order.

Sparse (at most three quarters of the set): draw, and reject values already seen. The next value is
then uniform over the rest, as drawing without replacement requires. It takes less than two draws a
value on average.

Dense: shuffle the ranks of all values, and take the first ones. No draw is rejected, so all 10,000
four-digit codes cost 10,000 steps.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from . import rng
from .samplers import Source, Value

# Most bytes of values that are kept in a plain set.
_EXACT_MEMORY = 1 << 22

# Beyond, 16 to 32 bits a value: 2 to 4 MiB for a million. Up to _FEW values, for which these bits may
# be too few, are kept in a set whatever their length.
_BITS_EACH = 16
_FEW = 256

# Most bytes of a value besides its characters: the object and its entries in set, lists and dictionaries.
_EACH = 300


def draw(source: Source[Value], count: int, sizes: Iterable[int]) -> Iterator[list[Value]]:
    """Yield lists, as long as ``sizes`` says, of ``count`` different values in random order.

    ``sizes`` is an iterable of batch sizes that add up to ``count``, at most ``source.size``.
    """
    if is_dense(count, source.size):
        ranks = rng.ranks_in_random_order(source.size)
        for size in sizes:
            yield source.unrank_all(islice(ranks, size))
        return
    seen = Seen() if _is_exact(source, count) else Fingerprints(count)
    for size in sizes:
        batch: list[Value] = []
        while len(batch) < size:
            batch += seen.new_among(source.rows(size - len(batch)))
        yield batch


def memory(source: Source[Value], count: int) -> int:
    """The most bytes that a draw of ``count`` values keeps in memory.

    The returned values and the current batch come on top.
    """
    if is_dense(count, source.size):
        # A list of few ranks is sorted; many ranks are an array.
        return (4 if source.size > rng.SORTED else _EACH) * source.size
    # A map of bits is rounded up to a power of two.
    return count * _each(source) if _is_exact(source, count) else 4 * count + 1024


def _each(source: Source[Value]) -> int:
    """The most bytes that a set needs for one of the values."""
    highest = ord(max(source.characters, default=""))
    return _EACH + source.span(lambda _: 1)[1] * (1 if highest < 0x100 else 2 if highest < 0x10000 else 4)


def _is_exact(source: Source[Value], count: int) -> bool:
    """Whether a set keeps the values themselves, instead of a bit for each."""
    return count <= _FEW or count * _each(source) <= _EXACT_MEMORY


def is_dense(count: int, size: int) -> bool:
    """Whether to shuffle all values instead of rejecting those already seen."""
    return 4 * count > 3 * size


class Seen(set[object]):
    """Remembers values themselves."""

    def new_among(self, values: Iterable[Value]) -> list[Value]:
        """Return the values not seen before, each once, and remember them."""
        new = [value for value in dict.fromkeys(values) if value not in self]
        self.update(new)
        return new


class Fingerprints:
    """Remembers each value by one bit of a bitmap, at a place given by a keyed hash.

    At most one new value in sixteen is mistaken for one already seen and left out.
    That favours no value: the key is secret, random and fresh for each answer, so exchanging any two
    values of the set changes no probability, and every sequence of different values is equally
    likely. (Exactly so for an ideal keyed hash. Here it is the interpreter's SipHash, whose own key is
    drawn at its start, of a fresh 128-bit key and the value.)
    """

    def __init__(self, count: int):
        self._mask = (1 << (_BITS_EACH * count - 1).bit_length()) - 1
        self._bits = bytearray((self._mask + 1) >> 3)
        self._key = rng.random_bytes(16).hex()

    def new_among(self, values: Iterable[Value]) -> list[Value]:
        """Return the values not seen before, each once, and remember them."""
        mask, bits, key = self._mask, self._bits, self._key
        new = []
        for value in values:
            place = hash(f"{key}{value}") & mask
            at, bit = place >> 3, 1 << (place & 7)
            if not bits[at] & bit:
                bits[at] |= bit
                new.append(value)
        return new
