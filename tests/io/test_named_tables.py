"""Segments of recordings with names of any kind, and actions as pandas makes them."""

import os
import stat
import sys

import numpy as np
import pandas as pd
import pytest

from skl_tot.io import read_segments, read_table, segments, write_segments
from skl_tot.io.formats import FORMATS, writable_formats
from skl_tot.recordings import Recordings
from skl_tot.statistics import durations, transitions


def test_all_levels_but_the_last_name_a_recording(tmp_path):
    index = pd.MultiIndex.from_product([["ann", "bob"], ["t1", "t2"], range(4)])
    labels = pd.Series(["cut", "cut", "mix", "mix"] * 4, index=index)
    names = ["ann/t1", "ann/t2", "bob/t1", "bob/t2"]
    table = segments(labels)
    assert table["recording"].unique().tolist() == names
    assert len(table) == 8
    write_segments(table, tmp_path / "all.csv")
    assert {k: len(own) for k, own in read_segments(tmp_path / "all.csv").items()} == (
        dict.fromkeys(names, 4)
    )
    assert durations(labels)["recording"].unique().tolist() == names


@pytest.mark.parametrize(
    ("keys", "names"),
    [([1, 2], ["1", "2"]), ([("ann", 1), ("ann", 2)], ["ann/1", "ann/2"])],
)
def test_dicts_as_predict_gives_them(tmp_path, keys, names):
    table = segments(dict(zip(keys, [[0, 0, 1], [1, 1]])), 10)
    assert table["recording"].unique().tolist() == names
    write_segments(table, tmp_path / "all.parquet")
    assert list(read_segments(tmp_path / "all.parquet")) == names


def test_actions_as_floats_are_integers(tmp_path):
    """A concat with a table that lacks the column makes floats of integers."""
    table = pd.DataFrame({"action": [-1.0, 0.0, 2.0], "start": [0, 2, 3]})
    table["end"] = [2, 3, 7]
    found = durations(table)
    assert found["action"].tolist() == [0, 2]
    assert found["share"].tolist() == pytest.approx([1 / 7, 4 / 7])
    write_segments(table, tmp_path / "a.csv")
    assert read_table(tmp_path / "a.csv")["action"].tolist() == [-1, 0, 2]
    table.to_csv(tmp_path / "b.csv", index=False)
    assert read_table(tmp_path / "b.csv")["action"].tolist() == [-1, 0, 2]
    assert read_segments(tmp_path / "b.csv").tolist()[:3] == ["background"] * 2 + ["0"]
    for bad in (0.5, np.inf, 2.0**70):
        with pytest.raises(ValueError, match="Segment 1: the label is"):
            durations(table.assign(action=[-1, bad, 0]))


def test_a_column_twice():
    table = pd.DataFrame([["a", 0, 2, 3]], columns=["action", "start", "end", "end"])
    with pytest.raises(ValueError, match=r"'end', 'end'\], expected each once"):
        durations(table)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    assert stat.S_ISFIFO(os.stat(tmp_path / "a.csv").st_mode)
    for path in (tmp_path / "a.csv", [tmp_path / "a.csv"], tmp_path):
        with pytest.raises(OSError, match=r"a\.csv is no regular file, expected"):
            read_segments(path)


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode elsewhere")
@pytest.mark.parametrize("format", writable_formats())
def test_a_name_of_a_file_need_not_be_text(tmp_path, format):
    path = tmp_path / (os.fsdecode(b"caf\xe9") + FORMATS[format].suffix)
    write_segments(segments(["cut", "mix"], 10), path, format=format)
    found = read_segments(path, fps=10, format=format)
    assert found.tolist() == ["cut", "mix"]
    assert read_table(path, format=format)["recording"][0].startswith("caf")


def test_nothing_leads_over_a_break(tmp_path):
    times = np.concatenate([np.arange(10) / 10, 100 + np.arange(10) / 10])
    actions = np.repeat(["cut", "mix", "cut"], [5, 10, 5])
    labels = Recordings([actions], ["a"], fps=10, times=[times], breaks=[[10]])
    write_segments(segments(labels), tmp_path / "a.csv")
    for given in (labels, read_table(tmp_path / "a.csv")):
        found = durations(given).set_index("action")
        assert found["share"].to_dict() == {"cut": 0.5, "mix": 0.5}
        assert found["interval_mean"].to_dict() == pytest.approx({"cut": 1, "mix": 0})
        steps = transitions(given).set_index(["from", "to"])["count"]
        assert steps.to_dict() == {
            ("cut", "cut"): 0,
            ("cut", "mix"): 1,
            ("mix", "cut"): 1,
            ("mix", "mix"): 0,
        }
