"""How a review begins: without a model, with one that is fitted first, with videos."""

import os
from contextlib import closing

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skl_tot import HMMSegmenter, SemiSupervisedSegmenter, TemporalOTSegmenter
from skl_tot.app.review import Review, serve, server
from skl_tot.app.review.history import Log
from skl_tot.app.review.server import find_videos, make_review
from skl_tot.app.review.teaching import sample_of
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections.suggestions import describe_signals, propose
from skl_tot.datasets import make_activities
from skl_tot.io import read_table
from skl_tot.preprocessing import FramewiseTransformer, GapFiller
from skl_tot.recordings import Recordings, without_stops
from skl_tot.recordings.errors import FaultWarning
from skl_tot.recordings.labels import find_segments


@pytest.fixture(scope="module")
def unlabelled():
    """Recordings, and their labels."""
    return make_activities(6, 3, n_features=6, mean_length=100, random_state=0)


def test_nothing_is_labelled_at_first(quick_fits, unlabelled):
    review = Review(None, unlabelled[0]).open()
    assert review.actions == []
    assert review.model is None
    assert all((own == "").all() for own in review.labels())
    assert len(review.table()) == 0
    assert review.cycles is None
    assert review.suggest_merges() == []
    signals = [own["recording"] for own in review.next(9)]
    assert sorted(signals) == list(range(6))
    refused = [("learn",), ("check", 0), ("take_proposal", 0), ("relabel", 0, 0, 9)]
    for name, *arguments in refused:
        with pytest.raises(ValueError):
            getattr(review, name)(*arguments)
    review.relabel(0, 0, 2)  # a code that is new makes the ones before, too
    assert review.actions == ["action 1", "action 2", "action 3"]


def test_what_is_not_labelled_is_neither_checked_nor_learned(quick_fits, unlabelled):
    recordings, codes = unlabelled
    review = Review(None, recordings).open()
    n = len(recordings[0])
    ends = find_segments(codes[0]).ends.tolist()
    for code, start, end in zip(*find_segments(codes[0])):
        if end < n:
            review.assign(0, int(start), int(end), int(code))
    share = (n - ends[-2]) / n
    said = f"0: checked, without the {share:.0%} that has no label yet"
    assert review.check(0) == said
    assert 0 in {own["recording"] for own in review.next(9)}
    review.assign(0, ends[-2], n - 1, 1)
    review.check(0)
    assert 0 not in {own["recording"] for own in review.next(9)}  # but for a frame
    review.undo()
    review.undo()
    assert [own[:2] for own in review.state.entries[0].checked] == [(0, ends[-2])]
    review.move(0, ends[-2], ends[-2] + 1)
    assert not review.state.entries[0].segments.by_hand[-1]
    assert set(review.table()["recording"]) == {"0"}
    told = []
    review.clusterings.wait()
    review.clusterings._thread.join()
    clusters = review.clusterings.clusters
    asked = [i for i, _ in propose(clusters, describe_signals(recordings), [], 9)]
    review.learn(lambda *own: told.append(own))
    assert told[0][0] == "learning"
    assert told[-1] == ("learning", 100, 100)
    for labels in review.labels():
        assert (labels != "").all()
    assert all(entry.changed is None for entry in review.state.entries)
    assert [own["recording"] for own in review.next(9)] == asked
    review.undo()
    assert (review.labels()[1] == "").all()


def test_a_fit_is_proposed_and_kept(quick_fits, unlabelled, tmp_path):
    recordings, _ = unlabelled
    review = Review(None, recordings, tmp_path).open()
    review.relabel(0, 0, "action 1")
    assert len(review.clusterings.wait()) == 2
    assert sorted(os.listdir(tmp_path / "clusterings")) == ["0.skops", "1.skops"]
    with pytest.raises(ValueError):
        review.take_proposal(0)
    assert review.take_proposal(1) == "1: the segments are those of a fit"
    assert review.actions == [f"action {k}" for k in (1, 2, 3, 4)]
    entry = review.state.entries[1]
    assert not entry.segments.by_hand.any()
    assert not entry.checked
    code = int(entry.segments.codes[0])
    review.rename(code, "pour")
    review.take_proposal(2)
    assert "pour" in review.labels()[2]
    last = review.labels()
    times = [own.stat().st_mtime_ns for own in (tmp_path / "clusterings").iterdir()]
    review.close()
    review = Review(None, recordings, tmp_path)
    assert [own.tolist() for own in review.labels()] == [own.tolist() for own in last]
    review.check(1)
    review.learn()
    assert "pour" in review.labels()[3]
    again = [own.stat().st_mtime_ns for own in (tmp_path / "clusterings").iterdir()]
    assert again == times
    with pytest.raises(ValueError):
        review.take_proposal(4)
    review.close()


def test_parts_of_a_person_and_a_model_are_one_row(quick_fits, unlabelled):
    recordings, codes = unlabelled
    review = Review(None, recordings).open()
    actions = find_segments(codes[0])
    for label, start, end in zip(actions.labels, actions.starts, actions.ends):
        review.assign(0, int(start) + 3, int(end), f"step {label}")  # a person is late
    review.learn()
    rows = review.table()
    rows = rows[rows["recording"] == rows["recording"][0]]
    assert rows["action"].tolist() == [f"step {label}" for label in actions.labels]


def test_steps_apply_to_fits_and_labels(quick_fits, unlabelled, plain, tmp_path):
    """Gaps are filled; with other steps, the folder goes on with all labels."""
    recordings, codes = unlabelled
    recordings = [recording.copy() for recording in recordings]
    recordings[1][10:12, 0] = np.nan
    words = np.array(["reach", "grasp", "lift"])
    labels = [words[codes[0]], *[None] * 5]
    learner = make_pipeline(GapFiller(limit=2), SemiSupervisedSegmenter(random_state=0))
    review = Review(learner, recordings, tmp_path, labels=labels).open()
    assert review.state.entries[0].checked
    assert (review.labels()[1] == "").all()
    review.clusterings.wait()
    review.take_proposal(2)
    review.learn()
    assert (review.labels()[1] == words[codes[1]]).mean() >= 0.9
    assert [*review.model.named_steps] == [*learner.named_steps]
    review.rename("grasp", "hold")
    first = review.state
    review.close()
    with pytest.warns(UserWarning, match="now the steps before a fit are none; all"):
        Review(None, recordings, tmp_path, labels=labels).close()
    assert not (tmp_path / "clusterings").exists()
    with closing(Review(None, recordings, tmp_path)) as again:  # without a word now
        assert plain(again.state) == plain(first._replace(taught=""))  # L learns again


def test_labels_stay_when_stops_are_cut_out_or_put_back(
    quick_fits, unlabelled, plain, tmp_path
):
    """With codes, hands and marks; other frames of the file are no other recording."""
    whole = Recordings([x.copy() for x in unlabelled[0]], fps=10)
    whole.arrays[1][40:70] = whole.arrays[1][40]
    review = Review(None, whole, tmp_path).open()
    for start, end, name in [(0, 45, "z"), (45, 60, "q"), (60, 80, "a"), (80, 99, "m")]:
        review.assign(1, start, end, name)
    review.assign(2, 5, 50, "m")
    review.check(1, 0, 65)
    review.check(1, 80, 99)
    first = review.state.entries
    review.close()
    left = ["z", "a", "m"], [[0, 41], [41, 51], [51, 70]], [(0, 41, 1), (51, 70, 2)]
    # also labels in what was cut out, of actions that had other names by then
    back = ["z", "m", "b", "m"], [[0, 45], [45, 60], [60, 80], [80, 99]]
    back += ([(0, 65, 1), (80, 99, 2)],)
    for recordings, n, (words, spans, checked) in [
        (without_stops(whole, "frozen"), "1 stop is", left),
        (whole, "no stop is", back),
    ]:
        with pytest.warns(UserWarning, match=f"now {n} cut out; all labels"):
            review = Review(None, recordings, tmp_path)
        assert plain(review.state.entries[2:]) == plain(first[2:])
        assert [own[:3] for own in review.state.entries[1].checked] == checked
        table = review.table()[lambda table: table["recording"] == "1"]
        assert table["action"].tolist() == words
        assert table[["start", "end"]].to_numpy().tolist() == spans
        assert review.undoable is None
        if checked == left[2]:
            review.rename("a", "b")
            review.merge("q", "m")
        review.close()
    moved = Recordings([x[:-1] for x in whole.arrays], fps=10)
    with pytest.raises(ValueError, match="other recordings, as '0'"):
        Review(None, moved, tmp_path)


def test_what_there_is_none_of_has_no_file(quick_fits, unlabelled, tmp_path):
    review = Review(None, unlabelled[0], tmp_path).open()
    review.save()
    assert not (tmp_path / "segments.csv").exists()
    with pytest.raises(ValueError):
        review.export()
    review.assign(0, 3, 9, "reach")
    with pytest.raises(ValueError):
        review.export("labels")
    assert "without a model and a report" in review.export()
    table = read_table(tmp_path / "segments.csv")
    assert table[["start", "end"]].to_numpy().tolist() == [[3, 9]]
    assert os.listdir(tmp_path / "labels") == ["0.csv"]
    row = pd.read_csv(tmp_path / "recordings.csv").loc[0]
    assert (row["n_segments"], row["checked_frames"]) == (1, 0)
    review.undo()
    review.save()
    assert not (tmp_path / "segments.csv").exists()
    review.close()


def test_videos_by_name(tmp_path, links):
    """The folder, and files that lead into it, may be links."""
    folder, link = tmp_path / "videos", tmp_path / "link"
    folder.mkdir()
    link.symlink_to(folder)
    with pytest.raises(ValueError):
        find_videos(folder, ["a"])
    for name in ("a.mp4", "b.WEBM", "a.csv", "a.html", ".b.mp4", "other.mp4", "c"):
        (folder / name).write_bytes(b"")
    (folder / "d.mp4").symlink_to(folder / "a.mp4")
    found = [link / "b.WEBM", None, link / "a.mp4", link / "d.mp4"]
    assert find_videos(link, ["b", "c", "a", "d"]) == found
    (folder / "a.mov").write_bytes(b"")
    with pytest.raises(ValueError):
        find_videos(folder, ["a"])


def test_a_model_is_fitted_first(reviewed, tmp_path):
    """Once: the next review of the folder has it, and steps of the fit are told."""
    told = []
    (tmp_path / "out").mkdir()
    Log(tmp_path / "out").close()  # killed there
    values = reviewed[1], tmp_path / "out", None, None, lambda *args: told.append(args)
    model = TemporalOTSegmenter(3, max_iter=5, random_state=0)
    with closing(make_review(clone(model), *values).open()) as review:
        assert told[:2] == [("fitting",), ("fitting", 0, 5)]
        assert told[-1] == ("fitting", 5, 5)
        table = review.table()
    told.clear()
    with closing(make_review(model, *values).open()) as again:
        assert told == []
        assert again.table().equals(table)


def test_a_fit_of_other_settings_is_refused(reviewed, tmp_path):
    """Of a step, too; labels need not be given again to be the same."""
    values = reviewed[1], tmp_path, None, None, lambda *args: None

    def make(n_actions, low=-9):
        step = FramewiseTransformer(MinMaxScaler((low, 9)))
        return make_pipeline(step, MallowSegmenter(n_actions))

    make_review(make(3), *values).open().close()
    before = (tmp_path / "review.sqlite3").read_bytes()
    for model in (make(4), make(3, 0), HMMSegmenter(3)):
        with pytest.raises(ValueError, match="other settings"):
            make_review(model, *values)
    assert (tmp_path / "review.sqlite3").read_bytes() == before


def test_fits_learn_from_a_sample():
    long = Recordings([np.arange(4e5)[:, None]], fps=5)
    sample = sample_of(long)
    (frames,) = sample.arrays
    assert (sample.fps, len(frames)) == (5, 2**16)
    assert (frames[0], frames[-1]) == (0, 4e5 - 1)
    assert (np.diff(frames[:, 0]) > 0).all()
    assert sample_of(sample) is sample
    many = Recordings([np.full((30_000, 1), i) for i in range(20)])
    assert 1 < len(sample_of(many)) < 4


def test_faults_are_told_before_labels(monkeypatch):
    """By the functions of Python, which ask nothing."""

    def run(calls, *_):
        calls.start()
        calls.wait()
        calls.close()

    monkeypatch.setattr(server, "run", run)
    frames = np.random.default_rng(0).normal(size=(3, 60, 2))
    frames[1, 20:50] = 0.5
    told = "faults .1: frozen: no value changes.; list_faults"
    with pytest.warns(FaultWarning, match=told):
        serve(HMMSegmenter(2, random_state=0), list(frames), out=None)
