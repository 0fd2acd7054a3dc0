import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import clone
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.frozen import FrozenEstimator

from skl_tot import ActivitySegmenter, HMMSegmenter
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections import merge, rename, split
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, save_model
from skl_tot.meta.activities import (
    choose_n_groups,
    fill_bag,
    group_bags,
    learn_clusters,
)
from skl_tot.recordings import Recordings


def mixed(n_activities, n_videos=4, n_actions=3, **options):
    """Videos of several activities in turn, distinct labels, and activities."""
    options = {"n_features": 6, "mean_length": 40, "noise": 0.5} | options
    parts = []
    for k in range(n_activities):
        videos, labels = make_activities(n_videos, n_actions, random_state=k, **options)
        parts.append([(x, y + n_actions * k, k) for x, y in zip(videos, labels)])
    videos, labels, activities = [], [], []
    for of_each in zip(*parts):
        for video, actions, activity in of_each:
            videos.append(video)
            labels.append(actions)
            activities.append(activity)
    return videos, labels, np.array(activities)


@pytest.fixture(scope="module")
def data():
    return mixed(2)


@pytest.fixture(scope="module")
def fitted(data):
    return ActivitySegmenter(MallowSegmenter(3), 2, random_state=0).fit(data[0])


def assert_same(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        np.testing.assert_array_equal(one, other)


def test_actions_of_activities(data, tmp_path):
    videos, _, activities = data
    model = ActivitySegmenter(HMMSegmenter(3, max_iter=5), 2, random_state=0)
    model.fit(videos)
    assert model.activities_.tolist() == activities.tolist()
    assert_same(model.predict(videos), model.labels_)
    for posterior, k in zip(model.predict_posterior(videos), activities):
        np.testing.assert_allclose(posterior.sum(axis=1), 1, atol=1e-5)
        assert (np.delete(posterior, np.s_[3 * k : 3 * k + 3], axis=1) == 0).all()
    save_model(model, tmp_path / "model.skops")
    assert_same(load_model(tmp_path / "model.skops").predict(videos), model.labels_)


def test_each_is_as_its_own_fit(data, fitted):
    videos, _, activities = data
    for k in (0, 1):
        recordings = [x for x, a in zip(videos, activities) if a == k]
        alone = MallowSegmenter(3).fit(recordings)
        paths = [y for y, a in zip(fitted.labels_, activities) if a == k]
        assert_same([path + 3 * k for path in alone.labels_], paths)
        for method in ("log_likelihood", "predict_proba"):
            columns = getattr(fitted, method)(recordings)[0][:, 3 * k : 3 * k + 3]
            expected = getattr(alone, method)(recordings)[0]
            np.testing.assert_allclose(columns, expected)


def test_given_activities(data):
    videos, _, activities = data
    words = np.array(["wash", "cook"])[activities]
    model = ActivitySegmenter(MallowSegmenter(3)).fit(videos, activities=words)
    assert model.activity_names_.tolist() == ["cook", "wash"]
    assert model.activities_.tolist() == words.tolist()
    assert model.predict_activity(videos).tolist() == words.tolist()
    assert model.predict_activity(videos[0]) == "wash"
    assert model.action_names_[3] == "wash: action 0"


@pytest.mark.parametrize("n_activities", [1, 2, 4])
def test_number_found(n_activities):
    videos, _, activities = mixed(n_activities, n_videos=6)
    model = ActivitySegmenter(HMMSegmenter(2), random_state=0).fit(videos)
    assert abs(len(model.activity_names_) - n_activities) <= 1
    pairs = set(zip(model.activities_.tolist(), activities))
    assert len(pairs) == len(model.activity_names_)  # all of one group are alike


def test_recordings_with_names(data, fitted):
    names = [f"take {i}" for i in range(len(data[0]))]
    takes = Recordings(data[0], names, fps=10)
    model = clone(fitted).fit(takes)
    assert list(model.activities_) == names
    assert model.predict(takes).names == names
    assert model.fps_ == 10
    activities = dict(reversed(model.activities_.items()))
    again = ActivitySegmenter(MallowSegmenter(3)).fit(takes, activities=activities)
    assert again.activities_ == model.activities_
    assert model.predict_activity(takes) == model.activities_


@pytest.mark.parametrize("decoding", [{}, {"decoding": "free", "switch_cost": 1e9}])
def test_score_of_one_activity_is_that_of_its_segmenter(data, decoding):
    recordings = [x for x, a in zip(data[0], data[2]) if a == 0]
    alone = MallowSegmenter(3).fit(recordings).set_params(**decoding)
    model = ActivitySegmenter(MallowSegmenter(3), 1, random_state=0).fit(recordings)
    model.estimators_[0].set_params(**decoding)
    assert model.score(recordings) == alone.score(recordings)
    assert (alone.score(recordings) == 0) == bool(decoding)


def test_score_is_a_weighted_mean_over_activities(data, fitted):
    log_score, n_frames = 0, 0
    for k in (0, 1):
        recordings = [x for x, a in zip(data[0], data[2]) if a == k]
        length = sum(map(len, recordings))
        log_score += length * np.log(fitted.score(recordings))
        n_frames += length
    assert fitted.score(data[0]) == pytest.approx(np.exp(log_score / n_frames))
    with pytest.warns(UndefinedMetricWarning, match="no two"):
        assert np.isnan(fitted.score(data[0][:2]))


def test_corrections(data, fitted):
    model = rename(fitted, fitted.action_names_)
    words = np.array(fitted.action_names_)
    assert_same(model.predict(data[0]), [words[y] for y in fitted.labels_])
    assert_same(model.labels_, model.predict(data[0]))
    for call in (
        lambda: merge(fitted, [0, 1]),
        lambda: split(fitted, 0, data[0]),
        lambda: fitted.predict(data[0][:1], transcripts=[[1, 2]]),
    ):
        with pytest.raises((TypeError, ValueError)):
            call()


@pytest.mark.parametrize(
    ("parameters", "activities"),
    [
        ({"n_activities": 9}, None),
        ({"n_activities": 0}, None),
        ({"estimator": FrozenEstimator(HMMSegmenter(2))}, None),
        ({"estimator": HMMSegmenter(99)}, None),
        ({"estimator": HMMSegmenter(0)}, None),
        ({}, [0, 1]),
        ({}, "cook"),
        ({}, [0] * 7 + [None]),
        ({}, ["a"] * 7 + [1]),
        ({"n_activities": 2}, [0] * 8),
        ({}, {"a": 0}),
    ],
)
def test_bad_input(data, parameters, activities):
    model = ActivitySegmenter(**{"estimator": MallowSegmenter(3), **parameters})
    with pytest.raises((TypeError, ValueError)) as error:
        model.fit(data[0], activities=activities)
    assert "\n" not in str(error.value)


def test_errors_name_the_activity(data):
    videos = [*data[0], data[0][0][:5]]
    model = ActivitySegmenter(HMMSegmenter(6))
    with pytest.raises(ValueError, match="activity 'short'"):
        model.fit(videos, activities=["long"] * 8 + ["short"])


def test_bags_by_the_formula():
    rng = np.random.default_rng(0)
    video, centres = rng.normal(size=(40, 3)), rng.normal(size=(5, 3))
    distances = ((video[:, None] - centres) ** 2).sum(axis=2)
    expected = np.sqrt(softmax(-distances / 0.07, axis=1).mean(axis=0))
    for blocks in ([video], [video[:7], video[7:]]):
        np.testing.assert_allclose(fill_bag(blocks, centres, 0.7), expected)


def test_width_is_the_mean_squared_distance():
    video = np.random.default_rng(0).normal(size=(300, 2))
    centres, width = learn_clusters(Recordings([video]), np.random.RandomState(0))
    distances = ((video[:, None] - centres) ** 2).sum(axis=2)
    assert width == pytest.approx(distances.min(axis=1).mean())


def make_bags(n_groups, n_each):
    rng = np.random.default_rng(0)
    bags = np.repeat(rng.uniform(size=(n_groups, 12)), n_each, axis=0)
    return bags + rng.normal(scale=0.05, size=bags.shape)


def test_groups_are_numbered_by_their_first():
    order = np.random.default_rng(0).permutation(20)
    groups = group_bags(make_bags(4, 5)[order], 4, 0)
    first = [groups.tolist().index(k) for k in range(4)]
    assert first == sorted(first)
    for k in range(4):
        assert len(np.unique(order[groups == k] // 5)) == 1


@pytest.mark.parametrize("n_groups", [2, 5, 10])
def test_number_of_groups_apart(n_groups):
    number, scores = choose_n_groups(make_bags(n_groups, 6), 0)
    assert number == n_groups
    assert scores[number] >= 0.95 * max(scores.values())


@pytest.mark.parametrize("n_distinct", [1, 2])
def test_too_few_bags_to_choose(n_distinct):
    bags = np.eye(3)[:n_distinct].repeat(3, axis=0)
    assert choose_n_groups(bags, 0) == (n_distinct, None)
