"""Recordings from files: held against what pandas and numpy say by hand."""

import re

import numpy as np
import pandas as pd
import pytest

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

    def test_a_heading_that_ends_in_a_blank(self, tmp_path):
        (tmp_path / "a.csv").write_text("x; who \n1;007\n2;NA \n2;None\n")
        takes = read_recordings(tmp_path / "a.csv", by="who")
        assert takes.names == ["007", "NA", "None"]

    def test_files_of_a_long_table_are_in_the_order_of_their_numbers(self, tmp_path):
        for i in (10, 2, 1):
            put(tmp_path, **{f"part{i}": pd.DataFrame({"who": "a", "x": [i, -i]})})
        (take,) = read_recordings(tmp_path, by="who")
        assert take["x"].tolist() == [1, -1, 2, -2, 10, -10]

    @pytest.mark.parametrize("suffix", ["csv", "parquet"])
    def test_by_several_columns(self, tmp_path, suffix):
        table = pd.DataFrame({"who": ["a", "a", "b", "a"], "trial": [2.0, 1, 2, 2]})
        table["x"] = [1.0, 2, 3, 4]
        path = tmp_path / f"a.{suffix}"
        getattr(table, f"to_{suffix}")(path, index=False)
        takes = read_recordings(path, by=["who", "trial"])
        trials = ["2.0", "1.0"] if suffix == "csv" else ["2", "1"]
        two, one = trials
        assert takes.names == [f"a/{two}", f"a/{one}", f"b/{two}"]
        assert [take["x"].tolist() for take in takes] == [[1, 4], [2], [3]]
        assert read_recordings(path, by=["who"]).names == ["a", "b"]
        assert read_recordings(path, like=takes).names == takes.names

    def test_index_of_a_parquet_table_are_columns(self, tmp_path):
        own = pd.concat([table(5), table(4)], keys=["b", "a"], names=["who", "frame"])
        own.to_parquet(tmp_path / "long.parquet")
        with pytest.warns(UserWarning, match=r"\['frame'\] count the frames"):
            takes = read_recordings(tmp_path / "long.parquet", by="who")
        assert [len(frame) for frame in takes] == [5, 4]
        assert list(takes[0].columns) == ["x", "n"]

    @pytest.mark.parametrize(
        "text",
        [
            '\ufeffx,n\n"1,5",0\n"-,25",10\n',  # quoted, as commas separate
            "x;n\n1,5;0\n-0,25;10\n",
            "n;x\n0;1,5\n10;-2,5E-1\n",
            "x;n;date\n1,5;0;01.02.2024 10:00\n-0,25;10;01.02.2024 10:01\n",
        ],
    )
    def test_decimal_commas(self, tmp_path, text):
        (tmp_path / "a.csv").write_text(text)
        takes = read_recordings(tmp_path, columns=["x", "n"], fps=10)
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

    def test_missing_values_stay(self, tmp_path):
        (tmp_path / "a.csv").write_text("x,on\n1,True\n,\n5,False\n")
        expected = [[1, 1], [np.nan, np.nan], [5, 0]]
        np.testing.assert_array_equal(read_recordings(tmp_path)[0], expected)

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
            ["2024-01-01 00:00:00", "2024-01-01 00:00:00.250"]
            + ["2024-01-01 00:00:00.500", "2024-01-01 00:00:00.750"],
        ],
    )
    def test_dates_and_text(self, tmp_path, stamps):
        own = pd.DataFrame({"timestamp": stamps, "x": [1.0, 5, 2, 3]})
        own.to_parquet(tmp_path / "a.parquet")
        takes = read_recordings(tmp_path)
        assert takes.times[0].tolist() == [0, 0.25, 0.5, 0.75]
        assert list(takes[0].columns) == ["x"]

    def test_no_clock_on_request(self, tmp_path):
        put(tmp_path, a=table())
        with pytest.warns(UserWarning, match=r"Columns \['time'\] are called as clo"):
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

    def test_gaps_are_told_and_kept(self, tmp_path):
        own = table(40).drop(index=range(20, 25))
        put(tmp_path, a=table(20), b=own)
        message = "There is a gap in the clock of 1 of 2 recordings, the longest of 0.6"
        message += " s after 1.9 s of 'b'; no frames are put there. split_gaps=SECONDS"
        with pytest.warns(UserWarning, match=re.escape(message)):
            takes = read_recordings(tmp_path)
        np.testing.assert_array_equal(takes.times[1], own["time"])
        assert takes.fps == 10

    def test_different_rates_are_listed(self, tmp_path):
        tables = {f"v{i}": table(fps=30) for i in range(4)} | {"w": table(fps=25)}
        put(tmp_path, **tables, one=table(1), near=table(fps=30.1))
        expected = "30 ('v0', 'v1' and 3 more); 25 ('w'); expected one rate, as"
        with pytest.raises(ValueError, match=re.escape(expected)) as info:
            read_recordings(tmp_path)
        assert "resample=30 (--resample 30)" in str(info.value)
        assert read_recordings(tmp_path, resample=30).fps == 30

    def test_fps_is_held_against_the_clock(self, tmp_path):
        put(tmp_path, a=table(fps=30))
        assert read_recordings(tmp_path, fps=29.97).fps == 29.97
        with pytest.raises(ValueError, match=r"fps \(--fps\) is 25, expected 30 fra"):
            read_recordings(tmp_path, fps=25)


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


def _text(path, **files):
    for name, text in files.items():
        (path / f"{name}.csv").write_text(text)


ERRORS = [
    # columns
    ({"a": "x,who\n1,b\n"}, {"columns": ["x", "who"]}, "column 'who' of 'a' has 'b' in "
     "row 0, expected numbers; correct it, or leave it out of columns (--columns)."),
    ({"a": "who\nb\n"}, {}, "correct it, or leave the column out by without=['who']"),
    ({"a": "x,n\n1,2\noff,2\n"}, {}, "column 'x' of 'a' has 'off' in row 1, expected"),
    ({"a": "x\n1\n", "b": "x,y\n1,2\n"}, {}, "'a' has no column 'y', which 'b' has"),
    ({"a": "x\n1\n"}, {"columns": ["y"]}, "'a' has no column 'y', expected columns"),
    ({"a": "x\n1\n"}, {"columns": []}, "columns is [], expected names of columns."),
    ({"a": "time\n1\n2\n"}, {}, "'a' has no column of features"),
    ({"a": "x,x\n1,2\n"}, {}, "a.csv cannot be read: it has two columns 'x'"),
    ({"a": "1.5,2.5\n3,4\n"}, {}, "its first line is ['1.5', '2.5'], expected names"),
    ({"a": "x,y\n1,2,3\n4,5,6\n"}, {}, "a.csv cannot be read: rows have more cells"),
    ({"a": 'x;y\n1;"1,234"\n2;-\n3;"20,000"\n'}, {}, "'1,234' may have thousands or"),
    ({"a": "x\n1\n"}, {"columns": ["x", "x"]}, "expected each name once."),
    ({"a": "scorer,s,s\nbodyparts,b,b\ncoords,x,y\n"}, {"by": "b"}, "of DeepLabCut"),
    ({"a": "x\n"}, {}, "a.csv has no rows"),
    ({"a": ""}, {}, "a.csv cannot be read: its first line is empty, expected names"),
    # recordings
    ({"a": "x\n1\n"}, {"by": "who"}, "a.csv has no column 'who' that names recordings"),
    ({"a": "who,x\n,1\n"}, {"by": "who"}, "column 'who' is empty in row 0"),
    ({"a": "w,t,x\na/b,c,1\na,b/c,2\n"}, {"by": ["w", "t"]}, "two recordings the sa"),
    ({"a": "w,x\n1,1\n", "b": "w,y\n1,1\n"}, {"by": "w"}, "only one has column 'x'"),
    # clocks
    ({"a": "x\n1\n"}, {"time": "t"}, "'a' has no column 't' to be its clock"),
    ({"a": "x\n1\n"}, {"time": True}, "time is True, expected the name of a column"),
    ({"a": "time,x\n0,5\n2,4\n1,3\n"}, {}, "the clock 'time' of 'a' goes back from 2 "
     "to 1 s in row 2, expected times that grow: sort the rows"),
    ({"a": "time,x\n0,5\n0,4\n"}, {}, "of 'a' stands still from 0 to 0 s in row 1"),
    ({"a": "time,x\n0,5\n,4\n"}, {}, "the clock 'time' of 'a' has no time in row 1"),
    ({"a": "time,t,x\n0,1,5\n1,2,4\n"}, {}, "Columns 'time' and 't' may both be the"),
    ({"a": "time,x\n0,5\n"}, {}, "No recording has two frames"),
    ({"a": "x\n5\n"}, {"fps": 0}, "fps (--fps) is 0, expected a positive number"),
    ({"a": "x\n5\n"}, {"resample": 1e9}, "resample (--resample) is 1000000000.0, exp"),
    ({"a": "x\n5\n"}, {"resample": 10}, "resample (--resample) is 10, but"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "options", "message"), ERRORS)
def test_errors(tmp_path, files, options, message):
    _text(tmp_path, **files)
    with pytest.raises((TypeError, ValueError), match=re.escape(message)) as info:
        read_recordings(tmp_path, **options)
    assert "\n" not in str(info.value)


def test_lists_of_unequal_length(tmp_path):
    pd.DataFrame({"s": [[1.0, 2.0], [3.0]]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ValueError, match="'s' of 'a' has 1 values in row 1 and 2 in"):
        read_recordings(tmp_path)
    pd.DataFrame({"s": [["u"], ["v"]]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ValueError, match="column 's' of 'a' has array"):
        read_recordings(tmp_path)
    pd.DataFrame({"s": [[1.0, 2.0]]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"s": [[1.0]]}).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(ValueError, match="'b' has no column 's 1', which 'a' has"):
        read_recordings(tmp_path)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a.npz", "b.npz"], "but 2 *.npz: read *.npz by numpy.load, then numpy.save."),
        (["a.h5"], "but 1 *.h5: read *.h5 by h5py.File"),
        (["a.mp4"], "but 1 *.mp4: read *.mp4 by skl-tot features."),
        (["a.doc"], "but 1 *.doc."),
        ([".hidden.csv"], "it is empty."),
        (["a.csv", "b.npy"], "a.csv is a table of text, but"),
        (["a.csv", "a.tsv"], "are both 'a', expected one file for each recording."),
    ],
    ids=str,
)
def test_folder_of_csv_parquet_npz_h5_mat_or_missing(tmp_path, names, message):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises((FileNotFoundError, ValueError), match=re.escape(message)):
        read_recordings(tmp_path)


def test_paths_that_are_not_read(tmp_path):
    with pytest.raises(FileNotFoundError, match="none is no folder or file, expected"):
        read_recordings(tmp_path / "none")
    with pytest.raises(ValueError, match="path is an empty list"):
        read_recordings([])
    (tmp_path / "a.npz").touch()
    with pytest.raises(ValueError, match=r"a\.npz is not a file .*numpy\.load"):
        read_recordings(tmp_path / "a.npz")
    np.save(tmp_path / "a.npy", np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"by \(--by\) is 'who', which is for tables"):
        read_recordings(tmp_path / "a.npy", by="who")


@pytest.fixture
def arrays(tmp_path):
    """Two arrays."""
    for name in ("a", "b"):
        np.save(tmp_path / f"{name}.npy", np.ones((4, 2)))
    return tmp_path


@pytest.mark.parametrize("fps", [None, 10.0, 29.97, 1 / 3])
def test_rates_round_trip(arrays, fps):
    if fps is not None:
        write_rate(arrays, fps)
    assert read_rate(arrays) == fps
    recordings = read_recordings(arrays)
    assert recordings.fps == fps
    assert recordings.names == ["a", "b"]
    assert read_recordings(arrays, fps=fps or 25).fps == (fps or 25)


def test_rates_that_contradict(arrays, tmp_path_factory):
    write_rate(arrays, 10.0)
    with pytest.raises(ValueError, match=r"says 10 frames per second, expected 30 as"):
        read_recordings(arrays, fps=30)
    other = tmp_path_factory.mktemp("other")
    write_rate(other, 30.0)
    np.save(other / "c.npy", np.ones((4, 2)))
    with pytest.raises(ValueError, match=r"says 30 frames per second, expected 10 as"):
        read_recordings([arrays / "a.npy", arrays / "b.npy", other / "c.npy"])


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


class TestColumnsThatAreNoFeatures:
    def write(self, path, **more):
        features = {f"f{k}": RNG.normal(size=30) for k in range(12)}
        clock = {"time": np.arange(30) / 10}
        own = pd.DataFrame(clock | features | more)
        own.to_csv(path / "a.csv", index=False)
        return list(features)

    def test_text_is_left_out_aloud(self, tmp_path):
        names = self.write(tmp_path, note=["ok"] * 29 + ["halt"], state=["1 on"] * 30)
        text = r"\['note', 'state'\] hold no numbers .* 'ok' in row 0.*; .*without="
        with pytest.warns(UserWarning, match=text):
            takes = read_recordings(tmp_path)
        assert list(takes[0].columns) == names  # all of them
        assert takes.reading["columns"] == names

    def test_text_that_may_be_the_clock_is_called_so(self, tmp_path):
        stamps = [f"06:00:{k:02},0" for k in range(30)]
        names = self.write(tmp_path, Zeit=stamps, note=["ok"] * 30)
        path = tmp_path / "a.csv"
        pd.read_csv(path).drop(columns="time").to_csv(path, index=False)
        with pytest.warns(UserWarning, match=r"'Zeit' may be the clock: time='Zeit'"):
            takes = read_recordings(tmp_path)
        assert list(takes[0].columns) == names

    def test_without_says_so_without_a_warning(self, tmp_path):
        names = self.write(tmp_path, note="ok", line=3)
        takes = read_recordings(tmp_path, without=["note", "line", "f3"])
        assert list(takes[0].columns) == [name for name in names if name != "f3"]
        assert list(read_recordings(tmp_path, columns=["line"])[0].columns) == ["line"]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"without": ["nope"]}, "without (--without) has 'nope', expected among ["),
            ({"without": ["f1"], "columns": ["f1"]}, "has 'f1', expected others than"),
            ({"without": []}, "without is [], expected names of columns"),
            ({"columns": ["f1", "note"]}, "column 'note' of 'a' has 'ok' in row 0"),
        ],
    )
    def test_errors(self, tmp_path, options, message):
        self.write(tmp_path, note="ok")
        with pytest.raises((TypeError, ValueError), match=re.escape(message)):
            read_recordings(tmp_path, **options)
