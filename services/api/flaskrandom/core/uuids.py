"""UUIDs of RFC 9562: version 4, all random; version 7, ordered by time."""

import time
from collections.abc import MutableSequence

from .masks import HEX_LOWER
from .samplers import Product
from .specs import Limits, UUIDSpec

# Version 7: a counter of 12 bits distinguishes and orders values with the same timestamp.
_COUNTER = 1 << 12
_COUNTER_PLACE = 15
# For each digit of the counter its characters in all values of a batch.
_COUNTERS = [b"".join(char.encode() * 16 ** (2 - place) for char in HEX_LOWER) * 16**place for place in range(3)]


def source(spec: UUIDSpec, limits: Limits) -> Product:
    """Return the source for a spec."""
    return _RANDOM if spec.version == 4 else Ordered()


def _places(mask: str) -> list[str]:
    return [{"x": HEX_LOWER, "v": "89ab"}.get(char, char) for char in mask]


# Version 4 (RFC 9562, 5.4): 122 random bits.
_RANDOM = Product(_places("xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx"))


class Ordered(Product):
    """Version 7 (RFC 9562, 5.7): 48 bits of milliseconds since 1970, a counter of 12 bits, 62 random bits.

    The counter is rand_a (6.2, method 1). It starts at 0 in each batch, and each batch of a source has a time at least
    a millisecond later than the last one, so responses and streams ascend. A stream of more than one batch in a
    millisecond runs ahead of the clock, which 6.2 allows. A batch is some 3,500 values, so that is negligible below
    3.5 million values a second.

    ``size`` counts the random bits only: neither the time nor the position in the response is secret.
    """

    ordered = True

    def __init__(self) -> None:
        super().__init__(_places("00000000-0000-7000-vxxx-xxxxxxxxxxxx"))
        self._last = 0

    def _fill(self, buffer: MutableSequence[int], count: int, start: int, stride: int) -> None:
        super()._fill(buffer, count, start, stride)
        for done in range(0, count, _COUNTER):
            self._last = max(time.time_ns() // 1_000_000, self._last + 1)
            size, stamp = min(_COUNTER, count - done), f"{self._last:012x}"
            begin, end = start + done * stride, (done + size) * stride
            for place, char in enumerate(f"{stamp[:8]}-{stamp[8:]}", begin):
                buffer[place:end:stride] = char.encode() * size
            for place, digits in enumerate(_COUNTERS, begin + _COUNTER_PLACE):
                buffer[place:end:stride] = digits[:size]
