"""The hidden Markov model and discriminants against hmmlearn, scipy, scikit-learn."""

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM
from scipy.linalg import eigh
from scipy.stats import multivariate_normal
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler

from skl_tot import HMMSegmenter
from skl_tot.methods.gaussians import (
    RIDGE,
    Appearance,
    InOrder,
    action_means,
    discriminants,
    find_moment,
    fit_gaussians,
    fit_hmm,
    frame_moments,
    log_densities,
    log_joint,
    measure_spread,
    principal_components,
    slow_directions,
    start_from_clusters,
    start_from_equal_parts,
)
from skl_tot.metrics import mof_score
from skl_tot.preprocessing import FrameView
from skl_tot.recordings import Recordings

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


@pytest.fixture
def labelled():
    """Standardised videos, the actions of their frames, and all of them in a row."""
    rng = np.random.default_rng(0)
    labels = [np.repeat([0, 1, 2], n) for n in ([9, 20, 5], [14, 7, 30])]
    centres = 3 * rng.normal(size=(3, 4))
    arrays = [centres[own] + rng.normal(size=(len(own), 4)) for own in labels]
    return Recordings(arrays), labels, np.concatenate(arrays)


def test_discriminants_solve_their_eigenproblem(labelled):
    videos, labels, _ = labelled
    center, root = measure_spread(videos)
    counts, means = action_means(videos, labels, 3, center)
    scalings = discriminants(root, counts, means)
    _, covariance = frame_moments(videos)
    between = (means.T * counts) @ means / counts.sum()
    ridge = np.trace(covariance) / 4 * np.eye(4)
    _, expected = eigh(between, covariance - between + ridge)
    assert scalings.shape == (4, 2)
    expected = expected[:, :1:-1]
    signs = np.sign((scalings * expected).sum(axis=0))
    np.testing.assert_allclose(scalings * signs, expected, rtol=1e-4, atol=1e-6)


def test_gaussians_equal_scipy_and_scikit_learn(labelled):
    _, labels, frames = labelled
    labels = np.concatenate(labels)
    gaussians = fit_gaussians(frames, labels, 3)
    appearance = Appearance(None, None, *gaussians)
    found = log_joint(frames, appearance)
    for k in range(3):
        members = frames[labels == k]
        share = (len(members) + 0.1) / (len(frames) + 0.3)
        assert appearance.shares[k] == pytest.approx(share)
        covariance = np.cov(members.T, bias=True) + 0.1 * np.eye(4)
        density = multivariate_normal(members.mean(axis=0), covariance)
        expected = density.logpdf(frames) + np.log(share)
        np.testing.assert_allclose(found[:, k], expected)
        theirs = GaussianMixture(reg_covar=0.1).fit(members)
        own = appearance.precisions_cholesky[k]
        np.testing.assert_allclose(own, theirs.precisions_cholesky_[0], atol=1e-12)


@pytest.fixture
def slow():
    """Strong noise of 16 frames, and as strong a step every 100 frames."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(3):
        steps = np.repeat(rng.choice([-1, 1], 8), 100)
        noise = np.repeat(rng.normal(size=(2, 50)), 16, axis=1)
        found.append(np.stack([noise[0], steps + noise[0] + 0.1 * noise[1]], axis=1))
    return Recordings(found)


def test_changes_have_one_variance_in_all_directions(slow):
    center, directions = slow_directions(slow, find_moment(slow))
    lag = find_moment(slow)
    changes = np.concatenate([own[lag:] - own[:-lag] for own in slow.arrays])
    frames = np.concatenate(slow.arrays)
    ridge = RIDGE * frames.var(axis=0).mean() * np.eye(2)
    within = directions @ (changes.T @ changes / len(changes) / 2 + ridge)
    np.testing.assert_allclose(within @ directions.T, np.eye(2), atol=1e-9)
    np.testing.assert_allclose(center, frames.mean(axis=0))


def test_directions_of_many_features_are_those_of_a_decomposition():
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 1200))
    frames += 0.1 * rng.normal(size=frames.shape)
    _, _, expected = np.linalg.svd(frames - frames.mean(0), full_matrices=False)
    _, components, _ = principal_components(Recordings([frames]), 3)
    view = FrameView(n_components=3).fit([frames])
    _, _, of_scaled = np.linalg.svd((frames - frames.mean(0)) / frames.std(0))
    pairs = [(expected, components), (of_scaled, view.pca_.components_)]
    for first, second in pairs:
        assert np.abs(first[:3] @ second.T) == pytest.approx(np.eye(3), abs=1e-3)
