"""Clocks of files: units, dates, gaps and rates, held against pandas and numpy."""

import pickle
import re
import warnings

import numpy as np
import pandas as pd
import pytest

from skl_tot import HMMSegmenter
from skl_tot.io import read_table, segments, write_segments
from skl_tot.recordings import Recordings, clock_text, read_recordings
from skl_tot.recordings.clocks import rate_of, read_times, resample_frames
from skl_tot.statistics import durations

RNG = np.random.default_rng(0)
DAY = np.datetime64("2024-03-04T06:51:08.2", "ms")
DATES = pd.date_range(DAY, periods=4, freq="250ms")
X = [1.0, 5, 2, 3]

TIMES = {  # cells, and seconds or None if they are refused
    ("0", "0.5"): [0, 0.5],
    ("1e3", "2E3"): [1000, 2000],
    ("1", ""): [1, np.nan],
    ("06:00:00,090", "06:00:00,123"): [21600.09, 21600.123],
    ("1:02.5", "61:03,0"): [62.5, 3663],
    ("2 days 00:00:01", "1 day, 0:00:02.5"): [172801, 86402.5],
    (None, "00:00:01"): [np.nan, 1],
    ("2024-01-01 06:00:00,090", "2024-01-01T06:00:01"): [0, 0.91],
    ("2024-01-31 10:00:00+01:00", "2024-01-31 10:00:00Z"): [0, 3600],
    ("13/02/2024 10:00:00", "13/02/2024 10:00:01,5"): [0, 1.5],
    ("01/02/24 10:00", "01/02/24 10:01"): [0, 60],  # either way
    ("31.01.2024", "01.02.2024 00:00:01"): [0, 86401],
    ("12/31/2024 11:59:59 PM", "01/01/2025 12:00:00 AM"): [0, 1],
    ("01/12/2024 23:59:59", "02/12/2024 00:00:00"): None,  # a day, or a month
    ("0", "1,040,000"): None,
    ("1.5", "1,5"): None,
    ("10:01", "10:02"): None,  # minutes and seconds, or hours and minutes
    ("00:00:01", None, "x"): None,
    ("30.02.2024", "01.03.2024"): None,
    ("11:59:59 PM", "11:59:59 PM"): None,
    ("2024-01-01 25:00:00",): None,
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
    "TIME": 1,
    "Timestamp": 1,
    "seconds": 1,
    "t": 1,
    "Time (s)": 1,
    "time [ms]": 1e-3,
    "time_us": 1e-6,
    "timestamp_ns": 1e-9,
    "time_min": 60,
    "t_hours": 3600,
    "unix_time": 1,
    "DateTime (ms)": 1e-3,
    "Time/us": None,
    "tms": None,
}


@pytest.mark.parametrize(("name", "unit"), NAMES.items())
def test_names_and_units(tmp_path, name, unit):
    times = np.array([0.0, 20.0, 40.0, 60.0])
    frame = pd.DataFrame({name: times / (unit or 1) / 1000, "x": X})
    frame.to_csv(tmp_path / "a.csv", index=False)
    takes = read_recordings(tmp_path)
    if unit is None:
        assert takes.times is None
        assert list(takes[0]) == [name, "x"]
    else:
        np.testing.assert_allclose(takes.times[0], times / 1000)
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
    ({"ts": [pd.NaT, *DATES[1:]]}, False),
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


@pytest.mark.parametrize("fps", [24, 29.97, 100])
def test_rate_of_a_rounded_clock(fps):
    clock = np.round(np.arange(300) / fps, 3)
    assert rate_of(clock) == pytest.approx(fps, rel=1e-3)
    gaps = np.delete(clock, np.arange(100, 180))
    assert rate_of(gaps) == pytest.approx(fps, rel=1e-3)


def put(path, clock):
    """Write a table with a clock, and return its recordings."""
    table = pd.DataFrame({"time": clock, "x": RNG.normal(size=len(clock))})
    table.to_csv(path, index=False)
    return path


def test_odd_units_are_told(tmp_path):
    path = put(tmp_path / "a.csv", 1_700_000_000_000 + 50 * np.arange(9))
    with pytest.warns(UserWarning, match=r"'a' starts at 1\.7e\+12 s"):
        read_recordings(path)
    pd.read_csv(path).rename(columns={"time": "time_ms"}).to_csv(path, index=False)
    assert read_recordings(path).fps == 20


def test_clocks_of_float32(tmp_path):
    clock = (np.arange(100) / 10).astype(np.float32)
    table = pd.DataFrame({"time": clock, "x": np.sin(clock)})
    table.to_parquet(tmp_path / "a.parquet")
    (times,) = read_recordings(tmp_path).times
    assert times.tolist() == [k / 10 for k in range(100)]


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


# ------------------------------------------------------------------------ resampling


def test_resampling_is_linear_interpolation(tmp_path):
    clock = 2 + np.arange(50) / 30
    path = put(tmp_path / "a.csv", clock)
    takes = read_recordings(path, resample=20)
    times = 2 + np.arange(33) / 20  # up to 2 + 49 / 30
    np.testing.assert_allclose(takes.times[0], times)
    expected = np.interp(times, clock, pd.read_csv(path)["x"])
    np.testing.assert_allclose(takes[0]["x"], expected)


def test_nothing_is_made_up():
    clock = np.arange(10) / 10
    frames = np.arange(10.0)[:, None]
    frames[4] = np.nan
    resampled, times, _ = resample_frames(frames, clock, 20.0)
    expected = np.where((times > 0.31) & (times < 0.49), np.nan, times * 10)
    np.testing.assert_allclose(resampled[:, 0], expected)


@pytest.mark.parametrize(("n_missing", "is_bridged"), [(2, True), (3, False)])
def test_long_gaps_stay(n_missing, is_bridged):
    kept = np.r_[0:20, 20 + n_missing : 40]
    resampled, times, _ = resample_frames(kept[:, None] / 1.0, kept / 10, 10.0)
    np.testing.assert_allclose(times, np.arange(40) / 10)
    assert np.isnan(resampled[20 : 20 + n_missing]).all() != is_bridged
    np.testing.assert_allclose(resampled[kept, 0], kept)


@pytest.mark.parametrize("fps", [30, 100])
def test_resampling_seconds_since_1970(tmp_path, fps):
    """The last frame is kept, however times are rounded."""
    for start in 1.7e9 + RNG.uniform(size=10):
        path = put(tmp_path / "a.csv", start + np.arange(200) / fps)
        same = read_recordings(path, resample=fps)
        np.testing.assert_allclose(same[0]["x"], pd.read_csv(path)["x"], atol=1e-6)


# ----------------------------------------------------------------------------- dates

FIRST = [  # the first date as text, and its wall-clock time
    ("2024-03-04T06:51:08.200+01:00", DAY),
    ("2024-03-04 06:51:08.200-0530", DAY),
    ("4.3.2024 06:51:08,2", DAY),
    ("24/3/2024 06:51:08.2", DAY + np.timedelta64(20, "D")),
    ("3/4/2024 06:51:08 AM", None),  # March or April
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


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_dates_of_indices_and_columns(tmp_path, zone):
    index = pd.date_range(DAY, periods=8, freq="1s", tz=zone, name="time")
    frame = pd.DataFrame({"x": RNG.normal(size=8)}, index=index)
    model = HMMSegmenter(2, random_state=0).fit({"a": frame})
    table = segments(model.predict(Recordings([frame], fps=1, starts=[DAY])))
    assert table["start_clock"][0] == "2024-03-04 06:51:08.2"
    frame.reset_index().to_parquet(tmp_path / "a.parquet")
    assert read_recordings(tmp_path / "a.parquet").starts[0] == DAY


def test_a_night_without_an_hour(tmp_path):
    index = pd.date_range("2024-03-31 01:59:50", periods=3, freq="5s", tz="CET")
    takes = read_recordings(put(tmp_path / "a.csv", index.map(str)))
    np.testing.assert_allclose(takes.times[0], [0, 5, 10])
    assert takes.starts[0] == np.datetime64("2024-03-31T01:59:50")


def test_starts_go_with_their_recordings():
    frames = [RNG.normal(size=(8, 2)) for _ in "ab"]
    takes = Recordings(frames, ["a", "b"], fps=4, starts=[DAY, "2024-03-05"])
    a, b = takes.starts
    plain = Recordings(frames[:1], ["c"], fps=4)
    model = HMMSegmenter(2).fit(takes)
    for recordings, expected in (
        (takes[::-1], [b, a]),
        (takes.replace(takes.arrays)[[1]], [b]),
        (np.concatenate([plain, takes[[1]]]), ["NaT", b]),
        (pickle.loads(pickle.dumps(takes)), [a, b]),
        (model.predict_proba(takes[[1, 0]]), [b, a]),
    ):
        np.testing.assert_array_equal(recordings.starts, np.array(expected, "M8[ms]"))


@pytest.mark.parametrize(
    "starts", [[5], "x", ["soon"], [DAY, DAY], [[DAY]], [pd.Timestamp(DAY, tz="UTC")]]
)
def test_no_starts(starts):
    with pytest.raises((TypeError, ValueError), match="starts"):
        Recordings([[0, 1]], starts=starts)


@pytest.mark.parametrize(
    ("seconds", "digits", "expected"),
    [
        (0, 3, "2024-03-04 06:51:08.2"),
        (-8.2, 3, "2024-03-04 06:51:00"),
        (1 / 30, 3, "2024-03-04 06:51:08.233"),
        (1e-5, 5, "2024-03-04 06:51:08.20001"),
        (51.7996, 3, "2024-03-04 06:52:00"),
        (0.3, 0, "2024-03-04 06:51:09"),
        (np.nan, 3, ""),
    ],
)
def test_clock_text(seconds, digits, expected):
    assert clock_text(DAY, seconds, digits) == expected
    assert clock_text(np.datetime64("NaT"), seconds, digits) == ""
    for start, n_digits in ((DAY, 7), ("2024-03-04", digits)):
        with pytest.raises((TypeError, ValueError), match=r"start|digits"):
            clock_text(start, seconds, n_digits)


@pytest.fixture
def table():
    labels = [np.repeat([0, 1, 2], 10), np.repeat([1, 0], 5)]
    return segments(Recordings(labels, ["a", "b"], fps=30, starts=[DAY, "NaT"]))


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_tables_keep_clock_times(table, tmp_path, format):
    clock = ["2024-03-04 06:51:08.2", "2024-03-04 06:51:08.533"]
    clock += ["2024-03-04 06:51:08.867", "", ""]
    write_segments(table, tmp_path / "a.file", format=format)
    read = read_table(tmp_path / "a.file", format=format)
    assert read["start_clock"].tolist() == table["start_clock"].tolist() == clock
    assert read["end_clock"][:2].tolist() == clock[1:3]
    pd.testing.assert_frame_equal(durations(read), durations(table))
    frames = table.drop(columns=["start_time", "end_time", "duration_time"])
    assert durations(frames, fps=30)["total"].sum() == pytest.approx(4 / 3)
