import itertools

import numpy as np
import pytest
from hmmlearn.base import BaseHMM
from hmmlearn.hmm import GaussianHMM
from hypothesis import given, settings
from hypothesis import strategies as st

from skl_tot.decoding.paths import posterior, posterior_free, viterbi, viterbi_free


def ordered_paths(n_frames, n_actions):
    """All paths that give every action one run of at least one frame."""
    for cuts in itertools.combinations(range(1, n_frames), n_actions - 1):
        yield np.repeat(range(n_actions), np.diff([0, *cuts, n_frames]))


def best_score(log_likelihood, paths):
    frames = np.arange(len(log_likelihood))
    return max(log_likelihood[frames, list(path)].sum() for path in paths)


@pytest.mark.parametrize("case", ["v1", "v2", "v3", "v4"])
def test_golden(golden, case):
    log_likelihood = golden[f"{case}_loglik"]
    path, score = viterbi(log_likelihood)
    np.testing.assert_array_equal(path, golden[f"{case}_path"])
    transitions = (len(path) - 1) * np.log(0.5)
    assert score + transitions == pytest.approx(
        float(golden[f"{case}_score"]), rel=1e-12
    )


@settings(max_examples=100)
@given(
    n_frames=st.integers(1, 9), n_actions=st.integers(1, 9), seed=st.integers(0, 10**6)
)
def test_equals_brute_force(n_frames, n_actions, seed):
    log_likelihood = np.random.default_rng(seed).normal(size=(n_frames, n_actions))
    path, score = viterbi(log_likelihood)
    if n_frames >= n_actions:
        paths = ordered_paths(n_frames, n_actions)
    else:  # any non-decreasing path
        paths = itertools.combinations_with_replacement(range(n_actions), n_frames)
    assert score == pytest.approx(best_score(log_likelihood, paths))
    assert score == pytest.approx(log_likelihood[np.arange(n_frames), path].sum())


def test_equals_hmmlearn_on_a_left_to_right_model():
    # The last action costs log 1/2 a frame like all others: the other half goes to a
    # state that no frame can be in.
    rng = np.random.default_rng(1)
    n_actions = 4
    model = GaussianHMM(n_actions + 1, covariance_type="spherical")
    model.startprob_ = np.eye(n_actions + 1)[0]
    model.transmat_ = 0.5 * (np.eye(n_actions + 1) + np.eye(n_actions + 1, k=1))
    model.transmat_[-1, -1] = 1
    model.means_ = np.vstack([rng.normal(size=(n_actions, 3)), np.full((1, 3), 1e4)])
    model.covars_ = np.ones(n_actions + 1)
    n_compared = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        truth = np.repeat(range(n_actions), rng.integers(1, 30, n_actions))
        frames = model.means_[truth] + rng.normal(size=(len(truth), 3)) * 0.5
        theirs_score, theirs = model.decode(frames)
        if theirs[-1] != n_actions - 1:
            continue  # hmmlearn may stop early, we may not
        n_compared += 1
        ours, score = viterbi(model._compute_log_likelihood(frames)[:, :n_actions])
        np.testing.assert_array_equal(ours, theirs)
        expected = theirs_score - (len(frames) - 1) * np.log(0.5)
        assert score == pytest.approx(expected)
    assert n_compared > 10


@pytest.mark.parametrize(("n_frames", "n_actions"), [(1, 1), (5, 5), (1, 3), (2, 7)])
def test_smallest_videos(n_frames, n_actions):
    log_likelihood = np.random.default_rng(0).normal(size=(n_frames, n_actions))
    path, _ = viterbi(log_likelihood)
    if n_frames == n_actions:
        np.testing.assert_array_equal(path, np.arange(n_actions))
    if n_frames == 1:
        assert path[0] == log_likelihood[0].argmax()
    assert (np.diff(path) >= 0).all()


def test_uninformative_video_has_a_valid_path():
    path, score = viterbi(np.zeros((50, 6)))
    assert score == 0
    np.testing.assert_array_equal(np.unique(path), np.arange(6))
    assert (np.diff(path) >= 0).all()


def test_long_video_keeps_precision():
    rng = np.random.default_rng(0)
    truth = np.repeat(range(10), 10_000)
    log_likelihood = np.where(truth[:, None] == range(10), 0.0, -1.0)
    log_likelihood += rng.normal(size=log_likelihood.shape) * 1e-3 - 500
    path, _ = viterbi(log_likelihood)
    assert (path != truth).sum() == 0


small_problems = given(
    n_frames=st.integers(1, 6),
    n_actions=st.integers(1, 4),
    switch_cost=st.floats(0, 5),
    seed=st.integers(0, 10**6),
)


class BruteForce:
    """All paths of a small problem with their scores."""

    def __init__(self, n_frames, n_actions, switch_cost, seed):
        rng = np.random.default_rng(seed)
        self.log_likelihood = rng.normal(scale=2, size=(n_frames, n_actions))
        paths = itertools.product(range(n_actions), repeat=n_frames)
        self.paths = np.array(list(paths))
        switches = (np.diff(self.paths, axis=1) != 0).sum(axis=1)
        self.scores = -switch_cost * switches
        self.scores += self.log_likelihood[np.arange(n_frames), self.paths].sum(axis=1)
        self.in_order = (np.diff(self.paths, axis=1) >= 0).all(axis=1)
        n_shown = np.array([len(np.unique(path)) for path in self.paths])
        self.complete = self.in_order & (n_shown == n_actions)

    def check_path(self, path, score, allowed):
        assert score == pytest.approx(self.scores[allowed].max())
        own = (self.paths == path).all(axis=1)
        assert allowed[own].item()
        assert score == pytest.approx(self.scores[own].item())

    def posterior(self, allowed):
        weights = np.exp(self.scores[allowed] - self.scores[allowed].max())
        weights /= weights.sum()
        shown = self.paths[allowed][..., None] == range(self.log_likelihood.shape[1])
        return np.tensordot(weights, shown, 1)


@settings(max_examples=100)
@small_problems
def test_skipping_equals_brute_force(n_frames, n_actions, switch_cost, seed):
    problem = BruteForce(n_frames, n_actions, switch_cost, seed)
    options = {"may_skip": True, "switch_cost": switch_cost}
    problem.check_path(*viterbi(problem.log_likelihood, **options), problem.in_order)
    np.testing.assert_allclose(
        posterior(problem.log_likelihood, **options),
        problem.posterior(problem.in_order),
        atol=1e-9,
    )


@settings(max_examples=100)
@small_problems
def test_free_order_equals_brute_force(n_frames, n_actions, switch_cost, seed):
    problem = BruteForce(n_frames, n_actions, switch_cost, seed)
    every = np.ones(len(problem.paths), dtype=bool)
    problem.check_path(*viterbi_free(problem.log_likelihood, switch_cost), every)
    np.testing.assert_allclose(
        posterior_free(problem.log_likelihood, switch_cost),
        problem.posterior(every),
        atol=1e-9,
    )


@settings(max_examples=100)
@small_problems
def test_posterior_in_fixed_order_equals_brute_force(
    n_frames, n_actions, switch_cost, seed
):
    problem = BruteForce(n_frames, n_actions, switch_cost, seed)
    allowed = problem.complete if n_frames >= n_actions else problem.in_order
    np.testing.assert_allclose(
        posterior(problem.log_likelihood, switch_cost=switch_cost),
        problem.posterior(allowed),
        atol=1e-9,
    )


class GivenLikelihoods(BaseHMM):
    """A model of hmmlearn whose observations are log-likelihoods."""

    def _compute_log_likelihood(self, X):
        return X


@pytest.mark.parametrize("switch_cost", [0.0, 1.5, 8.0])
def test_free_order_equals_hmmlearn(switch_cost):
    n_actions = 5
    model = GivenLikelihoods(n_actions)
    model.startprob_ = np.full(n_actions, 1 / n_actions)
    weights = np.full((n_actions, n_actions), np.exp(-switch_cost))
    np.fill_diagonal(weights, 1)
    model.transmat_ = weights / weights.sum(axis=1, keepdims=True)
    rng = np.random.default_rng(0)
    frames = np.log(rng.dirichlet(np.ones(n_actions), 500))
    expected_score, expected = model.decode(frames)
    path, score = viterbi_free(frames, switch_cost)
    np.testing.assert_array_equal(path, expected)
    constant = np.log(1 / n_actions) - 499 * np.log(weights[0].sum())
    assert score + constant == pytest.approx(expected_score)
    np.testing.assert_allclose(
        posterior_free(frames, switch_cost), model.predict_proba(frames), atol=1e-9
    )


def test_posterior_equals_hmmlearn_on_a_left_to_right_model():
    n_actions = 4
    model = GivenLikelihoods(n_actions + 1)
    model.startprob_ = np.eye(n_actions + 1)[0]
    model.transmat_ = 0.5 * (np.eye(n_actions + 1) + np.eye(n_actions + 1, k=1))
    model.transmat_[-1, -1] = 1
    rng = np.random.default_rng(0)
    frames = np.log(rng.dirichlet(np.ones(n_actions), 200))
    # the path ends in the last action: nothing else is possible in the last frame
    given_end = np.column_stack([frames, np.full(200, -1e4)])
    given_end[-1, : n_actions - 1] = -1e4
    np.testing.assert_allclose(
        posterior(frames), model.predict_proba(given_end)[:, :n_actions], atol=1e-9
    )


@pytest.mark.parametrize("switch_cost", [300.0, 735.0, 1200.0])
def test_free_posterior_of_costs_beyond_a_float(switch_cost):
    # evidence of 900 nats for action 1, in one frame that is an outlier
    frames = np.array([[0.0, -1.0], [-900.0, 0.0], [0.0, -1.0]])
    probabilities = posterior_free(frames, switch_cost)
    path, _ = viterbi_free(frames, switch_cost)
    np.testing.assert_allclose(probabilities[np.arange(3), path], 1, atol=1e-9)


def test_posteriors_of_long_videos_are_finite():
    rng = np.random.default_rng(0)
    truth = np.repeat(range(10), 2_000)
    frames = np.where(truth[:, None] == range(10), 0.0, -30.0)
    frames += rng.normal(size=frames.shape)
    for probabilities in (
        posterior(frames),
        posterior(frames, may_skip=True, switch_cost=50.0),
        posterior_free(frames, 50.0),
        posterior_free(frames, 5000.0),  # more than a float can tell from never
    ):
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        assert (probabilities.argmax(axis=1) == truth).mean() > 0.99
