"""Dates: the wall-clock time of recordings and their segments."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import HMMSegmenter
from skl_tot.io import read_table, segments, write_segments
from skl_tot.preprocessing import FramewiseTransformer
from skl_tot.recordings import Recordings, clock_text, read_recordings
from skl_tot.statistics import durations

DAY = np.datetime64("2024-03-04T06:51:08.2", "ms")
VALUES = np.random.default_rng(0).normal(size=8)
# the first date as text, and its wall-clock time
FIRST = [
    ("2024-03-04 06:51:08.2", DAY),
    ("2024-03-04T06:51:08.200+01:00", DAY),
    ("2024-03-04T06:51:08.200Z", DAY),
    ("2024-03-04 06:51:08.200-0530", DAY),
    ("4.3.2024 06:51:08,2", DAY),
    ("24/3/2024 06:51:08.2", DAY + np.timedelta64(20, "D")),
    ("3/4/2024 06:51:08.2", None),  # March or April
    ("3/4/2024 06:51:08 AM", None),
    ("06:51:08.2", None),
    ("1709535068.2", None),  # since 1970, in no time zone
]


def stamps(first):
    """Texts of eight seconds from the first."""
    if first.startswith("17"):
        return [str(float(first) + i) for i in range(8)]
    return [first.replace(":08", f":{8 + i:02}") for i in range(8)]


@pytest.mark.parametrize(("first", "expected"), FIRST)
def test_files(tmp_path, first, expected):
    table = pd.DataFrame({"time": stamps(first), "x": VALUES})
    table.to_csv(tmp_path / "a.csv", index=False, sep=";")
    found = read_recordings(tmp_path / "a.csv")
    assert found.starts is None if expected is None else found.starts[0] == expected
    assert np.ptp(found.times[0]) == pytest.approx(7)


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "UTC", "America/New_York"])
def test_indices_and_columns_of_dates(tmp_path, zone):
    index = pd.date_range(DAY, periods=8, freq="1s", tz=zone, name="time")
    frame = pd.DataFrame({"x": VALUES}, index=index)
    model = HMMSegmenter(2, random_state=0).fit({"a": frame})
    found = segments(model.predict(Recordings([frame], fps=1, starts=[DAY])))
    assert found["start_clock"][0] == "2024-03-04 06:51:08.2"
    frame.reset_index().to_parquet(tmp_path / "a.parquet")
    assert read_recordings(tmp_path / "a.parquet").starts[0] == DAY


def test_a_night_without_an_hour(tmp_path):
    index = pd.date_range("2024-03-31 01:59:50", periods=3, freq="5s", tz="CET")
    table = pd.DataFrame({"time": index.map(str), "x": VALUES[:3]})
    table.to_csv(tmp_path / "a.csv", index=False)
    takes = read_recordings(tmp_path / "a.csv")
    np.testing.assert_allclose(takes.times[0], [0, 5, 10])
    assert takes.starts[0] == np.datetime64("2024-03-31T01:59:50")


def test_starts_go_with_their_recordings(tmp_path):
    for name, day in (("a", "04"), ("b", "05")):
        table = pd.DataFrame({"time": stamps(f"2024-03-{day} 06:51:08"), "x": VALUES})
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    takes = read_recordings(tmp_path, resample=4)
    a, b = takes.starts
    assert b - a == np.timedelta64(1, "D")
    plain = Recordings([takes[0].to_numpy()], ["c"], fps=4, times=takes.times[:1])
    model = make_pipeline(FramewiseTransformer(StandardScaler()), HMMSegmenter(2))
    model.fit(takes)
    for found, expected in (
        (takes[::-1], [b, a]),
        (takes.replace(takes.arrays)[[1]], [b]),
        (np.concatenate([plain, takes[[1]]]), ["NaT", b]),
        (pickle.loads(pickle.dumps(takes)), [a, b]),
        (model.predict(takes), [a, b]),
        (model.predict_proba(takes[[1, 0]]), [b, a]),
    ):
        np.testing.assert_array_equal(found.starts, np.array(expected, "M8[ms]"))
    assert plain.starts is None


NO_STARTS = [
    [5],
    [1.5],
    "x",
    5,
    ["soon"],
    [DAY, DAY],
    [[DAY]],
    [pd.Timestamp(DAY, tz="UTC")],
    ["2024-03-04T06:51+01:00"],
]


@pytest.mark.parametrize("starts", NO_STARTS)
def test_no_starts(starts):
    with pytest.raises((TypeError, ValueError), match=r"starts is .*, expected"):
        Recordings([[0, 1]], starts=starts)


@pytest.mark.parametrize(
    ("seconds", "digits", "expected"),
    [
        (0, 3, "2024-03-04 06:51:08.2"),
        (0.8, 3, "2024-03-04 06:51:09"),
        (-8.2, 3, "2024-03-04 06:51:00"),
        (1 / 30, 3, "2024-03-04 06:51:08.233"),
        (1 / 30, 6, "2024-03-04 06:51:08.233333"),
        (1e-5, 5, "2024-03-04 06:51:08.20001"),
        (51.7996, 3, "2024-03-04 06:52"),
        (0.3, 0, "2024-03-04 06:51:09"),
        (86400.0, 0, "2024-03-05 06:51:08"),
    ],
)
def test_clock_text(seconds, digits, expected):
    expected = expected if len(expected) > 16 else f"{expected}:00"
    assert clock_text(DAY, seconds, digits) == expected
    assert clock_text(np.datetime64("NaT"), seconds, digits) == ""
    assert clock_text(DAY, np.nan, digits) == ""


@pytest.mark.parametrize(("start", "digits"), [("2024-03-04", 3), (DAY, 7), (DAY, 0.5)])
def test_no_clock_text(start, digits):
    words = r"(start|digits) is .*, expected"
    with pytest.raises((TypeError, ValueError), match=words):
        clock_text(start, 0.0, digits)


@pytest.fixture
def table():
    labels = [np.repeat([0, 1, 2], 10), np.repeat([1, 0], 5)]
    return segments(Recordings(labels, ["a", "b"], fps=30, starts=[DAY, "NaT"]))


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_tables_keep_clock_times(table, tmp_path, format):
    clock = table["start_clock"].tolist()
    assert clock == [
        "2024-03-04 06:51:08.2",
        "2024-03-04 06:51:08.533",
        "2024-03-04 06:51:08.867",
        "",
        "",
    ]
    write_segments(table, tmp_path / "a.file", format=format)
    found = read_table(tmp_path / "a.file", format=format)
    assert found["start_clock"].tolist() == clock
    assert found["end_clock"][:2].tolist() == clock[1:3]
    pd.testing.assert_frame_equal(durations(found), durations(table))


@pytest.mark.parametrize("key", ["start_clock", "end_clock"])
@pytest.mark.parametrize("value", ["2024-03-04 06:51:08.6", "soon", "2024-13-01"])
def test_clock_times_that_contradict_seconds(table, key, value):
    expected = durations(table)
    table.loc[1, key] = value
    where = f"Segment 1: the clock time '{value}' contradicts the seconds, as in 1 of 6"
    with pytest.warns(UserWarning, match=re.escape(where)):
        found = durations(table)
    pd.testing.assert_frame_equal(found, expected)


def test_a_table_of_frames_and_clock_times(table):
    frames = table.drop(columns=["start_time", "end_time", "duration_time"])
    assert durations(frames, fps=30)["total"].sum() == pytest.approx(4 / 3)
