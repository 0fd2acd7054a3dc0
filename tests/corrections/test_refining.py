"""What a fitted model learns from labels of some recordings, and what it keeps."""

import joblib
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline, make_pipeline

from skl_tot import AutoSegmenter, HMMSegmenter, SemiSupervisedSegmenter
from skl_tot.baselines import KMeansSegmenter, MallowSegmenter
from skl_tot.corrections import refine, rename
from skl_tot.datasets import make_activities
from skl_tot.methods.pipelines import segmenter_of
from skl_tot.preprocessing import FramewiseTransformer
from skl_tot.recordings import Recordings

WORDS = np.array(["reach", "grasp", "lift"])
VIDEOS, CODES = make_activities(
    n_videos=6, n_actions=3, n_features=5, mean_length=30, random_state=1
)
NAMED = {f"v{i}": video for i, video in enumerate(VIDEOS)}
LENGTH = len(VIDEOS[0])


def make_pca():
    steps = FramewiseTransformer(PCA(3)), MallowSegmenter(3, standardize=None)
    return make_pipeline(*steps).fit(VIDEOS)


MODELS = {
    "numbers": lambda: MallowSegmenter(3).fit(VIDEOS),
    "words": lambda: rename(MallowSegmenter(3).fit(VIDEOS), ["a", "b", "c"]),
    "pipeline": make_pca,
    "guided": lambda: refine(MODELS["numbers"](), VIDEOS, words_of(2)),
    "background": lambda: MallowSegmenter(3, background_percentile=30).fit(VIDEOS),
}


def words_of(n, words=WORDS):
    """Labels of the first recordings; None of the others."""
    return [words[own] if i < n else None for i, own in enumerate(CODES)]


def first(values):
    """What is known of the first recording; None of the others."""
    return [values, None, None, None, None, None]


def without_last(n, words=WORDS):
    """Recordings of which the first do not show the last action, and their labels."""
    X = [x[y < 2] if i < n else x for i, (x, y) in enumerate(zip(VIDEOS, CODES))]
    y = [words[y[y < 2]] if i < n else None for i, y in enumerate(CODES)]
    return X, y


@pytest.mark.parametrize("name", ["numbers", "pipeline", "guided"])
def test_a_taught_model_does_not_change_with_the_first(name):
    model = MODELS[name]()
    taught = refine(model, VIDEOS, words_of(2))
    before = taught.predict_proba(VIDEOS)
    others, y = make_activities(4, n_actions=3, n_features=5, random_state=7)
    model.fit(others, *([y] if name == "guided" else []))
    for own, expected in zip(taught.predict_proba(VIDEOS), before):
        np.testing.assert_array_equal(own, expected)


def test_a_taught_vote_does_not_change_with_the_alternative_of_the_first():
    candidates = [
        ("a", HMMSegmenter(order="mostly")),
        ("b", HMMSegmenter(order="mostly", standardize="video")),
        ("c", HMMSegmenter(order="free", random_state=0)),
        ("d", KMeansSegmenter(switch_cost="auto")),
    ]
    options = {"n_features": 6, "mean_length": 30, "order": "free", "random_state": 0}
    videos, codes = make_activities(8, 4, **options)
    vote = AutoSegmenter(4, candidates=candidates, order="mostly", random_state=0)
    model = vote.fit(videos)
    words = np.array(["a", "b", "c", "d"])
    taught = refine(model, videos, [words[codes[0]], *[None] * 7])
    before, first = taught.predict_proba(videos), model.predict(videos)
    model.use_alternative(1)
    assert any(map(np.any, map(np.not_equal, model.predict(videos), first)))
    for own, expected in zip(taught.predict_proba(videos), before):
        np.testing.assert_array_equal(own, expected)


class TestRefine:
    def test_of_a_pipeline(self):
        model = make_pca()
        refined = refine(model, VIDEOS, words_of(1))
        assert isinstance(refined, Pipeline)
        found = [own[0].transform(VIDEOS)[0] for own in (refined, model)]
        np.testing.assert_array_equal(*found)
        guided = SemiSupervisedSegmenter(refined[-1].estimator)
        guided.fit(model[:-1].transform(VIDEOS), words_of(1))
        for own, other in zip(refined.predict(VIDEOS), guided.labels_):
            assert np.mean(own == other) > 0.95
        assert np.mean(refined.predict(VIDEOS[3]) == WORDS[CODES[3]]) > 0.9

    @pytest.mark.parametrize("form", [dict, lambda y: Recordings(y.values(), list(y))])
    def test_labels_of_some_by_name(self, form):
        model = MallowSegmenter(3).fit(NAMED)
        y = {"v4": WORDS[CODES[4]], "v0": WORDS[CODES[0]]}
        refined = refine(model, NAMED, form(y))
        for name, own in y.items():
            np.testing.assert_array_equal(refined.labels_[name], own)
        with pytest.raises(ValueError, match="y has 'v9', which X has not"):
            refine(model, NAMED, form(y | {"v9": y["v0"]}))

    @pytest.mark.parametrize(
        ("model", "words", "kept"),
        [
            ("numbers", WORDS, "action 2"),
            ("numbers", np.array(["0", "1", "2"]), "2"),
            ("numbers", np.array([7, 8, 9]), 2),
            ("words", np.array(["a", "b", "c"]), "c"),
            ("words", WORDS, "c"),
            ("words", np.array([0, 1, 2]), 2),
            ("words", np.array(["c", "b", "a"]), "action 1"),  # c is taken
        ],
    )
    def test_actions_without_a_label_keep_their_name(self, model, words, kept):
        X, y = without_last(2, words)
        with pytest.warns(UserWarning, match="are kept without a label") as caught:
            refined = refine(MODELS[model](), X, y)
        said = kept if isinstance(kept, str) else f"action {kept}"
        assert [f"a label: {said} (" in str(own.message) for own in caught] == [True]
        assert refined.unlabelled_actions_ == [kept]
        assert refined.actions_.tolist() == sorted(words[:2].tolist()) + [kept]
        is_last = np.concatenate(CODES[2:]) == 2
        found = np.concatenate(refined.predict(VIDEOS[2:])) == kept
        assert np.mean(found == is_last) > 0.9


def test_names_of_kept_actions_stay_distinct():
    """A kept action may get the name that another kept one has by default."""
    videos, _ = make_activities(
        10, 3, n_features=3, mean_length=24, missing=0.2, noise=0.4, random_state=0
    )
    names = [f"action {i}" for i in range(6)]
    model = rename(HMMSegmenter(6).fit(videos), names)
    path = model.predict(videos)[0]
    for new in ("action 0", "action 4", "action 5"):
        path[4:8] = new
        actions = refine(model, videos, [path, *[None] * 9]).actions_.tolist()
        assert len(set(actions)) == len(actions)


# what is given, and the actions that it names
HOSTILE = {
    "one frame": (first(["reach", *[""] * (LENGTH - 1)]), ["reach"]),
    "one frame of a number": (first([4, *[-1] * (LENGTH - 1)]), [4]),
    "name of an action": (first(["action 1"] * LENGTH), ["action 1"]),
    "background as in files": (
        first(["-1", *WORDS[CODES[0][1:]]]),
        ["background", "grasp", "lift", "reach"],
    ),
    "every second": (first([0 if i % 2 else -1 for i in range(LENGTH)]), [0]),
    "swapped": (words_of(6, WORDS[[2, 1, 0]]), ["grasp", "lift", "reach"]),
}
REFUSED = {
    "line break": (
        first(["a\nb"] * LENGTH),
        "^Recording 0: y: a label is 'a.*nb', exp",
    ),
    "too long": (first([0] * (LENGTH + 1)), r"^Recording 0: y has \d+ labels, X has"),
    "mixed": ([["a"] * LENGTH, CODES[1], *[None] * 4], "text in some recordings"),
}


@pytest.fixture(scope="module")
def models():
    return {name: make() for name, make in MODELS.items()}


class TestHostileLabels:
    """They are learned, or refused in a line; the model stays as it is."""

    @pytest.mark.parametrize("kind", MODELS)
    @pytest.mark.parametrize("case", HOSTILE)
    def test_learned(self, models, kind, case):
        model, (y, expected) = models[kind], HOSTILE[case]
        state = joblib.hash(model)
        refined = refine(model, VIDEOS, y)
        assert joblib.hash(model) == state
        segmenter = segmenter_of(refined)
        actions, kept = segmenter.actions_.tolist(), segmenter.unlabelled_actions_
        assert actions == expected + kept
        assert len(set(actions)) == len(actions) == segmenter.n_actions_
        found = set(np.concatenate(refined.predict(VIDEOS)).tolist())
        assert found <= {"background", -1} | set(actions)

    @pytest.mark.parametrize("case", REFUSED)
    def test_refused(self, models, case):
        model, (y, match) = models["pipeline"], REFUSED[case]
        state = joblib.hash(model)
        with pytest.raises((TypeError, ValueError), match=match) as caught:
            refine(model, VIDEOS, y)
        assert "\n" not in str(caught.value)
        assert joblib.hash(model) == state
