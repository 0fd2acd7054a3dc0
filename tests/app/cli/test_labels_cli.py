"""The command line for labels of people: suggest, fit, refine, evaluate."""

from pathlib import Path

import numpy as np
import pytest

from skl_tot import HMMSegmenter, SemiSupervisedSegmenter
from skl_tot.app.review import Review
from skl_tot.corrections import recordings_to_label
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, read_segments, segments, write_segments
from skl_tot.preprocessing import SignalWindows
from skl_tot.recordings import read_recordings

WORDS = np.array(["take cup", "pour", "stir"])
FIT = "fit flat --n-actions 3 --method hmm"
pytestmark = pytest.mark.usefixtures("folder", "fit_once")


def write(path, text):
    Path(path).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", ["first.csv", "v0.TextGrid"])
def test_fit_learns_a_file_of_one_recording(run, name):
    """Named like the recording; or as one likes, if it says which recordings it has."""
    labels = read_segments("two/v0.csv")
    is_named = name.startswith("first")
    write_segments(segments({"v0": labels} if is_named else labels, fps=10), name)
    assert run(f"fit flat --labels {name} --out m.skops") == 0
    model = load_model("m.skops")
    assert model.actions_.tolist() == sorted(WORDS)
    np.testing.assert_array_equal(model.labels_["v0"], labels)


def test_without_a_method_there_is_the_learner_else_its_inner_estimator(run):
    fit = "fit flat --labels two --min-duration 0.4"
    assert run(f"{fit} --pipeline windows:3 --seed 7 --out m.skops") == 0
    windows, model = load_model("m.skops")
    assert isinstance(windows, SignalWindows)
    assert isinstance(model, SemiSupervisedSegmenter)
    settings = (model.estimator, model.min_duration, model.random_state)
    assert settings == (None, 0.4, 7)
    options = "--n-actions 3 --method hmm --order free --pipeline standard"
    assert run(f"{fit} {options} --out m.skops") == 0
    model = load_model("m.skops")[-1]
    settings = {"n_actions": 3, "order": "free", "standardize": None}
    expected = HMMSegmenter(min_duration=0.4, random_state=0, **settings)
    assert model.estimator.get_params() == expected.get_params()
    assert model.min_duration == 0.4
    np.testing.assert_array_equal(model.labels_["v2"], read_segments("two/v2.csv"))


@pytest.fixture
def truth(folder):
    """Labels of the log log.npy, of six cycles; log.csv has the first."""
    videos, codes = make_activities(6, 3, n_features=4, mean_length=20, random_state=1)
    np.save("log.npy", np.concatenate(videos))
    words = [WORDS[path] for path in codes]
    write_segments(segments(words[0], fps=10), "log.csv")
    return np.concatenate(words)


@pytest.mark.filterwarnings("ignore:Labels are a stretch")
def test_labels_of_a_cycle_teach_the_others(run, truth):
    assert run("fit log.npy --labels log.csv --cycles --out m.skops") == 0
    model = load_model("m.skops")
    assert len(model.cuts_["log"]) == 7
    assert np.mean(model.predict(np.load("log.npy")) == truth) > 0.8
    assert run("report m.skops log.npy --out a.html") == 0
    page = Path("a.html").read_text(encoding="utf-8")
    assert "found these actions from labels of people" in page


def test_fits_and_reviews_find_cycles(run, truth, monkeypatch, capsys):
    found = []

    def look(calls, *_):
        calls.start()
        calls.wait()
        found.append(calls.review.cycles)
        calls.close()

    monkeypatch.setattr("skl_tot.app.review.server.run", look)
    assert run(f"review log.npy {FIT[8:]} --cycles --out checked") == 0
    assert len(found[0]) == 6
    assert run(f"fit log.npy {FIT[8:]} --cycles --out m.skops") == 0
    assert "Found 6 cycles.\n" in capsys.readouterr().out


def test_a_recording_to_label_is_suggested(run, capsys):
    assert run("suggest flat") == 0
    proposal, compared, labelled = capsys.readouterr().out.splitlines()
    (expected,) = recordings_to_label(read_recordings("flat"), random_state=0)
    assert proposal == f"v{expected['recording']}: {expected['reason']}"
    assert compared.startswith("Compared: 4 recordings, ")
    assert labelled == "No recording has labels yet."
    assert run("suggest flat --labels two --number 9") == 0
    *proposals, _, labelled = capsys.readouterr().out.splitlines()
    assert {line.partition(":")[0] for line in proposals} == {"v1", "v3"}
    assert labelled.endswith("2 of 4 recordings are labelled, with 3 labels.")


def test_gaps_and_one_table_of_all(run):
    (Path("part")).mkdir()
    write("part/v0.csv", "action,start,end\ntake cup,0,10\npour,20,30\n")
    assert run(f"{FIT} --labels part --gaps background --out a.skops") == 0
    model = load_model("a.skops")
    assert model.classes_.tolist()[:3] == ["background", "pour", "take cup"]
    assert (model.labels_["v0"][10:20] == "background").all()
    assert run(f"{FIT} --labels part --out a.skops") == 0
    assert "background" not in load_model("a.skops").classes_
    rows = "recording,action,start,end\nv0,pour,0,20\nv0,stir,20,30\nv3,pour,0,10\n"
    write("all.csv", rows)
    assert run(f"{FIT} --labels all.csv --out a.skops") == 0
    assert load_model("a.skops").classes_.tolist() == ["pour", "stir", "action 1"]
    assert (load_model("a.skops").labels_["v3"][:10] == "pour").all()


def test_evaluate_by_labels(run, capsys):
    """Unlabelled frames do not count."""
    assert run("predict model.skops flat --out found") == 0
    (Path("part")).mkdir()
    write("part/v0.csv", "action,start,end\ntake cup,0,10\npour,20,30\n")
    capsys.readouterr()
    for options, n_frames in (("", "20"), ("--ignore pour", "10")):
        assert run(f"evaluate flat found --labels part {options}") == 0
        words = capsys.readouterr().out.split()
        assert words[words.index("frames", words.index("MoF")) + 1] == n_frames


def test_labels_of_recordings_with_stops_go_there_and_back(run, capsys, tmp_path):
    """One line per frame of the files, from predictions and from a review."""
    videos, _ = make_activities(2, 3, n_features=5, mean_length=60, random_state=0)
    (tmp_path / "takes").mkdir()
    for name, video in zip("ab", videos):
        rest = np.full((90, 5), 9.0)
        frames = np.concatenate([video[:20], rest, video[20:], rest])
        np.save(tmp_path / "takes" / f"{name}.npy", frames)
    write("takes/recordings.json", '{"fps": 10}')
    fit = "fit takes --n-actions 3 --method hmm --pauses 5"
    assert run(f"{fit} --out m.skops") == 0
    assert run("predict m.skops takes --format labels --out predicted") == 0
    takes = read_recordings("takes", like=load_model("m.skops"))
    assert takes.lengths.tolist() == list(map(len, videos))
    review = Review(load_model("m.skops"), takes, tmp_path / "review").open()
    review.rename("action 1", "pour")
    review.export("labels")
    review.close()
    for folder in (tmp_path / "predicted", tmp_path / "review" / "labels"):
        lines = {file.stem: file.read_text().splitlines() for file in folder.iterdir()}
        lengths = [len(lines[name]) for name in "ab"]
        assert lengths == [len(video) + 180 for video in videos]
        assert set(lines["a"][20:110]) <= {"-1", "background"}
        labels = read_segments(folder, recordings=takes)
        for name in "ab":
            assert labels[name].tolist() == [*lines[name][:20], *lines[name][110:-90]]
    assert run(f"refine m.skops takes --labels {folder} --out new.skops") == 0
    actions = {*lines["a"], *lines["b"]} - {"-1", "background"}
    assert set(load_model("new.skops").actions_.tolist()) == actions
    assert run("predict m.skops takes --out found.csv") == 0
    capsys.readouterr()
    evaluate = "evaluate takes found.csv --labels predicted"
    assert run(evaluate) == 2
    assert "--like MODEL" in capsys.readouterr().err
    assert run(f"{evaluate} --like m.skops") == 0
    assert "1.000" in capsys.readouterr().out


def test_labels_need_only_cover_the_recordings_of_a_pattern(run):
    assert run("fit flat/v[01].npy --labels two --out m.skops") == 0
    assert len(load_model("m.skops").labels_) == 2
    refine = "refine model.skops flat --only v[01] --labels two --out m.skops"
    assert run(refine) == 0
    assert run("predict m.skops flat --only v[01] --out some") == 0
    assert read_segments("some").keys() == {"v0", "v1"}
