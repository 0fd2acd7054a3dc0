"""Chains of runs against all segmentations, and against chains of frames."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from skl_tot.decoding.chain import Chain
from skl_tot.decoding.semi_markov import RunChain


def all_segmentations(chain, log_likelihood, lengths, lasts):
    """Runs and log-weight of each segmentation of a video."""
    n_frames, n_actions = log_likelihood.shape
    found = []

    def extend(start, runs, weight):
        for k in range(n_actions):
            cost = chain.moves[runs[-1][0], k] if runs else chain.starts[k]
            for d in range(1, min(lengths.shape[1], n_frames - start) + 1):
                own = weight - cost + log_likelihood[start : start + d, k].sum()
                longer = [*runs, (k, d)]
                if start + d < n_frames:
                    extend(start + d, longer, own + lengths[k, d - 1])
                else:
                    found.append((longer, own + lasts[k, d - 1] - chain.ends[k]))

    extend(0, [], 0.0)
    return found


@settings(max_examples=60, deadline=None)
@given(
    n_frames=st.integers(1, 6),
    n_actions=st.integers(1, 3),
    n_lengths=st.integers(1, 5),
    min_frames=st.integers(1, 3),
    seed=st.integers(0, 10**6),
)
def test_equals_all_segmentations(n_frames, n_actions, n_lengths, min_frames, seed):
    rng = np.random.default_rng(seed)
    log_likelihood = rng.normal(scale=2, size=(n_frames, n_actions))
    starts, ends = rng.exponential(size=(2, n_actions))
    moves = rng.exponential(size=(n_actions, n_actions))
    lengths = np.log(rng.dirichlet(np.ones(n_lengths), size=n_actions))
    chain = RunChain(starts, moves, ends, lengths)
    least = min(min_frames, n_frames)
    n_more = max(0, 2 * least - n_lengths)  # as likely as the longest
    lengths = np.hstack([lengths, np.repeat(lengths[:, -1:], n_more, axis=1)])
    lengths[:, : least - 1] = -np.inf
    lasts = [[logsumexp(own[d:]) for d in range(len(own))] for own in lengths]
    lasts = np.array(lasts)
    lasts[:, : least - 1] = -np.inf
    found = all_segmentations(chain, log_likelihood, lengths, lasts)
    weights = np.array([weight for _, weight in found])
    total = logsumexp(weights)
    shares = np.zeros(log_likelihood.shape)
    counts, moved = np.zeros((2, *lengths.shape)), np.zeros(moves.shape)
    for (runs, _), share in zip(found, np.exp(weights - total)):
        path = np.repeat(*np.transpose(runs))
        shares[np.arange(n_frames), path] += share
        for (j, d), (k, _) in pairwise(runs):
            counts[0, j, d - 1] += share
            moved[j, k] += share * (j != k)
        counts[1, runs[-1][0], runs[-1][1] - 1] += share
    own = chain.expected_runs(log_likelihood, min_frames)
    for expected, value in zip((shares, moved, counts, total), own):
        np.testing.assert_allclose(value, expected, atol=1e-10)
    np.testing.assert_array_equal(chain.posterior(log_likelihood, min_frames), own[0])
    best = np.repeat(*np.transpose(found[weights.argmax()][0]))
    np.testing.assert_array_equal(chain.viterbi(log_likelihood, min_frames), best)


@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_geometric_lengths_are_a_chain_of_frames(scale):
    rng = np.random.default_rng(0)
    n_frames, n_actions = 60, 3
    log_likelihood = rng.normal(scale=scale, size=(n_frames, n_actions))
    leave = rng.uniform(0.05, 0.5, n_actions)
    moves = rng.dirichlet(np.ones(n_actions), size=n_actions)
    np.fill_diagonal(moves, 0)
    moves /= moves.sum(axis=1, keepdims=True)
    by_frame = leave[:, None] * moves + np.diag(1 - leave)
    starts = -np.log(rng.dirichlet(np.ones(n_actions)))
    nothing = np.zeros(n_actions)
    # those of all lengths beyond are as one
    lengths = np.log1p(-leave)[:, None] * np.arange(2000) + np.log(leave)[:, None]
    with np.errstate(divide="ignore"):
        runs = RunChain(starts, -np.log(moves), nothing, lengths)
    chain = Chain(starts, -np.log(by_frame), nothing)
    expected, total = chain.forward_backward(log_likelihood)
    found = runs.expected_runs(log_likelihood)
    np.testing.assert_allclose(found[0], expected, atol=1e-9)
    assert found[3] == pytest.approx(total, rel=1e-9)
    path = chain.viterbi(log_likelihood)
    np.testing.assert_array_equal(runs.viterbi(log_likelihood), path)


def test_runs_in_order():
    lengths = np.log(np.full((3, 4), 0.25))
    with np.errstate(divide="ignore"):
        moves = -np.log(np.eye(3, k=1))
        starts = -np.log(np.array([1.0, 0, 0]))
    chain = RunChain(starts, moves, starts[::-1], lengths)
    log_likelihood = np.zeros((7, 3))
    log_likelihood[:, 1] = 2
    assert chain.viterbi(log_likelihood).tolist() == [0, 0, 1, 1, 1, 1, 2]
    assert chain.viterbi(log_likelihood, 2).tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert chain.viterbi(log_likelihood[:2]).tolist() == [0, 1]
    assert chain.viterbi(log_likelihood[:3], 5).tolist() == [0, 0, 0]
    np.testing.assert_allclose(chain.posterior(log_likelihood).sum(axis=1), 1)
    tempered = chain.scaled(0.5)
    np.testing.assert_array_equal(tempered.lengths, 0.5 * lengths)
