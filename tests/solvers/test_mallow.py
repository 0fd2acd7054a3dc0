import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import eigh
from scipy.stats import multivariate_normal
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.mixture import GaussianMixture

from skl_tot.datasets import make_activities
from skl_tot.decoding.orders import inversions_of, order_of
from skl_tot.inputs.blocks import StandardizedVideos
from skl_tot.inputs.errors import VideoValueError
from skl_tot.solvers.discriminants import (
    action_means,
    discriminants,
    embed,
    fit_gaussians,
    frame_moments,
    log_joint,
    spread_root,
)
from skl_tot.solvers.mallow import expected_inversions, fit_dispersions, fit_mallow

OPTIONS = {"shrinkage": 1.0, "reg_covar": 0.1, "max_iter": 7}


@pytest.mark.parametrize("n_actions", [2, 3, 4, 5])
@pytest.mark.parametrize("common", [0.0, 1e-9, 1e-3, 0.4, 3.0])
def test_expected_inversions_equal_all_orders(n_actions, common):
    dispersions = common * np.arange(1, n_actions)
    orders = itertools.permutations(range(n_actions))
    inversions = np.array([inversions_of(order) for order in orders])
    weights = np.exp(-inversions @ dispersions)
    expected = weights @ inversions / weights.sum()
    found = [
        expected_inversions(dispersion, n_actions - k)
        for k, dispersion in enumerate(dispersions)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_expected_inversions_of_extremes():
    assert expected_inversions(0.0, 7) == 3.0
    assert 0 < expected_inversions(50.0, 1000) < 1e-20
    assert expected_inversions(800.0, 5) == 0
    grid = np.geomspace(1e-8, 40, 200)
    assert (np.diff([expected_inversions(rho, 9) for rho in grid]) < 0).all()


@given(
    n_videos=st.integers(1, 20), n_actions=st.integers(2, 5), seed=st.integers(0, 10**6)
)
def test_dispersions_have_the_highest_posterior(n_videos, n_actions, seed):
    rng = np.random.default_rng(seed)
    bound = np.arange(n_actions, 1, -1) - rng.integers(2, size=n_actions - 1)
    inversions = rng.integers(bound, size=(n_videos, n_actions - 1))
    grid = np.linspace(0, 20, 4001)
    for k, found in enumerate(fit_dispersions(inversions)):
        values = np.arange(n_actions - k)
        log_psi = np.log(np.exp(-np.outer(grid, values)).sum(axis=1))
        prior = np.exp(-values)
        prior_mean = prior @ values / prior.sum()
        posterior = -grid * (inversions[:, k].sum() + 0.1 * prior_mean)
        posterior -= (n_videos + 0.1) * log_psi
        assert found == pytest.approx(grid[posterior.argmax()], abs=0.005)


def test_dispersions_are_those_that_drew_the_orders():
    rng = np.random.default_rng(0)
    expected = [0.2, 1.0, 2.0]
    columns = []
    for k, dispersion in enumerate(expected):
        weights = np.exp(-dispersion * np.arange(4 - k))
        columns.append(rng.choice(4 - k, size=5000, p=weights / weights.sum()))
    found = fit_dispersions(np.transpose(columns))
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_dispersions_at_the_ends():
    none = fit_dispersions(np.zeros((10**6, 3), dtype=int))
    assert ((none > 10) & (none < 50)).all()
    # more inversions than a fair draw has
    assert fit_dispersions(np.tile([3, 2, 1], (5, 1))).tolist() == [0, 0, 0]
    assert fit_dispersions(np.zeros((4, 0), dtype=int)).shape == (0,)


@pytest.fixture
def labelled():
    """Standardised videos, the actions of their frames, and all of them in a row."""
    rng = np.random.default_rng(0)
    labels = [np.repeat([0, 1, 2], n) for n in ([9, 20, 5], [14, 7, 30])]
    centres = 3 * rng.normal(size=(3, 4))
    arrays = [centres[own] + rng.normal(size=(len(own), 4)) for own in labels]
    return StandardizedVideos(arrays), labels, np.concatenate(arrays)


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


def test_moments_are_of_blocks_too(labelled, monkeypatch):
    videos, labels, _ = labelled
    expected = frame_moments(videos)
    scalings = np.random.default_rng(0).normal(size=(4, 2))
    embedded = embed(videos, 1, expected[0], scalings)
    means = action_means(videos, labels, 3, expected[0])
    monkeypatch.setattr("skl_tot.inputs.blocks.BLOCK_BYTES", 7 * 4 * 8)
    for found, one in zip(frame_moments(videos), expected):
        np.testing.assert_allclose(found, one)
    for found, one in zip(action_means(videos, labels, 3, expected[0]), means):
        np.testing.assert_allclose(found, one)
    np.testing.assert_allclose(embed(videos, 1, expected[0], scalings), embedded)


@pytest.mark.parametrize("shrinkage", [1e-6, 1.0])
def test_discriminants_solve_their_eigenproblem(labelled, shrinkage):
    videos, labels, _ = labelled
    mean, covariance = frame_moments(videos)
    counts, means = action_means(videos, labels, 3, mean)
    scalings = discriminants(spread_root(covariance, shrinkage), counts, means)
    between = (means.T * counts) @ means / counts.sum()
    ridge = shrinkage * np.trace(covariance) / 4 * np.eye(4)
    _, expected = eigh(between, covariance - between + ridge)
    assert scalings.shape == (4, 2)
    expected = expected[:, :1:-1]
    signs = np.sign((scalings * expected).sum(axis=0))
    np.testing.assert_allclose(scalings * signs, expected, rtol=1e-4, atol=1e-6)


def test_discriminants_are_those_of_scikit_learn(labelled):
    videos, labels, frames = labelled
    mean, covariance = frame_moments(videos)
    counts, means = action_means(videos, labels, 3, mean)
    scalings = discriminants(spread_root(covariance, 1e-6), counts, means)
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
    found = log_joint(frames, gaussians)
    for k in range(3):
        members = frames[labels == k]
        share = (len(members) + 0.1) / (len(frames) + 0.3)
        assert gaussians["shares"][k] == pytest.approx(share)
        covariance = np.cov(members.T, bias=True) + reg_covar * np.eye(4)
        density = multivariate_normal(members.mean(axis=0), covariance)
        expected = density.logpdf(frames) + np.log(share)
        np.testing.assert_allclose(found[:, k], expected)
        theirs = GaussianMixture(reg_covar=reg_covar).fit(members)
        own = gaussians["precisions_cholesky"][k]
        np.testing.assert_allclose(own, theirs.precisions_cholesky_[0], atol=1e-12)


@pytest.mark.parametrize("labels", [[0, 0, 0, 2], [0, 0, 0, 0]])
def test_an_action_of_too_few_frames_is_spread_as_all(labels):
    frames = np.array([[0.0], [0.1], [0.2], [9.0]])
    gaussians = fit_gaussians(frames, np.array(labels), 3, 1e-6)
    widths = gaussians["precisions_cholesky"][1:].ravel() ** -2.0
    np.testing.assert_allclose(widths, np.var(frames), rtol=1e-5)
    assert np.isfinite(log_joint(frames, gaussians)).all()


def test_frames_beyond_reach_are_refused(labelled):
    _, labels, frames = labelled
    gaussians = fit_gaussians(frames, np.concatenate(labels), 3, 0.1)
    for value in (1e80, np.inf, np.nan):
        with pytest.raises(
            VideoValueError, match=r"^Video 3: the features are too far"
        ):
            log_joint(np.full((2, 4), value), gaussians, 3)


def shuffled_activities(orders, n_frames=30, seed=0):
    """Videos that show actions in orders of their own, and their labels."""
    rng = np.random.default_rng(seed)
    centres = 4 * rng.normal(size=(max(map(len, orders)), 6))
    labels = [np.repeat(order, n_frames) for order in orders]
    arrays = [centres[own] + rng.normal(size=(len(own), 6)) for own in labels]
    return StandardizedVideos(arrays), labels


def test_learns_actions_orders_and_dispersions():
    orders = [[0, 1, 2, 3]] * 8 + [[1, 0, 2, 3]] * 3 + [[0, 1, 3, 2]]
    videos, labels = shuffled_activities(orders)
    appearance, dispersions, n_iter, embedded = fit_mallow(videos, 4, **OPTIONS)
    assert n_iter < 7  # nothing changes any more
    for frames, own in zip(embedded, labels):
        assert (log_joint(frames, appearance).argmax(axis=1) == own).mean() > 0.95
    inversions = np.array([inversions_of(order) for order in orders])
    np.testing.assert_allclose(dispersions, fit_dispersions(inversions))
    assert dispersions[1] > dispersions[2] > dispersions[0] > 0


def test_orders_cost_the_dispersions_of_the_round_before(monkeypatch):
    videos, _ = shuffled_activities([[0, 1, 2]] * 2 + [[1, 0, 2]])
    costs = []

    def found_by(log_likelihood, dispersions):
        costs.append(dispersions)
        return np.array([len(costs) % 3, 1])

    monkeypatch.setattr("skl_tot.solvers.mallow.mallow_inversions", found_by)
    fit_mallow(videos, 3, **OPTIONS | {"max_iter": 2})
    start = fit_dispersions(np.zeros((3, 2), dtype=int))
    after = fit_dispersions(np.array([[1, 1], [2, 1], [0, 1]]))
    np.testing.assert_array_equal(costs, [start] * 3 + [after] * 3)


def test_embedded_frames_are_those_of_the_model():
    arrays, _ = make_activities(4, 3, n_features=5, random_state=1)
    videos = StandardizedVideos([array.astype("f4") for array in arrays])
    appearance, _, _, embedded = fit_mallow(videos, 3, **OPTIONS)
    for i, frames in enumerate(embedded):
        found = embed(videos, i, appearance["center"], appearance["scalings"])
        np.testing.assert_array_equal(found, frames)
        assert frames.dtype == np.float64


def test_one_round_starts_from_equal_parts():
    videos, _ = shuffled_activities([[0, 1, 2]] * 2, n_frames=5)
    appearance, _, n_iter, embedded = fit_mallow(videos, 3, **OPTIONS | {"max_iter": 1})
    assert n_iter == 1
    for k in range(3):
        parts = [frames[5 * k : 5 * k + 5] for frames in embedded]
        np.testing.assert_allclose(
            appearance["means"][k], np.concatenate(parts).mean(axis=0)
        )
    assert order_of(np.zeros(2, dtype=int)).tolist() == [0, 1, 2]
