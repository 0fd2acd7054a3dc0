import pickle
import subprocess
import sys

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from skl_tot import HMMSegmenter
from skl_tot.io import load_model, save_model
from skl_tot.metrics import mof_score


@pytest.fixture(scope="module")
def fitted(activity):
    return HMMSegmenter(4).fit(activity[0])


def theirs(videos, n_actions, n_components, n_iter):
    """Labels and model of hmmlearn, on what scikit-learn reduces videos to."""
    hmm = pytest.importorskip("hmmlearn.hmm")
    frames = StandardScaler().fit_transform(np.concatenate(videos).astype("f8"))
    frames = PCA(n_components, svd_solver="full").fit_transform(frames)
    lengths = [len(video) for video in videos]
    labels = np.concatenate([np.arange(n) * n_actions // n for n in lengths])
    leave = np.full(n_actions - 1, min(n_actions / np.mean(lengths), 0.5))
    model = hmm.GaussianHMM(
        n_actions, params="tmc", init_params="", n_iter=n_iter, tol=-np.inf
    )
    model.startprob_ = np.eye(n_actions)[0]
    model.transmat_ = np.diag([*(1 - leave), 1]) + np.diag(leave, 1)
    parts = [frames[labels == k] for k in range(n_actions)]
    model.means_ = np.array([part.mean(axis=0) for part in parts])
    model.covars_ = np.array([part.var(axis=0) for part in parts]) + 1e-2
    model.fit(frames, lengths)
    cuts = np.cumsum(lengths)[:-1]
    return np.split(model.predict(frames, lengths), cuts), model


def test_equals_hmmlearn(activity):
    videos = activity[0]
    labels, expected = theirs(videos, 4, 3, 8)
    model = HMMSegmenter(4, n_components=3, max_iter=8).fit(videos)
    assert model.n_iter_ == 8
    # but for the signs of the components
    np.testing.assert_allclose(np.abs(model.means_), np.abs(expected.means_), atol=1e-6)
    covars = np.diagonal(expected.covars_, axis1=1, axis2=2)
    np.testing.assert_allclose(model.covars_, covars, atol=1e-6)
    leave = expected.transmat_.diagonal(1)
    np.testing.assert_allclose(model.transitions_, [*leave, 0], atol=1e-6)
    for found, own in zip(model.labels_, labels):
        np.testing.assert_array_equal(found, own)


@pytest.mark.parametrize(
    ("name", "mof"),
    [("utkinect", 0.82), ("hiro_snap", 0.71), ("breakfast_coffee5", 0.60)],
)
def test_real_recordings_equal_hmmlearn(real_data, name, mof):
    data = real_data(name)
    n_actions = len(data.target_names)
    n_components = min(16, data.videos[0].shape[1])
    labels, _ = theirs(data.videos, n_actions, n_components, 30)
    model = HMMSegmenter(n_actions, compute_labels=False)
    found = model.fit_predict(data.videos)
    assert np.mean(np.concatenate(found) == np.concatenate(labels)) > 0.995
    assert mof_score(data.labels, found) == pytest.approx(mof, abs=0.01)


def test_does_without_hmmlearn_and_torch():
    code = (
        "import sys; import numpy as np; from skl_tot import HMMSegmenter\n"
        "HMMSegmenter(2).fit(np.arange(12.0).reshape(6, 2))\n"
        "assert not {'hmmlearn', 'torch'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_attributes(fitted):
    assert fitted.center_.shape == (5,)
    assert fitted.components_.shape == (5, 5)
    assert fitted.means_.shape == fitted.covars_.shape == (4, 5)
    assert fitted.transitions_.shape == (4,)
    assert (fitted.covars_ > 0).all()
    assert ((fitted.transitions_ > 0) == [True, True, True, False]).all()
    assert fitted.n_iter_ == len(fitted.log_likelihood_curve_) <= 30
    assert (np.diff(fitted.log_likelihood_curve_) > -1e-9).all()


def test_finds_actions(fitted, activity):
    for own, predicted in zip(fitted.labels_, fitted.predict(activity[0])):
        np.testing.assert_array_equal(own, predicted)
    assert mof_score(activity[1], fitted.labels_) > 0.9
    assert not hasattr(fitted, "random_state")


def test_tol_stops(activity):
    model = HMMSegmenter(4, tol=0.1).fit(activity[0])
    gains = np.diff(model.log_likelihood_curve_)
    assert gains[-1] < 0.1
    assert (gains[:-1] >= 0.1).all()
    assert model.n_iter_ < 30


def test_forms_are_the_same(activity):
    videos = [video[:40] for video in activity[0]]
    expected = HMMSegmenter(4).fit(videos)
    for X in (np.stack(videos), tuple(video.tolist() for video in videos)):
        model = HMMSegmenter(4).fit(X)
        np.testing.assert_array_equal(model.labels_, expected.labels_)
        np.testing.assert_allclose(model.means_, expected.means_, atol=1e-4)
    cube = HMMSegmenter(4).fit(np.stack(videos))
    np.testing.assert_array_equal(cube.means_, expected.means_)
    assert isinstance(cube.labels_, np.ndarray)


def test_precision_hardly_matters(fitted, activity):
    found = clone(fitted).fit_predict([video.astype("f4") for video in activity[0]])
    assert mof_score(fitted.labels_, found) > 0.99


@pytest.mark.parametrize("standardize", ["dataset", "video", None])
def test_units_do_not_matter(activity, standardize):
    model = HMMSegmenter(4, standardize=standardize)
    videos = [video.astype("f8") for video in activity[0]]
    expected = model.fit_predict(videos)
    for scale in (1e-6, 1e6):
        found = model.fit_predict([scale * video + scale for video in videos])
        assert mof_score(expected, found) > 0.999


def test_short_videos_are_not_learned_from(activity):
    videos = [video.astype("f8") for video in activity[0]]
    model = HMMSegmenter(4, standardize=None, n_components=None)
    expected = model.fit(videos)
    frames = [video[:3] for video in videos[:2]]
    found = clone(model).fit([frames[0], *videos, frames[1]])
    # only axes go by all frames, and the densities by none of them
    for own, other in zip(found.labels_[1:-1], expected.labels_):
        assert np.mean(own == other) > 0.99
    lengths = [len(labels) for labels in found.labels_]
    assert lengths == [3, *map(len, videos), 3]
    alone = found.means_ @ found.components_ + found.center_
    both = expected.means_ @ expected.components_ + expected.center_
    np.testing.assert_allclose(alone, both, atol=0.1)
    with pytest.raises(ValueError, match="number of frames of the longest video"):
        model.fit(frames)


@pytest.mark.parametrize("decoding", ["fixed", "skip", "free", "peaks", "mallow"])
@pytest.mark.parametrize(
    ("n_actions", "videos"),
    [
        (4, [np.ones((20, 3))] * 2),
        (4, [np.random.default_rng(0).normal(size=(4, 2))]),
        (4, [np.random.default_rng(0).normal(size=(n, 2)) for n in (9, 1, 3)]),
        (1, [np.random.default_rng(0).normal(size=(n, 3)) for n in (5, 1)]),
        (3, [np.random.default_rng(0).normal(size=(30, 1))]),
        (1, [np.ones((1, 1))]),
        (3, [np.random.default_rng(0).normal(size=(10, 40))]),
    ],
    ids=["constant", "K frames", "short", "K=1", "D=1", "one number", "many features"],
)
def test_edge_cases_have_valid_paths(decoding, n_actions, videos):
    model = HMMSegmenter(n_actions, decoding=decoding, background_percentile=5)
    for path, video in zip(model.fit_predict(videos), videos):
        assert path.shape == (len(video),)
        assert set(path) <= {-1, *range(n_actions)}
    for probabilities in model.predict_posterior(videos):
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert np.isfinite(model.log_likelihood_curve_).all()
    assert model.predict([videos[0][:1]])[0].shape == (1,)


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("scale", [1e200, 1e300])
def test_features_out_of_reach(fitted, activity, scale):
    videos = [video.astype("f8") for video in activity[0]]
    model = clone(fitted).set_params(standardize=None).fit(videos)
    before = model.predict(activity[0][0])
    with pytest.raises(ValueError, match=r"^Video 1: the features are too far"):
        model.predict([activity[0][0], np.full((8, 5), scale)])
    with pytest.raises(ValueError, match="squares are too large"):
        model.fit([scale * video for video in videos])
    np.testing.assert_array_equal(model.predict(activity[0][0]), before)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_components", 0),
        ("n_components", 2.5),
        ("max_iter", 0),
        ("tol", -1e-3),
        ("reg_covar", 0.0),
        ("reg_covar", np.nan),
    ],
)
def test_wrong_parameters(activity, name, value):
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        HMMSegmenter(4, **{name: value}).fit(activity[0])


def test_survives_pickle_and_files(fitted, activity, tmp_path):
    save_model(fitted, tmp_path / "model.skops")
    data = skops.io.dumps(fitted)
    assert skops.io.get_untrusted_types(data=data) == ["skl_tot.HMMSegmenter"]
    for loaded in (
        pickle.loads(pickle.dumps(fitted)),
        load_model(tmp_path / "model.skops"),
    ):
        for one, other in zip(loaded.predict(activity[0]), fitted.labels_):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_iter_", 0),
        ("center_", np.zeros(4)),
        ("components_", np.zeros((5, 4))),
        ("components_", np.zeros(())),
        ("components_", None),
        ("means_", np.zeros((4, 2))),
        ("means_", None),
        ("covars_", np.zeros((4, 5))),
        ("covars_", np.full((4, 5), np.nan)),
        ("transitions_", np.zeros(3)),
        ("transitions_", np.full(4, np.inf)),
    ],
)
def test_files_that_no_fit_writes(fitted, tmp_path, name, value):
    model = pickle.loads(pickle.dumps(fitted))
    setattr(model, name, value)
    save_model(model, tmp_path / "model.skops")
    with pytest.raises(ValueError, match=f"cannot be loaded: {name}"):
        load_model(tmp_path / "model.skops")
