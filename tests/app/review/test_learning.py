"""What the model of a review becomes, as functions of Python do it."""

import re

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline

from skl_tot import HMMSegmenter, SemiSupervisedSegmenter
from skl_tot.app.review import Review
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections import merge, refine, rename, split
from skl_tot.datasets import make_activities
from skl_tot.io import segments
from skl_tot.methods.pipelines import predict_with_confidence
from skl_tot.preprocessing import FramewiseTransformer
from skl_tot.recordings.labels import find_segments
from skl_tot.statistics.actions import IDLE

pytestmark = pytest.mark.usefixtures("fit_once")
OPTIONS = {"n_features": 5, "mean_length": 40, "random_state": 1}
VIDEOS, CODES = make_activities(n_videos=6, n_actions=3, **OPTIONS)
DEFAULTS = ["action 1", "action 2", "action 3"]
WORDS = [np.array(["reach", "grasp", "lift"])[own] for own in CODES]
PCA_STEPS = FramewiseTransformer(PCA(3)), MallowSegmenter(3, standardize=None)
KNOWN = [CODES[0] + 4, *[None] * 5]
MODELS = {
    "numbers": lambda: MallowSegmenter(3).fit(VIDEOS),
    "words": lambda: rename(MallowSegmenter(3).fit(VIDEOS), DEFAULTS[::-1]),
    "pipeline": lambda: make_pipeline(*PCA_STEPS).fit(VIDEOS),
    "guided": lambda: SemiSupervisedSegmenter(HMMSegmenter(3)).fit(VIDEOS, KNOWN),
}


@pytest.fixture(params=["words", "pipeline", "guided"])
def review(request):
    return Review(MODELS[request.param](), VIDEOS).open()


@pytest.mark.parametrize("kind", ["pipeline", "guided"])
def test_learns_as_refine_does(kind):
    """And what it changes is kept or taken back."""
    labels, told = [WORDS[0], *[None] * 5], []
    review = Review(MODELS[kind](), VIDEOS, labels=labels).open()
    before = [entry.segments for entry in review.state.entries]
    assert review.state.n_learned == (kind == "guided")
    expected = refine(review.model, VIDEOS, labels).predict(VIDEOS)
    said = review.learn(lambda *found: told.append(found))
    assert re.fullmatch(r"learned, and changed \d of 5 recordings", said)
    assert (told[0], told[-1]) == (("learning", 0, 100), ("learning", 100, 100))
    assert sorted(told) == told  # one share over all
    for own, found in zip(expected, review.model.predict(VIDEOS)):
        np.testing.assert_array_equal(found, own)
    for own, shown in zip([WORDS[0], *expected[1:]], review.labels()):
        np.testing.assert_array_equal(shown, own)
    changes = [entry.changed for entry in review.state.entries]
    assert changes[0] is None
    assert all(one is other for one, other in zip(changes[1:], before[1:]))
    learned = [entry.segments for entry in review.state.entries]
    review.take_back(2)
    review.keep(3)
    review.take_back()
    shown = [entry.segments for entry in review.state.entries]
    chosen = [learned[0], before[1], before[2], learned[3], before[4], before[5]]
    assert all(one is other for one, other in zip(shown, chosen))
    assert all(entry.changed is None for entry in review.state.entries)
    assert [entry.is_taken_back() for entry in review.state.entries] == [
        (old.labels() != new.labels()).any() for old, new in zip(shown, learned)
    ]
    review.undo()
    assert review.state.entries[4].segments is learned[4]
    review.check(1)
    review.learn()  # keeps what was before the first lesson
    entry = review.state.entries[4]
    assert entry.changed is before[4]


@pytest.mark.parametrize("n_lessons", [1, 2])
def test_all_changes_taken_back_bring_the_model_back(n_lessons, tmp_path):
    """And what it predicted, unless a change is kept; also after a restart."""
    inputs = MODELS["pipeline"](), VIDEOS, tmp_path
    review = Review(*inputs, labels=[WORDS[0], *[None] * 5]).open()
    before, first = review.state, review.model
    for i in range(1, n_lessons + 1):
        review.learn()
        review.check(i)
    assert review.model is not first
    review.take_back()
    assert review.model is first
    shown = review.state
    for i, (old, new) in enumerate(zip(before.entries, shown.entries)):
        assert new.predicted is old.predicted
        assert new.confidence is old.confidence
        assert new.is_taken_back() is False or i in range(1, n_lessons + 1)
    review.close()
    review = Review(*inputs).open()
    assert review.state.model == before.model
    assert review.state.actions == shown.actions
    assert review.learn().startswith("learned")  # the checks are news again
    review.undo()
    review.undo()
    review.keep(5)
    review.take_back()
    assert review.state.model != before.model
    review.close()


def test_it_learns_again_only_what_is_new(tmp_path):
    """Also after a restart; an undone label is no news, and a check is."""
    inputs = MODELS["words"](), VIDEOS, tmp_path
    review = Review(*inputs, labels=[WORDS[0], *[None] * 5]).open()
    review.learn()
    review.close()
    review = Review(*inputs).open()
    review.relabel(1, 0, review.actions[1])
    review.undo()
    assert review.learn().startswith("nothing is new")
    review.check(1)
    assert review.learn().startswith("learned")
    review.close()


def test_a_learner_of_other_parameters_learns_again(quick_fits, tmp_path):
    again = ["learned", "nothing"]
    for learner in [None, SemiSupervisedSegmenter(min_duration=9, random_state=0)]:
        review = Review(learner, VIDEOS, tmp_path, labels=[WORDS[0], *[None] * 5])
        review.open()
        assert [review.learn().split()[0].strip(",") for _ in again] == again
        review.close()


def test_a_name_that_no_label_has_stays(quick_fits):
    review, names = Review(None, VIDEOS).open(), {}
    for i in range(2):
        for code, start, end in zip(*map(np.ndarray.tolist, find_segments(CODES[i]))):
            if code:
                review.assign(i, start, end, WORDS[i][start])
        review.learn()
        (name,) = {*review.actions} - {"grasp", "lift"}
        names[name] = review.state.names.code(name)
        review.rename(name, "reach")
    assert [*names] == ["action 1", "reach"]
    assert len({*names.values()}) == 1


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


def test_splits_as_in_python(review):
    name, before, told = review.actions[0], review.labels(), []
    expected = split(review.model, name, VIDEOS)
    found = expected.predict(VIDEOS)
    review.split(name, lambda *own: told.append(own))
    assert told[-7:] == [("splitting", k, 6) for k in range(7)]
    halves = [f"{name} 1", f"{name} 2"]
    assert set(halves) < set(review.actions)
    for shown, own, old in zip(review.labels(), found, before):
        is_half = np.isin(own, halves) & (old == name)
        np.testing.assert_array_equal(shown[is_half], own[is_half])
        assert np.isin(shown[old == name], halves).all()
        np.testing.assert_array_equal(shown[old != name], old[old != name])
    for one, own in zip(review.model.predict(VIDEOS), found):
        np.testing.assert_array_equal(one, own)
    # confidence is that of the half in frames that are predicted so
    confidences = predict_with_confidence(expected, VIDEOS)[1]
    for entry, own, path in zip(review.state.entries, confidences, found):
        predicted = np.array([review.state.names[k] for k in entry.predicted.codes])
        labels = entry.predicted.spread(predicted)
        is_half = np.isin(labels, halves) & (labels == path)
        np.testing.assert_allclose(entry.confidence[is_half], own[is_half], atol=1e-3)


def test_actions_of_before_are_forgotten():
    review = Review(MODELS["numbers"](), VIDEOS, labels=WORDS).open()
    assert set(review.actions) > set(DEFAULTS)
    review.learn()
    assert sorted(review.actions) == ["grasp", "lift", "reach"]
    assert set(review.state.names) >= set(review.state.actions)
    # what was predicted counts as wrong still, and no new action has its code
    predicted = review.state.entries[1].predicted
    assert not np.isin(predicted.codes, list(review.state.names)).any()


def test_merges_of_what_the_model_does_not_know():
    review = Review(MODELS["numbers"](), VIDEOS).open()
    review.relabel(0, 0, "new")
    review.merge("new", "background")
    assert review.labels()[0][0] == "background"
    review.undo()
    model = review.state.model
    review.merge("action 2", "new")  # now the model finds it
    assert review.state.model == model
    assert review.model.actions_.tolist() == ["action 1", "new", "action 3"]
    assert (review.labels()[1] == "new").any()


def test_labels_of_people_are_there_at_first():
    """Those that are whole count as checked; numbers are called as those of models."""
    given = np.array(["reach", "", "1"])[CODES[0]]
    whole = np.array(["reach"] * len(VIDEOS[2]))
    takes, labels = dict(zip("abc", VIDEOS)), {"c": whole, "a": given}
    review = Review(MODELS["numbers"](), takes, labels=labels).open()
    assert review.actions == [*DEFAULTS, "reach"]
    expected = np.where(given == "1", "action 2", given)
    found = review.labels()["a"]
    np.testing.assert_array_equal(found[given != ""], expected[given != ""])
    first, _, last = review.state.entries
    by_hand = first.segments.spread(first.segments.by_hand)
    np.testing.assert_array_equal(by_hand, given != "")
    assert (first.checked, first.seen) == ((), ())
    assert last.checked == ((0, last.n_frames, 3),)
    assert last.seen == ((0, last.n_frames),)
    assert sorted(own["recording"] for own in review.next()) == [0, 1]


def test_some_cycles_of_a_log_teach_it_the_rest(log_fit):
    """And what is learned does not change them, nor what was predicted for them."""
    videos, codes = make_activities(12, 3, n_features=4, mean_length=30, random_state=1)
    truth = np.array(list("abc"))[np.concatenate(codes)]
    ends = np.cumsum([len(video) for video in videos])
    review = Review(*log_fit).open()
    for row in segments(truth[: ends[2]]).itertuples():
        review.assign(0, row.start, row.end, row.action)
    for start, end in zip([0, *ends[:2]], ends[:3]):
        review.check(0, int(start), int(end))
    kept = review.state.entries[0].predicted.labels()[: ends[2]]
    review.learn()
    assert review.model.cycles
    right = review.labels()["line"] == truth
    assert right[: ends[2]].all()
    assert right.mean() > 0.95
    assert len(review.cycles) == 12
    entry = review.state.entries[0]
    np.testing.assert_array_equal(entry.predicted.labels()[: ends[2]], kept)
    assert entry.seen == ()


def test_a_cyclic_model_finds_no_cycles_in_other_actions(log_fit):
    review = Review(*log_fit).open()
    assert len(review.cycles) == 12
    n = review.state.entries[0].n_frames
    review.assign(0, 0, n // 2, "pause")
    review.assign(0, n // 2, n, "walk")
    assert review.cycles is None
    assert len(review.units()) == 1
    review.undo()
    review.undo()
    assert len(review.cycles) == 12
    for code, name in zip(review.state.actions, IDLE):
        review.rename(code, name)
    assert len(review.state.actions) <= len(IDLE)  # no step is left
    assert review.cycles is None
