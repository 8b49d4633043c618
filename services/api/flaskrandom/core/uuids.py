"""UUIDs of RFC 9562: version 4, all random; version 7, ordered by time."""

import time
from functools import cached_property, lru_cache

from .checks import check_range, is_int
from .errors import Problems
from .formats import Text
from .masks import HEX_LOWER
from .samplers import Product
from .specs import Limits, UUIDSpec

_VARIANT = "89ab"


def check(spec: UUIDSpec, limits: Limits, problems: Problems) -> None:
    check_range("count", spec.count, 1, limits.max_count, problems)
    if not is_int(spec.version) or spec.version not in (4, 7):
        problems.add("version", "must be 4 or 7")


def source(spec: UUIDSpec, limits: Limits) -> Product:
    return _random() if spec.version == 4 else Ordered()


def _places(mask: str) -> list[str]:
    return [{"x": HEX_LOWER, "v": _VARIANT}.get(char, char) for char in mask]


@lru_cache(maxsize=1)
def _random() -> Product:
    """Version 4 (RFC 9562, 5.4): 122 random bits."""
    return Product(_places("xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx"))


class Ordered(Product):
    """Version 7 (RFC 9562, 5.7): 48 bits of milliseconds since 1970, then 74 random bits.

    All values of one batch carry the time of its making and are put in ascending order; a later
    batch of the same source carries a later time, by a millisecond at least. So an answer or a stream
    ascends throughout. The price: a stream that makes batches faster than one in a millisecond runs
    ahead of the clock by the difference. A batch is some 3,500 values (the first one some 110), so that
    is 1 ms or so at most below 3.5 million values a second, more than one thread makes; at four million
    it would be an eighth of a second for each second that the stream lasts. RFC 9562, 6.2, allows it.
    ``size`` counts the random part only: the time is no secret.
    """

    ordered = True

    def __init__(self) -> None:
        super().__init__(_places("tttttttt-tttt-7xxx-vxxx-xxxxxxxxxxxx"))
        self._last = 0

    @cached_property
    def characters(self) -> frozenset[str]:
        return super().characters.union(HEX_LOWER)

    def _timed(self, count: int) -> list[str]:
        self._last = max(time.time_ns() // 1_000_000, self._last + 1)
        stamp = f"{self._last:012x}"
        head = f"{stamp[:8]}-{stamp[8:]}"
        rows = Product([*head, *self.alphabets[len(head) :]]).rows(count)
        rows.sort()
        return rows

    def rows(self, count: int) -> list[str]:
        return self._timed(count)

    def encoded(self, count: int, form: Text) -> bytes:
        return form.encode(self._timed(count))
