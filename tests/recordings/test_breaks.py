"""Breaks: parts of one recording, their times, and how recordings were read."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import HMMSegmenter
from skl_tot.io import segments
from skl_tot.preprocessing import FramewiseTransformer
from skl_tot.recordings import Recordings, read_recordings

RNG = np.random.default_rng(0)
CLOCK = np.r_[0:2:0.1, 722:724:0.1]  # a break of 12 minutes
LABELS = np.repeat([0, 1, 2], [10, 20, 10])  # action 1 goes on behind the break


def put(path, clock=CLOCK, **more):
    """Write a table with a clock and two features."""
    steps = {"Zeit": clock, "x": LABELS + RNG.normal(size=len(clock)) / 9}
    table = pd.DataFrame(steps | {"y": -steps["x"]} | more)
    table.to_csv(path, index=False)
    return path


def test_parts_are_resampled_by_themselves(tmp_path):
    path = put(tmp_path / "a.csv")
    takes = read_recordings(path, time="Zeit", bridge=60, resample=15)
    times = [np.arange(29) / 15, 722 + np.arange(29) / 15]
    np.testing.assert_allclose(takes.times[0], np.concatenate(times))
    assert takes.breaks[0].tolist() == [29]
    parts = np.split(pd.read_csv(path)["x"], [20])
    clocks = np.split(CLOCK, [20])
    expected = np.concatenate(list(map(np.interp, times, clocks, parts)))
    np.testing.assert_allclose(takes[0]["x"], expected)


@pytest.mark.parametrize("in_pipeline", [False, True])
def test_a_model_reads_like_its_own(tmp_path, in_pipeline):
    path = put(tmp_path / "a.csv", note="ok", who=LABELS)
    options = {"time": "Zeit", "recording_column": None, "bridge": 60}
    with pytest.warns(UserWarning, match=r"\['note'\] hold no numbers"):
        takes = read_recordings(path, without=["who"], **options)
    model = HMMSegmenter(3)
    if in_pipeline:
        model = make_pipeline(FramewiseTransformer(StandardScaler()), model)
    model.fit(takes)
    expected = options | {"reader": "tables", "columns": ["x", "y"], "fps": 10.0}
    assert (model[-1] if in_pipeline else model).read_options_ == expected
    again = read_recordings(path, like=model)
    assert again.read_options == takes.read_options
    pd.testing.assert_frame_equal(again[0], takes[0])
    assert model.predict(again).breaks[0].tolist() == [20]


LIKE = [  # columns that are lost or another clock, options, what the error names
    ({}, {"time": False}, "time (--time) is False, expected 'Zeit'"),
    ({}, {"bridge": 5}, "bridge (--bridge) is 5, expected 60"),
    ({"clock": CLOCK / 2}, {}, "20 frames per second"),
    ({"x": "no"}, {}, "(--only PATTERN) takes other recordings"),
]


@pytest.mark.parametrize(("more", "options", "words"), LIKE)
def test_contradictions_are_errors(tmp_path, more, options, words):
    takes = read_recordings(put(tmp_path / "a.csv"), time="Zeit", bridge=60)
    path = put(tmp_path / "new.csv", more.get("clock", CLOCK))
    lost = [name for name in more if name != "clock"]
    pd.read_csv(path).drop(columns=lost).to_csv(path, index=False)
    with pytest.raises(ValueError, match=re.escape(words)):
        read_recordings(path, like=takes, **options)


def jump(steps, *gaps):
    """A clock of steps, in which some steps, by index, last so many seconds."""
    steps = np.array(steps, dtype=float)
    for at, seconds in gaps:
        steps[at] = seconds
    return np.r_[0, np.cumsum(steps)]


TEN = np.full(60, 0.1)
# clocks, and where they break by themselves
AUTO = {
    "one frame": ([5.0], []),
    "a gap of three frames": ([0, 0.1, 900], [2]),
    "eleven steps": (jump(TEN, (30, 1.1)), [31]),
    "at the last frame": (jump(TEN, (59, 720)), [60]),
    "a gap in jitter": (jump(RNG.uniform(0.05, 0.15, 60), (9, 2)), [10]),
}


@pytest.mark.parametrize("name", AUTO)
def test_breaks_by_themselves(tmp_path, name):
    clock, expected = AUTO[name]
    clock, expected = np.asarray(clock), list(expected)
    labels = np.arange(len(clock)) // 7
    takes = Recordings([labels], fps=10, times=[clock])
    assert takes.breaks[0].tolist() == expected
    assert takes.replace([labels]).breaks[0].tolist() == expected
    assert Recordings([labels], fps=10, times=[clock], breaks=None).breaks is None
    parts = np.split(clock, expected)
    table = segments(takes)
    total = sum(np.ptp(own) + 0.1 for own in parts)
    assert table["duration_time"].sum() == pytest.approx(total)
    assert set(expected) <= set(table["start"])
    if len(clock) < 3:
        return
    table = pd.DataFrame({"time": clock, "x": RNG.normal(size=len(clock))})
    table.to_csv(tmp_path / "a.csv", index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = read_recordings(tmp_path / "a.csv")
        bridged = read_recordings(tmp_path / "a.csv", bridge=np.inf)
        again = read_recordings(tmp_path / "a.csv", resample=2 * read.fps)
    assert read.breaks[0].tolist() == expected
    assert bridged.breaks[0].tolist() == []
    assert len(again.breaks[0]) == len(expected)
    np.testing.assert_allclose(again.times[0][again.breaks[0]], clock[expected])
