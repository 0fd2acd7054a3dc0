"""Chains against all paths, hmmlearn, golden vectors and each other."""

import itertools
from functools import partial

import numpy as np
import pytest
from hmmlearn.base import BaseHMM
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import logsumexp, softmax

from skl_tot.decoding.chain import (
    Chain,
    cyclic_chain,
    fixed_chain,
    free_chain,
    skip_chain,
)


def ordered_chain(n_actions, rng):
    """Left-to-right model whose probabilities to stay differ; it may end anywhere."""
    leave = rng.uniform(0.05, 0.95, n_actions)
    moves = np.full((n_actions, n_actions), np.inf)
    np.fill_diagonal(moves, -np.log1p(-leave))
    np.fill_diagonal(moves[:, 1:], -np.log(leave[:-1]))
    starts = np.where(np.arange(n_actions) == 0, 0.0, np.inf)
    return Chain(starts, moves, rng.exponential(size=n_actions))


def guided_chain(n_actions, rng, cost=1.0):
    moves = rng.dirichlet(np.ones(n_actions), size=n_actions)
    np.fill_diagonal(moves, 1)
    starts = rng.dirichlet(np.ones(n_actions))
    unit = -cost / np.log(max(n_actions, 2))
    return Chain(unit * np.log(starts), unit * np.log(moves), np.zeros(n_actions))


CHAINS = {
    "fixed": lambda n_actions, cost: fixed_chain(n_actions),
    "skip": skip_chain,
    "free": free_chain,
    "cyclic": cyclic_chain,
    "cyclic_skip": partial(cyclic_chain, may_skip=True),
}
each_chain = pytest.mark.parametrize("make", CHAINS.values(), ids=CHAINS)


def weigh(paths, log_likelihood, chain):
    """What paths (n_paths, n_frames) sum up to; -inf if they are not allowed."""
    frames = np.arange(len(log_likelihood))
    totals = log_likelihood[frames, paths].sum(axis=1) - chain.starts[paths[:, 0]]
    totals -= chain.moves[paths[:, :-1], paths[:, 1:]].sum(axis=1)
    return totals - chain.ends[paths[:, -1]]


def shortest_runs(paths):
    """Frames of the shortest segment of each path (n_paths, n_frames)."""
    runs = [np.diff(np.flatnonzero(np.diff(p, prepend=-1, append=-1))) for p in paths]
    return np.array([frames.min() for frames in runs])


def check_against_all_paths(log_likelihood, chain, reference=None, min_frames=1):
    n_frames, n_actions = log_likelihood.shape
    paths = np.array(list(itertools.product(range(n_actions), repeat=n_frames)))
    totals = weigh(paths, log_likelihood, reference or chain)
    totals[shortest_runs(paths) < min(min_frames, n_frames)] = -np.inf
    path = chain.viterbi(log_likelihood, min_frames)
    assert path.dtype == np.intp
    assert totals[(paths == path).all(axis=1)] == pytest.approx(totals.max(), abs=1e-9)
    expected = np.zeros(log_likelihood.shape)
    for other, weight in zip(paths, softmax(totals)):
        expected[np.arange(n_frames), other] += weight
    found, total = chain.forward_backward(log_likelihood, min_frames)
    np.testing.assert_allclose(found, expected, atol=1e-10)
    assert total == pytest.approx(logsumexp(totals), abs=1e-9)
    if chain.is_mixing and min_frames == 1:
        expected = np.zeros(chain.moves.shape)
        weights = np.broadcast_to(softmax(totals)[:, None], paths[:, 1:].shape)
        np.add.at(expected, (paths[:, :-1], paths[:, 1:]), weights)
        shares, moves, _ = chain.expected_moves(log_likelihood)
        np.testing.assert_allclose(moves, expected, atol=1e-9)
        np.testing.assert_allclose(shares, found, atol=1e-12)


problems = given(
    n_frames=st.integers(1, 6),
    n_actions=st.integers(1, 4),
    cost=st.floats(0, 5),
    min_frames=st.integers(1, 4),
    seed=st.integers(0, 10**6),
)


DRAWN = [ordered_chain, guided_chain]


@pytest.mark.parametrize("make", [*CHAINS.values(), *DRAWN])
@settings(max_examples=40)
@problems
def test_equals_all_paths(make, n_frames, n_actions, cost, min_frames, seed):
    rng = np.random.default_rng(seed)
    log_likelihood = rng.normal(scale=2, size=(n_frames, n_actions))
    how = np.random.default_rng(seed) if make in DRAWN else cost
    chain, reference = make(n_actions, how), None
    n_runs = max(1, n_frames // min_frames)
    if make is CHAINS["fixed"] and n_runs < n_actions:  # any non-decreasing path
        reference = skip_chain(n_actions, 0.0)
    check_against_all_paths(log_likelihood, chain, reference, min_frames)


@given(
    arrays(float, (3, 3), elements=st.sampled_from([0.0, 0.3, 2.5, np.inf])),
    arrays(float, (2, 3), elements=st.sampled_from([0.0, 1.5, 4.0])),
    st.integers(1, 3),
    st.integers(0, 10**6),
)
def test_any_chain_equals_all_paths(moves, ends, min_frames, seed):
    """Whatever algorithm its moves lead to."""
    np.fill_diagonal(moves, 0)
    log_likelihood = np.random.default_rng(seed).normal(size=(5, 3))
    chain = Chain(ends[0], moves, ends[1])
    check_against_all_paths(log_likelihood, chain, min_frames=min_frames)


def plain_path(log_likelihood, chain):
    """Path frame by frame, that takes the fewest of equally good steps in a circle."""
    n_actions = len(chain.starts)
    best, taken = log_likelihood[0] - chain.starts, []
    for gains in log_likelihood[1:]:
        totals = best[:, None] - chain.moves
        origins = [
            max(((k - step) % n_actions for step in range(n_actions)), key=column.item)
            for k, column in enumerate(totals.T)
        ]
        taken.append(origins)
        best = totals[origins, range(n_actions)] + gains
    ended = best - chain.ends
    path = [np.flatnonzero(ended == ended.max())[-1 if chain.is_ordered else 0]]
    for origins in reversed(taken):
        path.append(origins[path[-1]])
    return np.array(path[::-1])


@each_chain
@settings(max_examples=60)
@given(
    log_likelihood=arrays(
        float,
        st.tuples(st.sampled_from([5, 12, 70]), st.integers(1, 5)),
        elements=st.sampled_from([0.0, 1.0]),
    ),
    cost=st.sampled_from([0.0, 1.0, 2.0]),
)
def test_ties(make, log_likelihood, cost):
    chain = make(log_likelihood.shape[1], cost)
    expected = plain_path(log_likelihood, chain)
    np.testing.assert_array_equal(chain.viterbi(log_likelihood), expected)


@pytest.mark.parametrize("case", ["v1", "v3", "v4"])
def test_golden(golden, case):
    log_likelihood = golden[f"{case}_loglik"]
    path = fixed_chain(log_likelihood.shape[1]).viterbi(log_likelihood)
    np.testing.assert_array_equal(path, golden[f"{case}_path"])
    score = log_likelihood[np.arange(len(path)), path].sum()
    score += (len(path) - 1) * np.log(0.5)
    assert score == pytest.approx(float(golden[f"{case}_score"]), rel=1e-12)


class GivenLikelihoods(BaseHMM):
    """A model of hmmlearn whose observations are log-likelihoods."""

    def _compute_log_likelihood(self, X):
        return X


def check_against_hmmlearn(log_likelihood, chain, starts, transitions):
    """The chain has the costs of these probabilities."""
    model = GivenLikelihoods(len(starts))
    model.startprob_, model.transmat_ = starts, transitions
    score, path = model.decode(log_likelihood)
    np.testing.assert_array_equal(chain.viterbi(log_likelihood), path)
    found, total = chain.forward_backward(log_likelihood)
    np.testing.assert_allclose(found, model.predict_proba(log_likelihood), atol=1e-9)
    return score, model.score(log_likelihood) - total


def random_likelihoods(seed, n_frames, n_actions):
    rng = np.random.default_rng(seed)
    return np.log(rng.dirichlet(np.ones(n_actions), n_frames))


@pytest.mark.parametrize("cost", [0.0, 8.0])
def test_free_order_equals_hmmlearn(cost):
    weights = np.full((5, 5), np.exp(-cost))
    np.fill_diagonal(weights, 1)
    transitions = weights / weights.sum(axis=1, keepdims=True)
    _, constant = check_against_hmmlearn(
        random_likelihoods(0, 500, 5), free_chain(5, cost), np.full(5, 0.2), transitions
    )
    assert constant == pytest.approx(np.log(0.2) - 499 * np.log(weights[0].sum()))


@pytest.mark.parametrize("seed", range(3))
def test_moves_and_ordered_chains_equal_hmmlearn(seed):
    rng = np.random.default_rng(seed)
    starts, transitions = rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(4), size=4)
    chain = Chain(-np.log(starts), -np.log(transitions), np.zeros(4))
    given = random_likelihoods(seed, 80, 4)
    _, constant = check_against_hmmlearn(given, chain, starts, transitions)
    assert constant == pytest.approx(0, abs=1e-9)
    leave = np.append(rng.uniform(0.05, 0.5, 3), 0.0)
    transitions = np.diag(1 - leave) + np.diag(leave[:-1], 1)
    with np.errstate(divide="ignore"):
        chain = Chain(-np.log(np.eye(4)[0]), -np.log(transitions), np.zeros(4))
    assert chain.is_ordered
    check_against_hmmlearn(given, chain, np.eye(4)[0], transitions)


@each_chain
def test_no_path_is_lost_however_unlikely(make):
    """Only what has come far, through frames that speak against it, ends well."""
    scores = np.full((40, 3), -2000.0)
    scores[:20, 0] = scores[21:, 2] = 0
    found = make(3, 900.0).posterior(scores)
    np.testing.assert_allclose(found[:20, 0], 1)
    np.testing.assert_allclose(found[21:, 2], 1)


def test_long_videos_keep_precision():
    rng = np.random.default_rng(0)
    truth = np.repeat(range(10), 4000)
    scores = np.where(truth[:, None] == range(10), 0.0, -1.0) - 500
    scores += rng.normal(size=scores.shape) * 1e-3
    np.testing.assert_array_equal(fixed_chain(10).viterbi(scores), truth)
    scores = 30 * scores + rng.normal(size=scores.shape)
    for chain in (fixed_chain(10), skip_chain(10, 50.0), free_chain(10, 5000.0)):
        found = chain.posterior(scores)
        np.testing.assert_allclose(found.sum(axis=1), 1)
        assert (found.argmax(axis=1) == truth).mean() > 0.99


def long_video(n_frames, n_actions, seed):
    rng = np.random.default_rng(seed)
    truth = np.repeat(rng.integers(n_actions, size=n_frames), 20)[:n_frames]
    return np.eye(n_actions)[truth] + rng.normal(size=(n_frames, n_actions))


@pytest.mark.parametrize("n_frames", [50, 51, 325])
@pytest.mark.parametrize("make", [free_chain, cyclic_chain, guided_chain])
def test_blocks_of_long_videos_give_the_path_of_single_frames(make, n_frames):
    """Also where moves or ends are not allowed, and beyond the operations of blocks."""
    for seed, n_actions in enumerate((2, 3, 5, 8, 17)):
        scores = long_video(n_frames, n_actions, seed)
        how = np.random.default_rng(seed) if make is guided_chain else 3.0
        chain = make(n_actions, how)
        ends = np.where(np.arange(n_actions) == seed % n_actions, 0.0, np.inf)
        for other in (chain, Chain(ends, chain.moves, ends[::-1])):
            expected = plain_path(scores, other)
            np.testing.assert_array_equal(other.viterbi(scores), expected)
