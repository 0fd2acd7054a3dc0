"""What a review answers: examples, merges, and how much is right."""

import numpy as np
import pytest

from skl_tot.app.review import Review
from skl_tot.app.review.entry import UNLABELLED, Entry, Stretch, find_track
from skl_tot.app.review.results import are_right, measure
from skl_tot.io import read_table
from skl_tot.metrics import mof_score


@pytest.fixture
def review(reviewed):
    return Review(*reviewed).open()


def bouts_of(review, code):
    """Recording, start, end and mean confidence of each bout, by a loop over frames."""
    for i, entry in enumerate(review.state.entries):
        labels, start = entry.segments.labels(), 0
        for end in range(1, len(labels) + 1):
            if end == len(labels) or labels[end] != labels[start]:
                if labels[start] == code:
                    confidence = entry.confidence[start:end].astype(float)
                    yield i, start, end, confidence.mean()
                start = end


def test_equal_parts_are_compared_with_what_is_shown(review):
    review.relabel(0, 0, "new")
    paths = [entry.segments.labels() for entry in review.state.entries]
    parts = [np.arange(len(path)) * 4 // len(path) for path in paths]
    share = float(review.equal_parts.split()[5])
    assert share == pytest.approx(100 * mof_score(paths, parts), abs=2)


def test_examples_are_the_surest_and_the_least_sure(review):
    known = list(bouts_of(review, 1))
    found = review.examples("action 2", 1)
    keys = ["recording", "start", "end", "confidence"]
    assert all(tuple(own[key] for key in keys) in known for own in found)
    assert [own["kind"] for own in found] == ["typical", "doubtful"]
    sure = [own[3] for own in known]
    assert round(found[0]["confidence"], 2) == round(max(sure), 2)
    sure.remove(found[0]["confidence"])
    assert found[1]["confidence"] == min(sure)
    assert review.examples(1) == review.examples("action 2", 5)
    assert review.examples("background") == []
    assert len(review.examples("action 2", 100)) == len(known)


def test_examples_of_people_are_not_doubtful(review):
    """And of a recording there are two at most."""
    for frame in range(2, 12, 2):
        review.assign(0, 4 * frame, 4 * frame + 2, "blink")
    review.assign(3, 4, 8, "blink")
    found = review.examples("blink")
    assert [own["recording"] for own in found].count(0) == 2
    assert found[0]["kind"] == "typical"
    first, *_ = bouts_of(review, 1)
    review.relabel(first[0], first[1], "new")
    (found,) = review.examples("new")
    assert (found["kind"], found["confidence"]) == ("typical", 0)  # of the model
    for recording in range(4):
        review.check(recording)
    assert {own["kind"] for own in review.examples("action 2", 1)} == {"typical"}


def test_boundaries_of_the_model_have_intervals(reviewed, tmp_path):
    model, recordings = reviewed
    review = Review(model, recordings, tmp_path).open()
    names = ["start_time", "start_low", "start_high"]
    table = review.table()[["recording", *names]]
    for name, own in table.groupby("recording"):
        at, low, high = own[names].to_numpy().T
        assert np.isnan([low[0], high[0]]).all()  # the recording begins here
        assert (low[1:] <= at[1:]).all(), name
        assert (at[1:] <= high[1:]).all()
    frame = int(review.state.entries[1].segments.starts[1])
    review.move(1, frame, frame + 1)
    review.check(2)
    after = review.table()
    assert after.query("recording == 'c'")[names[1:]].isna().all(axis=None)
    known = after.query("recording == 'b'")["start_low"].notna().tolist()
    assert known[:2] == [False, False]
    assert all(known[3:])
    review.save()
    assert read_table(tmp_path / "segments.csv")[names].equals(after[names])
    review.undo()
    review.undo()
    assert review.table()[["recording", *names]].equals(table)
    review.close()


def test_pairs_are_suggested_until_they_are_answered(split_fit, monkeypatch):
    review = Review(*split_fit).open()
    pairs = [own["actions"] for own in review.suggest_merges()]
    assert len(pairs) > 1
    names = [[review.state.names[code] for code in pair] for pair in pairs]
    assert review.keep_apart(*names[0][::-1]).endswith("are two actions")
    assert [own["actions"] for own in review.suggest_merges()] == pairs[1:]
    state = review.state
    review.keep_apart(*pairs[0])
    assert review.state is state
    review.undo()
    assert [own["actions"] for own in review.suggest_merges()] == pairs
    into, action = pairs[0]
    review.merge(action, into)
    assert pairs[0] not in [own["actions"] for own in review.suggest_merges()]
    review.undo()
    for recording in range(16):
        review.check(recording)
    assert review.suggest_merges() == []  # as people say that both are there
    monkeypatch.setattr("skl_tot.app.review.answers.SURE", 0.5)  # as a model may be
    assert Review(*split_fit).open().suggest_merges() == []


def test_how_much_is_right_is_told_once_all_is_checked():
    """Of the frames that were new to the model; none were before any prediction."""
    breaks, by_hand, shown = np.zeros(0, int), np.zeros(20, bool), np.repeat([0, 1], 10)
    predicted = np.repeat([0, UNLABELLED, 1, 0], [8, 2, 5, 5])

    def entry(end, seen=()):
        tracks = (find_track(labels, by_hand, breaks) for labels in (shown, predicted))
        checked = (Stretch(0, end, 1),)
        return Entry(breaks, *tracks, np.ones(20), checked=checked, seen=seen)

    assert are_right(entry(9)).tolist() == [True] * 8
    assert measure([entry(20), entry(19)]) is None
    assert measure([entry(20)])["frames"] == 13 / 18
    assert measure([entry(20), entry(20, ((2, 20),))])["frames"] == 15 / 20
    assert measure([entry(20, ((0, 20),))]) is None
