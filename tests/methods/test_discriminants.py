import numpy as np
import pytest
from scipy.linalg import eigh
from scipy.stats import multivariate_normal
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.mixture import GaussianMixture

from skl_tot.methods.discriminants import (
    Appearance,
    action_means,
    discriminants,
    fit_appearance,
    fit_gaussians,
    frame_moments,
    log_joint,
    measure_spread,
)
from skl_tot.recordings import Recordings


@pytest.fixture
def labelled():
    """Standardised videos, the actions of their frames, and all of them in a row."""
    rng = np.random.default_rng(0)
    labels = [np.repeat([0, 1, 2], n) for n in ([9, 20, 5], [14, 7, 30])]
    centres = 3 * rng.normal(size=(3, 4))
    arrays = [centres[own] + rng.normal(size=(len(own), 4)) for own in labels]
    return Recordings(arrays), labels, np.concatenate(arrays)


def test_moments_equal_numpy(labelled):
    videos, labels, frames = labelled
    mean, covariance = frame_moments(videos)
    np.testing.assert_allclose(mean, frames.mean(axis=0))
    np.testing.assert_allclose(covariance, np.cov(frames.T, bias=True))
    counts, means = action_means(videos, labels, 4, mean)
    labels = np.concatenate(labels)
    assert counts.tolist() == [*np.bincount(labels), 0]
    expected = [frames[labels == k].mean(axis=0) - mean for k in range(3)]
    np.testing.assert_allclose(means[:3], expected)
    assert not means[3].any()


@pytest.mark.parametrize("shrinkage", [1e-6, 1.0])
def test_discriminants_solve_their_eigenproblem(labelled, shrinkage):
    videos, labels, _ = labelled
    spread = measure_spread(videos, shrinkage)
    counts, means = action_means(videos, labels, 3, spread.center)
    scalings = discriminants(spread.root, counts, means)
    _, covariance = frame_moments(videos)
    between = (means.T * counts) @ means / counts.sum()
    ridge = shrinkage * np.trace(covariance) / 4 * np.eye(4)
    _, expected = eigh(between, covariance - between + ridge)
    assert scalings.shape == (4, 2)
    expected = expected[:, :1:-1]
    signs = np.sign((scalings * expected).sum(axis=0))
    np.testing.assert_allclose(scalings * signs, expected, rtol=1e-4, atol=1e-6)


def test_discriminants_are_those_of_scikit_learn(labelled):
    videos, labels, frames = labelled
    spread = measure_spread(videos, 1e-6)
    counts, means = action_means(videos, labels, 3, spread.center)
    scalings = discriminants(spread.root, counts, means)
    theirs = LinearDiscriminantAnalysis(solver="eigen").fit(
        frames, np.concatenate(labels)
    )
    for own, other in zip(scalings.T, theirs.scalings_.T):
        cosine = own @ other / np.linalg.norm(own) / np.linalg.norm(other)
        assert abs(cosine) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("reg_covar", [1e-6, 0.5])
def test_gaussians_equal_scipy_and_scikit_learn(labelled, reg_covar):
    _, labels, frames = labelled
    labels = np.concatenate(labels)
    gaussians = fit_gaussians(frames, labels, 3, reg_covar)
    appearance = Appearance(None, None, *gaussians)
    found = log_joint(frames, appearance)
    for k in range(3):
        members = frames[labels == k]
        share = (len(members) + 0.1) / (len(frames) + 0.3)
        assert appearance.shares[k] == pytest.approx(share)
        covariance = np.cov(members.T, bias=True) + reg_covar * np.eye(4)
        density = multivariate_normal(members.mean(axis=0), covariance)
        expected = density.logpdf(frames) + np.log(share)
        np.testing.assert_allclose(found[:, k], expected)
        theirs = GaussianMixture(reg_covar=reg_covar).fit(members)
        own = appearance.precisions_cholesky[k]
        np.testing.assert_allclose(own, theirs.precisions_cholesky_[0], atol=1e-12)


def test_an_action_with_a_frame_has_the_gaussian_of_all():
    frames, labels = np.random.default_rng(1).normal(size=(40, 2)), np.zeros(40, int)
    labels[5] = 1
    means, factors, _ = fit_gaussians(frames, labels, 3, 0.2)
    np.testing.assert_allclose(means[1:], frames.mean(axis=0)[None].repeat(2, 0))
    covariance = np.cov(frames.T, ddof=0) + 0.2 * np.eye(2)
    precision = factors[1] @ factors[1].T
    np.testing.assert_allclose(precision, np.linalg.inv(covariance))


class TestUnknownLabels:
    @pytest.fixture
    def some(self, labelled):
        """Videos of which every third frame has no label, and what is known."""
        videos, labels, frames = labelled
        labels = [np.where(np.arange(len(own)) % 3, own, -1) for own in labels]
        return videos, labels, frames, np.concatenate(labels)

    def test_directions_solve_the_equation(self, some):
        """B is of the labelled frames, about their own mean; the spread is of all."""
        videos, labels, frames, flat = some
        spread = measure_spread(videos, 1.0)
        found, _ = fit_appearance(videos, labels, 3, spread, 0.1)
        known, center = flat >= 0, frames[flat >= 0].mean(axis=0)
        between = np.zeros((4, 4))
        for k in range(3):
            mean = frames[flat == k].mean(axis=0) - center
            between += (flat[known] == k).mean() * np.outer(mean, mean)
        within = spread.root @ spread.root.T - between
        _, vectors = eigh(between, within)
        for column, expected in zip(found.scalings.T, vectors.T[::-1]):
            np.testing.assert_allclose(abs(expected @ within @ column), 1, rtol=1e-6)
