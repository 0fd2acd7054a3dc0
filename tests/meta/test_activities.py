import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, UndefinedMetricWarning
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import ActivitySegmenter, HMMSegmenter
from skl_tot.app.cli.main import main
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections import merge, rename, split
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, save_model
from skl_tot.metrics import activity_purity
from skl_tot.preprocessing import FramewiseTransformer
from skl_tot.recordings import Recordings
from skl_tot.recordings.files import open_arrays


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

    def test_given_against_what_is_seen(self, data):
        videos, _, activities = data
        given = activities.copy()
        given[0] = 1
        model = ActivitySegmenter(MallowSegmenter(3)).fit(videos, activities=given)
        assert model.labels_[0].min() >= 3
        assert model.predict_activity(videos[0]) == 0

    def test_new_videos(self, data, fitted):
        videos, _, activities = mixed(2, n_videos=8)
        assert fitted.predict_activity(videos).tolist() == activities.tolist()

    @pytest.mark.parametrize("n_activities", [1, 2, 4])
    def test_number_found(self, n_activities):
        videos, _, activities = mixed(n_activities, n_videos=6)
        model = ActivitySegmenter(HMMSegmenter(2), random_state=0).fit(videos)
        assert abs(len(model.activity_names_) - n_activities) <= 1
        assert activity_purity(activities, model.activities_) == 1

    def test_parallel_and_again_give_the_same(self, data, fitted):
        for n_jobs in (None, 2):
            with joblib.parallel_config("threading"):  # processes take long to start
                again = clone(fitted).set_params(n_jobs=n_jobs).fit(data[0])
            assert_same(again.labels_, fitted.labels_)


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

    def test_single_video(self, data):
        model = ActivitySegmenter(HMMSegmenter(2)).fit(data[0][0])
        assert model.predict_activity(data[0][0]) == 0
        assert model.labels_.shape == (len(data[0][0]),)

    def test_data_frames_keep_names(self, data):
        frames = [pd.DataFrame(x, columns=list("abcdef")) for x in data[0]]
        model = ActivitySegmenter(HMMSegmenter(2), 2, random_state=0).fit(frames)
        assert model.feature_names_in_.tolist() == list("abcdef")
        assert len(model.predict(frames)) == len(frames)

    def test_files(self, data, fitted, tmp_path):
        paths = []
        for i, video in enumerate(data[0]):
            paths.append(tmp_path / f"{i}.npy")
            np.save(paths[-1], video)
        model = clone(fitted).fit(open_arrays(paths))
        assert_same(model.labels_, fitted.labels_)
        assert_same(model.predict(open_arrays(paths)), fitted.labels_)

    def test_pipeline_in_it_and_around_it(self, data, tmp_path):
        inner = make_pipeline(FramewiseTransformer(StandardScaler()), HMMSegmenter(2))
        model = make_pipeline(
            FramewiseTransformer(StandardScaler()),
            ActivitySegmenter(inner, 2, random_state=0),
        ).fit(data[0])
        save_model(model, tmp_path / "model.skops")
        again = load_model(tmp_path / "model.skops")
        assert_same(again.predict(data[0]), model[-1].labels_)
        assert model[-1].get_params()["estimator__hmmsegmenter__n_actions"] == 2

    def test_background(self, data):
        segmenter = MallowSegmenter(3, background_percentile=20)
        model = ActivitySegmenter(segmenter, 2, random_state=0).fit(data[0])
        assert_same(model.predict(data[0]), model.labels_)
        for path, k in zip(model.labels_, data[2]):
            assert set(path) <= {-1, 3 * k, 3 * k + 1, 3 * k + 2}
        assert 0.01 < (np.concatenate(model.labels_) == -1).mean() < 0.4


class TestScore:
    def test_mean_over_activities(self, data, fitted):
        videos, _, activities = data
        total, n_frames = 0, 0
        for k in (0, 1):
            own = [x for x, a in zip(videos, activities) if a == k]
            # the same standardisation, as the score is of standardised features
            segmenter = clone(fitted.estimators_[k])
            segmenter.fit(own)
            length = sum(map(len, own))
            total += length * np.log(segmenter.score(own))
            n_frames += length
        assert fitted.score(videos) == pytest.approx(np.exp(total / n_frames), rel=0.2)
        assert fitted.score(videos) > 1.5

    def test_a_collapse_is_no_score(self, data, fitted):
        """As for other estimators, whose score is 0 if one action has all frames."""
        model = pickle.loads(pickle.dumps(fitted))
        model.estimators_[1] = merge(merge(model.estimators_[1], [0, 1]), [0, 1])
        assert model.score(data[0]) == 0

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
            with pytest.raises((TypeError, ValueError), match="one of its estimators_"):
                call()


def fit_with(data, given=None, **options):
    segmenter = options.pop("estimator", MallowSegmenter(3))
    return ActivitySegmenter(segmenter, **options).fit(data[0], activities=given)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_activities": 9}, r"^n_activities is 9, but X has 8 distinct recordings"),
        ({"n_activities": 0}, r"'n_activities' parameter .* must be"),
        ({"n_activities": "many"}, r"'n_activities' parameter .* must be"),
        ({"estimator": StandardScaler()}, r"'estimator' parameter .* must be"),
        (
            {"estimator": ActivitySegmenter(HMMSegmenter(2))},
            r"^estimator is a Activity",
        ),
        ({"estimator": FrozenEstimator(HMMSegmenter(2))}, r"^estimator is a Frozen"),
        ({"estimator": HMMSegmenter(99)}, r"^n_actions=99 is more than the number of"),
        ({"estimator": HMMSegmenter(0)}, r"'n_actions' parameter"),
        ({"given": [0, 1]}, r"^activities has 2 labels, expected 8"),
        ({"given": "cook"}, r"^activities is 'cook', expected a sequence"),
        ({"given": 3}, r"^activities is 3, expected a sequence"),
        (
            {"given": [0.5] * 8},
            r"^Recording 0: its activity is 0.5, expected an integer",
        ),
        ({"given": [0] * 7 + [None]}, r"^Recording 7: its activity is None"),
        ({"given": ["a"] * 7 + [" "]}, r"^Recording 7: its activity is ' '"),
        ({"given": ["a"] * 7 + [1]}, r"^activities has integers and text"),
        ({"given": [0] * 8, "n_activities": 2}, r"^n_activities is 2, but activities"),
        ({"given": {"a": 0}}, r"^activities is a dict of names, but X has no names"),
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

    def test_fitted_stays(self, data, fitted):
        model = pickle.loads(pickle.dumps(fitted))
        with pytest.raises(ValueError, match="n_activities is 9"):
            model.set_params(n_activities=9).fit(data[0])
        assert_same(model.predict(data[0]), fitted.labels_)

    def test_not_fitted(self, data):
        model = ActivitySegmenter(HMMSegmenter(2))
        for method in (model.predict, model.predict_activity, model.score):
            with pytest.raises(NotFittedError):
                method(data[0])

    def test_other_features(self, data, fitted):
        with pytest.raises(ValueError, match="5 features"):
            fitted.predict_activity(data[0][0][:, :5])


class TestCommand:
    @pytest.fixture
    def folder(self, data, tmp_path):
        for i, video in enumerate(data[0]):
            np.save(tmp_path / f"take{i}.npy", video)
        return tmp_path

    @pytest.mark.parametrize("number", ["2", "auto"])
    def test_fit_and_predict(self, folder, number, capsys):
        out = str(folder / "model.skops")
        fit = ["fit", str(folder), "--n-actions", "3", "--method", "hmm"]
        assert main([*fit, "--activities", number, "--out", out]) == 0
        said = capsys.readouterr().out
        assert "Activities: 0 (4 recordings), 1 (4 recordings)." in said
        segments = str(folder.with_suffix(".csv"))
        assert main(["predict", out, str(folder), "--out", segments]) == 0
        table = pd.read_csv(segments)
        assert table.iloc[:, 0].nunique() == 8

    def test_wrong_number(self, folder, capsys):
        arguments = ["fit", str(folder), "--n-actions", "3", "--out", "m.skops"]
        with pytest.raises(SystemExit):
            main([*arguments, "--activities", "0"])
        assert "0 is no number from 1, nor auto" in capsys.readouterr().err
