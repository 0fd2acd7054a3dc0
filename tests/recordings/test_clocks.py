"""Clocks of files: units, dates, gaps and rates, held against pandas and numpy."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from skl_tot.io import read_table, segments, write_segments
from skl_tot.recordings import Recordings, read_recordings
from skl_tot.recordings.clocks import clock_text, read_times
from skl_tot.statistics import durations

RNG = np.random.default_rng(0)
DAY = np.datetime64("2024-03-04T06:51:08.2", "ms")
DATES = pd.date_range(DAY, periods=4, freq="250ms")
X = [1.0, 5, 2, 3]

TIMES = {  # cells, and seconds or None if they are refused
    ("0", "0.5"): [0, 0.5],
    ("06:00:00,090", "06:00:00,123"): [21600.09, 21600.123],
    (None, "00:00:01"): [np.nan, 1],
    (None, "2024-01-01 06:00:00"): [np.nan, np.nan],
    (None, "31.01.2024"): [np.nan, np.nan],
    ("2024-01-01 06:00:00,090", "2024-01-01T06:00:01"): [0, 0.91],
    ("2024-01-31 10:00:00+01:00", "2024-01-31 10:00:00Z"): [0, 3600],
    ("13/02/2024 10:00:00", "13/02/2024 10:00:01,5"): [0, 1.5],
    ("01/02/24 10:00", "01/02/24 10:01"): [0, 60],  # either way
    ("31.01.2024", "01.02.2024 00:00:01"): [0, 86401],
    ("12/31/2024 11:59:59 PM", "01/01/2025 12:00:00 AM"): [0, 1],
    ("01/12/2024 23:59:59", "02/12/2024 00:00:00"): None,  # a day, or a month
    ("24-03-30", "24-03-31"): None,  # a day, or a year
    ("0", "1,040,000"): None,
    ("10:01", "10:02"): None,  # minutes and seconds, or hours and minutes
    ("00:00:01", None, "x"): None,
    ("11:59:59 PM", "11:59:59 PM"): None,
    ("30.02.2024", "01.03.2024"): None,
    (None, "2024-01-01T06:00:00Z", "2024-01-01T06:00:01"): None,  # in one zone
}


@pytest.mark.parametrize(("cells", "seconds"), TIMES.items())
def test_times_of_cells(cells, seconds):
    cells = pd.Series(cells, dtype="string")
    if seconds is None:
        with pytest.raises(ValueError, match=r"\d"):
            read_times(cells)
    else:
        np.testing.assert_allclose(read_times(cells)[0], seconds, atol=1e-9)


NAMES = {  # of a column, and seconds of its unit or None if it is no clock
    "Timestamp": 1,
    "Time (s)": 1,
    "time [ms]": 1e-3,
    "time_us": 1e-6,
    "time (\u00b5s)": 1e-6,  # the sign of micro, and the Greek letter
    "time (\u03bcs)": 1e-6,
    "time_min": 60,
    "Time/us": None,
}


@pytest.mark.parametrize(("name", "unit"), NAMES.items())
@pytest.mark.filterwarnings("ignore:.*grow by equal steps")
def test_names_and_units(tmp_path, name, unit):
    times = np.array([0.0, 20.0, 40.0, 60.0])
    frame = pd.DataFrame({name: times / (unit or 1) / 1000, "x": X})
    frame.to_csv(tmp_path / "a.csv", index=False)
    takes = read_recordings(tmp_path)
    if unit is None:
        assert takes.times is None
        assert list(takes[0]) == ["x"]
    else:
        np.testing.assert_allclose(takes.times[0], times / 1000)
        assert takes.times[0].tolist() == takes.times[0].round(9).tolist()
        assert takes.fps == pytest.approx(50)
    takes = read_recordings(tmp_path, time=False, fps=5)
    assert (takes.fps, takes.times) == (5.0, None)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("ts", DATES),
        ("Timestamp (ISO 8601)", DATES.tz_localize("UTC")),
        ("Zeitpunkt", DATES.strftime("%d.%m.%Y %H:%M:%S.%f")),
        ("elapsed", DATES - DATES[0]),
        ("Zeit", ["0:00:00,1", "0:00:00,35", "0:00:00,6", "0:00:00,85"]),
    ],
)
def test_the_only_column_of_times_is_the_clock(tmp_path, suffix, name, times):
    frame = pd.DataFrame({"x": X, name: times, "day": ["2024-03-04"] * 4})
    getattr(frame, f"to_{suffix}")(tmp_path / f"a.{suffix}", index=False)
    with pytest.warns(UserWarning, match=r"\['day'\] hold no numbers"):
        takes = read_recordings(tmp_path)
    assert (takes.fps, takes.read_options["time"]) == (4, name)
    np.testing.assert_allclose(np.diff(takes.times[0]), 0.25)
    assert list(takes[0]) == ["x"]


OTHERS = [  # columns and the clock, None if it is not clear
    ({"ts": DATES, "time": [0, 1, 2, 3]}, "time"),
    ({"t": [20.5, 20.4, 20.6, 20.7]}, False),
    ({"ts": DATES[::-1]}, False),
    ({"ts": ["10:01"] * 4}, False),
    ({"a": DATES, "b": DATES, "c": DATES}, None),
]


@pytest.mark.parametrize(("columns", "clock"), OTHERS)
@pytest.mark.filterwarnings("ignore:Columns")
def test_other_columns_of_times(tmp_path, columns, clock):
    pd.DataFrame(columns | {"x": X}).to_parquet(tmp_path / "a.parquet")
    if clock is None:
        with pytest.raises(ValueError, match=r"\(--time 'a'\)"):
            read_recordings(tmp_path)
    else:
        assert read_recordings(tmp_path).read_options["time"] == clock


def put(path, clock):
    """Write a table with a clock, and return its recordings."""
    table = pd.DataFrame({"time": clock, "x": RNG.normal(size=len(clock))})
    table.to_csv(path, index=False)
    return path


@pytest.mark.parametrize(("step", "is_gap"), [(1.4, False), (1.6, True)])
def test_a_gap_is_one_and_a_half_usual_steps(tmp_path, step, is_gap):
    put(tmp_path / "a.csv", np.append(np.arange(20.0), 19 + step + np.arange(20.0)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fps = read_recordings(tmp_path).fps
    assert (fps == 1) == is_gap  # without the gap all steps are alike
    assert any("gap" in str(warning.message) for warning in caught) == is_gap


def test_different_rates(tmp_path):
    for name, fps in {"v": 30, "w": 25, "near": 30.1}.items():
        put(tmp_path / f"{name}.csv", np.arange(6) / fps)
    put(tmp_path / "one.csv", [0.0])
    with pytest.raises(ValueError, match=re.escape("from 25 ('w') to 30.1 ('near')")):
        read_recordings(tmp_path)
    assert read_recordings(tmp_path, resample=30).fps == 30


SERIAL = 45355 + (np.arange(6) / 4 + 86390.2) / 86400  # of Excel
ODD = [  # cells, seconds from the first, words of the warning
    (SERIAL, np.arange(6) / 4, "days since 1900"),
    (739_316.5 + np.arange(6) / 86400, np.arange(6) / 86400, "8.64e[+]04 frames per"),
    (["23:59:58", "23:59:59", "0:00:00", "0:00:01"], [0, 1, 2, 3], "midnight in row 2"),
]


@pytest.mark.parametrize(("cells", "seconds", "words"), ODD)
def test_clocks_of_days(tmp_path, cells, seconds, words):
    with pytest.warns(UserWarning, match=words):
        takes = read_recordings(put(tmp_path / "a.csv", cells))
    np.testing.assert_allclose(takes.times[0] - takes.times[0][0], seconds, atol=1e-5)
    if words == "days since 1900":
        assert takes.starts[0] == np.datetime64("2024-03-04T23:59:50.2", "ms")
    at_noon = put(tmp_path / "b.csv", 45000 + np.arange(6) / 1000)  # seconds of a day
    assert read_recordings(at_noon).times[0][0] == 45000


# ----------------------------------------------------------------------------- dates

FIRST = [  # the first date as text, and its wall-clock time
    ("2024-03-04T06:51:08.200+01:00", DAY),
    ("4.3.2024 06:51:08,2", DAY),
    ("24/3/2024 06:51:08.2", DAY + np.timedelta64(20, "D")),
    ("3/4/2024 06:51:08 AM", None),  # March or April
    ("24-03-25 06:51:08", None),  # of 2024 or 2025
    ("06:51:08.2", None),
]


@pytest.mark.parametrize(("first", "expected"), FIRST)
def test_dates_of_files(tmp_path, first, expected):
    stamps = [first.replace(":08", f":{8 + k:02}") for k in range(8)]
    table = pd.DataFrame({"time": stamps, "x": RNG.normal(size=8)})
    table.to_csv(tmp_path / "a.csv", index=False, sep=";")
    takes = read_recordings(tmp_path / "a.csv")
    assert takes.starts is None if expected is None else takes.starts[0] == expected
    assert np.ptp(takes.times[0]) == pytest.approx(7)


@pytest.mark.parametrize(
    ("seconds", "digits", "expected"),
    [
        (0, 3, "2024-03-04 06:51:08.200"),
        (1e-5, 5, "2024-03-04 06:51:08.20001"),
        (51.7996, 3, "2024-03-04 06:52:00.000"),
        (51.7996, 0, "2024-03-04 06:52:00"),
        (np.nan, 3, ""),
    ],
)
def test_clock_text(seconds, digits, expected):
    assert clock_text(DAY, seconds, digits) == expected
    assert clock_text(np.datetime64("NaT", "ms"), seconds, digits) == ""


@pytest.fixture
def table():
    labels = [np.repeat([0, 1, 2], 10), np.repeat([1, 0], 5)]
    return segments(Recordings(labels, ["a", "b"], fps=30, starts=[DAY, "NaT"]))


def test_tables_keep_clock_times(table, tmp_path):
    clock = ["2024-03-04 06:51:08.200", "2024-03-04 06:51:08.533"]
    clock += ["2024-03-04 06:51:08.867", "", ""]
    write_segments(table, tmp_path / "a.csv")
    read = read_table(tmp_path / "a.csv")
    assert read["start_clock"].tolist() == table["start_clock"].tolist() == clock
    assert read["end_clock"][:2].tolist() == clock[1:3]
    pd.testing.assert_frame_equal(durations(read), durations(table))
