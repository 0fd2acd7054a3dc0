"""Offers of a review: examples of actions, other readings, actions that are alike."""

import numpy as np
import pytest

from skl_tot.app.review import Review
from skl_tot.app.review.state import labels_of


@pytest.fixture
def review(reviewed):
    return Review(*reviewed).open()


def bouts_of(review, code):
    """Recording, start, end and mean confidence of each bout, by a loop over frames."""
    for i, entry in enumerate(review.state.entries):
        labels, start = labels_of(entry.segments, entry.n_frames), 0
        for end in range(1, len(labels) + 1):
            if end == len(labels) or labels[end] != labels[start]:
                if labels[start] == code:
                    own = entry.confidence[start:end].astype(float).mean()
                    yield i, start, end, own
                start = end


def test_examples_are_the_surest_and_the_least_sure(review):
    known = list(bouts_of(review, 1))
    found = review.examples("action 1", 1)
    keys = ["recording", "start", "end", "confidence"]
    assert all(tuple(own[key] for key in keys) in known for own in found)
    assert [own["kind"] for own in found] == ["typical", "doubtful"]
    sure = [own[3] for own in known]
    assert round(found[0]["confidence"], 2) == round(max(sure), 2)
    sure.remove(found[0]["confidence"])
    assert found[1]["confidence"] == min(sure)
    assert review.examples(1) == review.examples("action 1", 5)
    assert len(review.examples("action 1", 100)) == len(known)


def test_examples_of_people_are_not_doubtful(review):
    first, *_ = bouts_of(review, 1)
    review.relabel(first[0], first[1], "new")
    (found,) = review.examples("new")
    assert (found["kind"], found["confidence"]) == ("typical", 0)  # of the model
    for recording in range(4):
        review.check(recording)
    assert {own["kind"] for own in review.examples("action 1", 1)} == {"typical"}


def test_at_most_two_examples_of_a_recording(review):
    for frame in range(2, 12, 2):
        review.assign(0, 4 * frame, 4 * frame + 2, "blink")
    review.assign(3, 4, 8, "blink")
    found = review.examples("blink")
    assert [own["recording"] for own in found].count(0) == 2
    assert found[0]["kind"] == "typical"


def test_assign_is_as_frame_by_frame(review):
    """For any stretch, also over breaks and at the ends; one step to undo."""
    rng = np.random.default_rng(0)
    for _ in range(60):
        recording = int(rng.integers(4))
        before = review.state.entries[recording]
        n = before.n_frames
        start, end = np.sort(rng.choice(n + 1, 2, replace=False)).tolist()
        code = int(rng.integers(-1, 3))
        expected = labels_of(before.segments, n)
        expected[start:end] = code
        state = review.state
        review.assign(recording, start, end, code)
        after = review.state.entries[recording]
        assert (labels_of(after.segments, n) == expected).all()
        starts = after.segments.starts
        place = np.searchsorted(starts, start, "right") - 1
        assert after.segments.by_hand[place]
        if start > 0 and expected[start - 1] == code and start not in before.breaks:
            assert start not in starts
        if review.state is not state:
            review.undo()
            assert review.state is state
            review.redo()
