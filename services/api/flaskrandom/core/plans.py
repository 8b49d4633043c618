"""Plans: the figures of a spec, computed once, and its values on demand."""

from collections.abc import Iterable, Iterator, Sequence
from math import log2
from typing import TYPE_CHECKING, Generic

from . import collisions, integers, passphrases, strings, tokens, uuids, without_replacement
from .errors import Impossible, Invalid, NoSeriesKey, TooComplex, refuse, unprintable
from .formats import CSV, NDJSON, Text, json_array
from .samplers import Source, Value
from .specs import MAX_CODES, IntegerSpec, Limits, Spec, StringSpec, TokenSpec, UUIDSpec
from .spreadsheets import XLSX

if TYPE_CHECKING:
    from .series import FF1, Shuffle

FORMATS: dict[str, type[Text]] = {"text": Text, "ndjson": NDJSON, "csv": CSV, "xlsx": XLSX}

FIRST_CHUNK = 1 << 12
"""Maximum size of a stream's first chunk in bytes, without its header: small, for a short time to first byte."""

CHUNK = 1 << 17
"""Maximum size of all later chunks, in bytes."""

MOST_RANKED = 1 << 24
"""Most values of a set that is shuffled as a whole, at 4 bytes each."""

MOST_ORDERED = 1_000_000
"""Most microseconds, on a common CPU, that the values of a series may take in one answer."""

_DEFAULT_LIMITS = Limits()


class Plan(Generic[Value]):
    """The values that a spec allows: their number, their entropy, and draws.

    A plan keeps no random data.
    """

    def __init__(self, spec: Spec, source: Source[Value], series_key: bytes | None = None):
        self.count = spec.count
        self.unique = getattr(spec, "unique", False)
        #: The number of the first code of a series.
        self.offset: int = getattr(spec, "offset", 0)
        #: The exact number of possible values.
        self.size = source.size
        #: log2 of ``size``: the entropy of one value, in bits.
        self.entropy_bits = log2(self.size)
        self._source: Source[Value] = source
        self._permutation: Shuffle | FF1 | None = None
        name = getattr(spec, "series", None)
        if name is not None:
            self._check_series()
            if series_key is None:
                message = "this server has no key for series; its operator can set SERIES_KEY_FILE"
                raise NoSeriesKey([("series", message)])
            # Imported here: without series, each process is 7 MB smaller.
            from . import series

            self._permutation = series.order(series_key, name, source.definition, source.size)
        elif self.unique:
            self._check_unique()
        #: The number of codes in the series; None without a series.
        self.codes = min(self.size, MAX_CODES) if self._permutation else None
        # Callers may add fields to a spec.
        if getattr(spec, "format", None) == "xlsx":
            XLSX(source).check(spec.count)

    def _check_unique(self) -> None:
        if self.count > self.size:
            message = f"{self.count} different values are asked for, but there are only {self.size}"
            raise Impossible([("unique", message), ("count", message)])
        if without_replacement.is_dense(self.count, self.size) and self.size > MOST_RANKED:
            most = self.size * 3 // 4
            message = f"too many of the possible values; at most {most} are accepted under these constraints"
            raise TooComplex([("unique", message), ("count", message)])

    def _check_series(self) -> None:
        codes, start = min(self.size, MAX_CODES), self.offset
        if start + self.count > codes:
            message = f"the series has {codes} values, of which {max(0, codes - start)} are left from offset {start} on"
            raise Impossible([("offset", message), ("count", message)])
        self._most_at_once = max(1, int(MOST_ORDERED / max(1, self._source.order_time)))

    def numbers(self, values: Sequence[Value]) -> list[int | None]:
        """Return the number of each value in the series; None for a value outside the set or beyond the last code."""
        if self._permutation is None:
            raise ValueError("the plan has no series")
        ranks = [self._rank(value) for value in values]
        found = iter(self._permutation.invert([rank for rank in ranks if rank is not None]))
        numbers = [None if rank is None else next(found) for rank in ranks]
        return [None if number is None or number >= MAX_CODES else number for number in numbers]

    def _rank(self, value: Value) -> int | None:
        try:
            return self._source.rank(value)
        except ValueError:
            return None

    def collision_probability(self, count: int | None = None) -> float:
        """The chance that ``count`` values are not all different; 0.0 when they always are."""
        if self.unique or self._permutation or self._source.ordered:
            return 0.0
        return collisions.collision_probability(self.size, self.count if count is None else count)

    def draw(self, count: int | None = None) -> list[Value]:
        """Return ``count`` fresh values, or those of a series; raises TooComplex if these would take too long."""
        count = self.count if count is None else count
        if self._permutation and count > self._most_at_once:
            message = (
                "takes too long for a series of such long values, of which an answer may hold at most "
                f"{self._most_at_once}; use a smaller count, a shorter length, or a stream"
            )
            raise TooComplex([("count", message)])
        return next(self._distinct(count, [count])) if self.unique or self._permutation else self._source.rows(count)

    def _distinct(self, count: int, sizes: Iterable[int]) -> Iterator[list[Value]]:
        """Iterate over ``count`` unique values, or those of a series, in lists of these sizes."""
        if self._permutation:
            start = self.offset
            for size in sizes:
                yield self._source.unrank_all(self._permutation.apply(range(start, start + size)))
                start += size
        else:
            yield from without_replacement.draw(self._source, count, sizes)

    def draw_json(self) -> bytes | None:
        """Draw all values as a JSON array; None if encoding a list is as fast."""
        return None if self.unique or self._permutation else json_array(self._source, self.count)

    def memory(self, count: int) -> int:
        """The most bytes that a stream of ``count`` values keeps in memory."""
        return without_replacement.memory(self._source, count) if self.unique and not self._permutation else 0

    def content_length(self, count: int, format: str) -> int | None:
        """Bytes in the whole stream; None when that is not known before they are drawn."""
        return FORMATS[format](self._source).length(count)

    def chunks(self, count: int | None = None, format: str = "text") -> Iterator[bytes]:
        """Iterate over a stream of ``count`` values as bytes, in constant memory.

        ``format`` is text, ndjson, csv or xlsx. The first chunk holds at most 4 KiB, the others at most
        128 KiB, or a single line if that is longer. Unique values are remembered: see :meth:`memory`.
        """
        return (chunk for _, chunk in self.counted_chunks(count, format))

    def counted_chunks(self, count: int | None = None, format: str = "text") -> Iterator[tuple[int, bytes]]:
        """Iterate over the same chunks, each with the number of values in it."""
        count = self.count if count is None else count
        form = FORMATS[format](self._source)
        sizes = _sizes(count, form.line_span[1])
        if self.unique or self._permutation:
            return form.file((len(values), form.encode(values)) for values in self._distinct(count, sizes))
        return form.file((size, form.draw(size)) for size in sizes)


def _sizes(count: int, line: int) -> Iterator[int]:
    """The number of values in each chunk."""
    size = max(1, FIRST_CHUNK // line)
    while count > 0:
        yield min(size, count)
        count -= size
        size = max(1, CHUNK // line)


AnyPlan = Plan[str] | Plan[int]


def plan(spec: Spec, limits: Limits = _DEFAULT_LIMITS, series_key: bytes | None = None) -> AnyPlan:
    """Make the plan for a spec, without drawing values.

    Args:
        spec: the request. msgspec has checked each field against its annotation.
        limits: the caller's limits.
        series_key: the secret key of all series.

    Raises:
        Invalid: fields contradict each other, or hold what their types cannot exclude.
        Impossible: no value, or too few, can meet the constraints.
        TooComplex: counting or drawing would cost too much.
        NoSeriesKey: a series is requested, but there is no key.
    """
    name = getattr(spec, "series", None)
    if name is not None:
        refuse(unprintable("series", name))
    elif getattr(spec, "offset", 0):
        raise Invalid([("offset", "works only with series")])
    # Callers may add fields to a spec.
    if isinstance(spec, StringSpec):
        return Plan(spec, strings.source(spec, limits), series_key)
    if isinstance(spec, TokenSpec):
        return Plan(spec, tokens.source(spec, limits), series_key)
    if isinstance(spec, UUIDSpec):
        return Plan(spec, uuids.source(spec, limits), series_key)
    if isinstance(spec, IntegerSpec):
        return Plan(spec, integers.source(spec, limits), series_key)
    return Plan(spec, passphrases.source(spec, limits), series_key)
