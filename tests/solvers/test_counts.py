"""Moves of frames against whole paths that are scored anew."""

import numpy as np
import pytest

from skl_tot.decoding.paths import viterbi
from skl_tot.solvers.counts import count_gains, move_counts

CASES = range(30)


def draw(seed):
    """Log-likelihoods, an order, and counts of which some are 0."""
    rng = np.random.default_rng(seed)
    n_frames, n_actions = rng.integers(1, 12), rng.integers(1, 5)
    log_likelihood = rng.normal(size=(n_frames, n_actions))
    counts = rng.multinomial(n_frames, rng.dirichlet(np.full(n_actions, 0.5)))
    return log_likelihood, rng.permutation(n_actions), counts


def score(log_likelihood, order, counts):
    path = np.repeat(order, counts[order])
    return log_likelihood[np.arange(len(path)), path].sum()


@pytest.mark.parametrize("seed", CASES)
def test_gains_equal_whole_paths(seed):
    log_likelihood, order, counts = draw(seed)
    starts = np.cumsum(counts[order]) - counts[order]
    before = score(log_likelihood, order, counts)
    for place in np.flatnonzero(counts[order]):
        gains = count_gains(log_likelihood, order, starts, place)
        for other in range(len(order)):
            moved = counts.copy()
            moved[order[place]] -= 1
            moved[order[other]] += 1
            expected = score(log_likelihood, order, moved) - before
            assert gains[other] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", CASES)
def test_sweep_equals_a_slow_one(seed):
    """Which takes off one frame, tries all actions, and scores whole paths."""
    log_likelihood, order, counts = draw(seed)
    others = np.random.default_rng(seed).integers(0, 20, len(order))
    slow = counts.copy()
    for frame in range(len(log_likelihood)):
        action = np.repeat(order, slow[order])[frame]
        slow[action] -= 1
        values = []
        for candidate in order:
            moved = slow.copy()
            moved[candidate] += 1
            share = np.log(slow[candidate] + others[candidate] + 0.1)
            values.append(score(log_likelihood, order, moved) + share)
        slow[order[int(np.argmax(values))]] += 1
    found = move_counts(log_likelihood, order, counts, others)
    np.testing.assert_array_equal(found, slow)
    assert found.sum() == len(log_likelihood)


@pytest.mark.parametrize("seed", range(10))
def test_moves_do_not_pass_the_best_path(seed):
    log_likelihood, order, counts = draw(seed)
    n_many = np.full(len(order), 10**9)  # shares that moves do not change
    for _ in range(20):
        counts = move_counts(log_likelihood, order, counts, n_many)
    best = viterbi(log_likelihood[:, order], may_skip=True)[1]
    assert score(log_likelihood, order, counts) <= best + 1e-9
