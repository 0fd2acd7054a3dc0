"""Recordings from files: held against what pandas and numpy say by hand."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from skl_tot import HMMSegmenter
from skl_tot.recordings import read_recordings
from skl_tot.recordings.clocks import rate_of, resample_frames
from skl_tot.recordings.readers import RATE_FILE, read_rate, write_rate

RNG = np.random.default_rng(0)


def table(n=6, fps=10.0, start=0.0, **more):
    """Two features and a clock."""
    columns = {
        "time": start + np.arange(n) / fps,
        "x": RNG.normal(size=n),
        "n": RNG.integers(100, size=n),
    }
    return pd.DataFrame(columns | more)


def put(folder, **tables):
    """Write tables as CSV."""
    folder.mkdir(exist_ok=True)
    for name, own in tables.items():
        own.to_csv(folder / f"{name}.csv", index=False)
    return folder


class TestSources:
    @pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".parquet", ".CSV"])
    def test_folder_of_tables(self, tmp_path, suffix):
        tables = {"b": table(5), "a": table(7, start=3.0), "a10": table(4)}
        for name, own in tables.items():
            path = tmp_path / f"{name}{suffix}"
            if suffix == ".parquet":
                own.to_parquet(path)
            else:
                own.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")
        (tmp_path / ".hidden.csv").write_text("x")
        (tmp_path / "a.mp4").touch()
        takes = read_recordings(tmp_path)
        assert (takes.names, takes.fps) == (["a", "a10", "b"], 10.0)
        for name, frame in takes.items():
            pd.testing.assert_frame_equal(frame, tables[name][["x", "n"]].astype(float))
            clock = takes.times[takes.names.index(name)]
            np.testing.assert_array_equal(clock, tables[name]["time"])

    @pytest.mark.parametrize("suffix", ["csv", "parquet"])
    def test_long_table(self, tmp_path, suffix):
        parts = [table(5, who=7), table(6, who=3)]
        tables = {"a/0": pd.concat(parts), "b/0": parts[0], "b/1": parts[1]}
        for name, own in tables.items():
            path = tmp_path / f"{name}.{suffix}"
            path.parent.mkdir(exist_ok=True)
            getattr(own, f"to_{suffix}")(path, index=False)
        for source in (tmp_path / "a", tmp_path / "b"):
            takes = read_recordings(source, by="who")
            assert takes.names == ["7", "3"]  # as they appear
            for own, frame, clock in zip(parts, takes, takes.times):
                # parsers of older pandas differ in the last bit
                np.testing.assert_allclose(frame, own[["x", "n"]], rtol=1e-14)
                np.testing.assert_array_equal(clock, own["time"])

    def test_files_of_a_long_table_are_in_the_order_of_their_numbers(self, tmp_path):
        for i in (10, 2, 1):
            put(tmp_path, **{f"part{i}": pd.DataFrame({"who": "a", "x": [i, -i]})})
        (take,) = read_recordings(tmp_path, by="who")
        assert take["x"].tolist() == [1, -1, 2, -2, 10, -10]

    @pytest.mark.parametrize("suffix", ["csv", "parquet"])
    def test_by_several_columns(self, tmp_path, suffix):
        table = pd.DataFrame({"who": ["a", "a", "NA", "a"], "trial ": [2.0, 1, 2, 2]})
        table["x"] = [1.0, 2, 3, np.nan]
        path = tmp_path / f"a.{suffix}"
        getattr(table, f"to_{suffix}")(path, index=False)
        takes = read_recordings(path, by=["who", "trial"])
        two, one = ["2.0", "1.0"] if suffix == "csv" else ["2", "1"]
        assert takes.names == [f"a/{two}", f"a/{one}", f"NA/{two}"]
        for take, expected in zip(takes, ([1, np.nan], [2], [3])):
            np.testing.assert_array_equal(take["x"], expected)
        assert read_recordings(path, like=takes).names == takes.names

    @pytest.mark.parametrize(
        "text",
        [
            "x;n\n1,5;0\n-0,25;10\n",
            "n;x\n0;1,5\n10;-2,5E-1\n",
            "x;n;date\n1,5;0;01.02.2024 10:00\n-0,25;10;01.02.2024 10:01\n",
        ],
    )
    def test_decimal_commas(self, tmp_path, text):
        (tmp_path / "a.csv").write_text(text)
        takes = read_recordings(tmp_path, columns=["x", "n"], time=False)
        assert takes[0][["x", "n"]].to_numpy().tolist() == [[1.5, 0], [-0.25, 10]]

    def test_other_encodings_are_refused(self, tmp_path):
        (tmp_path / "a.csv").write_bytes("Höhe,x\n1,2\n".encode("latin-1"))
        with pytest.raises(ValueError, match=r"a\.csv is no text in UTF-8; save it as"):
            read_recordings(tmp_path)


class TestColumns:
    def test_lists_are_expanded(self, tmp_path):
        state = RNG.normal(size=(8, 2)).astype(np.float32)
        pose = RNG.normal(size=(8, 2, 3)).astype(np.float32)
        own = pd.DataFrame(
            {
                "observation.state": list(state),
                "pose": [frame.tolist() for frame in pose],
                "episode_index": [3] * 4 + [1] * 4,
                "frame_index": [0, 1, 2, 3] * 2,
                "timestamp": np.tile(np.arange(4) / 50, 2).astype(np.float32),
            }
        )
        own.to_parquet(tmp_path / "data.parquet")
        with pytest.warns(UserWarning, match=r"\['frame_index'\] count the frames"):
            takes = read_recordings(tmp_path / "data.parquet", by="episode_index")
        assert (takes.names, takes.fps) == (["3", "1"], pytest.approx(50))
        names = [f"observation.state {k}" for k in range(2)]
        names += [f"pose {k}" for k in range(6)]
        assert list(takes[0].columns) == names
        expected = np.hstack([state, pose.reshape(8, -1)])
        np.testing.assert_array_equal(np.vstack(list(takes)), expected)
        columns = ["pose 4", "observation.state"]  # pose was written as Python's
        takes = read_recordings(tmp_path, by="episode_index", columns=columns)
        picked = np.hstack([pose.reshape(8, -1)[:, [4]], state])
        np.testing.assert_array_equal(np.vstack(list(takes)), picked)

    def test_float32_stays_and_others_become_float64(self, tmp_path):
        own = pd.DataFrame({"x": np.arange(4, dtype=np.float32) ** 2})
        own.to_parquet(tmp_path / "a.parquet")
        assert read_recordings(tmp_path)[0].dtypes.tolist() == [np.float32]
        own.assign(on=[True, False, False, True]).to_parquet(tmp_path / "a.parquet")
        frame = read_recordings(tmp_path)[0]
        assert frame.dtypes.tolist() == [np.float64] * 2
        assert frame["on"].tolist() == [1, 0, 0, 1]

    def test_frame_numbers_are_left_out_aloud(self, tmp_path):
        a = pd.DataFrame({"x": [4.0, 2, 1], "i": [1, 2, 3], "j": [0, 1, 2]})
        b = pd.DataFrame({"x": [4.0, 2, 1], "i": [4, 5, 6], "j": [0, 1, 3]})
        put(tmp_path, a=a, b=b)
        with pytest.warns(UserWarning, match=r"\['i'\] count the frames") as caught:
            takes = read_recordings(tmp_path)
        assert len(caught) == 1
        assert list(takes[0].columns) == ["x", "j"]
        takes = read_recordings(tmp_path, columns=["i", "x"])
        assert list(takes[0].columns) == ["i", "x"]


class TestClocks:
    @pytest.mark.parametrize(
        ("name", "unit"),
        [("TIME", 1), ("Timestamp", 1), ("seconds", 1), ("t", 1), ("Time (s)", 1)]
        + [("time [ms]", 1e-3), ("t (ms)", 1e-3), ("time_us", 1e-6), ("time_min", 60)]
        + [("timestamp_ns", 1e-9), ("t_hours", 3600), ("Time/us", None), ("tms", None)],
    )
    def test_names_and_units(self, tmp_path, name, unit):
        times = np.array([0.0, 20.0, 40.0, 60.0])
        own = pd.DataFrame({name: times / (unit or 1) / 1000, "x": [1.0, 5, 2, 3]})
        put(tmp_path, a=own)
        takes = read_recordings(tmp_path)
        if unit is None:
            assert takes.times is None
            assert list(takes[0].columns) == [name, "x"]
        else:
            np.testing.assert_allclose(takes.times[0], times / 1000)
            assert takes.fps == pytest.approx(50)

    @pytest.mark.parametrize(
        "stamps",
        [
            pd.date_range("2024-03-31 01:59:59", periods=4, freq="250ms", tz="UTC"),
            pd.to_timedelta([0, 250, 500, 750], unit="ms"),
        ],
    )
    def test_dates_and_durations(self, tmp_path, stamps):
        own = pd.DataFrame({"timestamp": stamps, "x": [1.0, 5, 2, 3]})
        own.to_parquet(tmp_path / "a.parquet")
        takes = read_recordings(tmp_path)
        assert takes.times[0].tolist() == [0, 0.25, 0.5, 0.75]
        assert list(takes[0].columns) == ["x"]

    def test_no_clock_on_request(self, tmp_path):
        put(tmp_path, a=table())
        takes = read_recordings(tmp_path, time=False, fps=5)
        assert (takes.fps, takes.times) == (5.0, None)
        assert "time" in takes[0].columns

    def test_a_column_t_that_goes_back_is_a_feature(self, tmp_path):
        put(tmp_path, a=pd.DataFrame({"t": [20.5, 20.4, 20.6]}))
        assert list(read_recordings(tmp_path)[0].columns) == ["t"]

    @pytest.mark.parametrize("fps", [24, 29.97, 30, 60, 100])
    def test_rate_of_a_rounded_clock(self, fps):
        clock = np.round(np.arange(300) / fps, 3)
        assert rate_of(clock) == pytest.approx(fps, rel=1e-3)
        gaps = np.delete(clock, np.arange(100, 180))
        assert rate_of(gaps) == pytest.approx(fps, rel=1e-3)

    @pytest.mark.parametrize("name", ["unix_time", "DateTime (ms)", "date_time"])
    def test_other_names_are_clocks_if_there_is_no_usual_one(self, tmp_path, name):
        own = table().rename(columns={"time": name})
        assert read_recordings(put(tmp_path, a=own)).read_options["time"] == name
        put(tmp_path, a=own.assign(time=own[name]))
        assert read_recordings(tmp_path).read_options["time"] == "time"

    @pytest.mark.parametrize(("step", "is_gap"), [(1.4, False), (1.6, True)])
    def test_a_gap_is_one_and_a_half_usual_steps(self, tmp_path, step, is_gap):
        clock = np.append(np.arange(20.0), 19 + step + np.arange(20.0))
        put(tmp_path, a=table(40, time=clock))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fps = read_recordings(tmp_path).fps
        assert (fps == 1) == is_gap  # without the gap all steps are alike
        assert any("gap" in str(warning.message) for warning in caught) == is_gap

    def test_gaps_are_told_and_kept(self, tmp_path):
        own = table(40).drop(index=range(20, 25))
        put(tmp_path, a=table(20), b=own)
        message = "There is a gap in the clocks of 1 of 2 recordings, the longest of 0."
        message += (
            "6 s after 1.9 s of 'b': 1 is bridged, as the frame before lasts longer"
        )
        message += "; bridge=SECONDS"
        with pytest.warns(UserWarning, match=re.escape(message)):
            takes = read_recordings(tmp_path)
        np.testing.assert_array_equal(takes.times[1], own["time"])
        assert takes.fps == 10

    def test_different_rates_are_listed(self, tmp_path):
        tables = {f"v{i}": table(fps=30) for i in range(4)} | {"w": table(fps=25)}
        put(tmp_path, **tables, one=table(1), near=table(fps=30.1))
        expected = "30 ('v0', 'v1', 3 more); 25 ('w'); expected one rate, as"
        with pytest.raises(ValueError, match=re.escape(expected)) as info:
            read_recordings(tmp_path)
        assert "resample=30 (--resample 30)" in str(info.value)
        assert read_recordings(tmp_path, resample=30).fps == 30


class TestResampling:
    def test_as_numpy_interpolates(self, tmp_path):
        own = table(50, fps=30, start=2.0)
        put(tmp_path, a=own, b=table(20, fps=12))
        takes = read_recordings(tmp_path, resample=20)
        assert takes.fps == 20
        times = 2 + np.arange(33) / 20  # up to 2 + 49 / 30
        np.testing.assert_allclose(takes.times[0], times)
        for name in ("x", "n"):
            expected = np.interp(times, own["time"], own[name])
            np.testing.assert_allclose(takes[0][name], expected)
        assert list(takes[0].columns) == ["x", "n"]

    def test_nothing_is_made_up(self):
        clock = np.arange(10) / 10
        frames = np.arange(10.0)[:, None]
        frames[4] = np.nan
        found, times, _ = resample_frames(frames, clock, 20.0)
        expected = np.where((times > 0.31) & (times < 0.49), np.nan, times * 10)
        np.testing.assert_allclose(found[:, 0], expected)

    @pytest.mark.parametrize(("n_missing", "is_bridged"), [(1, 1), (2, 1), (3, 0)])
    def test_long_gaps_stay(self, n_missing, is_bridged):
        kept = np.r_[0:20, 20 + n_missing : 40]
        found, times, _ = resample_frames(kept[:, None] / 1.0, kept / 10, 10.0)
        np.testing.assert_allclose(times, np.arange(40) / 10)
        gap = np.arange(20, 20 + n_missing)
        assert np.isnan(found[gap]).all() != is_bridged
        np.testing.assert_allclose(found[kept, 0], kept)
        if is_bridged:
            np.testing.assert_allclose(found[:, 0], np.arange(40))


ERRORS = [
    # columns
    ({"a": "x,who\n1,b\n"}, {"columns": ["x", "who"]}, "column 'who' of 'a' has 'b' in "
     "row 0, expected numbers; correct it or leave it out of columns (--columns)."),
    ({"a": "who\nb\n"}, {}, "correct it or leave the column out by without=['who']"),
    ({"a": "x,n\n1,2\noff,2\n"}, {}, "column 'x' of 'a' has 'off' in row 1, expected"),
    ({"a": "x\n1\n", "b": "x,y\n1,2\n"}, {}, "'a' has no column 'y', which 'b' has"),
    ({"a": "x\n1\n"}, {"columns": ["y"]}, "'a' has no column 'y', expected columns"),
    ({"a": "time\n1\n2\n"}, {}, "'a' has no column of features"),
    ({"a": "x,x\n1,2\n"}, {}, "a.csv cannot be read: it has two columns 'x'"),
    ({"a": "1.5,2.5\n3,4\n"}, {}, "its line 1 is ['1.5', '2.5'], expected names"),
    ({"a": "x,y\n1,2,3\n4,5,6\n"}, {}, "a.csv cannot be read: rows have more cells"),
    ({"a": 'x;y\n1;"1,234"\n2;-\n3;"20,000"\n'}, {}, "'1,234' may have thousands or"),
    ({"a": "x\n1\n"}, {"columns": ["x", "x"]}, "expected each name once."),
    ({"a": "scorer,s,s\nbodyparts,b,b\ncoords,x,y\n"}, {"by": "b"}, "two columns 's'"),
    ({"a": "x\n"}, {}, "a.csv has no rows"),
    ({"a": ""}, {}, "a.csv cannot be read: its first line is empty, expected names"),
    ({"a": "x\n1\n"}, {"without": ["nope"]}, "without (--without) has 'nope', expect"),
    ({"a": "x\n1\n"}, {"without": ["x"], "columns": ["x"]}, "'x', expected others"),
    ({"a": "x\n1\n"}, {"without": []}, "without is [], expected names of columns"),
    # recordings
    ({"a": "x\n1\n"}, {"by": "who"}, "a.csv has no column 'who' for by (--by)"),
    ({"a": "who,x\n,1\n"}, {"by": "who"}, "column 'who' is empty in row 0"),
    ({"a": "w,t,x\na/b,c,1\na,b/c,2\n"}, {"by": ["w", "t"]}, "two recordings the sa"),
    ({"a": "w,x\n1,1\n", "b": "w,y\n1,1\n"}, {"by": "w"}, "only one has column 'x'"),
    # clocks
    ({"a": "x\n1\n"}, {"time": "t"}, "'a' has no clock column 't'"),
    ({"a": "x\n1\n"}, {"time": True}, "time is True, expected the name of a column"),
    ({"a": "time,x\n0,5\n2,4\n1,3\n"}, {}, "the clock 'time' of 'a' goes back from 2 "
     "to 1 s in row 2, expected times that grow: sort the rows"),
    ({"a": "time,x\n0,5\n0,4\n"}, {}, "of 'a' stands still from 0 to 0 s in row 1"),
    ({"a": "time,x\n0,5\n,4\n"}, {}, "the clock 'time' of 'a' has no time in row 1"),
    ({"a": "time,t,x\n0,1,5\n1,2,4\n"}, {}, "Columns 'time', 't' may each be the"),
    ({"a": "time,x\n0,5\n"}, {}, "No recording has two frames"),
    ({"a": "time,x\n0,5\n1,3\n"}, {"fps": 25}, "fps (--fps) is 25, expected 1 frame"),
    ({"a": "x\n5\n"}, {"fps": 0}, "fps (--fps) is 0, expected a positive number"),
    ({"a": "x\n5\n"}, {"resample": 1e9}, "resample (--resample) is 1000000000.0, exp"),
    ({"a": "x\n5\n"}, {"resample": 10}, "resample (--resample) is 10, expected a cl"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "options", "message"), ERRORS)
def test_errors(tmp_path, files, options, message):
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text)
    with pytest.raises((TypeError, ValueError), match=re.escape(message)) as info:
        read_recordings(tmp_path, **options)
    assert "\n" not in str(info.value)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a": [[1.0, 2.0], [3.0]]}, "'s' of 'a' has 1 values in row 1 and 2 in"),
        ({"a": [["u"], ["v"]]}, "column 's' of 'a' has array"),
        ({"a": [[1.0, 2.0]], "b": [[1.0]]}, "'b' has no column 's 1', which 'a' has"),
    ],
)
def test_lists_of_unequal_length(tmp_path, files, message):
    for name, cells in files.items():
        pd.DataFrame({"s": cells}).to_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(ValueError, match=message):
        read_recordings(tmp_path)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a.npz", "b.npz"], "a.npz: it is empty, damaged or of another kind; write"),
        (["a.h5"], "a.h5: it is empty, damaged or of another kind; write it again."),
        (["a.mp4"], "but 1 *.mp4: read *.mp4 by skl-tot features."),
        ([".hidden.csv"], "it is empty."),
        (["a.csv", "b.npy"], "a.csv is a table of text, but"),
        (["a.csv", "a.tsv"], "are both 'a', expected one for each recording."),
    ],
    ids=str,
)
def test_folder_of_csv_parquet_npz_h5_mat_or_missing(tmp_path, names, message):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises((FileNotFoundError, ValueError), match=re.escape(message)):
        read_recordings(tmp_path)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("none", {}, "none is no folder or file, expected"),
        ("a.xlsx", {}, r"a\.xlsx is not a file .*pandas\.read_excel"),
        ("a.npy", {"by": "who"}, r"by \(--by\) is 'who', expected none"),
    ],
)
def test_paths_that_are_not_read(tmp_path, name, options, message):
    (tmp_path / "a.xlsx").touch()
    np.save(tmp_path / "a.npy", np.ones((3, 2)))
    with pytest.raises((FileNotFoundError, ValueError), match=message):
        read_recordings(tmp_path / name, **options)


@pytest.fixture
def arrays(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((4, 2)))
    return tmp_path


@pytest.mark.parametrize("fps", [None, 10.0, 29.97, 1 / 3])
def test_rates_round_trip(arrays, fps):
    if fps is not None:
        write_rate(arrays, fps)
    assert read_rate(arrays) == fps
    assert read_recordings(arrays).fps == fps
    assert read_recordings(arrays, fps=fps or 25).fps == (fps or 25)


def test_rates_that_contradict(arrays, tmp_path_factory):
    write_rate(arrays, 10.0)
    with pytest.raises(
        ValueError, match=r"is 30, expected 10 frames per second, as in"
    ):
        read_recordings(arrays, fps=30)
    other = tmp_path_factory.mktemp("other")
    write_rate(other, 30.0)
    np.save(other / "c.npy", np.ones((4, 2)))
    with pytest.raises(
        ValueError, match=r"is 10.0, expected 30 frames per second, as in"
    ):
        read_recordings([arrays / "a.npy", other / "c.npy"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "is no JSON"),
        ("[10]", "expected an object with a number"),
        ('{"fps": "10"}', "expected an object with a number"),
        ('{"fps": true}', "expected an object with a number"),
        ('{"fps": 0}', "fps is 0, expected a positive number"),
        ('{"fps": NaN}', "fps is nan, expected a positive number"),
    ],
)
def test_broken_rates(arrays, text, expected):
    (arrays / RATE_FILE).write_text(text)
    with pytest.raises(ValueError, match=rf"{RATE_FILE}.* {expected}") as caught:
        read_recordings(arrays)
    assert "\n" not in str(caught.value)


def test_text_is_left_out_aloud(tmp_path):
    put(tmp_path, a=table(30, note=["ok"] * 29 + ["halt"], state=["1 on"] * 30))
    text = r"\['note', 'state'\] hold no numbers .* 'ok' in row 0.*; .*without="
    with pytest.warns(UserWarning, match=text):
        takes = read_recordings(tmp_path)
    assert list(takes[0].columns) == takes.read_options["columns"] == ["x", "n"]


DATES = pd.date_range("2024-03-04 06:51:08.2", periods=4, freq="250ms")
X = [1.0, 5, 2, 3]


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
    own = pd.DataFrame({"x": X, name: times, "day": ["2024-03-04"] * 4})
    getattr(own, f"to_{suffix}")(tmp_path / f"a.{suffix}", index=False)
    with pytest.warns(UserWarning, match=r"\['day'\] hold no numbers"):
        takes = read_recordings(tmp_path)
    assert (takes.fps, takes.read_options["time"]) == (4, name)
    assert (
        takes.times[0].tolist() == (np.arange(4) / 4 + (name == "Zeit") / 10).tolist()
    )
    assert list(takes[0]) == ["x"]


@pytest.mark.parametrize(
    ("columns", "clock", "said"),
    [
        ({"ts": DATES, "time": [0, 1, 2, 3]}, "time", r"\['ts'\] hold no numbers"),
        ({"ts": DATES[::-1]}, False, "'ts' is no clock: .* goes back from 0 to -0.25"),
        ({"ts": [DATES[0]] * 4}, False, "'ts' is no clock: the clock .* stands still"),
        ({"ts": [pd.NaT, *DATES[1:]]}, False, "'ts' is no clock: .* no time in row 0"),
        ({"ts": ["10:01"] * 4}, False, "'ts' is no clock: .*'10:01' may be minutes"),
        ({"ts": ["10.1.12.5"] * 4}, False, "'ts' is no clock: .* no dates of a cale"),
        (
            {"ts": ["2024-03-04", "x"] * 2},
            False,
            "'ts' is no clock: .* 'x' in row 1 is",
        ),
        ({"a": DATES, "b": DATES, "c": DATES}, None, "'a', 'b', 'c' may each be the c"),
    ],
)
def test_other_columns_of_times(tmp_path, columns, clock, said):
    pd.DataFrame(columns | {"x": X}).to_parquet(tmp_path / "a.parquet")
    if clock is None:
        with pytest.raises(ValueError, match=rf"{said}.*\(--time 'a'\)"):
            read_recordings(tmp_path)
        return
    with pytest.warns(UserWarning, match=said):
        takes = read_recordings(tmp_path)
    assert takes.read_options["time"] == clock
    assert list(takes[0]) == ["x"]


def test_columns_left_out_and_taken(tmp_path):
    put(tmp_path, a=table(30, note="ok", line=3))
    takes = read_recordings(tmp_path, without=["note", "line", "n"])  # no warning
    assert list(takes[0].columns) == ["x"]
    assert list(read_recordings(tmp_path, columns=["line"])[0].columns) == ["line"]
    with pytest.warns(UserWarning, match=r"\['line'\] are the same in"):
        takes = read_recordings(tmp_path, without=["note"])
    assert list(takes[0].columns) == ["x", "n"]


@pytest.mark.parametrize("options", [{}, {"resample": 5}, {"pauses": 1}])
def test_infinity_is_read_without_a_warning(tmp_path, options):
    """A fit refuses it."""
    own = table(40).assign(other=np.r_[3, np.inf, np.inf, np.ones(37)])
    put(tmp_path, a=own)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        takes = read_recordings(tmp_path, **options)
    with pytest.raises(ValueError, match=r"contains (infinity|NaN)"):
        HMMSegmenter(2).fit(takes)
