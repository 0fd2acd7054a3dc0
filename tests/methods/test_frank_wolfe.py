"""Frank-Wolfe, with and without narrations."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import make_pipeline

from skl_tot.baselines import FrankWolfeSegmenter
from skl_tot.datasets import make_activities
from skl_tot.metrics import mof_score, mof_scorer
from skl_tot.recordings.errors import RecordingError

# Long and short actions, whose frames overlap.
HARD = {"n_videos": 20, "n_actions": 8, "noise": 3.0, "unevenness": 0.6}


def speak(labels, seed, names=None):
    """Say each action once, up to 8 % of the video before some moment of it."""
    rng = np.random.RandomState(seed)
    said = []
    for sequence in labels:
        entries = []
        for action in np.unique(sequence):
            moment = rng.choice(np.flatnonzero(sequence == action))
            time = max(0, moment - rng.randint(0.08 * len(sequence)))
            event = int(action) if names is None else names[action]
            entries.append((event, int(time)))
        said.append(entries)
    return said


def model_of(n_actions=4, **params):
    return FrankWolfeSegmenter(n_actions, random_state=0, max_iter=50, **params)


def test_finds_clear_actions_without_narrations():
    videos, labels = make_activities(10, 5, noise=0.5, random_state=0)
    model = FrankWolfeSegmenter(5, random_state=0).fit(videos)
    assert mof_score(labels, model.labels_) > 0.95
    held_out, truth = make_activities(12, 5, noise=0.5, random_state=0)
    assert mof_score(truth[10:], model.predict(held_out[10:])) > 0.9


@pytest.mark.filterwarnings("ignore:.*leave no place")
def test_narrations_add_15_points():
    """Over five seeds 78 % of the frames become 94 %, and no seed loses."""
    gains = []
    for seed in range(5):
        videos, labels = make_activities(**HARD, random_state=seed)
        model = FrankWolfeSegmenter(8, random_state=0)
        alone = mof_score(labels, model.fit(videos).labels_)
        model.fit(videos, narrations=speak(labels, seed))
        gains.append(mof_score(labels, model.labels_) - alone)
    assert np.mean(gains) >= 0.15
    assert min(gains) > 0


@pytest.mark.filterwarnings("ignore:.*leave no place")
def test_tokens_do_as_well_as_events():
    """Among words of no meaning, the steps are found by aligning the videos."""
    videos, labels = make_activities(**HARD, random_state=0)
    names = np.array(["jack", "nut", "wheel", "spare", "put", "turn", "low", "end"])
    said = speak(labels, 0, names)
    rng = np.random.RandomState(0)
    for video, entries in zip(videos, said):
        for _ in range(5):
            word = f"word {rng.randint(30)}"
            entries.append((word, int(rng.randint(len(video)))))
        entries.pop(rng.randint(len(entries)))
    model = FrankWolfeSegmenter(8, random_state=0).fit(videos, narrations=said)
    assert model.event_names_.tolist() == names.tolist()
    assert mof_score(labels, model.labels_) > 0.9
    # a model without narrations has no names
    assert model.fit(videos).event_names_ is None


def test_events_are_in_order_and_in_windows(activity):
    videos, _ = activity
    said = [[(1, 20, 30)]] + [[] for _ in videos[1:]]
    options = {"frames_per_chunk": 5, "narration_delay": 10}
    events = model_of(**options).fit(videos, narrations=said).events_
    assert events.shape == (len(videos), 4)
    assert (np.diff(events, axis=1) > 0).all()
    assert 15 <= events[0, 1] < 45  # half a chunk beyond on both sides
    for video, own in zip(videos, events):
        assert own[0] >= 0
        assert own[-1] < len(video)


@pytest.mark.parametrize("delay", [0.1, 6])
def test_delay_is_a_share_or_frames(delay, monkeypatch):
    from skl_tot.methods import frank_wolfe

    seen = []

    def allowed_chunks(narrations, edges, n_events, delays, numbers):
        seen.extend(delays)
        return np.ones((n_events, len(edges), len(edges[0]) - 1), dtype=bool)

    monkeypatch.setattr(frank_wolfe, "allowed_chunks", allowed_chunks)
    rng = np.random.RandomState(0)
    videos = [rng.normal(size=(n, 2)) for n in (60, 90)]
    model_of(narration_delay=delay).fit(videos)
    assert seen == pytest.approx([6, 9] if delay == 0.1 else [6, 6])


@pytest.mark.parametrize(
    ("n_frames", "frames_per_chunk", "n_chunks"),
    [
        (100, None, 8),
        (5, None, 5),
        (100, 10, 10),
        (101, 10, 11),
        (20, 10, 4),
        (4, 9, 4),
    ],
)
def test_chunks(n_frames, frames_per_chunk, n_chunks):
    edges = model_of(frames_per_chunk=frames_per_chunk)._edges(n_frames)
    assert len(edges) == n_chunks + 1
    assert (edges[0], edges[-1]) == (0, n_frames)
    sizes = np.diff(edges)
    assert sizes.min() >= 1
    assert sizes.max() - sizes.min() <= 1


def test_log_likelihood_is_of_the_classifier(activity):
    videos, _ = activity
    model = model_of().fit(videos)
    frames = model.scaler_.transform(videos[0])
    scores = frames @ model.coef_.T + model.intercept_
    ones = -((1 - scores) ** 2) / (2 * model.noise_)
    zeros = -(scores**2) / (2 * model.noise_)
    np.testing.assert_allclose(
        model.log_likelihood(videos[0]), ones - zeros, rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(
    "shapes", [[(9, 1)], [(40, 3)], [(30, 200), (40, 200)], [(9, 2), (2, 2), (1, 2)]]
)
@pytest.mark.parametrize("n_actions", [1, 4])
def test_edge_cases(shapes, n_actions, dtype):
    rng = np.random.RandomState(0)
    videos = [rng.normal(size=shape).astype(dtype) for shape in shapes]
    model = model_of(n_actions).fit(videos)
    for video, labels in zip(videos, model.labels_):
        assert labels.shape == (len(video),)
    too_short = np.array([len(video) < n_actions for video in videos])
    np.testing.assert_array_equal((model.events_ == -1).all(axis=1), too_short)
    assert (model.events_[~too_short] >= 0).all()
    assert model.predict_proba(videos)[0].dtype == dtype
    assert (np.diff(model.objective_curve_) <= 1e-15).all()
    assert model.n_iter_ == len(model.objective_curve_)


def test_short_videos_are_not_learned_from(activity):
    videos, _ = activity
    alone = model_of(standardize=None).fit(videos)
    said = [[(1, 0, 1)], *[[] for _ in videos]]
    more = model_of(standardize=None).fit([videos[0][:3], *videos], narrations=said)
    np.testing.assert_array_equal(more.coef_, alone.coef_)
    np.testing.assert_array_equal(more.events_[1:], alone.events_)
    assert (more.events_[0] == -1).all()


def test_warning_numbers_videos_of_the_fit(activity):
    videos, _ = activity
    said = [[(1, 0, 1)], [(0, 30, 31), (1, 5, 6)], *[[] for _ in videos[1:]]]
    with pytest.warns(UserWarning, match="event 1 in video 1"):
        model_of(narration_delay=0).fit([videos[0][:3], *videos], narrations=said)


@pytest.mark.parametrize(
    ("narrations", "kind", "text"),
    [
        ([[]], ValueError, "narrations is of 1 videos, expected 6"),
        ([[(4, 1, 2)], *[[]] * 5], ValueError, "Video 0: .*event 4, expected 0 to 3"),
        ([*[[]] * 5, [(1, 1, 2), (1, 3, 4)]], ValueError, "Video 5: .*more than once"),
        ([*[[]] * 5, [(1, 1, 999)]], ValueError, "Video 5: .*not inside of the video"),
        ([*[[]] * 5, [(1, 5, 4)]], ValueError, "Video 5: .*ends before it starts"),
        ([[("jack", 1, 2)]] * 6, ValueError, "make 1 events, expected n_actions=4"),
        ("jack", TypeError, "expected a list"),
    ],
)
def test_errors_leave_a_fitted_model_as_it_was(activity, narrations, kind, text):
    videos, _ = activity
    model = model_of().fit(videos)
    before = pickle.dumps(model)
    with pytest.raises(kind, match=text) as caught:
        model.fit(videos, narrations=narrations)
    assert pickle.dumps(model) == before
    if text.startswith("Video"):
        assert isinstance(caught.value, RecordingError)


def test_features_too_large(activity):
    videos, _ = activity
    model = model_of(standardize=None)
    with pytest.raises(ValueError, match="too large"):
        model.fit([video.astype(float) * 1e200 for video in videos])
    model.fit(videos)
    huge = np.full((9, 5), 1.7e308) * np.sign(model.coef_[0])
    with pytest.raises(ValueError, match="Video 0: the features are too large"):
        model.predict([huge])


def test_reproducible_and_settings_count(activity):
    videos, _ = activity
    first, second = model_of().fit(videos), model_of().fit(videos)
    np.testing.assert_array_equal(first.coef_, second.coef_)
    other = model_of(regularization=5.0).fit(videos)
    assert np.square(other.coef_).sum() < np.square(first.coef_).sum()
    assert len(model_of(tol=0.9).fit(videos).objective_curve_) < first.n_iter_


def test_searches_slice_narrations(activity):
    """Each fold hears what is said in its own videos."""
    videos, labels = activity
    said = speak(labels, 0)
    for estimator, name in [
        (model_of(), "narrations"),
        (make_pipeline(model_of()), "frankwolfesegmenter__narrations"),
    ]:
        options = {"scoring": mof_scorer, "cv": KFold(3), "error_score": "raise"}
        search = GridSearchCV(estimator, {}, **options)
        search.fit(videos, labels, **{name: said})
        by_hand = []
        for train, test in KFold(3).split(videos):
            model = clone(estimator).fit(
                [videos[i] for i in train], **{name: [said[i] for i in train]}
            )
            predicted = model.predict([videos[i] for i in test])
            by_hand.append(mof_score([labels[i] for i in test], predicted))
        assert search.best_score_ == pytest.approx(np.mean(by_hand))
        scores = cross_validate(
            estimator, videos, labels, params={name: said}, **options
        )
        np.testing.assert_allclose(scores["test_score"], by_hand)
