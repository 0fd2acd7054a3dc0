"""Columns that name recordings: recognised alike in files and in data frames."""

import warnings

import numpy as np
import pandas as pd
import pytest

from skl_tot.recordings import read_recordings
from skl_tot.recordings.layouts import as_recordings

RNG = np.random.default_rng(0)
LENGTHS = (5, 6, 4)
X = RNG.normal(size=(15, 2))


def long_table(**columns):
    """Two features, and columns with a value by recording or by row."""
    each = {
        name: np.repeat(values, LENGTHS) if len(values) == 3 else values
        for name, values in columns.items()
    }
    return pd.DataFrame({**each, "x": X[:, 0], "y": X[:, 1]})


def read(table, path, **options):
    """Recordings of a table that is written to a file, without warnings."""
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read_recordings(path, **options)


NAMES_THEM = "ignore:.* names the recordings"
SUFFIXES = 4 * [".parquet", ".csv"]
RECOGNISED = [
    {"episode_index": [3, 1, 2]},
    {"Trial ID": ["b", "a", "007"]},
    {"Trial No.": [7, 9, 8]},
    {"Trial #": [4, 5, 6]},
    {"id": [2, 1, 3]},
    {"subject": [1, 1, 2], "recording": ["u", "v", "w"]},
    {"session": [1, 1, 1], "trial_nr": [1, 2, 3], "patient": ["p", "p", "q"]},
    {"video": ["u.mp4", "v.mp4", "w.mp4"], "frame_id": np.arange(15)},
]


@pytest.mark.filterwarnings("ignore:Columns", NAMES_THEM)
@pytest.mark.parametrize(("columns", "suffix"), zip(RECOGNISED, SUFFIXES))
def test_a_usual_name_is_recognised(tmp_path, columns, suffix):
    table = long_table(**columns)
    (column,) = [name for name, x in columns.items() if len({*x}) == len(x) == 3]
    takes = read(table, tmp_path / f"a{suffix}")
    assert takes.names == list(map(str, columns[column]))
    assert takes.read_options["recording_column"] == column
    with pytest.warns(UserWarning, match=f"X: '{column}' names the recordings"):
        same = as_recordings(table.drop(columns="frame_id", errors="ignore"))
    with pytest.warns(UserWarning, match=f"a.* '{column}' names the recordings"):
        read_recordings(tmp_path / f"a{suffix}")
    assert same.names == takes.names
    for rows, take, frame in zip(np.split(X, np.cumsum(LENGTHS)), takes, same):
        np.testing.assert_array_equal(take, rows)
        np.testing.assert_array_equal(frame[["x", "y"]], rows)
    assert list(same[0]) == ["x", "y"]
    one = read(table, tmp_path / f"a{suffix}", recording_column=False)
    assert one.names == ["a"]
    assert read(table, tmp_path / f"b{suffix}", like=takes).names == takes.names


OTHERS = [
    {"recording": np.arange(15) ** 2},  # a value by row
    {"episode": RNG.normal(size=15)},
    {"demo": np.arange(15) > 7},
    {"gear": [1, 2, 3]},
    {"take": [7, 7, 7]},
]


@pytest.mark.parametrize("columns", OTHERS)
def test_what_is_not_recognised(tmp_path, columns):
    takes = read(long_table(**columns), tmp_path / "a.csv")
    assert takes.names == ["a"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert as_recordings(long_table(**columns)).is_single


@pytest.mark.parametrize("name", ["label", "Label ID", "actions", "ground_truth"])
def test_labels_are_no_features(tmp_path, name):
    long_table(**{name: np.arange(15) // 4}).to_csv(tmp_path / "a.csv", index=False)
    with pytest.warns(UserWarning, match=f"{name}'. are called as labels"):
        takes = read_recordings(tmp_path)
    assert list(takes[0]) == ["x", "y"]


DOUBTFUL = [
    {"subject": [1, 1, 2], "trial": np.repeat([1, 2, 1, 2], [3, 2, 6, 4])},
    {"recording": np.arange(15) % 3},
    {"episode": [1, 2, 1]},
]


@pytest.mark.parametrize("columns", DOUBTFUL)
def test_a_doubtful_choice(tmp_path, columns):
    table = long_table(**columns)
    with pytest.raises(ValueError, match=r"a\.csv: '.*--recording-column") as caught:
        read(table, tmp_path / "a.csv")
    assert all(repr(name) in str(caught.value) for name in columns)
    with pytest.raises(ValueError, match=r"X: '.*X.set_index\(\['") as caught:
        as_recordings(table)
    chosen = read(table, tmp_path / "a.csv", recording_column=list(columns))
    indexed = as_recordings(table.set_index([*columns, table.index]))
    assert chosen.names == indexed.names
    for one, other in zip(chosen, indexed):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="several recordings in one"):
        as_recordings({"a": table, "b": table})


@pytest.mark.filterwarnings(NAMES_THEM)
def test_several_files(tmp_path):
    names = {"s1": [1, 2, 3], "s2": [1, 2, 3]}
    for name, trials in names.items():
        read(long_table(trial=trials), tmp_path / f"{name}.csv")
    expected = [f"s{k}/{trial}" for k in (1, 2) for trial in (1, 2, 3)]
    takes = read_recordings(tmp_path)
    assert takes.names == expected
    assert read_recordings(tmp_path, recording_column="trial").names == expected
    np.testing.assert_array_equal(np.concatenate(list(takes)), np.vstack([X, X]))
    read(long_table(trial=[3, 4, 5]), tmp_path / "s2.csv")  # of one table, cut in two
    takes = read_recordings(tmp_path)
    assert takes.names == ["1", "2", "3", "4", "5"]
    assert takes.lengths.tolist() == [5, 6, 9, 6, 4]
    read(long_table(trial=[4, 4, 4]), tmp_path / "s1.csv")
    read(long_table(trial=[4, 4, 4]), tmp_path / "s2.csv")
    with pytest.warns(UserWarning, match=r"\['trial'\] are the same"):
        assert read_recordings(tmp_path).names == ["s1", "s2"]
