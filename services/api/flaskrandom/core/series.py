"""Codes that never repeat: a secret permutation of a set, computed value by value.

A keyed permutation of the ranks 0 to size - 1 gives code number i the rank at place i. Every code of a series then
differs from every other, whenever it is made, and nothing is stored. The permutation is

* up to SHUFFLED values a full shuffle: each rank gets 64 bits of AES-256 in counter mode, and these are sorted. All
  orders are equally likely if the cipher's output is indistinguishable from random bits;
* beyond, FF1 of NIST SP 800-38G (2016), ten Feistel rounds on AES-256, with an empty tweak. Its numeral strings have
  an even number of digits and the least radix that gives them at least `size` values, and at least the 1,000,000 that
  the drafts of Revision 1 demand. Results of `size` or more are encrypted again ("cycle walking": Black and Rogaway,
  Ciphers with Arbitrary Finite Domains, 2002): 15 times on average for the smallest of these sets, and
  from 1,000,000 values on hardly ever.

HKDF (RFC 5869, SHA-256) derives the AES key from the secret key, the series' name, and the set. See docs/vouchers.md.
"""

from __future__ import annotations

import json
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import add, sub
from struct import iter_unpack, unpack
from unicodedata import normalize

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .samplers import Definition

SHUFFLED = 1 << 16
"""Most values that are shuffled as a whole: a tenth of a second at most, once for each series and process."""

FF1_LEAST = 1_000_000
"""Fewest values that FF1 permutes, as the drafts of Revision 1 of SP 800-38G demand."""

_PURPOSE = b"flaskrandom series 1\n"
_ROUNDS = 10
_BLOCK = 16


@lru_cache(maxsize=32)
def order(key: bytes, name: str, definition: Definition, size: int) -> Shuffle | FF1:
    """Return the permutation of the ranks of a set that belongs to a series.

    Args:
        key: the secret key that all series come from.
        name: the name of the series; different names give independent orders.
        definition: the set.
        size: its number of values.
    """
    # The composed and the decomposed form of a letter such as ü give the same name.
    name = normalize("NFC", name)
    # A canonical text of each list: ASCII, no spaces, no floating point.
    text = json.dumps([name, definition, f"{size:x}"], separators=(",", ":"))
    derived = HKDF(SHA256(), length=32, salt=None, info=_PURPOSE + text.encode("ascii")).derive(key)
    return permutation(derived, size)


def permutation(key: bytes, size: int) -> Shuffle | FF1:
    """Return the permutation of range(size) that belongs to an AES-256 key.

    Its ``apply`` returns where each number is sent, ``invert`` the number that is sent to each image.
    """
    if size <= SHUFFLED:
        return Shuffle(key, size)
    least = max(size, FF1_LEAST)
    half = ((least - 1).bit_length() + 31) // 32
    # The smallest radix that gives enough numbers.
    radix = bisect_left(range(1 << 16), least, key=lambda radix: radix ** (2 * half))
    return FF1(key, radix, half, size)


class Shuffle:
    """A full shuffle of a small set, by sorting random keys."""

    def __init__(self, key: bytes, size: int):
        stream = Cipher(algorithms.AES(key), modes.CTR(bytes(_BLOCK))).encryptor()
        while True:
            keys = unpack(f"<{size}Q", stream.update(bytes(8 * size)))
            # Equal keys would favour some orders: draw all again.
            if len(set(keys)) == size:
                break
        self._images = array("H", sorted(range(size), key=keys.__getitem__))
        self._numbers = array("H", bytes(2 * size))
        for number, image in enumerate(self._images):
            self._numbers[image] = number

    def apply(self, numbers: Sequence[int]) -> list[int]:
        return [self._images[number] for number in numbers]

    def invert(self, images: Sequence[int]) -> list[int]:
        return [self._numbers[image] for image in images]


class FF1:
    """FF1 of NIST SP 800-38G on numeral strings of `2 * half` digits, written as numbers; the tweak is empty.

    Many numbers are encrypted together: each round is one call of AES for all of them. With a `size`, a permutation of
    range(size): see above.
    """

    def __init__(self, key: bytes, radix: int, half: int, size: int | None = None):
        self._modulus: int = radix**half
        self._size = self._modulus**2 if size is None else size
        self._width = ((self._modulus - 1).bit_length() + 7) // 8  # b in the standard
        self._output = 4 * ((self._width + 3) // 4) + 4  # d
        # The raw block cipher, on which FF1 builds.
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  # nosec B305
        fixed = b"\1\2\1" + radix.to_bytes(3, "big") + bytes([_ROUNDS, half & 255]) + (2 * half).to_bytes(4, "big")
        # The CBC-MAC of the first block, P, from which the round function continues.
        start = self._cipher.encryptor().update(fixed + bytes(4))
        # The length of Q, which holds zeros, the round number and a half; and Q of each round for a half of 0,
        # combined with that MAC.
        self._length = self._width + 1 + -(self._width + 1) % _BLOCK
        first = int.from_bytes(start, "big") << 8 * (self._length - _BLOCK)
        self._fronts = [first ^ place << 8 * self._width for place in range(_ROUNDS)]

    def apply(self, numbers: Sequence[int]) -> list[int]:
        return self._walked(numbers, lambda left, right: self._rounds(left, right, self._fronts, add))

    def invert(self, images: Sequence[int]) -> list[int]:
        return self._walked(images, lambda left, right: self._rounds(right, left, self._fronts[::-1], sub)[::-1])

    def _walked(
        self, numbers: Sequence[int], rounds: Callable[[list[int], list[int]], Sequence[list[int]]]
    ) -> list[int]:
        """Replace the numbers by their images, and the images outside the set until all are in it."""
        modulus, reached = self._modulus, list(numbers)
        todo: Sequence[int] = range(len(reached))
        while todo:
            given = [reached[place] for place in todo]
            left, right = rounds([number // modulus for number in given], [number % modulus for number in given])
            for place, high, low in zip(todo, left, right, strict=True):
                reached[place] = high * modulus + low
            todo = [place for place in todo if reached[place] >= self._size]
        return reached

    def _rounds(
        self, one: list[int], other: list[int], fronts: list[int], join: Callable[[int, int], int]
    ) -> tuple[list[int], list[int]]:
        """The Feistel rounds; backwards with the halves exchanged and subtraction in place of addition."""
        encrypt, modulus = self._cipher.encryptor().update, self._modulus
        if len(one) == 1 and self._output <= _BLOCK:  # in half the time
            (a,), (b,), unused = one, other, 8 * (_BLOCK - self._output)
            for front in fronts:
                mixed = encrypt((front ^ b).to_bytes(_BLOCK, "big"))
                a, b = b, join(a, int.from_bytes(mixed, "big") >> unused) % modulus
            return [a], [b]
        for front in fronts:
            joined = map(join, one, self._round(encrypt, front, other))
            one, other = other, [number % modulus for number in joined]
        return one, other

    def _round(self, encrypt: Callable[[bytes], bytes], front: int, halves: list[int]) -> Sequence[int]:
        """The round function: a pseudo-random number for each half.

        A CBC-MAC of as many blocks as a half needs, expanded to as many.
        """
        length, output, count = self._length, self._output, len(halves)
        if output == 8:
            low, words = front % 2**64, array("Q", [front >> 64]) * (2 * count)
            words[1::2] = array("Q", [low ^ half for half in halves])
            if sys.byteorder == "little":
                words.byteswap()
            found = array("Q", encrypt(words.tobytes()))[::2]
            if sys.byteorder == "little":
                found.byteswap()
            return found
        texts = [(front ^ half).to_bytes(length, "big") for half in halves]
        if output <= _BLOCK:
            pairs = iter_unpack(">QQ", encrypt(b"".join(texts)))
            return [(high << 64 | low) >> 8 * (_BLOCK - output) for high, low in pairs]
        mixed = bytes(_BLOCK * count)
        for at in range(0, length, _BLOCK):
            mixed = encrypt(_xor(mixed, b"".join([text[at : at + _BLOCK] for text in texts])))
        parts = [mixed]
        for number in range(1, (output + _BLOCK - 1) // _BLOCK):
            parts.append(encrypt(_xor(mixed, number.to_bytes(_BLOCK, "big") * count)))
        blocks = range(0, len(mixed), _BLOCK)
        return [int.from_bytes(b"".join([part[at : at + _BLOCK] for part in parts])[:output], "big") for at in blocks]


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "little") ^ int.from_bytes(other, "little")).to_bytes(len(one), "little")
