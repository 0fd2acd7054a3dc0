"""Evidence of dependent frames: costs of switches, moments, intervals of boundaries."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import median_abs_deviation, multivariate_normal, norm
from sklearn.covariance import shrunk_covariance

from skl_tot.decoding import Chain, boundary_intervals
from skl_tot.decoding.chain import free_chain
from skl_tot.decoding.evidence import (
    MIN_VARIANCE,
    ActionMoments,
    Evidence,
    correlated_log_densities,
    find_background,
    find_switch_cost,
    fit_background,
    linear_log_densities,
    log_densities,
    shrunk,
)
from skl_tot.recordings.labels import find_segments


def collect(log_likelihood, path):
    evidence = Evidence()
    evidence.add(log_likelihood, path)
    return evidence


def make_three(n_frames, length, seed):
    """True log-likelihoods of independent Gaussian frames."""
    labels = np.arange(n_frames) // length % 3
    frames = 1.5 * labels + np.random.default_rng(seed).normal(size=n_frames)
    return -0.5 * (frames[:, None] - [0, 1.5, 3]) ** 2


def test_direct_sums():
    rng = np.random.default_rng(0)
    scores, path = rng.normal(size=(60, 3)), np.repeat([0, 2, 1, 0], [20, 1, 9, 30])
    scores = scores.cumsum(axis=0)
    log_odds = []
    for row, action in zip(scores, path):
        others = np.delete(row, action)
        log_odds.append(row[action] - np.log(np.exp(others).mean()))
    products = np.zeros(30)
    for part in np.split(log_odds, [20, 21, 30]):
        part = part - part.mean()
        for lag in range(len(part)):
            products[lag] += part[: len(part) - lag] @ part[lag:]
    evidence = collect(scores, path)
    np.testing.assert_allclose(evidence.products, products, atol=1e-9)
    stop = np.argmax(products <= 0)
    time = 1 + 2 * products[1:stop].sum() / products[0]
    assert evidence.correlation_time() == pytest.approx(time)
    spread = products[0] / np.sum(log_odds) * time
    assert evidence.tempering() == pytest.approx(np.clip(2 / spread, 0, 1))


def test_switch_cost_is_what_the_formula_says_of_all_videos():
    """Long and short videos count by their frames and their segments."""
    scores = [3 * make_three(600, 15, 0), 1.5 * make_three(2000, 40, 1)]
    cost = find_switch_cost(*scores)
    evidence, n_segments = Evidence(), 0
    for log_likelihood in scores:
        path = free_chain(3, cost).viterbi(log_likelihood)
        evidence.add(log_likelihood, path)
        n_segments += len(find_segments(path)[0])
    n_frames = sum(map(len, scores))
    n_independent = n_frames / n_segments / evidence.correlation_time()
    expected = np.log1p(2 * max(1, n_independent)) / evidence.tempering()
    assert cost == pytest.approx(expected, rel=0.1)


def test_outliers_count_as_three_deviations():
    log_odds = np.append(1 + np.linspace(-1, 1, 21), [50.0, -40.0])
    limit = 3 * median_abs_deviation(log_odds, scale="normal")
    robust, plain = Evidence(is_robust=True), Evidence()
    limited = log_odds.clip(1 - limit, 1 + limit)
    for evidence, values in ((robust, log_odds), (plain, limited)):
        evidence.add(np.c_[values, 0 * values], np.zeros(23, dtype=int))
    np.testing.assert_allclose(robust.products, plain.products, rtol=1e-4)
    assert robust.total == pytest.approx(plain.total, rel=1e-4)


def test_nothing_to_go_by():
    for n_actions, path in ((1, [0, 0, 0]), (2, [0, 0, 0]), (2, [-1, -1, -1])):
        evidence = collect(np.zeros((3, n_actions)), np.array(path))
        assert (evidence.correlation_time(), evidence.tempering()) == (1.0, 1.0)


def test_log_densities_are_those_of_scipy():
    rng = np.random.default_rng(0)
    frames, means = rng.normal(size=(9, 3)), rng.normal(size=(2, 3))
    roots = rng.normal(size=(2, 3, 3)) + 2 * np.eye(3)
    covariances = roots @ roots.swapaxes(1, 2)
    factors = np.linalg.inv(np.linalg.cholesky(covariances)).swapaxes(1, 2)
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    found = correlated_log_densities(frames, means, factors)
    independent = log_densities(frames, means, variances)
    for k, (mean, covariance) in enumerate(zip(means, covariances)):
        law = multivariate_normal(mean, covariance)
        np.testing.assert_allclose(found[:, k], law.logpdf(frames))
        law = multivariate_normal(mean, np.diag(variances[k]))
        np.testing.assert_allclose(independent[:, k], law.logpdf(frames))
    weights, offsets = linear_log_densities(means, covariances[0])
    laws = [multivariate_normal(mean, covariances[0]) for mean in means]
    expected = laws[1].logpdf(frames) - laws[0].logpdf(frames)
    found = frames @ weights.T + offsets
    np.testing.assert_allclose(found[:, 1] - found[:, 0], expected)
    expected = shrunk_covariance(covariances[0], 0.1)
    np.testing.assert_allclose(shrunk(covariances[0]), expected)


def test_background_equals_independent_gaussians():
    rng = np.random.default_rng(0)
    videos = [rng.normal(3, 2, size=(n, 3)) for n in (30, 40)]
    labels = [np.sort(rng.integers(0, 2, len(video))) for video in videos]
    frames, actions = np.concatenate(videos), np.concatenate(labels)
    background = fit_background(lambda: iter(videos), actions, 2, 25)
    densities = []
    for k in range(2):
        members = frames[actions == k]
        scale = np.sqrt(members.var(axis=0) + MIN_VARIANCE)
        density = norm(members.mean(axis=0), scale).logpdf(frames).sum(axis=1)
        threshold = np.percentile(density[actions == k], 25)
        densities.append(density - threshold)
    expected = np.max(densities, axis=0) < 0
    assert expected.any()
    found = find_background(videos, background)
    np.testing.assert_array_equal(found, expected)


@pytest.fixture
def frames():
    """Frames far from 0, and actions of which number 2 does not occur."""
    rng = np.random.default_rng(0)
    actions = rng.choice([0, 1, 3], size=50)
    return 1e3 + rng.normal(size=(50, 3)) * (1 + actions[:, None]), actions


@pytest.mark.parametrize("n_rows", [1, 7, 50])
def test_moments_of_blocks_are_those_of_all_frames(frames, n_rows):
    video, actions = frames
    moments = ActionMoments(4)
    for start in range(0, 50, n_rows):
        rows = slice(start, start + n_rows)
        moments.add(video[rows].astype(np.float32), actions[rows])
    means, variances = moments.means() + moments.shift, moments.variances()
    for k in (0, 1, 3):
        members = video.astype(np.float32)[actions == k].astype(float)
        np.testing.assert_allclose(means[k], members.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(variances[k], members.var(axis=0), rtol=1e-9)
    assert not moments.means()[2].any()
    assert not variances[2].any()


def weight(chain, scores, path):
    """Log-weight of a path, by its definition."""
    costs = chain.starts[path[0]] + chain.ends[path[-1]]
    costs += sum(chain.moves[pair] for pair in itertools.pairwise(path))
    return scores[np.arange(len(path)), path].sum() - costs


def interval_by_paths(chain, scores, path, at, blur):
    """Interval of a boundary from the weights of all paths with another one there."""
    n, n_actions = scores.shape
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1), n]
    k = edges.index(at)
    start, end, places = edges[k - 1], edges[k + 1], {}
    for other in itertools.product(range(n_actions), repeat=n):
        moved = [0, *(np.flatnonzero(np.diff(other)) + 1), n]
        same = [a == b for a, b in itertools.zip_longest(moved, edges)]
        shown = [other[i] for i in moved[:-1]] == [path[i] for i in edges[:-1]]
        if len(moved) == len(edges) and shown and same.count(False) <= 1 - same[k]:
            places[moved[k]] = np.exp(weight(chain, scores, np.array(other)))
    shares = np.array([places[t] for t in range(start + 1, end)])
    if blur:
        scale = blur * min(at - start, end - at)
        gaps = np.abs(np.subtract.outer(*[np.arange(len(shares))] * 2))
        shares = np.exp(-gaps / scale) @ shares
    below = np.cumsum(shares) / shares.sum()
    low = start + 1 + np.argmax(below >= 0.05 - 1e-12)
    high = start + 1 + np.argmax(below >= 0.95 - 1e-12)
    return [at, min(low, at), max(high, at)]


@settings(max_examples=10)
@given(
    seed=st.integers(0, 10**6),
    blur=st.sampled_from([0, 0.3, 1]),
)
def test_intervals_are_those_of_all_paths(seed, blur):
    rng = np.random.default_rng(seed)
    scores = rng.normal(scale=2, size=(7, 3))
    moves = np.where(np.eye(3), 0.4, rng.uniform(0, 2, (3, 3)))  # of staying: one cost
    chain = Chain(rng.uniform(size=3), moves, rng.uniform(size=3))
    path = chain.viterbi(scores)
    found = boundary_intervals(scores, path, blur=blur)
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1), 7]
    inner = [t for a, t, b in zip(edges, edges[1:], edges[2:]) if b - a > 2]
    known = [interval_by_paths(chain, scores, path, t, blur) for t in inner]
    assert found.tolist() == known


def test_breaks_and_background_do_not_move():
    scores = np.zeros((20, 3))
    path = np.repeat([0, 1, -1, 2, 0], 4)
    found = boundary_intervals(scores, path, breaks=[16])
    assert found[:, 0].tolist() == [4]
    found = boundary_intervals(scores, path)
    assert found[:, 0].tolist() == [4, 16]
    assert found[0].tolist() == [4, 1, 7]  # as nothing is known
    assert boundary_intervals(scores, path, breaks=[2]).tolist()[0] == [4, 3, 7]
    assert boundary_intervals(scores, np.zeros(20, int)).shape == (0, 3)


REFUSED = {
    "log_likelihood": [
        *(np.zeros(4), [], np.full((4, 2), np.nan)),
        [[0, 0], [0, 0], [-np.inf, -np.inf], [0, 0]],
    ],
    "path": [[0, 0, 0, 2], [0, -2, 0, 0], [0.0, 0, 1, 1], list("aabb"), [0], 0],
    "blur": [-1, np.nan, 10**400, True, "a", None],
    "breaks": [[4], [0], [-1], [3, 2], [1.5], 2, None, "a"],
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_values(name):
    valid = {"log_likelihood": np.zeros((4, 2)), "path": [0, 0, 1, 1]}
    for value in REFUSED[name]:
        with pytest.raises(ValueError, match=f"{name} (is|has)"):
            boundary_intervals(**valid | {name: value})
    with pytest.raises(ValueError, match="integers from -1 to 1"):
        boundary_intervals(**valid | {"path": [0, 0, 0, 2]})
