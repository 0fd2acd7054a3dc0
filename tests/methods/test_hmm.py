"""The hidden Markov model against hmmlearn, scipy and scikit-learn."""

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from skl_tot import HMMSegmenter
from skl_tot.methods.gaussians import (
    InOrder,
    fit_hmm,
    log_densities,
    start_from_clusters,
    start_from_equal_parts,
)
from skl_tot.metrics import mof_score

REG_COVAR = 1e-2


def videos_of(n_videos, n_actions, n_features, seed, spread=1.0, shortest=5):
    """Videos of actions in order, some of which stop before the last one."""
    rng = np.random.default_rng(seed)
    centres = 2 * rng.normal(size=(n_actions, n_features))
    scales = rng.uniform(0.5, 1.5, size=(n_actions, n_features))
    videos = []
    for i in range(n_videos):
        shown = n_actions - (i % 3 == 2 and n_actions > 1)
        labels = np.repeat(np.arange(shown), rng.integers(shortest, 20, shown))
        noise = rng.normal(size=(len(labels), n_features))
        videos.append(centres[labels] + spread * scales[labels] * noise)
    return videos


def their_model(model, max_iter):
    """Model of hmmlearn with these parameters, which never stops before."""
    n_actions, is_ordered = len(model.means), isinstance(model.paths, InOrder)
    theirs = GaussianHMM(
        n_actions,
        "diag",
        covars_prior=REG_COVAR,
        params="tmc" if is_ordered else "stmc",
        init_params="",
        n_iter=max_iter,
        tol=-np.inf,
    )
    chain = model.paths.chain()
    theirs.startprob_, theirs.transmat_ = np.exp(-chain.starts), np.exp(-chain.moves)
    theirs.means_, theirs.covars_ = model.means, model.covars
    return theirs


def in_any_order(videos, n_actions, seed):
    """Videos whose actions come in another order each time, and return."""
    rng = np.random.default_rng(seed)
    shuffled = []
    for video in videos:
        pieces = np.array_split(video, 2 * n_actions)
        order = rng.permutation(len(pieces))
        shuffled.append(np.concatenate([pieces[i] for i in order]))
    return shuffled


@pytest.mark.parametrize("max_iter", [1, 12])
@pytest.mark.parametrize("n_actions", [1, 3, 5])
@pytest.mark.parametrize("is_free", [False, True])
def test_steps_equal_hmmlearn(is_free, n_actions, max_iter):
    videos = videos_of(9, n_actions, 4, seed=n_actions)
    if is_free:
        videos = in_any_order(videos, n_actions, 0)
        rng = np.random.RandomState(0)
        start = start_from_clusters(videos, n_actions, REG_COVAR, rng, converge=False)
    else:
        start = start_from_equal_parts(videos, n_actions, REG_COVAR)
    options = {"reg_covar": REG_COVAR, "max_iter": max_iter}
    model, curve = fit_hmm(videos, start, **options, tol=-np.inf)
    assert len(curve) == max_iter
    theirs = their_model(start, max_iter)
    joined, lengths = np.concatenate(videos), list(map(len, videos))
    penalty = REG_COVAR * (1 / start.covars).sum() / 2
    expected = theirs.score(joined, lengths) - penalty
    assert curve[0] == pytest.approx(expected / len(joined), abs=1e-9)
    theirs.fit(joined, lengths)
    np.testing.assert_allclose(model.means, theirs.means_, atol=1e-6)
    their_covars = np.diagonal(theirs.covars_, axis1=1, axis2=2)
    np.testing.assert_allclose(model.covars, their_covars, atol=1e-6)
    chain = model.paths.chain()
    np.testing.assert_allclose(np.exp(-chain.moves), theirs.transmat_, atol=1e-6)
    for video in videos:
        scores = log_densities(video, model.means, model.covars)
        posterior, total = chain.forward_backward(scores)
        np.testing.assert_allclose(posterior, theirs.predict_proba(video), atol=1e-6)
        assert total == pytest.approx(theirs.score(video), abs=1e-6)
        if is_free:
            np.testing.assert_array_equal(chain.viterbi(scores), theirs.predict(video))


def theirs(videos, n_actions, n_components, n_iter):
    """Labels and model of hmmlearn, on what scikit-learn reduces videos to."""
    frames = StandardScaler().fit_transform(np.concatenate(videos).astype("f8"))
    frames = PCA(n_components, svd_solver="full").fit_transform(frames)
    lengths = [len(video) for video in videos]
    cuts = np.cumsum(lengths)[:-1]
    start = start_from_equal_parts(np.split(frames, cuts), n_actions, REG_COVAR)
    model = their_model(start, n_iter)
    model.fit(frames, lengths)
    return np.split(model.predict(frames, lengths), cuts), model


def test_equals_hmmlearn(activity):
    videos = activity[0]
    labels, expected = theirs(videos, 4, 3, 8)
    model = HMMSegmenter(4, n_components=3, max_iter=8, tol=0.0).fit(videos)
    assert model.n_iter_ == 8
    # but for the signs of the components
    np.testing.assert_allclose(np.abs(model.means_), np.abs(expected.means_), atol=1e-6)
    covars = np.diagonal(expected.covars_, axis1=1, axis2=2)
    np.testing.assert_allclose(model.covars_, covars, atol=1e-6)
    leave = expected.transmat_.diagonal(1)
    np.testing.assert_allclose(model.transitions_, [*leave, 0], atol=1e-6)
    for found, own in zip(model.labels_, labels):
        np.testing.assert_array_equal(found, own)


@pytest.fixture(scope="module")
def free_activity():
    """Recordings whose actions come in any order, and return."""
    rng = np.random.default_rng(0)
    centres = 3 * rng.normal(size=(3, 5))
    videos, labels = [], []
    for _ in range(6):
        order = [rng.permutation(3) for _ in range(3)]
        own = np.repeat(np.concatenate(order), rng.integers(8, 25, 9))
        labels.append(own)
        videos.append(centres[own] + rng.normal(size=(len(own), 5)))
    return videos, labels


@pytest.mark.parametrize("covariance", ["own", "shared"])
def test_free_order(free_activity, covariance):
    videos, labels = free_activity
    model = HMMSegmenter(3, order="free", covariance=covariance, random_state=0)
    assert mof_score(labels, model.fit(videos).labels_) > 0.98
    assert model.transitions_.shape == (3, 3)
    assert (model.transitions_.diagonal() > 0.85).all()
    times = [(np.arange(len(own)) + 0.5) / len(own) for own in labels]
    found, times = np.concatenate(model.labels_), np.concatenate(times)
    means = [times[found == k].mean() for k in range(3)]
    assert means == sorted(means)
    assert len(model.log_likelihood_curve_) == model.n_iter_ <= 30
