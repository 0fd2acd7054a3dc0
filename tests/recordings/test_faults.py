"""Faults of files: what is said of each, and what is done."""

import numpy as np
import pandas as pd
import pytest

from skl_tot.recordings import Recordings, list_faults, read_recordings
from skl_tot.recordings.stops import list_stops, without_stops

N_FILES = 4
ALL = ["x", "y", "z"]
MANY = "4 gaps of up to 2 frames in y"
SHIFTED = "4 gaps of up to 7 frames in x, y"


def empty(rows, columns):
    def change(table):
        table.loc[rows, columns] = np.nan

    return change


def shift(table):
    """Gaps of columns that meet: none of them is as long as all."""
    empty([*range(5, 12), 90, 200, 598], ["y"])(table)
    empty(range(9, 14), ["x"])(table)


def freeze(table):
    table.loc[201:299, ALL] = table.loc[200, ALL].to_numpy(float)


def rest(table):
    table.loc[300:449, ALL] = 0.5 + 0.01 * table.loc[300:449, ALL]


def step(seconds):
    def change(table):
        table.loc[100:, "time"] += seconds

    return change


def widen(table):
    table["w"] = table["x"] ** 2


def coarsen(table):
    table[ALL] = np.repeat(np.sign(table[["x"]]), 3, axis=1)
    table.loc[200:225, ALL] = 1.0


FROZEN, STILL = "frozen: no value changes", "nothing moves"
FAULTS = [  # change of a file, files that have it, and rows: from, to, what, done
    (empty(range(30, 40), ALL), 1, [(3, 4, "10 empty rows", "filled")]),
    (empty(range(30, 90), ALL), 1, [(3, 9, "60 empty rows", "cut out")]),
    (empty(range(5, 10), ["x", "z"]), 1, [(0.5, 1, "empty cells of x, z", "filled")]),
    (empty([5, 6, 90, 200, 598], ["y"]), 1, [(0.5, 59.9, MANY, "filled")]),
    (shift, 1, [(0.5, 59.9, SHIFTED, "filled")]),
    (freeze, 1, [(20.1, 30, FROZEN, "cut out")]),
    (freeze, 2, [(20.1, 30, FROZEN, "left")]),
    (rest, 1, [(30, 45, STILL, "left")]),
    (step(90), 1, [(9.9, 100, "the clock jumps by 90.1 s", "a break")]),
    (step(0.3), 1, [(9.9, 10.3, "1 steps of the clock of up to 0.40 s", "bridged")]),
    (lambda table: table.pop("z"), 1, [(0, 60, "no column z", "left out of all")]),
    (widen, 1, [(0, 60, "column w only here", "left out of all")]),
    (coarsen, 1, []),
]


DONE = {None: ["cut out", "left: no stop of 20 s"], 2: ["cut out"] * 2}
DONE |= {"frozen": ["left: not frozen", "cut out"]}


@pytest.mark.filterwarnings("ignore::skl_tot.recordings.errors.FaultWarning")
@pytest.mark.parametrize(("change", "n_files", "expected"), FAULTS)
def test_each_fault_has_its_row(tmp_path, change, n_files, expected):
    random = np.random.default_rng(0)
    for i in range(N_FILES):
        table = pd.DataFrame(random.normal(size=(600, 3)), columns=ALL)
        table.insert(0, "time", np.arange(600) / 10)
        if i < n_files:
            change(table)
        table.to_csv(tmp_path / f"{i}.csv", index=False)
    faults = list_faults(read_recordings(tmp_path))
    rows = faults[["recording", "start_time", "end_time", "fault", "done"]]
    rows = list(rows.itertuples(index=False, name=None))
    assert rows == [(str(i), *row) for i in range(n_files) for row in expected]


@pytest.mark.parametrize(("pauses", "done"), DONE.items())
def test_what_is_cut_out_by_pauses(pauses, done):
    """A stop of 25 s, and 3 s that are frozen."""
    frames = np.random.default_rng(0).normal(size=(600, 2))
    frames[200:450] = 0.5 + 0.01 * frames[200:450]
    frames[500:530] = frames[499]
    faults = list_faults(Recordings([frames], fps=10), pauses)
    assert faults["done"].tolist() == done
    assert faults.attrs["pauses"] == (pauses or 20)
    assert len(list_faults(frames)) == 1  # stops need a rate


def test_short_stops_beside_long_ones_may_be_steps():
    frames = np.random.default_rng(0).normal(size=(3000, 2))
    for k, n_frames in enumerate([320, 150, 500, 400]):
        frames[600 * k + 50 : 600 * k + 50 + n_frames] = 0.5 + 0.001 * k
    frames += 1e-3 * np.random.default_rng(1).normal(size=frames.shape)
    faults = list_faults(Recordings([frames], fps=10))
    reason = "left: no stop of 22 s"
    assert faults["done"].tolist() == ["cut out", reason, "cut out", "cut out"]
    assert faults.attrs["pauses"] == 22  # between 15 and 32
    clocked = Recordings([frames], fps=10, times=[np.arange(3000) / 10])
    cut = without_stops(clocked, 22)
    assert len(cut.breaks[0]) == 3
    assert len(list_faults(cut)) == 1  # what is cut out is no fault of the clock


def test_the_table_says_what_is_cut_out(monkeypatch):
    """Columns and recordings that are not looked at for stops are read for a cut."""
    monkeypatch.setattr("skl_tot.recordings.faults.MOST_TOLD", 1)
    monkeypatch.setattr("skl_tot.recordings.faults.MOST_RECORDINGS", 1)
    frames = np.random.default_rng(0).normal(size=(3, 600, 2))
    frames[:, 300:450, 0] = 0.5 + 0.01 * frames[:, 300:450, 0]
    frames[2, 300:450, 1] = 0.5
    recordings = Recordings(list(frames), fps=10)
    faults = list_faults(recordings, 10)
    cut = list_stops(without_stops(recordings, 10))
    is_cut = faults["done"] == "cut out"
    assert faults[is_cut][list(cut)].reset_index(drop=True).equals(cut)


def test_a_stop_ends_with_a_long_recording(monkeypatch):
    """One in three frames is looked at, and the last of these ends beyond it."""
    monkeypatch.setattr("skl_tot.recordings.faults.MOST_FRAMES", 300)
    frames = np.random.default_rng(0).normal(size=(601, 2))
    frames[400:] = 0.5 + 0.01 * frames[400:]
    assert list_faults(Recordings([frames], fps=10))["end"].tolist() == [601]
