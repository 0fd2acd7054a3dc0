"""Decoders of orders and of durations against all paths."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson

from skl_tot.decoding import decode, path_posterior
from skl_tot.decoding.orders import (
    LONGEST,
    SHORTEST,
    DurationDecoder,
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


def all_lengths(n_frames, n_segments):
    """Lengths of all paths that give every segment at least one frame."""
    for cuts in itertools.combinations(range(1, n_frames), n_segments - 1):
        yield np.diff([0, *cuts, n_frames])


def score(log_likelihood, lengths, log_probability):
    """Score of one path, frame by frame; -inf if a length is not allowed."""
    segments = np.repeat(range(len(lengths)), lengths)
    total = log_likelihood[np.arange(len(segments)), segments].sum()
    return total + sum(log_probability(s, d) for s, d in enumerate(lengths))


def truncated_poisson(means, n_frames, min_frames=1):
    """Log-probability of a length as scipy gives it, within the limits."""
    means = n_frames * means / means.sum()

    def log_probability(segment, length):
        mean = means[segment]
        shortest = max(min_frames, np.floor(SHORTEST * mean))
        if not shortest <= length <= max(shortest, np.ceil(LONGEST * mean)):
            return -np.inf
        return poisson.logpmf(length, mean)

    return log_probability


def drawn(seed, n_frames, n_segments):
    rng = np.random.default_rng(seed)
    # few and long as well as many and short
    means = rng.exponential(size=n_segments) + 0.05
    return rng.normal(size=(n_frames, n_segments)), means


def weigh(log_likelihood, path, log_probability):
    lengths = np.bincount(path, minlength=log_likelihood.shape[1])
    return score(log_likelihood, lengths, log_probability)


@settings(max_examples=60)
@given(
    n_frames=st.integers(1, 10),
    n_segments=st.integers(1, 6),
    min_frames=st.integers(1, 3),
    seed=st.integers(0, 10**6),
)
def test_durations_equal_brute_force(n_frames, n_segments, min_frames, seed):
    if n_frames < min_frames * n_segments:
        return
    log_likelihood, means = drawn(seed, n_frames, n_segments)
    log_probability = truncated_poisson(means, n_frames, min_frames)
    paths = list(all_lengths(n_frames, n_segments))
    scores = [score(log_likelihood, d, log_probability) for d in paths]
    decoder = DurationDecoder(means)
    path = decoder.path(log_likelihood, 0.0, min_frames)
    assert weigh(log_likelihood, path, log_probability) == pytest.approx(max(scores))


@pytest.mark.parametrize("n_frames", [1, 9, 50, 900, 1500])
@pytest.mark.parametrize("min_frames", [10, 150, 160, 10**30])
def test_least_durations_hold_in_bins_and_where_there_is_no_room(n_frames, min_frames):
    log_likelihood = np.random.default_rng(0).normal(size=(n_frames, 6))
    decoder = DurationDecoder(np.array([0.5, 0.1, 0.1, 0.1, 0.1, 0.1]))
    path = decoder.path(log_likelihood, 0.0, min_frames)
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    assert np.diff([*starts, n_frames]).min() >= min(min_frames, n_frames)
    assert len(starts) == 6 or n_frames < 6 * min_frames


def test_bins_of_durations_in_a_long_video():
    """Boundaries are at most a bin beside those of all frames."""
    truth = np.repeat([0, 1, 2], [350, 750, 401])
    log_likelihood = np.where(truth[:, None] == np.arange(3), 0.0, -1.0)
    means = np.array([1.0, 1.0, 1.0])
    exact = decode(log_likelihood, DurationDecoder(means, max_bins=10**4))
    binned = decode(log_likelihood, DurationDecoder(means, max_bins=50))
    np.testing.assert_array_equal(exact, truth)
    assert np.count_nonzero(binned != truth) <= 2 * 31
    shares = path_posterior(log_likelihood, DurationDecoder(means))
    np.testing.assert_array_equal(shares, path_posterior(log_likelihood))
