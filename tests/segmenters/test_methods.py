"""What all methods have in common, whatever they learn by."""

import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skl_tot
from skl_tot import baselines
from skl_tot.cli.main import main
from skl_tot.datasets import make_activities
from skl_tot.decoding import decode
from skl_tot.io import load_model, save_model
from skl_tot.methods import METHODS, method_class
from skl_tot.metrics import edit_scorer, mof_score, mof_scorer
from skl_tot.preprocessing import FramewiseTransformer

QUICK = {
    "max_iter": 20,
    "freeze_iter": 2,
    "frames_per_video": 32,
    "n_steps": 5,
    "n_init": 1,
    "random_state": 0,
}
TRANSCRIPT = [2, 0, 1, 2]


def make(method, **settings):
    """Make a segmenter of three actions that is fitted in no time."""
    segmenter = method_class(method)(3)
    own = segmenter.get_params()
    quick = {name: value for name, value in QUICK.items() if name in own}
    if "estimator" in own:
        quick["estimator"] = make("tot", **settings)
    if "candidates" in own:
        quick["candidates"] = quick_candidates()
    return segmenter.set_params(**(quick | settings))


def quick_candidates(**settings):
    """Candidates in place of the default ones."""
    return [("tot", make("tot")), ("mallow", make("mallow"))]


@pytest.fixture(scope="module")
def data():
    return make_activities(n_videos=6, n_actions=3, n_features=5, random_state=0)


@pytest.fixture(scope="module")
def fitted(data):
    return {method: make(method).fit(data[0]) for method in METHODS}


each_method = pytest.mark.parametrize("method", METHODS)


def test_names_are_those_of_the_classes():
    for method, (name, module) in METHODS.items():
        kind = method_class(method)
        place = skl_tot if name in skl_tot.__all__ else baselines
        assert kind is getattr(place, name)
        assert kind.__module__ == place.__name__
        assert kind.__name__ == name
        assert module.startswith(("skl_tot.methods.", "skl_tot.meta."))


@each_method
class TestOutputs:
    def test_labels(self, fitted, data, method):
        model = fitted[method]
        assert [len(x) for x in model.labels_] == [len(x) for x in data[0]]
        for own, predicted in zip(model.labels_, model.predict(data[0])):
            assert np.isin(predicted, range(3)).all()
            assert predicted.dtype == np.intp
            if method != "frank-wolfe":
                np.testing.assert_array_equal(own, predicted)

    def test_probabilities(self, fitted, data, method):
        for name in ("predict_proba", "predict_posterior"):
            for codes in getattr(fitted[method], name)(data[0]):
                assert codes.shape[1] == 3
                np.testing.assert_allclose(codes.sum(axis=1), 1, rtol=1e-6)

    def test_log_likelihood_is_what_the_decoder_reads(self, fitted, data, method):
        model = clone(fitted[method]).set_params(decoding="free", switch_cost=0.5)
        model.fit(data[0])
        for video in data[0][:2]:
            given = model.log_likelihood(video)
            expected = decode(given, "free", 0.5)
            np.testing.assert_array_equal(model.predict(video), expected)

    @pytest.mark.parametrize(
        "decoding", ["fixed", "skip", "free", "peaks", "mallow", "framewise"]
    )
    def test_every_decoding(self, fitted, data, method, decoding):
        model = pickle.loads(pickle.dumps(fitted[method]))
        model.set_params(decoding=decoding, switch_cost=0.1)
        labels = model.predict(data[0][0])
        codes = model.predict_posterior(data[0][0])
        assert labels.shape == (len(data[0][0]),)
        np.testing.assert_allclose(codes.sum(axis=1), 1, rtol=1e-6)
        if decoding == "fixed":
            assert (np.diff(labels) >= 0).all()
            assert np.array_equal(np.unique(labels), range(3))

    def test_transcripts(self, fitted, data, method):
        labels = fitted[method].predict(data[0][:1], transcripts=[TRANSCRIPT])[0]
        starts = np.flatnonzero(np.diff(labels, prepend=-1))
        np.testing.assert_array_equal(labels[starts], TRANSCRIPT)

    def test_forms(self, fitted, data, method):
        model, video = fitted[method], data[0][0]
        alone = model.predict(video)
        np.testing.assert_array_equal(alone, model.predict([video])[0])
        equal = np.stack([video[:30], video[:30]])
        assert np.shape(model.predict(equal)) == (2, 30)

    def test_background(self, data, method):
        model = make(method, background_percentile=30).fit(data[0])
        found = np.concatenate(model.labels_)
        assert 0.05 < (found == -1).mean() < 0.8

    def test_a_score_without_labels(self, fitted, data, method):
        assert 0 <= fitted[method].score(data[0]) <= 3


@each_method
class TestFits:
    def test_same_seed_same_result(self, fitted, data, method):
        again = make(method).fit(data[0])
        for own, other in zip(fitted[method].labels_, again.labels_):
            np.testing.assert_array_equal(own, other)

    def test_global_randomness_is_left_alone(self, data, method):
        before = joblib.hash(np.random.get_state())  # noqa: NPY002
        make(method).fit(data[0])
        assert joblib.hash(np.random.get_state()) == before  # noqa: NPY002

    @pytest.mark.parametrize("n_features", [1, 5])
    def test_small_problems(self, method, n_features):
        rng = np.random.default_rng(0)
        videos = [rng.normal(size=(n, n_features)) for n in (3, 4, 12)]
        model = make(method).fit(videos)
        short = model.predict(rng.normal(size=(2, n_features)))
        assert short.shape == (2,)
        assert (
            make(method, n_actions=1).fit(videos).predict(videos[0]).tolist() == [0] * 3
        )

    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    def test_constant_features(self, method):
        videos = [np.ones((20, 2)), np.ones((25, 2))]
        labels = make(method).fit(videos).labels_
        assert [len(x) for x in labels] == [20, 25]

    def test_one_video(self, data, method):
        model = make(method).fit(data[0][0])
        assert model.labels_.shape == (len(data[0][0]),)

    def test_bad_input_changes_nothing(self, fitted, data, method):
        model = fitted[method]
        before = joblib.hash(model)
        for bad in [
            [data[0][0], data[0][1][:, :2]],
            [np.full((20, 5), np.nan)],
            [np.ones((2, 5))],
            "text",
            [],
        ]:
            with pytest.raises((ValueError, TypeError)):
                model.fit(bad)
        with pytest.raises(ValueError, match="features"):
            model.predict(data[0][0][:, :2])
        assert joblib.hash(model) == before

    def test_not_fitted(self, data, method):
        with pytest.raises(NotFittedError):
            make(method).predict(data[0])

    def test_in_a_search_and_a_pipeline(self, data, method):
        model = make_pipeline(FramewiseTransformer(StandardScaler()), make(method))
        name = model.steps[-1][0]
        search = GridSearchCV(
            model,
            {f"{name}__decoding": ["fixed", "free"]},
            scoring={"mof": mof_scorer, "edit": edit_scorer},
            refit="mof",
            cv=KFold(2),
            error_score="raise",
        ).fit(*data)
        assert 0.3 < search.best_score_ <= 1


@each_method
class TestFiles:
    def test_models(self, fitted, data, method, tmp_path):
        model = fitted[method]
        save_model(model, tmp_path / "model.skops")
        joblib.dump(model, tmp_path / "model.joblib")
        for loaded in (
            load_model(tmp_path / "model.skops"),
            joblib.load(tmp_path / "model.joblib"),
            pickle.loads(pickle.dumps(model)),
        ):
            for own, other in zip(model.predict(data[0]), loaded.predict(data[0])):
                np.testing.assert_array_equal(own, other)

    def test_commands(self, data, method, tmp_path, monkeypatch):
        monkeypatch.setattr("skl_tot.meta.auto.default_candidates", quick_candidates)
        for i, video in enumerate(data[0]):
            np.save(tmp_path / f"video{i}.npy", video)
        model, folder = str(tmp_path / "model.skops"), str(tmp_path)
        settings = []
        for name, value in QUICK.items():
            if name in make(method).get_params():
                settings.append(f"{name}={value}")
        options = ["--method", method, "--n-actions", "3", "--set", *settings]
        assert main(["fit", folder, *options, "--out", model]) == 0
        out = str(tmp_path / "segments")
        assert main(["predict", model, folder, "--out", out, "--fps", "10"]) == 0
        page = str(tmp_path / "page.html")
        assert main(["report", model, folder, "--out", page]) == 0


@each_method
def test_finds_clear_actions(method):
    """Far from each other, in order and equally long."""
    rng = np.random.default_rng(0)
    labels = [np.repeat(np.arange(3), rng.integers(30, 36)) for _ in range(8)]
    means = 6 * np.eye(3, 4)
    videos = [means[x] + rng.normal(size=(len(x), 4)) for x in labels]
    model = make(method)
    usual = method_class(method)(3).get_params()
    fit = {name: usual[name] for name in ("n_steps",) if name in usual}
    if "max_iter" in usual:
        fit["max_iter"] = min(usual["max_iter"], 600)
    if method == "asal":
        fit["estimator"] = make("tot", max_iter=300)
    if method == "auto":
        fit["candidates"] = [("tot", make("tot", max_iter=300)), ("cte", make("cte"))]
    model.set_params(**fit).fit(videos)
    assert mof_score(labels, model.labels_) > 0.9
