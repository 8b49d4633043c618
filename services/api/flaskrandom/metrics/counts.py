"""Counts of all workers, in memory that they share.

Every worker has a row of 64-bit numbers in one file of a tmpfs. To count is to add to one's own row; whoever is
asked for the totals adds up the rows. A row is a worker's own as long as it holds the row's lock, which the kernel
takes back however the worker ends; a later worker goes on with the row and what is in it. So nothing that was
counted is lost, and the file never has more rows than there were workers at once.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from zlib import crc32

from .families import Counter, Family, Gauge

NUMBER = 8  # bytes

if TYPE_CHECKING:
    Row = memoryview[float]


class Counts:
    """The rows, of which one is this process's own. Until `share` is called there is no other."""

    def __init__(self, families: Sequence[Family], programs: Sequence[str] = ()) -> None:
        """
        Args:
            families: all that will be counted.
            programs: the names that a worker may share its row under.
        """
        self.workers = Gauge("flaskrandom_workers", "Gunicorn workers that are up.", program=programs)
        self.starts = Counter(
            "flaskrandom_worker_starts_total", "Gunicorn workers that were started.", program=programs
        )
        self.deaths = Counter(
            "flaskrandom_worker_deaths_total",
            "Gunicorn workers that ended without being asked to: killed, out of memory, crashed or timed out.",
            program=programs,
        )
        self.families = (*families, self.workers, self.starts, self.deaths)
        columns = 0
        for family in self.families:
            family.start = columns
            columns += family.columns
        #: Bytes of a row: whole pages, since that is what can be mapped.
        self._stride = -(-columns * NUMBER // mmap.PAGESIZE) * mmap.PAGESIZE
        #: Held while counting: some workers have threads.
        self.lock = Lock()
        self.row = memoryview(bytearray(self._stride)).cast("d")
        self._file: int | None = None
        self._own = 0
        #: What this worker belongs to, once it shares its counts.
        self.program: str | None = None

    @property
    def layout(self) -> int:
        """Differs when the columns mean something else."""
        return crc32(repr([(family.name, family.start, family.columns) for family in self.families]).encode())

    def share(self, folder: Path, program: str) -> None:
        """From now on, count in a row that other workers of any program can read.

        Raises:
            OSError: the file cannot be made or is full; counting goes on in this process's own memory.
        """
        self.program = program
        self._file = os.open(folder / f"flaskrandom-metrics-{self.layout:08x}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._own = next(row for row in count() if self._take(self._file, row))
            # Allocates now: a row that is mapped but cannot be had would end the process when it is touched.
            os.posix_fallocate(self._file, self._own * self._stride, self._stride)
            shared = mmap.mmap(self._file, self._stride, offset=self._own * self._stride)
        except OSError:
            os.close(self._file)
            self._file = None
            raise
        with self.lock:
            self.row = memoryview(shared).cast("d")
            # A row that was free, and yet somebody's: they never left it.
            for alive, died in self._fates():
                if self.row[alive]:
                    self.row[alive] = 0
                    self.row[died] += 1
            self.row[self.workers.column(program)] = 1
            self.row[self.starts.column(program)] += 1

    def leave(self) -> None:
        """This worker ends as it was asked to: its row is free, and its end no death."""
        if self.program is not None:
            self.row[self.workers.column(self.program)] = 0

    def add(self, column: int, amount: float = 1) -> None:
        """Count."""
        with self.lock:
            self.row[column] += amount

    def totals(self) -> list[float]:
        """Every column, summed over the rows."""
        with self.lock:
            if self._file is None:
                return list(self.row)
            rows = self._rows(self._file)
            dead = [place for place, row in enumerate(rows) if self._is_dead(self._file, place, row)]
            for place in dead:
                self._bury(self._file, place)
            return [sum(column) for column in zip(*(self._rows(self._file) if dead else rows), strict=True)]

    def lines(self) -> Iterator[str]:
        """All families in Prometheus' text format."""
        totals = self.totals()
        for family in self.families:
            yield from family.lines(totals)

    def _rows(self, file: int) -> list[Row]:
        numbers = memoryview(os.pread(file, os.fstat(file).st_size, 0)).cast("d")
        width = self._stride // NUMBER
        return [numbers[start : start + width] for start in range(0, len(numbers), width)]

    def _take(self, file: int, row: int) -> bool:
        """Take the lock of `row`, unless another process has it."""
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, row)
        except BlockingIOError:
            return False
        return True

    def _is_dead(self, file: int, place: int, row: Row) -> bool:
        """Whether the worker of `row` is gone, with no word; its lock is then held here."""
        if place == self._own or not any(row[alive] for alive, _ in self._fates()):
            return False
        return self._take(file, place)

    def _bury(self, file: int, place: int) -> None:
        """Count the death of the worker whose row this was, and free the row, which is locked here.

        The row is read again: another process may have counted the death between the first look and the lock.

        Written, not mapped: a map has a descriptor of its own, and to close that would give up every lock that
        this process has on the file.
        """
        row = self._rows(file)[place]
        for alive, died in self._fates():
            if row[alive]:
                os.pwrite(file, bytes(NUMBER), place * self._stride + alive * NUMBER)
                self.row[died] += 1
        fcntl.lockf(file, fcntl.LOCK_UN, 1, place)

    def _fates(self) -> Iterator[tuple[int, int]]:
        """For each program the columns of its workers that are up, and of those that died."""
        for place in range(self.workers.columns):
            yield self.workers.start + place, self.deaths.start + place
