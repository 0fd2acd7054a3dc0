import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skl_tot.decoding import decode, path_posterior
from skl_tot.decoding.orders import (
    MallowDecoder,
    mallow_inversions,
    order_of,
    shares_and_lengths,
)

# in which an inversion costs a switch
MALLOW = MallowDecoder()

problems = given(
    n_frames=st.integers(1, 7),
    n_actions=st.integers(1, 4),
    cost=st.floats(0, 3),
    min_frames=st.integers(1, 3),
    seed=st.integers(0, 10**6),
)


def paths_along(order, n_frames, min_frames=1):
    """All paths whose actions come in an order, each at most once, and last."""
    for places in itertools.combinations_with_replacement(range(len(order)), n_frames):
        counts = np.bincount(places)
        if counts[counts > 0].min() >= min(min_frames, n_frames):
            yield np.array(order)[list(places)]


def path_score(log_likelihood, path, cost):
    score = sum(log_likelihood[t, action] for t, action in enumerate(path))
    return score - cost * (np.diff(path) != 0).sum()


def best_along(log_likelihood, order, cost, min_frames=1):
    paths = paths_along(order, len(log_likelihood), min_frames)
    return max(path_score(log_likelihood, path, cost) for path in paths)


@settings(max_examples=50)
@problems
def test_no_other_value_of_one_inversion_is_better(
    n_frames, n_actions, cost, min_frames, seed
):
    rng = np.random.default_rng(seed)
    log_likelihood = rng.normal(size=(n_frames, n_actions))
    costs = rng.exponential(size=n_actions - 1)

    def objective(inversions):
        best = best_along(log_likelihood, order_of(inversions), cost, min_frames)
        return best - costs @ inversions

    found = mallow_inversions(log_likelihood, costs, cost, min_frames)
    best = objective(found)
    assert best >= objective(np.zeros(n_actions - 1, dtype=int)) - 1e-9
    for k in range(n_actions - 1):
        for value in range(n_actions - k):
            other = found.copy()
            other[k] = value
            assert objective(other) <= best + 1e-9


@settings(max_examples=50)
@problems
def test_paths_and_posteriors_equal_enumeration(
    n_frames, n_actions, cost, min_frames, seed
):
    rng = np.random.default_rng(seed)
    log_likelihood = rng.normal(scale=2, size=(n_frames, n_actions))
    switch = cost * n_frames / n_actions
    inversions = mallow_inversions(log_likelihood, switch, switch, min_frames)
    order = order_of(inversions)
    path = decode(log_likelihood, MALLOW, cost, min_frames=min_frames)
    best = best_along(log_likelihood, order, switch, min_frames)
    assert path_score(log_likelihood, path, switch) == pytest.approx(best)
    expected = np.zeros_like(log_likelihood)
    for path in paths_along(order, n_frames, min_frames):
        weight = np.exp(path_score(log_likelihood, path, switch))
        expected[np.arange(n_frames), path] += weight
    expected /= expected.sum(axis=1, keepdims=True)
    posterior = path_posterior(log_likelihood, MALLOW, cost, min_frames=min_frames)
    np.testing.assert_allclose(posterior, expected, atol=1e-9)


def test_shares_and_lengths_are_means_over_recordings():
    labels = [np.array([0, 0, 1]), np.array([1, 1, -1, 1])]
    shares, lengths = shares_and_lengths(labels, 3)
    # with one recording more, of equal shares
    np.testing.assert_allclose(shares * (2 / 3 + 13 / 12 + 1), [1, 17 / 12, 1 / 3])
    np.testing.assert_allclose(lengths, [2 / 3, 13 / 36, 1 / 3])
