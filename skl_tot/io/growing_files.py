"""Growing tables: files that are still written, and pipes."""

import csv
import os
import re
import time
from typing import Any

import numpy as np

from skl_tot.recordings import clocks
from skl_tot.recordings.disk import find_separator
from skl_tot.recordings.errors import one_line, refuse, short_repr
from skl_tot.recordings.text_tables import is_comment

# Bytes per read, and seconds between two looks at a file.
CHUNK_BYTES, WAIT = 2**18, 0.1
# Frames needed to estimate the rate from a clock.
N_TIMED = 20


def read_lines(file, name, *, follow=False):
    """Yield batches of whole lines from a binary file or a pipe."""
    begun = b""  # line whose end is still missing
    while True:
        chunk = file.read1(CHUNK_BYTES)
        if chunk:
            *whole, begun = (begun + chunk).split(b"\n")
            yield _as_text(whole, name)
        elif not follow:
            break
        elif os.fstat(file.fileno()).st_size < file.tell():  # lines would be missed
            problem = f"{one_line(name)} became shorter"
            raise ValueError(f"{problem}, expected one that grows.")
        else:
            time.sleep(WAIT)
    yield _as_text([begun], name)


def _as_text(lines, name):
    try:
        return [line.decode("utf-8-sig").rstrip("\r") for line in lines]
    except UnicodeDecodeError:
        raise ValueError(f"{one_line(name)} is no text in UTF-8.") from None


class GrowingTable:
    """Frames from the lines of a table with a header line."""

    # ``others``: number of the header's line, and start of lines that are no rows

    def __init__(
        self, name, n_features, columns=None, fps=None, clock=None, others=(None, None)
    ):
        self.name, self.n_features, self.columns = one_line(name), n_features, columns
        self.fps, self.clock, self.times = fps, clock, []
        self.first: Any = None
        self.start = clocks.NO_DATE  # of time 0
        self.header_line, self.comment = others
        self.header: Any = None
        self.places, self.separator = [], ","
        self.n_lines = 0

    @property
    def has_dates(self):
        """Whether times are dates; unknown before the first rows."""
        return not np.isnat(self.start)

    def read(self, lines):
        """Read frames (n_frames, n_features) from whole lines."""
        rows = []
        for line in lines:
            self.n_lines += 1
            is_other = self.n_lines < (self.header_line or 1)
            if self.n_lines != self.header_line:
                is_other |= is_comment(line, self.comment)
            if not line.strip() or is_other:
                continue
            if self.header is None:
                self._read_header(line)
                continue
            cells = self._cells(line)
            if len(cells) != len(self.header):
                where = f"{self.name}, line {self.n_lines}: the number of cells"
                refuse(where, len(cells), len(self.header))
            rows.append(cells)
        if self.clock and rows:
            place = self.header.index(self.clock)
            times = [cells[place] for cells in rows]
            if self.separator != ",":  # decimal commas
                times = [re.sub(r"(\d),(\d)", r"\1.\2", cell) for cell in times]
            self._read_times(times)
        frames = [[self._number(cells[k], k) for k in self.places] for cells in rows]
        return np.array(frames).reshape(len(frames), self.n_features)

    def _read_header(self, line):
        try:
            self.separator = find_separator(line)
        except ValueError as error:
            where = f"{self.name}, line {self.n_lines}"
            raise ValueError(f"{where}: {error}") from error
        self.header = [name.strip() for name in self._cells(line)]
        columns = self.columns
        if columns is None:
            columns = [name for name in self.header if not clocks.is_clock(name)]
        columns = [self._find(name, columns) for name in columns]
        for name in columns:
            if self.header.count(name) != 1:
                problem = f"{self.header.count(name)} columns called {name!r}"
                self._refuse(problem, f"one, among {short_repr(self.header)}")
        if len(columns) != self.n_features:
            expected = f"{self.n_features}, as in the fit; name them by --columns"
            self._refuse(f"the columns {short_repr(columns)}", expected)
        self.places = [self.header.index(name) for name in columns]
        if self.clock is None:
            others = [name for name in self.header if name not in columns]
            self.clock = next(filter(clocks.is_clock, others), False)
        if self.clock and self.header.count(self.clock) != 1:
            problem = f"{self.name} has no column {self.clock!r} to be its clock, as in"
            raise ValueError(f"{problem} the recordings of the model.")

    def _find(self, name, columns):
        """Name in the header, or its end there, if no other column ends so."""

        def names_ending_in(end):
            return [column for column in columns if f" {column}".endswith(f" {end}")]

        ends = [end for end in self.header if names_ending_in(end) == [name]]
        return name if name in self.header or len(ends) != 1 else ends[0]

    def _refuse(self, problem, expected):
        raise ValueError(f"{self.name} has {problem}, expected {expected}.")

    def _read_times(self, cells):
        self.first = cells[0] if self.first is None else self.first
        n_known = len(self.times)
        try:
            # dates count from the first one
            unit = clocks.unit_of(self.clock)
            times, self.start = clocks.read_cells([self.first, *cells], unit)
            self.times += times[1:]
        except ValueError as error:
            where = f"{self.name}, up to line {self.n_lines}: the clock {self.clock!r}"
            raise ValueError(f"{where} cannot be read: {error}") from None
        if not (np.diff(self.times[max(0, n_known - 1) :]) > 0).all():
            clock = f"the clock {self.clock!r} of {self.name}"
            raise ValueError(f"{clock} does not go forward.")
        is_rated = n_known < N_TIMED <= len(self.times)
        rate = clocks.rate_of(np.array(self.times)) if is_rated else None
        if not clocks.is_same(rate, self.fps):
            problem = f"{rate:g} frames per second by its column {self.clock!r}"
            self._refuse(problem, f"{self.fps:g}, as in the fit; resample it before")

    def _number(self, cell, place):
        try:
            if "_" in cell:  # Python accepts 1_000
                raise ValueError
            return float(cell if self.separator == "," else cell.replace(",", "."))
        except ValueError:
            where = f"{self.name}, line {self.n_lines}: column {self.header[place]!r}"
            problem = f"{where} holds {short_repr(cell)}"
            raise ValueError(f"{problem}, expected a number.") from None

    def _cells(self, line):
        try:
            return next(csv.reader([line], delimiter=self.separator))
        except csv.Error as error:  # a cell of many characters
            where = f"{self.name}, line {self.n_lines}"
            raise ValueError(f"{where} has no cells of a table: {error}.") from error
