import numpy as np
import pytest
from scipy.linalg import eigh
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from skl_tot.methods.gaussians import (
    RIDGE,
    Appearance,
    action_means,
    discriminants,
    find_moment,
    fit_gaussians,
    frame_moments,
    log_joint,
    measure_spread,
    principal_components,
    slow_directions,
)
from skl_tot.preprocessing import FrameView
from skl_tot.recordings import Recordings


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
    spread = measure_spread(videos)
    counts, means = action_means(videos, labels, 3, spread.center)
    scalings = discriminants(spread.root, counts, means)
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
