"""Fits from labels of one recording, without a number of actions."""

import numpy as np
import pytest

from skl_tot import HMMSegmenter, SemiSupervisedSegmenter
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, segments, write_segments
from skl_tot.io.formats import writable_formats
from skl_tot.preprocessing import SignalWindows

WORDS = np.array(["take cup", "pour", "stir"])
VIDEOS, CODES = make_activities(12, 3, n_features=5, mean_length=60, random_state=1)
LABELS = [WORDS[codes] for codes in CODES]
FORMATS = writable_formats()


@pytest.fixture(autouse=True)
def _in_a_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flat").mkdir()
    for i, video in enumerate(VIDEOS):
        np.save(tmp_path / "flat" / f"v{i}.npy", video)


@pytest.fixture
def _quick(monkeypatch):
    """Clusterings of seconds less in place of the default ones."""

    def quick(recordings, random_state=None):
        return [HMMSegmenter(3), HMMSegmenter(3, standardize="video")]

    monkeypatch.setattr("skl_tot.corrections.semi_supervised.default_estimators", quick)


def write(name, labels, format=None):
    write_segments(segments(labels, fps=10), name, format=format)


def share_right(model):
    found = np.concatenate(model.predict(VIDEOS[1:]))
    return (found == np.concatenate(LABELS[1:])).mean()


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("format", FORMATS)
def test_one_file_of_one_recording(run, format):
    """Named like the recording; or as one likes, if it says which recordings it has."""
    entry = FORMATS[format]
    name = f"first{entry.suffix}" if entry.many else f"v0{entry.suffix}"
    write(name, {"v0": LABELS[0]} if entry.many else LABELS[0], format)
    assert run(f"fit flat --fps 10 --labels {name} --out m.skops") == 0
    model = load_model("m.skops")
    assert model.actions_.tolist() == sorted(WORDS)
    np.testing.assert_array_equal(model.labels_["v0"], LABELS[0])
    assert share_right(model) > 0.9


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("format", [name for name in FORMATS if FORMATS[name].many])
def test_tables_of_one_recording_may_have_its_name(run, format):
    name = f"v0{FORMATS[format].suffix}"
    write(name, LABELS[0], format)
    assert run(f"fit flat --fps 10 --labels {name} --out m.skops") == 0
    np.testing.assert_array_equal(load_model("m.skops").labels_["v0"], LABELS[0])


@pytest.mark.usefixtures("_quick")
def test_part_of_a_recording(run, capsys):
    """From the second half of an action on."""
    first = int(np.flatnonzero(CODES[0] == 0)[-1]) // 2
    text = ["action,start,end"]
    for word in WORDS:
        places = np.flatnonzero(LABELS[0] == word)
        places = places[places >= first]
        text.append(f"{word},{places[0]},{places[-1] + 1}")
    with open("v0.csv", "w", encoding="utf-8") as file:
        file.write("\n".join(text) + "\n")
    assert run("fit flat --labels v0.csv --out m.skops") == 0
    n_known = len(LABELS[0]) - first
    printed = capsys.readouterr().out
    assert f"{n_known} frames of 1 of 12 recordings are labelled, with 3" in printed
    assert "order=" not in printed  # of a look, which labels overrule
    model = load_model("m.skops")
    np.testing.assert_array_equal(model.labels_["v0"][first:], LABELS[0][first:])
    assert share_right(model) > 0.9


def test_fit_without_a_number_has_the_clusterings_of_the_learner(run):
    write("v0.csv", LABELS[0])
    given = "--labels v0.csv --pipeline windows:3 --min-duration 4 --seed 7"
    assert run(f"fit flat {given} --out m.skops") == 0
    windows, model = load_model("m.skops")
    assert isinstance(windows, SignalWindows)
    assert isinstance(model, SemiSupervisedSegmenter)
    assert (model.estimator, model.min_duration, model.random_state) == (None, 4, 7)
    assert len(model.estimators_) > 2


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        ("--n-actions 3 --method hmm", {"n_actions": 3}),
        ("--method hmm", {}),
        ("--method hmm --order free", {"order": "free"}),
    ],
)
def test_a_method_is_the_inner_estimator(run, given, settings):
    write("v0.csv", LABELS[0])
    command = f"fit flat --labels v0.csv {given} --min-duration 4 --out m.skops"
    assert run(command) == 0
    model = load_model("m.skops")
    expected = HMMSegmenter(**settings, min_duration=4, random_state=0)
    assert model.estimator.get_params() == expected.get_params()
    assert model.min_duration == 4


@pytest.mark.usefixtures("_quick")
@pytest.mark.filterwarnings("always")
def test_actions_that_no_label_names_are_said(run, capsys):
    """With their frames and recordings."""
    for i, codes in enumerate(CODES[:8]):
        np.save(f"flat/v{i}.npy", VIDEOS[i][codes != 2])
    write("v0.csv", LABELS[0][CODES[0] != 2])
    capsys.readouterr()
    assert run("fit flat --labels v0.csv --out m.skops") == 0
    error = capsys.readouterr().err
    model = load_model("m.skops")
    assert model.actions_.tolist() == ["pour", "take cup", "action 1"]
    shown = {k: (own == "action 1").sum() for k, own in model.labels_.items()}
    names = [name for name, n_frames in shown.items() if n_frames]
    assert f"action 1 ({sum(shown.values())} frames of recordings {names[0]}" in error
    found = np.concatenate([model.labels_[f"v{i}"] for i in range(8, 12)])
    is_last = np.concatenate(CODES[8:]) == 2
    assert ((found == "action 1") == is_last).mean() > 0.9


@pytest.mark.parametrize("given", ["", "--method hmm", "--cycles --seed 1"])
def test_without_labels_a_number_is_needed(refuses, tmp_path, given):
    message = "expected --n-actions N, or --labels of a recording."
    refuses(f"fit flat --out m.skops {given}", message, tmp_path)
