"""What all estimators that segment have in common, whatever they learn by."""

import copy
import functools

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from skl_tot import AutoSegmenter, CyclicSegmenter, SemiSupervisedSegmenter
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, save_model

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(scope="module")
def data():
    return make_activities(5, 3, n_features=4, mean_length=30, random_state=0)


@pytest.fixture
def estimator(estimator_name, make_estimator):
    return make_estimator(estimator_name, n_actions=3, max_iter=8)


@pytest.fixture(scope="module")
def fit_once(make_estimator, data):
    """Function that fits an estimator at its first call."""
    make = functools.partial(make_estimator, n_actions=3, max_iter=8)
    return functools.cache(lambda name: make(name).fit(*data))


@pytest.fixture
def fitted(estimator_name, fit_once):
    return copy.deepcopy(fit_once(estimator_name))


def test_outputs(fitted, data, tmp_path):
    save_model(fitted, tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops")
    videos, n_actions = data[0], fitted.n_actions_
    assert [len(x) for x in fitted.labels_] == [len(x) for x in videos]
    labels = fitted.predict(videos)
    for name in ("predict_proba", "predict_posterior", "log_likelihood"):
        if not hasattr(fitted, name):  # of AutoSegmenter, in its estimator
            continue
        found = getattr(fitted, name)(videos)
        assert [x.shape for x in found] == [(len(x), n_actions) for x in videos]
        if name != "log_likelihood":
            for codes in found:
                np.testing.assert_allclose(codes.sum(axis=1), 1, rtol=1e-6)
    for path, again in zip(labels, loaded.predict(videos), strict=True):
        np.testing.assert_array_equal(path, again)
        assert path.dtype == np.intp
    assert loaded.score(videos) >= 0
    video = videos[0]
    np.testing.assert_array_equal(fitted.predict([video])[0], fitted.predict(video))
    assert np.shape(fitted.predict(np.stack([video[:20]] * 2))) == (2, 20)


def test_labels_do_not_depend_on_other_recordings(fitted, data):
    for video, own, label in zip(data[0], fitted.predict(data[0]), fitted.labels_):
        np.testing.assert_array_equal(own, fitted.predict([video])[0])
        if not isinstance(
            fitted, SemiSupervisedSegmenter
        ):  # whose labels_ are those given
            np.testing.assert_array_equal(own, label)


def test_decodings(fitted, data):
    if isinstance(fitted, AutoSegmenter | CyclicSegmenter):
        pytest.skip("does not decode a recording as one course of all actions")
    if "decoding" in fitted.get_params(deep=False):
        for decoding in ("fixed", "skip", "free", "framewise"):
            fitted.set_params(decoding=decoding, switch_cost=0.1)
            codes = fitted.predict_posterior(data[0][0])
            np.testing.assert_allclose(codes.sum(axis=1), 1, rtol=1e-6)
        fitted.set_params(decoding="fixed")
        labels = fitted.predict(data[0][0])
        assert np.array_equal(np.unique(labels), range(3))
        assert (np.diff(labels) >= 0).all()


def test_background(estimator, data):
    if "background_percentile" not in estimator.get_params(deep=False):
        pytest.skip("looks for none itself")
    model = estimator.set_params(background_percentile=30).fit(*data)
    assert 0.05 < (np.concatenate(model.labels_) == -1).mean() < 0.8


def test_same_seed_same_result_without_global_randomness(estimator, fitted, data):
    before = joblib.hash(np.random.get_state())  # noqa: NPY002
    again = estimator.fit(*data)
    assert joblib.hash(np.random.get_state()) == before  # noqa: NPY002
    for own, other in zip(again.labels_, fitted.labels_):
        np.testing.assert_array_equal(own, other)


def test_small_problems(estimator):
    rng = np.random.default_rng(0)
    videos = [rng.normal(size=(n, 1)) for n in (3, 4, 12)]
    known = [np.arange(len(video)) % 3 for video in videos]
    model = estimator.fit(videos, known)
    assert model.predict(rng.normal(size=(2, 1))).shape == (2,)
    constant = [np.ones((20, 2)), np.ones((25, 2))]
    known = [np.arange(len(video)) % 3 for video in constant]
    labels = clone(estimator).fit(constant, known).labels_
    assert [len(x) for x in labels] == [20, 25]
