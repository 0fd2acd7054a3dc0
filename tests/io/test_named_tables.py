"""Segments of recordings with names of any kind, and with breaks."""

import os
import sys

import numpy as np
import pandas as pd
import pytest

from skl_tot.io import (
    FORMATS,
    read_segments,
    read_table,
    segments,
    writable_formats,
    write_segments,
)
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
