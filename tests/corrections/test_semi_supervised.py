"""Segmentation that learns from labels of some frames."""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import HMMSegmenter, Recordings, SemiSupervisedSegmenter
from skl_tot.baselines import KMeansSegmenter, MallowSegmenter
from skl_tot.corrections.semi_supervised import choose_teaching
from skl_tot.datasets import make_activities
from skl_tot.preprocessing import FrameView, FramewiseTransformer, SignalWindows

WORDS = np.array(["pour", "cut", "stir"])
VIDEOS, CODES = make_activities(8, 3, n_features=5, mean_length=45, random_state=2)
NAMES = [f"take {i}" for i in range(len(VIDEOS))]


REST = [None] * 6
TRUTH = [2 * codes + 1 for codes in CODES]  # 1, 3, 5


def make(estimator=None, **options):
    """A learner with quick clusterings and views."""
    views = options.pop("views", [FrameView(), FrameView(scaling="video")])
    estimator = HMMSegmenter(3) if estimator is None else estimator
    return SemiSupervisedSegmenter(estimator, views=views, random_state=0, **options)


def share_right(found, truth, first=2):
    return (np.concatenate(found[first:]) == np.concatenate(truth[first:])).mean()


def stretches(path):
    """Labels of every second stretch of six frames."""
    return np.where(np.arange(len(path)) // 6 % 2, path, -1)


def single_frames(path):
    """The middle frame of each segment."""
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    middles = (starts + np.append(starts[1:], len(path))) // 2
    return np.where(np.isin(np.arange(len(path)), middles), path, -1)


@pytest.fixture(scope="module")
def fitted():
    return make().fit(VIDEOS, [*TRUTH[:2], *REST])


class TestLabels:
    @pytest.mark.parametrize("part", [stretches, single_frames])
    def test_of_some_frames_teach_the_others(self, part):
        y = [part(path) for path in TRUTH[:2]]
        model = make().fit(VIDEOS, [*y, *REST])
        assert model.classes_.tolist() == [1, 3, 5]
        assert (model.n_actions_, model.unlabelled_actions_) == (3, [])
        for path, given in zip(model.labels_, y):
            np.testing.assert_array_equal(path[given >= 0], given[given >= 0])
        assert share_right(model.labels_, TRUTH) > 0.9
        assert share_right(model.predict(VIDEOS), TRUTH, 0) > 0.9

    def test_may_be_names_with_unknown_ones_of_any_kind(self):
        y = [WORDS[CODES[0]].astype(object), WORDS[CODES[1]]]
        y[0][:6] = [None, "", -1, np.nan, "nan", pd.NA]
        model = make().fit(VIDEOS, [*map(list, y), *REST])
        assert model.classes_.tolist() == sorted(WORDS)
        assert share_right(model.labels_, [WORDS[codes] for codes in CODES], 0) > 0.9
        assert set(np.concatenate(model.predict(VIDEOS))) == set(WORDS)
        y[0][3] = "-1"  # unknown in y, background in files
        with pytest.raises(ValueError, match="Recording 0: y: the label of frame 3"):
            make().fit(VIDEOS, [*map(list, y), *REST])

    def test_by_names_of_recordings(self, fitted):
        y = {NAMES[1]: TRUTH[1], NAMES[0]: TRUTH[0]}
        recordings = Recordings(VIDEOS, NAMES, fps=10, breaks=[[9]] + [[]] * 7)
        model = make().fit(recordings, y)
        assert list(model.labels_) == NAMES
        labels = np.concatenate(list(model.labels_.values()))
        np.testing.assert_array_equal(labels, np.concatenate(fitted.labels_))
        assert model.fps_ == 10

    @pytest.mark.parametrize("least", [None, 4])
    def test_of_people_stay_even_where_they_are_odd(self, least):
        odd = TRUTH[0].copy()
        odd[10], odd[-1] = 5, 1
        part = np.where(np.arange(len(TRUTH[1])) % 7 == 3, TRUTH[1], -1)
        part[20:24] = [5, 1, 3, 5]
        model = make(min_duration=least).fit(VIDEOS, [odd, part, *REST])
        np.testing.assert_array_equal(model.labels_[0], odd)
        is_labelled = part >= 0
        np.testing.assert_array_equal(model.labels_[1][is_labelled], part[is_labelled])

    def test_of_half_of_a_single_recording(self):
        X = np.concatenate(VIDEOS)
        path = np.concatenate(TRUTH)
        y = np.where(np.arange(len(X)) < len(X) // 2, path, -1)
        model = make().fit(X, y)
        assert model.labels_.shape == path.shape
        assert share_right([model.labels_], [path], 0) > 0.85

    def test_frames_of_an_action_without_a_label_have_a_name_of_their_own(self):
        words = np.arange(3)
        rng = np.random.default_rng(0)
        orders = [[0, 1], [0, 1], *[[0, 1, 2]] * 8]
        truth = [np.repeat(order, rng.integers(20, 24, len(order))) for order in orders]
        centres = 8 * np.eye(3, 4)
        videos = [centres[x] + rng.normal(size=(len(x), 4)) for x in truth]
        with pytest.warns(UserWarning, match="without a label"):
            model = make(HMMSegmenter(3)).fit(videos, [words[truth[0]], *[None] * 9])
        new = 2
        assert model.unlabelled_actions_ == [new]
        assert model.classes_.tolist() == [*words[:2].tolist(), new]
        expected = [np.array([*words[:2], new])[path] for path in truth]
        assert share_right(model.labels_, expected, 0) > 0.95


SEGMENTERS = {
    "pipeline": make_pipeline(FramewiseTransformer(StandardScaler()), HMMSegmenter(3)),
    "list": [HMMSegmenter(3), KMeansSegmenter(4)],
    "frozen with background": FrozenEstimator(
        HMMSegmenter(3, background_percentile=20).fit(VIDEOS)
    ),
    "list with a frozen one": [FrozenEstimator(MallowSegmenter(3).fit(VIDEOS))],
}

VIEWS = {
    "windows": [FrameView([1, 2], n_components=8)],
    "signal windows": [SignalWindows(3)],
}


@pytest.mark.parametrize("kind", [*SEGMENTERS, *VIEWS])
def test_parts_of_the_user_are_cloned(kind):
    given = SEGMENTERS.get(kind, HMMSegmenter(3))
    before, options = joblib.hash(given), {}
    if kind in VIEWS:
        options = {"views": VIEWS[kind]}
    model = make(given, **options).fit(VIDEOS, [*TRUTH[:2], *REST])
    assert joblib.hash(given) == before
    assert len(model.estimators_) == (len(given) if isinstance(given, list) else 1)
    views = options.get("views", [None, None])
    assert not set(map(id, model.views_)) & set(map(id, views))
    assert len(model.coefs_) == len(views) + 1  # the clusterings
    assert share_right(model.labels_, TRUTH) > 0.9


def test_all_with_labels_and_some_others_teach():
    """100,000 frames in total, or 20,000 of others if labels have as many."""
    for n_recordings, n_frames, n_labelled, n_others in [
        (300, 1000, 10, 90),
        (30, 10_000, 9, 2),
        (9, 10_000, 9, 0),
        (3, 10**6, 1, 1),
    ]:
        has_labels = np.arange(n_recordings) < n_labelled
        found = choose_teaching(np.full(n_recordings, n_frames), has_labels)
        assert len(found) == n_labelled + n_others


# tempering, and sums of coefficients, intercepts, times, moves, starts and delays
LEARNED = {
    "in order": [0.339821, 874.529, 120.476, 403.940, 54.525, 7.0875, 1.66667],
    "single frames": [0.445079, 1023.56, 161.448, 0, 19.9425, 0.475, 0],
    "new actions": [0.421697, 3305.50, 1427.25, 268.652, 50.2, 4.2, 0],
}


@pytest.mark.parametrize(("seed", "case"), enumerate(LEARNED))
def test_numbers_that_are_learned_stay(seed, case):
    """None of them moves but by a decision."""
    options = {"noise": [1.5, 1.0, 0.6][seed], "random_state": seed}
    options |= {"order": "free" if case == "single frames" else "strict"}
    X, y = make_activities(10, 4, n_features=5, mean_length=30, **options)
    if case == "in order":
        y[1][70:] = -1
    elif case == "single frames":
        y[:2] = map(single_frames, y)
    else:
        X[:2], y[:2] = zip(*[(X[i][y[i] != 1], y[i][y[i] != 1]) for i in (0, 1)])
    options = {"max_iter": 5, "n_init": 1}
    estimators = [HMMSegmenter(6, order="free", **options), HMMSegmenter(5, **options)]
    model = make(estimators).fit(X, [*y[:2], *[None] * 8])
    learned = *map(np.vstack, (model.coefs_, model.intercepts_)), model.log_times_
    learned = *learned, model.move_costs_, model.start_costs_, model.delays_
    sums = [np.abs(values).sum() for values in learned]
    tempering = model.confidence_["tempering"]
    np.testing.assert_allclose([tempering, *sums], LEARNED[case], rtol=1e-4)


def test_a_score_is_the_share_of_right_frames(fitted):
    truth = [TRUTH[7][:-1].tolist() + [None], *TRUTH[6:0:-1]]
    share = share_right(fitted.predict(VIDEOS[:0:-1]), [TRUTH[7], *truth[1:]], 0)
    assert 0.9 < share < 1
    found = fitted.score(VIDEOS[:0:-1], truth)
    assert found == pytest.approx(share, abs=1 / 45)
    assert fitted.score(VIDEOS) > 1


def changed(i, labels):
    """Labels of all recordings, with those of one changed."""
    return [*TRUTH[:i], labels, *TRUTH[i + 1 :]]


WRONG = {
    "y None": None,
    "names": {0: [0]},
    "too few": [[0]],
    "flat": [0, 1, 2, 0, 1, 2, 0, 1],
    "all None": [None] * 8,
    "short": changed(2, [1, 3]),
    "text and numbers": changed(1, ["a"] * len(TRUTH[1])),
    "mixed": changed(1, ["a", *TRUTH[1][1:].tolist()]),
    "negative": changed(1, TRUTH[1] - 7),
}
PARAMETERS = [
    {"estimator": KMeans(3)},
    {"estimator": [HMMSegmenter(3), PCA()]},
    {"estimator": FrozenEstimator(HMMSegmenter(3))},  # not fitted
    {"estimator": FrozenEstimator(HMMSegmenter(3).fit([v[:, :2] for v in VIDEOS]))},
    {"views": 3},
    {"views": [KMeansSegmenter()]},
    {"min_duration": -1},
]


class TestRefusals:
    """Nothing of the model changes."""

    @pytest.mark.parametrize("case", WRONG)
    def test_labels(self, fitted, case):
        state = joblib.hash(fitted)
        with pytest.raises((TypeError, ValueError)) as error:
            fitted.fit(VIDEOS, WRONG[case])
        assert "\n" not in str(error.value)
        assert joblib.hash(fitted) == state

    @pytest.mark.parametrize("parameters", PARAMETERS)
    def test_parameters(self, parameters):
        model = make().set_params(**parameters)
        with pytest.raises((TypeError, ValueError, NotFittedError)):
            model.fit(VIDEOS, [*TRUTH[:2], *REST])
        assert not hasattr(model, "n_actions_")


def test_probabilities_hold_after_learning():
    """Their mean is near the share of right frames, also if that is small."""
    options = {"n_features": 6, "mean_length": 60, "noise": 4.0}
    videos, codes = make_activities(12, 4, **options, random_state=2)
    frozen = FrozenEstimator(HMMSegmenter(6, random_state=0).fit(videos))
    model = SemiSupervisedSegmenter([frozen, frozen])
    model.fit(videos, [*codes[:3], *[None] * 9])
    right = np.concatenate([model.labels_[i] == codes[i] for i in range(3, 12)])
    posteriors = model.predict_posterior(videos[3:])
    shown = [p[np.arange(len(p)), z] for p, z in zip(posteriors, model.labels_[3:])]
    assert abs(np.concatenate(shown).mean() - right.mean()) < 0.2


def test_labels_of_one_action_only_are_warned_of():
    y = [np.full(len(VIDEOS[0]), "cut"), *[None] * 7]
    with pytest.warns(UserWarning, match="one action, so all frames are cut"):
        model = make(FrozenEstimator(HMMSegmenter(1).fit(VIDEOS))).fit(VIDEOS, y)
    assert (model.predict(VIDEOS[1]) == "cut").all()


def test_probabilities_hold_in_a_log_of_cycles():
    """Clusters of a single recording go with time, which is no doubt of the labels."""
    videos, codes = make_activities(
        30, 4, n_features=6, mean_length=100, random_state=0
    )
    n_labelled = len(codes[0]) + len(codes[1])
    truth = np.concatenate(codes)
    labels = np.where(np.arange(len(truth)) < n_labelled, truth, -1)
    model = SemiSupervisedSegmenter(random_state=0)
    model.fit(np.concatenate(videos), labels)
    right = (model.labels_ == truth)[n_labelled:].mean()
    posterior = model.predict_posterior(np.concatenate(videos))[n_labelled:]
    assert right - 0.25 < posterior.max(axis=1).mean() < right + 0.02
