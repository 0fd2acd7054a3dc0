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
    count_words,
    group_bags,
    learn_vocabulary,
)
from skl_tot.metrics import activity_purity
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


@pytest.mark.parametrize("inner", [MallowSegmenter(3), HMMSegmenter(3, max_iter=5)])
def test_actions_of_activities(inner, data, tmp_path):
    videos, _, activities = data
    model = ActivitySegmenter(inner, 2, random_state=0).fit(videos)
    assert model.activities_.tolist() == activities.tolist()
    assert_same(model.predict(videos), model.labels_)
    for posterior, k in zip(model.predict_posterior(videos), activities):
        np.testing.assert_allclose(posterior.sum(axis=1), 1, atol=1e-5)
        assert (np.delete(posterior, np.s_[3 * k : 3 * k + 3], axis=1) == 0).all()
    save_model(model, tmp_path / "model.skops")
    assert_same(load_model(tmp_path / "model.skops").predict(videos), model.labels_)


class TestActivities:
    def test_each_is_as_its_own_fit(self, data, fitted):
        videos, _, activities = data
        for k in (0, 1):
            own = [x for x, a in zip(videos, activities) if a == k]
            alone = MallowSegmenter(3).fit(own)
            found = [y for y, a in zip(fitted.labels_, activities) if a == k]
            assert_same([path + 3 * k for path in alone.labels_], found)
            log_likelihood = fitted.log_likelihood(own)[0]
            np.testing.assert_allclose(
                log_likelihood[:, 3 * k : 3 * k + 3], alone.log_likelihood(own)[0]
            )
            np.testing.assert_allclose(
                fitted.predict_proba(own)[0][:, 3 * k : 3 * k + 3],
                alone.predict_proba(own)[0],
            )

    def test_given(self, data):
        videos, _, activities = data
        words = np.array(["wash", "cook"])[activities]
        model = ActivitySegmenter(MallowSegmenter(3)).fit(videos, activities=words)
        assert model.activity_names_.tolist() == ["cook", "wash"]
        assert model.activities_.tolist() == words.tolist()
        assert model.predict_activity(videos).tolist() == words.tolist()
        assert model.predict_activity(videos[0]) == "wash"
        assert model.action_names_[3] == "wash: action 0"

    @pytest.mark.parametrize("n_activities", [1, 2, 4])
    def test_number_found(self, n_activities):
        videos, _, activities = mixed(n_activities, n_videos=6)
        model = ActivitySegmenter(HMMSegmenter(2), random_state=0).fit(videos)
        assert abs(len(model.activity_names_) - n_activities) <= 1
        assert activity_purity(activities, model.activities_) == 1


class TestForms:
    def test_recordings(self, data, fitted):
        names = [f"take {i}" for i in range(len(data[0]))]
        takes = Recordings(data[0], names, fps=10)
        model = clone(fitted).fit(takes)
        assert list(model.activities_) == names
        assert model.predict(takes).names == names
        assert model.fps_ == 10
        given = dict(reversed(model.activities_.items()))
        again = ActivitySegmenter(MallowSegmenter(3)).fit(takes, activities=given)
        assert again.activities_ == model.activities_
        assert model.predict_activity(takes) == model.activities_


class TestScore:
    @pytest.mark.parametrize("decoding", [{}, {"decoding": "free", "switch_cost": 1e9}])
    def test_of_one_activity_is_that_of_its_segmenter(self, data, decoding):
        own = [x for x, a in zip(data[0], data[2]) if a == 0]
        alone = MallowSegmenter(3).fit(own).set_params(**decoding)
        model = ActivitySegmenter(MallowSegmenter(3), 1, random_state=0).fit(own)
        model.estimators_[0].set_params(**decoding)
        assert model.score(own) == alone.score(own)
        assert (alone.score(own) == 0) == bool(decoding)

    def test_is_a_weighted_mean_over_activities(self, data, fitted):
        log_score, n_frames = 0, 0
        for k in (0, 1):
            own = [x for x, a in zip(data[0], data[2]) if a == k]
            length = sum(map(len, own))
            log_score += length * np.log(fitted.score(own))
            n_frames += length
        expected = np.exp(log_score / n_frames)
        assert fitted.score(data[0]) == pytest.approx(expected)

    def test_no_two_of_one(self, data, fitted):
        with pytest.warns(UndefinedMetricWarning, match="no two are of one"):
            assert np.isnan(fitted.score(data[0][:2]))


class TestEdits:
    def test_rename(self, data, fitted):
        model = rename(fitted, fitted.action_names_)
        words = np.array(fitted.action_names_)
        assert_same(model.predict(data[0]), [words[y] for y in fitted.labels_])
        assert_same(model.labels_, model.predict(data[0]))

    def test_others_are_for_one_activity(self, data, fitted):
        calls = [lambda: merge(fitted, [0, 1]), lambda: split(fitted, 0, data[0])]
        calls.append(lambda: fitted.predict(data[0][:1], transcripts=[[1, 2]]))
        for call in calls:
            with pytest.raises(
                (TypeError, ValueError), match=r"one of its|of one activity"
            ):
                call()


def fit_with(data, given=None, **options):
    segmenter = options.pop("estimator", MallowSegmenter(3))
    return ActivitySegmenter(segmenter, **options).fit(data[0], activities=given)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_activities": 9}, r"^n_activities is 9, expected at most 8, the number of"),
        ({"n_activities": 0}, r"'n_activities' parameter .* must be"),
        ({"estimator": FrozenEstimator(HMMSegmenter(2))}, r"^estimator is 'Frozen"),
        ({"estimator": HMMSegmenter(99)}, r"^n_actions is 99, expected at most the"),
        ({"estimator": HMMSegmenter(0)}, r"'n_actions' parameter"),
        ({"given": [0, 1]}, r"^the number of activities is 2, expected 8"),
        ({"given": "cook"}, r"^activities is 'cook', expected a sequence"),
        ({"given": [0] * 7 + [None]}, r"^activities has labels of type"),
        ({"given": ["a"] * 7 + [1]}, r"^activities has labels of type object"),
        ({"given": [0] * 8, "n_activities": 2}, r"^n_activities is 2, expected 1, as"),
        ({"given": {"a": 0}}, r"^activities has names, but X lacks them"),
    ],
)
def test_bad_input(data, options, message):
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        fit_with(data, **options)
    assert "\n" not in str(caught.value)


class TestErrors:
    def test_short_group_is_named(self, data):
        videos = [*data[0], data[0][0][:5]]
        given = ["long"] * 8 + ["short"]
        model = ActivitySegmenter(HMMSegmenter(6))
        with pytest.raises(ValueError, match=r"^activity 'short', of 1 recordings: "):
            model.fit(videos, activities=given)


def make_bags(n_groups, n_each, noise=0.05, seed=0):
    rng = np.random.default_rng(seed)
    corners = rng.uniform(size=(n_groups, 12))
    bags = np.repeat(corners, n_each, axis=0)
    return bags + rng.normal(scale=noise, size=bags.shape)


class TestBags:
    def test_by_the_formula(self):
        rng = np.random.default_rng(0)
        video, centres = rng.normal(size=(40, 3)), rng.normal(size=(5, 3))
        vocabulary = {"centres": centres, "width": np.array(0.7)}
        distances = ((video[:, None] - centres) ** 2).sum(axis=2)
        expected = np.sqrt(softmax(-distances / 0.07, axis=1).mean(axis=0))
        for blocks in ([video], [video[:7], video[7:]]):
            np.testing.assert_allclose(count_words(blocks, vocabulary), expected)


class TestVocabulary:
    def test_width_is_the_mean_squared_distance(self):
        video = np.random.default_rng(0).normal(size=(300, 2))
        found = learn_vocabulary(Recordings([video]), np.random.RandomState(0))
        distances = ((video[:, None] - found["centres"]) ** 2).sum(axis=2)
        assert found["width"] == pytest.approx(distances.min(axis=1).mean())


class TestGroups:
    @pytest.mark.parametrize("seed", range(4))
    def test_numbered_by_their_first(self, seed):
        bags = make_bags(4, 5)
        order = np.random.default_rng(seed).permutation(20)
        groups = group_bags(bags[order], 4, seed)
        first = [groups.tolist().index(k) for k in range(4)]
        assert first == sorted(first)
        for k in range(4):
            assert len(np.unique(order[groups == k] // 5)) == 1


class TestNumber:
    @pytest.mark.parametrize("n_groups", [2, 3, 5, 10])
    def test_groups_apart(self, n_groups):
        found, scores = choose_n_groups(make_bags(n_groups, 6), 0)
        assert found == n_groups
        assert scores[found] >= 0.95 * max(scores.values())

    @pytest.mark.parametrize("n_distinct", [1, 2])
    def test_too_few_to_choose(self, n_distinct):
        bags = np.eye(3)[:n_distinct].repeat(3, axis=0)
        assert choose_n_groups(bags, 0) == (n_distinct, None)
