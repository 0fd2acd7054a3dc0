"""The command line for labels that people have corrected."""

import csv

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator

from skl_tot import HMMSegmenter, SemiSupervisedSegmenter
from skl_tot.app.review import Review
from skl_tot.corrections import merge, rename
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, read_segments, save_model, segments, write_segments
from skl_tot.recordings import read_recordings

WORDS = np.array(["take cup", "pour", "stir"])
FIT = "fit flat --n-actions 3 --method hmm"


@pytest.fixture(autouse=True)
def _in_a_folder(monkeypatch, folder):
    monkeypatch.chdir(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Recordings, a model, and folders of labels, good and bad."""
    root = tmp_path_factory.mktemp("labels")
    videos, truth = make_activities(4, 3, n_features=5, mean_length=60, random_state=0)
    for name in ("flat", "unlabelled", "part"):
        (root / name).mkdir()
    for i, video in enumerate(videos):
        np.save(root / "flat" / f"v{i}.npy", video)
    (root / "names.txt").write_text("0 take cup\n1 pour\n2 stir\n")
    save_model(HMMSegmenter(3).fit(videos), root / "model.skops")
    two = {"v0": WORDS[truth[0]], "v2": WORDS[truth[2]]}
    put(root / "two", two)
    put(root / "stranger", two | {"v9": WORDS[truth[0]]})
    put(root / "times", two, ".vtt")
    (root / "unlabelled" / "v0.csv").write_text("label,start,end\n")
    text = "action,start,end\ntake cup,0,10\npour,20,30\n"
    (root / "part" / "v0.csv").write_text(text)
    return root


def put(folder, labels, suffix=".csv"):
    """Write files of labels by the names of their recordings."""
    folder.mkdir(exist_ok=True)
    for name, own in labels.items():
        write_segments(segments(own, fps=10), folder / f"{name}{suffix}")


def load_videos():
    return [np.load(f"flat/v{i}.npy") for i in range(4)]


def test_round_trip(run, tmp_path, capsys):
    """A boundary is moved in a file of predictions, and the model learns it."""
    options = "--fps 10 --names names.txt"
    assert run(f"predict model.skops flat --out {tmp_path}/found {options}") == 0
    found = read_segments(tmp_path / "found" / "v1.csv")
    frame = int(np.flatnonzero(found[1:] != found[:-1])[0]) + 1
    with open(tmp_path / "found" / "v1.csv", encoding="utf-8") as file:
        rows = [",".join(row[:3]) for row in csv.reader(file)]  # times are removed
    (tmp_path / "corrected").mkdir()
    path = tmp_path / "corrected" / "v1.csv"
    path.write_text("\n".join(rows).replace(str(frame), str(frame + 4)))
    corrected = read_segments(path)
    assert np.flatnonzero(corrected != found).tolist() == [*range(frame, frame + 4)]
    model = tmp_path / "new.skops"
    command = f"refine model.skops flat --labels {tmp_path}/corrected --fps 10"
    capsys.readouterr()
    assert run(f"{command} --out {model}") == 0
    printed = capsys.readouterr().out
    assert f"{len(found)} frames of 1 of 4 recordings are labelled, with 3" in printed
    refined = load_model(model)
    assert isinstance(refined.estimator[0], FrozenEstimator)
    assert set(refined.classes_) == set(WORDS)
    np.testing.assert_array_equal(refined.labels_["v1"], corrected)
    assert run(f"predict {model} flat --out {tmp_path}/again") == 0
    for i, labels in enumerate(refined.predict(load_videos())):
        again = read_segments(tmp_path / "again" / f"v{i}.csv")
        np.testing.assert_array_equal(again, labels)
    assert np.mean(read_segments(tmp_path / "again" / "v1.csv") == corrected) > 0.8


@pytest.mark.parametrize("pipeline", ["", "--pipeline standard"])
def test_fit_learns_labels(run, tmp_path, capsys, pipeline):
    out = tmp_path / "a.skops"
    assert run(f"{FIT} --labels two {pipeline} --out {out}") == 0
    printed = capsys.readouterr().out
    assert "2 of 4 recordings are labelled, with 3 labels.\nFitted to 4" in printed
    y = [read_segments("two/v0.csv"), None, read_segments("two/v2.csv"), None]
    expected = SemiSupervisedSegmenter(HMMSegmenter(3)).fit(load_videos(), y)
    found = load_model(out).predict(load_videos())
    for own, other in zip(found, expected.predict(load_videos()), strict=True):
        assert np.mean(own == other) > (0.9 if pipeline else 0.999)


def test_times_gaps_and_one_table(run, tmp_path):
    out = tmp_path / "a.skops"
    assert run(f"{FIT} --labels times --fps 10 --out {out}") == 0
    assert load_model(out).classes_.tolist() == sorted(WORDS)
    assert run(f"{FIT} --labels part --gaps background --out {out}") == 0
    model = load_model(out)
    assert model.classes_.tolist()[:3] == ["background", "pour", "take cup"]
    assert (model.labels_["v0"][10:20] == "background").all()
    assert run(f"report {out} flat --out {tmp_path}/a.html") == 0
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "take cup" in text
    assert ">background</span>" in text
    assert run(f"{FIT} --labels part --gaps unknown --out {out}") == 0
    assert "background" not in load_model(out).classes_
    table = "recording,action,start,end\nv0,pour,0,20\nv0,stir,20,30\nv3,pour,0,10\n"
    (tmp_path / "all.csv").write_text(table)
    assert run(f"{FIT} --labels {tmp_path}/all.csv --out {out}") == 0
    assert load_model(out).classes_.tolist() == ["pour", "stir", "action 1"]
    assert (load_model(out).labels_["v3"][:10] == "pour").all()


def test_refine_counts_changes(run, tmp_path, capsys):
    """Those of unlabelled frames, and of most of the frames of a segment."""
    path, again = tmp_path / "a.skops", tmp_path / "b.skops"
    assert run(f"{FIT} --pipeline standard,pca:3 --out {path}") == 0
    assert run(f"refine {path} flat --labels two --out {again}") == 0
    model = load_model(again)
    np.testing.assert_array_equal(model[-1].labels_["v0"], read_segments("two/v0.csv"))
    before = model.predict(load_videos())
    n_frames = len(before[1]) + len(before[3])
    capsys.readouterr()
    assert run(f"refine {again} flat --labels two --out {path}") == 0
    printed = capsys.readouterr().out
    assert f"0 of {n_frames} (0.0%) frames without a label, 0 of" in printed
    # of v1 and v3, all frames of two actions change
    swapped = {"take cup": "pour", "pour": "take cup", "stir": "stir"}
    labels = [np.array([swapped[word] for word in own.tolist()]) for own in before]
    put(tmp_path / "swapped", {"v0": labels[0], "v2": labels[2]})
    assert run(f"refine {again} flat --labels {tmp_path}/swapped --out {path}") == 0
    after = load_model(path).predict(load_videos())
    n_changed = sum((after[i] != before[i]).sum() for i in (1, 3))
    assert n_changed > 0
    assert f"elsewhere: {n_changed} of {n_frames} (" in capsys.readouterr().out


def test_evaluate_by_labels(run, tmp_path, capsys):
    out = f"{tmp_path}/found"
    assert run(f"predict model.skops flat --out {out} --names names.txt") == 0
    put(tmp_path / "labels", {"v1": read_segments(f"{out}/v1.csv")})
    capsys.readouterr()
    command = f"evaluate flat {out} --labels {tmp_path}/labels --scope labels"
    assert run(command) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("3 of 4 recordings have no labels, left out.\n")
    assert printed.split()[printed.split().index("MoF") + 1] == "1.000"
    # unlabelled frames do not count
    for options, n_frames in (("", "20"), ("--ignore pour", "10")):
        assert run(f"evaluate flat {out} --labels part {options}") == 0
        words = capsys.readouterr().out.split()
        assert words[words.index("frames", words.index("MoF")) + 1] == n_frames


def test_edit(run, capsys):
    command = "edit model.skops --merge 1 2 --rename 0=reach 1=pour --out e.skops"
    assert run(command) == 0
    assert "Actions: reach, pour." in capsys.readouterr().out
    videos = load_videos()
    expected = rename(merge(load_model("model.skops"), [1, 2]), ["reach", "pour"])
    found = load_model("e.skops").predict(videos)
    for path, labels in zip(found, expected.predict(videos)):
        assert path.tolist() == labels.tolist()
    assert run("edit e.skops --merge pour reach --out f.skops") == 0
    assert load_model("f.skops").classes_.tolist() == ["pour"]
    assert run("edit model.skops --split 1 --features flat --out s.skops") == 0
    assert "Actions: 0, 1, 2, 3." in capsys.readouterr().out
    assert run("predict s.skops flat --out split") == 0


def test_labels_of_recordings_with_stops_go_there_and_back(run, tmp_path):
    """One line per frame of the files, from predictions and from a review."""
    videos, _ = make_activities(2, 3, n_features=5, mean_length=60, random_state=0)
    (tmp_path / "takes").mkdir()
    for name, video in zip("ab", videos):
        rest = np.full((90, 5), 9.0)
        frames = np.concatenate([video[:20], rest, video[20:], rest])
        np.save(tmp_path / "takes" / f"{name}.npy", frames)
    (tmp_path / "takes" / "recordings.json").write_text('{"fps": 10}')
    given = f"{tmp_path}/takes --n-actions 3 --method hmm"
    model = tmp_path / "model.skops"
    assert run(f"fit {given} --pauses 5 --out {model}") == 0
    out = f"--format labels --out {tmp_path}/predicted"
    assert run(f"predict {model} {tmp_path}/takes {out}") == 0
    takes = read_recordings(tmp_path / "takes", like=load_model(model))
    assert takes.lengths.tolist() == list(map(len, videos))
    review = Review(load_model(model), takes, tmp_path / "review").open()
    review.rename("action 0", "pour")
    review.export("labels")
    review.close()
    for folder in (tmp_path / "predicted", tmp_path / "review" / "labels"):
        found = {own.stem: own.read_text().splitlines() for own in folder.iterdir()}
        lengths = [len(found[name]) for name in "ab"]
        assert lengths == [len(video) + 180 for video in videos]
        assert set(found["a"][20:110]) <= {"-1", "background"}
        labels = f"--labels {folder} --out {tmp_path}/new.skops"
        assert run(f"refine {model} {tmp_path}/takes {labels}") == 0
        assert run(f"fit {given} --pauses 5 {labels}") == 0
        actions = {*found["a"], *found["b"]} - {"-1", "background"}
        assert set(load_model(tmp_path / "new.skops").actions_.tolist()) == actions
        read = read_segments(folder, recordings=takes)
        for name in "ab":
            left = [*found[name][:20], *found[name][110:-90]]
            assert read[name].tolist() == left


LEARN = f"{FIT} --out a.skops --labels"
EDIT = "edit model.skops --out a.skops"
REFUSED = [
    (f"{LEARN} stranger", "v9.csv: the recording is 'v9', expected"),
    (f"{LEARN} unlabelled", "no labelled frame"),
    (f"{LEARN} two --cycles", "--labels and --cycles are given, expected one of"),
    (f"{FIT} --out a.skops --gaps unknown", "--gaps is given without --labels"),
    ("refine model.skops flat --out a.skops", "required: --labels"),
    ("evaluate flat stranger --labels two", "flat has no recording 'v9'"),
    ("evaluate flat two --labels part --ignore stir", "part has no frames of label 's"),
    (EDIT, "nothing to do, expected --alternative"),
    (f"{EDIT} --merge 1", "expected 2 or more"),
    (f"{EDIT} --split 1", "--features is missing, expected recordings to split"),
    (f"{EDIT} --rename 0", "--rename has '0', expected ACTION=NAME"),
]


@pytest.mark.parametrize(("command", "message"), REFUSED)
def test_refusals(refuses, folder, command, message):
    refuses(command, message, folder)


def test_predictions_without_labels(run, tmp_path, capsys):
    put(tmp_path / "found", {"v1": np.array(["pour"] * 9)})
    assert run(f"evaluate flat {tmp_path}/found --labels two") == 2
    assert "No recording with predictions has labels" in capsys.readouterr().err
