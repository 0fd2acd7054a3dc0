"""Tables of recordings: files and what is read of them, or that they are refused."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from skl_tot.recordings import read_recordings
from skl_tot.recordings.files import read_rate, write_rate

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
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".CSV"])
def test_a_file_is_a_recording(tmp_path, suffix):
    tables = {"b": table(5), "a": table(7, start=3.0), "a10": table(4)}
    for name, frame in tables.items():
        path = tmp_path / f"{name}{suffix}"
        if suffix == ".parquet":
            frame.to_parquet(path)
        else:
            frame.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")
    (tmp_path / ".hidden.csv").write_text("x")
    (tmp_path / "a.mp4").touch()
    takes = read_recordings(tmp_path)
    assert (takes.names, takes.fps) == (["a", "a10", "b"], 10.0)
    for name, frame in takes.items():
        pd.testing.assert_frame_equal(frame, tables[name][["x", "n"]].astype(float))
        clock = takes.times[takes.names.index(name)]
        np.testing.assert_array_equal(clock, tables[name]["time"])


@pytest.mark.parametrize("pattern", ["*_tea", "P0[12]_tea", "P0?_tea"])
def test_patterns_take_some_recordings(tmp_path, pattern):
    names = ["P01_coffee", "P01_tea", "P02_tea", "P10_milk"]
    teas = ["P01_tea", "P02_tea"]
    for folder in ("tables", "arrays"):
        (tmp_path / folder).mkdir()
    put(tmp_path / "tables", **{name: table() for name in names if name != "P10_milk"})
    (tmp_path / "tables" / "P10_milk.csv").write_text("broken, but not asked for")
    long = pd.concat([table(name=name) for name in names])
    long.to_csv(tmp_path / "long.csv", index=False)
    for name in names:
        np.save(tmp_path / "arrays" / f"{name}.npy", np.ones((3, 2)))
    files = sorted((tmp_path / "tables").iterdir())
    for source in (tmp_path / "tables", tmp_path / "arrays", files):
        assert read_recordings(source, only=pattern).names == teas
    for folder, suffix in (("tables", "csv"), ("arrays", "npy")):
        source = str(tmp_path / folder / f"{pattern}.{suffix}")
        assert read_recordings(source).names == teas
        assert read_recordings(source, only="P01*").names == teas[:1]
    options = {"recording_column": "name"}
    takes = read_recordings(tmp_path / "long.csv", only=pattern, **options)
    assert takes.names == teas
    like = {"like": takes, "only": "P10*"}
    assert read_recordings(tmp_path / "long.csv", **like).names == names[3:]
    one = "arrays/P10_milk.npy"
    for path in ("tables", "arrays", one, "tables/*_water.csv", "long.csv"):
        more = options if path == "long.csv" else {}
        with pytest.raises(FileNotFoundError, match=r"P01_coffee|P10_milk"):
            read_recordings(tmp_path / path, only="*_water", **more)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_column_names_recordings(tmp_path, suffix):
    parts = [table(5, who=7), table(6, who=3)]
    tables = {"a/0": pd.concat(parts), "b/2": parts[0], "b/10": parts[1]}
    for name, frame in tables.items():
        path = tmp_path / f"{name}.{suffix}"
        path.parent.mkdir(exist_ok=True)
        getattr(frame, f"to_{suffix}")(path, index=False)
    for source in (tmp_path / "a", tmp_path / "b"):
        takes = read_recordings(source, recording_column="who")
        assert takes.names == ["7", "3"]  # as they appear, in files by their numbers
        for part, frame, clock in zip(parts, takes, takes.times):
            np.testing.assert_array_equal(frame, part[["x", "n"]])
            np.testing.assert_array_equal(clock, part["time"])
        assert read_recordings(source, like=takes).names == takes.names
    new = put(tmp_path, new=table()) / "new.csv"  # a model may read a file without it
    with pytest.warns(UserWarning, match="has no column 'who'"):
        assert read_recordings(new, like=takes).names == ["new"]


LISTS = np.arange(48, dtype=np.float32).reshape(8, 6) ** 2


def test_columns_of_lists(tmp_path):
    frame = pd.DataFrame(
        {
            "pose": [row.reshape(2, 3).tolist() for row in LISTS],
            "state": list(LISTS[:, :2]),
            "episode_index": [3] * 4 + [1] * 4,
            "frame_index": [0, 1, 2, 3] * 2,
            "timestamp": np.tile(np.arange(4) / 50, 2).astype(np.float32),
        }
    )
    path = tmp_path / "data.parquet"
    frame.to_parquet(path)
    with pytest.warns(UserWarning, match=r"\['frame_index'\] grow by equal steps"):
        takes = read_recordings(path, recording_column="episode_index")
    assert (takes.names, takes.fps) == (["3", "1"], pytest.approx(50))
    assert list(takes[0]) == [f"pose {k}" for k in range(6)] + ["state 0", "state 1"]
    values = np.hstack([LISTS, LISTS[:, :2]])
    np.testing.assert_array_equal(np.vstack(list(takes)), values)
    columns = ["pose 4", "state"]
    takes = read_recordings(tmp_path, recording_column="episode_index", columns=columns)
    np.testing.assert_array_equal(np.vstack(list(takes)), LISTS[:, [4, 0, 1]])


def test_numbers_that_grow_steadily_are_no_features(tmp_path):
    """Numbers of frames, also of every second one, and an elapsed time."""
    random = np.random.default_rng(0)
    for name in "ab":
        table = pd.DataFrame(random.normal(size=(30, 2)), columns=["x", "y"])
        table["Elapsed Time"] = np.arange(30) * 0.04
        table["Image No"] = 6 + 2 * np.arange(30)
        table["row"] = np.arange(30) % 15  # begins again
        table["ramp"] = np.append(np.arange(29) / 7, 9)
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    with pytest.warns(UserWarning, match=r"\['Image No', 'row'\] grow by equal"):
        takes = read_recordings(tmp_path)
    assert (list(takes[0]), takes.fps) == (["x", "y", "ramp"], pytest.approx(25))


@pytest.mark.parametrize("cells", [[[1.0, 2.0], [3.0]], [["u"], ["v"]]])
def test_lists_that_differ(tmp_path, cells):
    pd.DataFrame({"s": cells}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ValueError, match="'a'"):
        read_recordings(tmp_path)


ALL = {"note": ["ok"] * 29 + ["halt"], "line": 3, "i": range(5, 35)}
COLUMNS = [  # options, columns that are read, words of the warning
    ({}, ["x", "n"], r"'note'\] hold no numbers|'i'\] grow by|'line'\] are the same"),
    ({"without": ["note", "line", "n", "i"]}, ["x"], None),
    ({"columns": ["line", "i"]}, ["line", "i"], None),
]


@pytest.mark.parametrize(("options", "columns", "words"), COLUMNS)
def test_columns_that_are_features(tmp_path, options, columns, words):
    put(tmp_path, a=table(30, **ALL))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        takes = read_recordings(tmp_path, **options)
    assert list(takes[0]) == takes.read_options["columns"] == columns
    texts = [str(warning.message) for warning in caught]
    assert len(texts) == (0 if words is None else 3)
    assert all(re.search(words, text) for text in texts)


COMMAS = [
    "x;n\n1,5;0\n-0,25;10\n",
    "n;x\n0;1,5\n10;-2,5E-1\n",
    "x;n;z\n1,5;0;1,013\n-0,25;10;1,012\n",
    "x;n;date\n1,5;0;01.02.2024 10:00\n-0,25;10;01.02.2024 10:01\n",
    "n;x\n" + "".join(f"{k};7\n" for k in range(3000)) + "0;1,5\n10;-0,25\n",  # late
]


@pytest.mark.parametrize("text", COMMAS)
def test_decimal_commas(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    takes = read_recordings(tmp_path, columns=["x", "n"], time=False)
    assert takes[0][["x", "n"]].to_numpy()[-2:].tolist() == [[1.5, 0], [-0.25, 10]]


ZONED = "2024-02-28T10:00:00Z"
BACK = "time,x\n2024-10-{},5\n2024-10-{},4\n"
REFUSED = [  # texts by name, options, what the error names
    # columns
    ({"a": "x,n\n1,2\noff,2\n"}, {}, "column 'x' of 'a' has 'off' in row 1"),
    ({"a": "x\n1\n", "b": "y,z\n1,2\n"}, {}, "'b' has no column 'x'"),
    ({"a": "time\n1\n2\n"}, {}, "no column of features"),
    ({"a": 'x;y\n1;"1,234"\n2;-\n3;"20,000"\n'}, {}, "'1,234'"),
    ({"a": "x;y\n1;1,013\n2;1,012\n"}, {}, "'1,013'"),
    ({"a": "x\n"}, {}, "a.csv: it has no rows"),
    ({"a": "x\n1\n"}, {"columns": ["x", "x"]}, "columns"),
    ({"a": "x\n1\n"}, {"without": ["nope"]}, "'nope'"),
    ({"a": "x\n1\n"}, {"without": ["x"], "columns": ["x"]}, "'x'"),
    ({"a": "x\n1\n"}, {"without": []}, "without"),
    # recordings
    ({"a": "x\n1\n"}, {"recording_column": "who"}, "'who'"),
    ({"a": "who,x\n,1\n"}, {"recording_column": "who"}, "a.csv: column 'who' is empty"),
    ({"a": "w,t,x\na/b,c,1\na,b/c,2\n"}, {"recording_column": ["w", "t"]}, "w"),
    ({"a": "w,x\n1,1\n", "b": "w,y\n1,1\n"}, {"recording_column": "w"}, "b.csv"),
    # clocks and rates
    ({"a": "x\n1\n"}, {"time": True}, "time"),
    ({"a": "x\n1\n"}, {"time": "t"}, "'a' has no clock column 't'"),
    ({"a": "time,x\n0,5\n,4\n"}, {}, "'a' has no time in row 1"),
    ({"a": "time,x\n0,5\n"}, {}, "fps"),
    ({"a": "time,x\n0,5\n1,3\n"}, {"bridge": 0.5}, "bridge"),
    ({"a": "x\n5\n"}, {"bridge": 0}, "bridge"),
    ({"a": "x\n5\n"}, {"resample": 10}, "resample"),
    ({"a": "x\n5\n"}, {"like": "model"}, "like"),
    ({"a": "time,x\n0,5\n2,4\n1,3\n"}, {}, "'a' goes back"),
    ({"a": BACK.format("27 02:59:59", "27 02:00:00")}, {}, "summer time"),
    ({"a": BACK.format("27 23:00", "27 02:00")}, {}, "'a' goes back"),  # no midnight
    ({"a": "time,t,x\n0,1,5\n1,2,4\n"}, {}, "'time', 't'"),
    ({"a": "time,x\n0,5\n1,3\n"}, {"fps": 25}, "fps"),
    ({"a": "time,x\n0,5\n1e-8,3\n"}, {}, "the rate of the clock of 'a'"),
    ({"a": "x\n5\n"}, {"resample": 1e9}, "resample"),
    ({"a": "time,x\n2024-02-28,1\n2024-02-30,1\n"}, {}, "'2024-02-30' in row 1"),
    ({"a": "time,x\n30.2.2024 1:00:00,1\n"}, {}, "'30.2.2024 1:00:00' in row 0"),
    ({"a": f"time,x\n{ZONED},1\n{ZONED[:-1]},1\n"}, {}, "time zone"),
    # names
    ({"a": "a (ms),a,b\n,ms,\n1,2,3\n2,3,4\n"}, {}, "two columns 'a (ms)'"),
    ({"a": "x\n5\n"}, {"animal": "m"}, "animal"),
]


@pytest.mark.parametrize(("files", "options", "words"), REFUSED)
def test_refused_tables(tmp_path, files, options, words):
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text)
    with pytest.raises((TypeError, ValueError), match=re.escape(words)) as info:
        read_recordings(tmp_path, **options)
    assert "\n" not in str(info.value)


PLACES = [  # files, what is read of the folder, what the error names
    ([".hidden.csv"], "", "it is empty"),
    (["a.csv", "b.npy"], "", "b.npy"),
    (["tea/a.csv", "coffee/a.csv"], "", "read one of them, such as"),
    (["a.csv", "a.tsv"], "", "are both 'a'"),
    (["a.xlsx"], "a.xlsx", "pandas.read_excel"),
    (["a.csv"], ["a.csv", "b/../a.csv"], "a.csv twice"),
    (["a.csv"], ["a.csv", None], "a file in path is None"),
]


@pytest.mark.parametrize(("names", "place", "words"), PLACES)
def test_refused_places(tmp_path, names, place, words):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    is_list = isinstance(place, list)
    path = [x and tmp_path / x for x in place] if is_list else tmp_path / place
    with pytest.raises((FileNotFoundError, TypeError, ValueError), match=words):
        read_recordings(path)


@pytest.fixture
def arrays(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((4, 2)))
    return tmp_path


@pytest.mark.parametrize("fps", [None, 29.97, 1 / 3])
def test_rates_of_arrays(arrays, tmp_path_factory, fps):
    if fps is not None:
        write_rate(arrays, fps)
    assert read_rate(arrays) == fps
    assert read_recordings(arrays).fps == fps
    assert read_recordings(arrays, fps=fps or 25).fps == (fps or 25)
    other = tmp_path_factory.mktemp("other")
    write_rate(other, 10.0)
    np.save(other / "c.npy", np.ones((4, 2)))
    with pytest.raises(ValueError, match="frames per second"):
        read_recordings([arrays / "a.npy", other / "c.npy"], fps=30)
    for option in ({"recording_column": "who"}, {"header": 2}):
        with pytest.raises(ValueError, match=next(iter(option))):
            read_recordings(arrays, **option)
