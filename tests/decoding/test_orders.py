import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skl_tot.decoding import decode, path_posterior
from skl_tot.decoding.orders import (
    MallowDecoder,
    inversions_of,
    mallow_inversions,
    order_of,
    peak_order,
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


def all_inversions(n_actions):
    return list(
        itertools.product(*(range(n_actions - k) for k in range(n_actions - 1)))
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


@pytest.mark.parametrize("n_actions", [1, 2, 3, 4, 5])
def test_inversion_vectors_are_all_orders(n_actions):
    orders = [tuple(order_of(v)) for v in all_inversions(n_actions)]
    assert sorted(orders) == list(itertools.permutations(range(n_actions)))
    for inversions, order in zip(all_inversions(n_actions), orders):
        np.testing.assert_array_equal(inversions_of(order), inversions)
        counts = [
            sum(order.index(j) < order.index(k) for j in range(k + 1, n_actions))
            for k in range(n_actions - 1)
        ]
        np.testing.assert_array_equal(inversions, counts)


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


def clear_video(order, n_frames=40, seed=0, width=1.0):
    """Log-likelihoods of a video that shows actions in an order, and its actions."""
    truth = np.repeat(order, n_frames)
    noise = np.random.default_rng(seed).normal(size=(len(truth), max(order) + 1))
    return 3.0 * (truth[:, None] == range(max(order) + 1)) + width * noise, truth


@pytest.mark.parametrize("order", [[3, 2, 1, 0], [2, 0, 3, 1], [0]])
@pytest.mark.parametrize("n_frames", [40, 700])
def test_finds_the_order_of_a_clear_video(order, n_frames):
    log_likelihood, truth = clear_video(order, n_frames)
    assert peak_order(log_likelihood).tolist() == order
    assert (decode(log_likelihood, MALLOW) == truth).mean() > 0.97
    probabilities = path_posterior(log_likelihood, MALLOW)
    assert (probabilities.argmax(axis=1) == truth).mean() > 0.97


def test_peaks_are_those_of_balanced_weights():
    # The posterior of action 2 is largest at the start, among the few frames of action
    # 1; balanced, it belongs to the many of action 0.
    start = np.tile([1e-9, 0.84, 0.16], (30, 1))
    middle = np.tile([0.92, 1e-9, 0.08], (40, 1))
    end = np.tile([0.88, 1e-9, 0.12], (40, 1))
    posteriors = np.concatenate([start, middle, end])
    assert peak_order(np.log(posteriors)).tolist() == [1, 0, 2]


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
