"""What the model of a review becomes, as functions of Python do it."""

import contextlib

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline

from skl_tot import ActivitySegmenter, GuidedSegmenter, HMMSegmenter
from skl_tot.app.review import Review, teaching
from skl_tot.app.review.state import (
    Entry,
    Segments,
    labels_of,
    move,
    propose,
    relabel,
    segments_of,
)
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections import merge, refine, rename, split
from skl_tot.datasets import make_activities
from skl_tot.methods.pipelines import predict_with_confidence
from skl_tot.preprocessing import FramewiseTransformer
from skl_tot.recordings import Recordings

VIDEOS, CODES = make_activities(
    n_videos=6, n_actions=3, n_features=5, mean_length=40, random_state=1
)
DEFAULTS = ["action 0", "action 1", "action 2"]


def make_pca():
    steps = FramewiseTransformer(PCA(3)), MallowSegmenter(3, standardize=None)
    return make_pipeline(*steps).fit(VIDEOS)


MODELS = {
    "numbers": lambda: MallowSegmenter(3).fit(VIDEOS),
    "words": lambda: rename(MallowSegmenter(3).fit(VIDEOS), DEFAULTS[::-1]),
    "pipeline": make_pca,
    "guided": lambda: GuidedSegmenter(HMMSegmenter(3)).fit(VIDEOS, _some_codes()),
    "background": lambda: MallowSegmenter(3, background_percentile=30).fit(VIDEOS),
}


def _some_codes():
    return [CODES[0] + 4, *[None] * 5]


@pytest.fixture(params=MODELS)
def review(request):
    return Review(MODELS[request.param](), VIDEOS).open()


def correct(review, i, words=("reach", "grasp", "lift")):
    """Put the truth in place of what is shown of a recording, and check it."""
    entry = review.state.entries[i]
    starts = np.flatnonzero(np.diff(CODES[i], prepend=-1)).tolist()
    for start in starts:
        if start not in review.state.entries[i].segments.starts:
            review.cut(i, start)
    for start in entry.segments.starts.tolist():
        review.relabel(i, start, "?")
    for start, code in zip(starts, CODES[i][starts]):
        with contextlib.suppress(ValueError):
            review.cut(i, start)
        review.relabel(i, start, words[code])
    review.check(i)
    assert review.labels()[i].tolist() == np.array(words)[CODES[i]].tolist()


def test_learns_as_refine_does(review):
    before = review.model
    correct(review, 2)
    told = []
    review.learn(lambda *found: told.append(found))
    words = [None] * 6
    words[2] = review.labels()[2]
    expected = refine(before, VIDEOS, words)
    for i, found in enumerate(expected.predict(VIDEOS)):
        if i != 2:
            np.testing.assert_array_equal(review.labels()[i], found)
    np.testing.assert_array_equal(
        np.concatenate(review.model.predict(VIDEOS)),
        np.concatenate(expected.predict(VIDEOS)),
    )
    assert told == [("learning", k, 5) for k in range(6)]


def test_learning_leaves_what_people_made(review):
    correct(review, 1)
    starts = review.state.entries[3].segments.starts.tolist()
    frame = next(k for k in range(1, 40) if k not in starts)
    review.cut(3, frame)
    review.relabel(3, frame, "lift")
    review.rename("lift", "up")
    made = review.state.entries[3].segments
    by_hand = np.repeat(made.by_hand, np.diff(np.append(made.starts, len(CODES[3]))))
    before, checked = review.labels(), review.state.entries[1]
    review.learn()
    assert review.state.entries[1] is checked
    after, entry = review.labels(), review.state.entries[3]
    np.testing.assert_array_equal(after[3][by_hand], before[3][by_hand])
    assert set(made.starts[made.by_hand]) <= set(
        entry.segments.starts[entry.segments.by_hand]
    )
    assert (entry.seen, entry.n_learned) == (True, 1)
    assert not review.state.entries[0].seen
    assert review.state.n_learned == 1


def test_changes_are_kept_or_taken_back(review):
    before = [entry.segments for entry in review.state.entries]
    correct(review, 0)
    review.learn()
    changed = [i for i, e in enumerate(review.state.entries) if e.changed is not None]
    assert changed == [1, 2, 3, 4, 5]  # by their names alone
    for i in changed:
        assert review.state.entries[i].changed is before[i]
    learned = [entry.segments for entry in review.state.entries]
    review.take_back(2)
    review.keep(3)
    entries = review.state.entries
    assert entries[2].segments is before[2]
    assert entries[3].segments is learned[3]
    assert (entries[2].changed, entries[3].changed) == (None, None)
    assert entries[1].changed is before[1]
    review.take_back()
    shown = [entry.segments for entry in review.state.entries]
    expected = [learned[0], before[1], before[2], learned[3], before[4], before[5]]
    assert all(one is other for one, other in zip(shown, expected))
    review.undo()
    assert review.state.entries[4].segments is learned[4]
    assert [entry.changed is None for entry in review.state.entries].count(False) == 3


def test_a_second_lesson_keeps_what_was_before_the_first(review):
    correct(review, 0)
    first = review.state.entries[4].segments
    review.learn()
    correct(review, 1)
    review.learn()
    entry = review.state.entries[4]
    assert entry.changed is first
    assert entry.n_learned == 2
    review.take_back(4)
    assert review.state.entries[4].segments is first


def test_a_lesson_keeps_what_was_made_by_hand_since_the_one_before():
    """Also where it shows what was there before both."""
    labels, confidence = np.array([0, 0, 1, 1]), np.ones(4)
    none = np.zeros(0, int)
    first = segments_of(labels, none, np.zeros(4, bool))
    entry = Entry(4, none, first, first, confidence)
    other = segments_of(np.array([0, 2, 2, 1]), none, np.zeros(4, bool))
    entry = propose(entry, other, confidence, 1)
    assert entry.changed is first
    entry = relabel(move(entry, 1, 2), 2, 1)
    entry = propose(entry, first, confidence, 2)
    assert entry.changed is None
    assert labels_of(entry.segments, 4).tolist() == labels.tolist()
    assert entry.segments.by_hand.all()


def test_merges_as_in_python(review):
    names, before = review.actions, review.labels()
    expected = merge(review.model, names[:2])
    assert review.merge(names[1], names[0])
    assert review.actions == [names[0], *names[2:]]
    for found, own in zip(review.labels(), before):
        np.testing.assert_array_equal(found, np.where(own == names[1], names[0], own))
    for found, own in zip(review.model.predict(VIDEOS), expected.predict(VIDEOS)):
        np.testing.assert_array_equal(found, own)
    for entry in review.state.entries:
        assert (np.diff(entry.segments.codes) != 0).all()


def test_merges_join_but_what_was_cut_stays():
    review = Review(MODELS["numbers"](), VIDEOS).open()
    end = int(review.state.entries[0].segments.starts[1])
    review.cut(0, 3)
    review.merge("action 1", "action 0")
    starts = review.state.entries[0].segments.starts
    assert starts[:2].tolist() == [0, 3]
    assert end not in starts


def test_merges_of_actions_that_the_model_does_not_know():
    review = Review(MODELS["numbers"](), VIDEOS).open()
    model = review.state.model
    review.relabel(0, 0, "new")
    review.merge("new", "background")
    assert review.labels()[0][0] == "background"
    review.relabel(0, 0, "new")
    review.merge("action 1", "new")  # now the model finds it
    assert review.state.model == model
    assert review.model.actions_.tolist() == ["action 0", "new", "action 2"]
    assert (review.labels()[1] == "new").any()
    for action, into in (
        ("action 0", "background"),
        ("background", "new"),
        ("new", "new"),
    ):
        state = review.state
        with pytest.raises(ValueError, match=r"background|another one"):
            review.merge(action, into)
        assert review.state is state


def test_splits_as_in_python(review):
    name, before = review.actions[0], review.labels()
    expected = split(review.model, name, VIDEOS)
    found = expected.predict(VIDEOS)
    told = []
    review.split(name, lambda *own: told.append(own))
    halves = [f"{name} 1", f"{name} 2"]
    assert set(halves) < set(review.actions)
    for shown, own, old in zip(review.labels(), found, before):
        is_half = np.isin(own, halves) & (old == name)
        np.testing.assert_array_equal(shown[is_half], own[is_half])
        assert np.isin(shown[old == name], halves).all()
        np.testing.assert_array_equal(shown[old != name], old[old != name])
    for one, own in zip(review.model.predict(VIDEOS), found):
        np.testing.assert_array_equal(one, own)
    assert told == [("splitting", k + 1, 6) for k in range(6)]
    # confidence is that of the half in frames that are predicted so
    confidences = predict_with_confidence(expected, VIDEOS)[1]
    for entry, own, path in zip(review.state.entries, confidences, found):
        predicted = np.array([review.state.names[k] for k in entry.predicted.codes])
        labels = labels_of(entry.predicted._replace(codes=predicted), entry.n_frames)
        is_half = np.isin(labels, halves) & (labels == path)
        np.testing.assert_allclose(entry.confidence[is_half], own[is_half], atol=1e-3)


def test_a_split_needs_an_action_of_the_model(review):
    review.relabel(0, 0, "new")
    state = review.state
    with pytest.raises(ValueError, match="the model does not know 'new'"):
        review.split("new")
    assert review.state is state


def test_splits_take_names_that_are_free():
    review = Review(MODELS["numbers"](), VIDEOS).open()
    review.relabel(0, 0, "action 1 1")
    review.split("action 1")
    assert review.actions[-1] == "action 1 3"
    assert review.model.actions_.tolist() == [
        "action 0", "action 1 2", "action 1 3", "action 2",
    ]  # fmt: skip


def test_what_cannot_be_learned_changes_nothing(review):
    state = review.state
    with pytest.raises(ValueError, match="no recording is checked"):
        review.learn()
    assert review.state is state
    review.check(0)  # and then another action is possible


def test_kinds_that_cannot_learn_say_so():
    model = ActivitySegmenter(MallowSegmenter(2), n_activities=2).fit(VIDEOS)
    review = Review(model, VIDEOS).open()
    assert len(review.actions) == model.n_actions_
    review.rename(review.actions[0], "first")
    assert review.model.actions_[0] == "first"
    review.check(0)
    state = review.state
    with pytest.raises(TypeError, match="finds actions of one activity") as caught:
        review.learn()
    assert "\n" not in str(caught.value)
    assert review.state is state
    assert review.undo()


def test_actions_of_before_are_forgotten():
    model = rename(MallowSegmenter(3).fit(VIDEOS), list("abc"))
    review = Review(model, VIDEOS).open()
    correct(review, 0, words=("x", "y", "z"))
    for i in range(1, 6):
        correct(review, i, words=("x", "y", "z"))
    assert set(review.actions) > {"a", "b", "c"}
    review.learn()
    assert sorted(review.actions) == ["x", "y", "z"]
    assert set(review.state.names) >= set(review.state.actions)
    # what was predicted counts as wrong still, and no new action has its code
    predicted = review.state.entries[1].predicted
    assert not np.isin(predicted.codes, list(review.state.names)).any()


@pytest.mark.parametrize("kind", ["list", "dict", "one", "3-D"])
def test_labels_of_people_are_there_at_first(kind):
    words = np.array(["reach", "", "action 1"])
    labels = [words[CODES[0]], None, np.array(["reach"] * len(CODES[2]))]
    videos = VIDEOS[:3]
    model = MallowSegmenter(3).fit(VIDEOS)
    if kind == "dict":
        videos = dict(zip("abc", videos))
        labels = {"c": labels[2], "a": labels[0]}
    elif kind == "one":
        videos, labels = videos[0], labels[0]
    elif kind == "3-D":
        n = min(map(len, videos))
        videos = np.stack([video[:n] for video in videos])
        labels = [own if own is None else own[:n] for own in labels]
    review = Review(model, videos, labels=labels).open()
    assert review.actions == [*DEFAULTS, "reach"]
    given = labels["a"] if kind == "dict" else labels if kind == "one" else labels[0]
    found = review.labels()
    found = found["a"] if kind == "dict" else found if kind == "one" else found[0]
    np.testing.assert_array_equal(found[given != ""], given[given != ""])
    first = review.state.entries[0]
    by_hand = first.segments._replace(codes=first.segments.by_hand)
    np.testing.assert_array_equal(labels_of(by_hand, first.n_frames), given != "")
    assert (first.checked, first.seen) == (0, False)
    if kind != "one":
        last = review.state.entries[2]
        assert last.checked
        assert last.seen
        assert review.next() == [1, 0] or review.next() == [0, 1]


def test_numbers_of_people_are_called_as_those_of_models():
    labels = [CODES[0], *[None] * 5]
    review = Review(MallowSegmenter(3).fit(VIDEOS), VIDEOS, labels=labels).open()
    assert review.actions == DEFAULTS
    np.testing.assert_array_equal(review.labels()[0], np.array(DEFAULTS)[CODES[0]])


def test_many_frames_are_taught_in_part(monkeypatch):
    monkeypatch.setattr(teaching, "TAUGHT", (100, 50))
    review = Review(MODELS["numbers"](), VIDEOS).open()
    before = review.model
    correct(review, 2)
    chosen = teaching.sample(review.recordings.lengths, np.arange(6) == 2).tolist()
    assert 2 in chosen
    assert len(chosen) < 6
    words = [review.labels()[i] if i == 2 else None for i in chosen]
    review.learn()
    expected = refine(before, [VIDEOS[i] for i in chosen], words)
    for found, own in zip(review.model.predict(VIDEOS), expected.predict(VIDEOS)):
        np.testing.assert_array_equal(found, own)


def test_halves_are_of_the_segment():
    track = Segments(np.array([0, 3, 6]), np.array([1, 0, 1]), np.zeros(3, bool))
    path = np.array([0, -1, -1, 1, 1, 1, -1, -1, -1])
    posterior = np.array([[0.1, 0.9]] * 9)
    found = teaching.fill_halves(track, 1, path, posterior)
    assert found[:3].tolist() == [0, 0, 0]  # nearest in the segment
    assert found[6:].tolist() == [1, 1, 1]  # the likelier one


def test_recordings_with_clocks_and_breaks():
    times = [np.arange(len(v)) / 10 + (np.arange(len(v)) > 20) for v in VIDEOS]
    breaks = [[21] for _ in VIDEOS]
    videos = Recordings(VIDEOS, fps=10, times=times, breaks=breaks)
    review = Review(MallowSegmenter(3).fit(videos), videos).open()
    review.check(0)
    review.relabel(1, 0, "action 1")
    review.learn()
    for entry in review.state.entries:
        assert 21 in entry.segments.starts
    own = review.table().query("recording == '0' and end == 21")
    assert own["end_time"].tolist() == [pytest.approx(2.1)]
