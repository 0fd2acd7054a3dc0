import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.decomposition import PCA

from skl_tot.inputs.blocks import StandardizedVideos
from skl_tot.inputs.errors import VideoValueError
from skl_tot.methods.discriminants import embed
from skl_tot.solvers.ordered_hmm import (
    OrderedHMM,
    fit_ordered_hmm,
    log_densities,
    ordered_posterior,
    principal_components,
    start_from_equal_parts,
)

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
    hmm = pytest.importorskip("hmmlearn.hmm")
    n_actions = len(model.means)
    theirs = hmm.GaussianHMM(
        n_actions,
        "diag",
        covars_prior=REG_COVAR,
        params="tmc",
        init_params="",
        n_iter=max_iter,
        tol=-np.inf,
    )
    theirs.startprob_ = np.eye(n_actions)[0]
    theirs.transmat_ = np.diag(1 - model.leave) + np.diag(model.leave[:-1], 1)
    theirs.means_, theirs.covars_ = model.means, model.covars
    return theirs


def brute_force(log_likelihood, leave):
    """Posterior and log-likelihood over every sequence of actions."""
    n_frames, n_actions = log_likelihood.shape
    weights = np.zeros((n_frames, n_actions))
    total = 0.0
    for path in itertools.product(range(n_actions), repeat=n_frames):
        if path[0] != 0 or not np.isin(np.diff(path), [0, 1]).all():
            continue
        weight = np.exp(log_likelihood[np.arange(n_frames), path].sum())
        for now, following in itertools.pairwise(path):
            weight *= leave[now] if following > now else 1 - leave[now]
        total += weight
        weights[np.arange(n_frames), path] += weight
    return weights / total, np.log(total)


@given(
    n_frames=st.integers(1, 6), n_actions=st.integers(1, 4), seed=st.integers(0, 10**6)
)
def test_posterior_equals_all_paths(n_frames, n_actions, seed):
    rng = np.random.default_rng(seed)
    log_likelihood = 3 * rng.normal(size=(n_frames, n_actions))
    leave = np.append(rng.uniform(0.05, 0.95, n_actions - 1), 0.0)
    expected, expected_total = brute_force(log_likelihood, leave)
    found, total = ordered_posterior(log_likelihood, leave)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert total == pytest.approx(expected_total, abs=1e-10)


def test_posterior_of_extreme_scores():
    log_likelihood = np.full((3000, 3), -1e6)
    labels = np.repeat([0, 1, 2], 1000)
    log_likelihood[np.arange(3000), labels] = 1e5
    leave = np.array([1e-12, 1 - 1e-12, 0.0])
    found, total = ordered_posterior(log_likelihood, leave)
    np.testing.assert_allclose(found, np.eye(3)[labels], atol=1e-6)
    assert total == pytest.approx(3e8, rel=1e-3)


def test_densities_equal_scipy():
    rng = np.random.default_rng(0)
    frames, means = rng.normal(size=(7, 3)), rng.normal(size=(4, 3))
    covars = rng.uniform(0.1, 2, size=(4, 3))
    expected = norm.logpdf(frames[:, None], means, np.sqrt(covars)).sum(axis=2)
    np.testing.assert_allclose(log_densities(frames, means, covars), expected)
    with pytest.raises(VideoValueError, match=r"^Video 5: the features are too far"):
        log_densities(np.full((2, 3), 1e200), means, covars, 5)


@pytest.mark.parametrize("max_iter", [1, 2, 12])
@pytest.mark.parametrize("n_actions", [1, 3, 5])
def test_steps_equal_hmmlearn(n_actions, max_iter):
    videos = videos_of(9, n_actions, 4, seed=n_actions)
    start = start_from_equal_parts(videos, n_actions, REG_COVAR)
    model, curve = fit_ordered_hmm(
        videos, start, reg_covar=REG_COVAR, max_iter=max_iter, tol=-np.inf
    )
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
    np.testing.assert_allclose(
        model.leave[:-1], theirs.transmat_.diagonal(1), atol=1e-6
    )
    for video in videos:
        scores = log_densities(video, model.means, model.covars)
        found, total = ordered_posterior(scores, model.leave)
        np.testing.assert_allclose(found, theirs.predict_proba(video), atol=1e-6)
        assert total == pytest.approx(theirs.score(video), abs=1e-6)


@given(
    n_videos=st.integers(1, 5),
    n_actions=st.integers(1, 5),
    n_features=st.integers(1, 3),
    spread=st.sampled_from([1e-3, 0.1, 1.0, 10.0]),
    seed=st.integers(0, 10**6),
)
def test_steps_never_fall(n_videos, n_actions, n_features, spread, seed):
    videos = videos_of(n_videos, n_actions, n_features, seed, spread, shortest=1)
    videos = [video for video in videos if len(video) >= n_actions]
    if not videos:
        return
    start = start_from_equal_parts(videos, n_actions, REG_COVAR)
    model, curve = fit_ordered_hmm(
        videos, start, reg_covar=REG_COVAR, max_iter=15, tol=-np.inf
    )
    assert (np.diff(curve) > -1e-9).all()
    assert np.isfinite(model.means).all()
    assert (model.covars > 0).all()
    assert ((model.leave >= 0) & (model.leave < 1)).all()
    assert model.leave[-1] == 0


def test_stops_where_little_is_gained():
    videos = videos_of(6, 3, 3, seed=1)
    start = start_from_equal_parts(videos, 3, REG_COVAR)
    options = {"reg_covar": REG_COVAR, "max_iter": 200}
    _, curve = fit_ordered_hmm(videos, start, tol=1e-3, **options)
    gains = np.diff(curve)
    assert (gains[:-1] >= 1e-3).all()
    assert gains[-1] < 1e-3
    converged, curve = fit_ordered_hmm(videos, start, tol=0.0, **options)
    again, _ = fit_ordered_hmm(
        videos, converged, tol=-np.inf, reg_covar=REG_COVAR, max_iter=5
    )
    np.testing.assert_allclose(again.means, converged.means, atol=1e-5)
    assert len(curve) <= 200


def test_actions_that_are_not_reached_stay():
    frames = [np.zeros((6, 1)), np.zeros((8, 1))]
    means = np.array([[0.0], [1e4], [-3.0]])
    start = OrderedHMM(means, np.full((3, 1), 0.5), np.array([0.3, 0.3, 0.0]))
    model, _ = fit_ordered_hmm(frames, start, reg_covar=0.1, max_iter=3, tol=-np.inf)
    np.testing.assert_array_equal(model.means[1:], means[1:])
    np.testing.assert_array_equal(model.covars[1:], 0.5)
    np.testing.assert_allclose(model.covars[0], 0.1 / 14)
    assert 0 < model.leave[0] < 1e-9
    assert model.leave[1:].tolist() == [0.3, 0]


def test_starts_from_equal_parts():
    videos = [np.arange(5.0)[:, None], np.arange(10.0, 16)[:, None]]
    model = start_from_equal_parts(videos, 2, 0.5)
    first, second = [0, 1, 2, 10, 11, 12], [3, 4, 13, 14, 15]
    np.testing.assert_allclose(model.means[:, 0], [np.mean(first), np.mean(second)])
    expected = [np.var(first) + 0.5, np.var(second) + 0.5]
    np.testing.assert_allclose(model.covars[:, 0], expected)
    np.testing.assert_allclose(model.leave, [2 / 5.5, 0])
    short = start_from_equal_parts([np.eye(2)], 2, 0.5)
    assert short.leave.tolist() == [0.5, 0]


@pytest.mark.parametrize("n_components", [1, 3, 6, 50, None])
def test_components_are_those_of_scikit_learn(n_components):
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(6, 6)) + 2 * np.diag(range(6))
    arrays = [rng.normal(size=(n, 6)) @ mixing + 7 for n in (40, 25)]
    videos = StandardizedVideos(arrays)
    joined = np.concatenate(arrays)
    center, components, unit = principal_components(videos, n_components)
    pca = PCA(min(n_components or 6, 6), svd_solver="full").fit(joined)
    assert unit == pytest.approx(joined.var(axis=0).mean())
    np.testing.assert_allclose(center, pca.mean_)
    signs = np.sign((components * pca.components_).sum(axis=1))
    np.testing.assert_allclose(components, signs[:, None] * pca.components_, atol=1e-9)
    assert (components.max(axis=1) == np.abs(components).max(axis=1)).all()
    found = embed(videos, 1, center, components.T)
    np.testing.assert_allclose(found, pca.transform(arrays[1]) * signs, atol=1e-9)


def test_components_without_variance_are_left_out():
    rng = np.random.default_rng(0)
    array = np.column_stack([rng.normal(size=(20, 2)), np.ones(20), np.zeros(20)])
    _, components, _ = principal_components(StandardizedVideos([array]), 3)
    assert components.shape == (2, 4)
    np.testing.assert_allclose(components[:, 2:], 0, atol=1e-9)
    _, components, unit = principal_components(StandardizedVideos([np.ones((5, 3))]), 2)
    assert components.shape == (1, 3)
    assert unit == 1
