"""The page for users of other programs, with files that these programs wrote."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import skl_tot
from skl_tot import Recordings, TemporalOTSegmenter, metrics
from skl_tot.datasets import make_activities
from skl_tot.io import read_segments

PAGE = Path(skl_tot.__file__).parents[1] / "docs" / "coming_from.md"
FILES = Path(__file__).parents[1] / "data" / "coming_from"
CODED = {"mouse_1": [60, 40, 100], "mouse_2": [80, 30, 60]}  # frames, as coded
BEHAVIOURS = ["reach", "grasp", "lift"]


def write_features():
    """Features of the coded recordings, and of one that is not coded."""
    random = np.random.default_rng(0)
    Path("features").mkdir()
    for name, lengths in (CODED | {"mouse_3": [70, 35, 80]}).items():
        means = np.repeat(3 * np.eye(3), lengths, axis=0)
        frames = means + random.normal(0, 0.3, means.shape)
        np.save(f"features/{name}.npy", frames)


def make_series():
    """Series in three states, in different orders; their states."""
    random = np.random.default_rng(0)
    truth = [np.repeat(order, 150) for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0, 1])]
    scales = np.array([0.2, 1, 5])
    series = [random.normal(size=(len(y), 2)) * scales[y, None] for y in truth]
    return series, truth


@pytest.fixture
def run_section(pose_files, monkeypatch):
    """Run the blocks of a section, which need no other; give their names."""
    pytest.importorskip("h5py")
    shutil.copytree(FILES, ".", dirs_exist_ok=True)
    tracks = Path("project/data/raw")
    shutil.copy(tracks / "mouse1.nc", tracks / "mouse2.nc")
    write_features()
    series, truth = make_series()
    names = {"videos": make_activities(6, 6, mean_length=60, random_state=0)[0]}
    names |= {"series": series, "truth": truth}
    monkeypatch.setitem(TemporalOTSegmenter.__init__.__kwdefaults__, "max_iter", 9)
    parts = re.split(r"^## (.*)\n", PAGE.read_text("utf-8"), flags=re.M)[1:]
    sections = dict(zip(parts[::2], parts[1::2]))

    def run(heading):
        text = sections[heading]
        for code in re.findall(r"^```python\n(.*?)^```", text, re.S | re.M):
            exec(code, names)
        return names

    return run


def test_keypoint_moseq(run_section):
    names = run_section("keypoint-moseq")
    assert names["actions"].names == names["tracks"].names
    table = names["table"]
    for name in ("mouse1", "mouse2"):
        written = pd.read_csv(FILES / "syllables" / f"{name}.csv")["syllable"]
        own = table[table["recording"] == name].set_index("action")
        for syllable, n_frames in written.value_counts().items():
            assert own.loc[syllable, "total"] == pytest.approx(n_frames / 25)


def test_vame(run_section):
    names = run_section("VAME")
    tracks, motifs = names["tracks"], names["motifs"]
    assert (tracks.names, tracks.fps) == (["mouse1", "mouse2"], 25)
    assert list(tracks[0])[:3] == ["nose x", "nose y", "left_ear x"]
    assert list(motifs) == ["mouse1", "mouse2"]
    assert {len(own) for own in motifs.values()} == {240 - 12 + 1}
    n_steps = sum((np.diff(own) != 0).sum() for own in motifs.values())
    assert n_steps == names["steps"]["count"].sum()


def test_hmmlearn(run_section):
    pytest.importorskip("hmmlearn")
    names = run_section("hmmlearn")
    model, theirs = names["model"], names["theirs"]
    assert model.transitions_.shape == theirs.transmat_.shape
    for states in names["states"]:
        assert np.diff(np.flatnonzero(np.diff(states))).min() >= 5


def test_boris(run_section):
    names = run_section("BORIS")
    assert list(names["labels"]) == list(CODED)
    assert sorted(names["model"].classes_) == sorted(BEHAVIOURS)
    predicted = names["predicted"]
    expected = np.repeat(BEHAVIOURS, [70, 35, 80])  # of the recording not coded
    assert (np.asarray(predicted["mouse_3"]) == expected).mean() > 0.9
    again = read_segments("found.csv", recordings=names["recordings"])
    for name, labels in predicted.items():
        np.testing.assert_array_equal(again[name], labels)


@pytest.mark.parametrize("path", ["events.csv", "tabular"])
def test_exports_of_boris(path):
    frames = [np.zeros((sum(lengths), 1)) for lengths in CODED.values()]
    recordings = Recordings(frames, list(CODED), fps=25)
    labels = read_segments(FILES / path, recordings=recordings)
    for name, lengths in CODED.items():
        assert list(labels[name]) == list(np.repeat(BEHAVIOURS, lengths))


def test_tsseg(run_section):
    names = run_section("tsseg and claspy")
    assert names["score"] > 0.8
    assert [len(states) for states in names["states"]] == list(map(len, names["truth"]))


def test_a_score_equals_that_of_tsseg():
    theirs = json.loads((FILES / "tsseg.json").read_text("utf-8"))
    score = metrics.adjusted_rand_score([theirs["truth"]], [theirs["states"]])
    assert score == pytest.approx(theirs["AdjustedRandIndex"], abs=1e-12)
