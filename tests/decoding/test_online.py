"""Frames in blocks against all paths, and against whole videos."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from skl_tot.decoding import DECODERS
from skl_tot.decoding.chain import Chain, free_chain
from skl_tot.decoding.online import OnlineDecoder

# Those whose paths a chain has exactly.
EXACT = ["fixed", "skip", "free", "cyclic", "cyclic_skip", "framewise"]


def weigh(paths, scores, chain):
    """Log-weights of paths, wherever they end."""
    totals = scores[np.arange(len(scores)), paths].sum(axis=1)
    totals -= chain.starts[paths[:, 0]]
    return totals - chain.moves[paths[:, :-1], paths[:, 1:]].sum(axis=1)


def run(
    chain, scores, lag, block=7, is_other=None, confidence=None, cost=0.0, min_frames=1
):
    """Actions and posteriors of all frames, which arrive in blocks."""
    n_actions = scores.shape[1]
    decoder = OnlineDecoder(chain, n_actions, cost, lag, confidence, min_frames)
    is_other = np.zeros(len(scores), bool) if is_other is None else is_other
    found = []
    for start in range(0, len(scores), block):
        rows = slice(start, start + block)
        found.append(decoder.push(scores[rows], is_other[rows]))
        n_known = min(len(scores), start + block)
        assert sum(len(labels) for labels, _ in found) == max(0, n_known - lag)
    found.append(decoder.finish())
    return tuple(map(np.concatenate, zip(*found)))


def random_scores(seed, n_frames, n_actions, scale=2.0):
    rng = np.random.default_rng(seed)
    return scale * rng.normal(size=(n_frames, n_actions))


def lasting(paths, min_frames, may_go_on):
    """Which of paths have no shorter segment, but for the last one if it may go on."""
    kept = []
    for path in paths:
        frames = np.diff(np.flatnonzero(np.diff(path, prepend=-1, append=-1)))
        kept.append(frames[: len(frames) - may_go_on].min(initial=99) >= min_frames)
    return np.array(kept)


def held(paths, min_frames, lag):
    """Labels of frames, of which the best path of each time is known."""
    labels, n_held = [], 0
    for t, path in enumerate(paths):
        action = path[t]
        is_late = t + lag >= len(paths) and len(paths) - t < min_frames
        if labels and (n_held or is_late):
            action = labels[-1]
        if not labels or action != labels[-1]:
            n_held = min_frames
        n_held = max(0, n_held - 1)
        labels.append(action)
    return labels


@settings(max_examples=80)
@given(
    name=st.sampled_from([*EXACT, "any"]),
    n_actions=st.integers(1, 3),
    n_frames=st.integers(1, 6),
    min_frames=st.sampled_from([1, 1, 2, 3, 4]),
    lag=st.integers(0, 7),
    block=st.integers(1, 6),
    cost=st.sampled_from([0.0, 0.7, 3.0]),
    seed=st.integers(0, 10**6),
)
def test_equals_all_paths(
    name, n_actions, n_frames, min_frames, lag, block, cost, seed
):
    scores, rng = random_scores(seed, n_frames, n_actions), np.random.default_rng(seed)
    costs = rng.exponential(size=(n_actions + 2, n_actions))
    chain = Chain(costs[0], costs[2:], costs[1])
    if name != "any":
        chain = DECODERS[name].chain(n_actions, cost)
    paths, posteriors = [], []
    for t in range(n_frames):
        arrived = scores[: t + lag + 1]
        every = list(itertools.product(range(n_actions), repeat=len(arrived)))
        every = np.array(every)
        totals = weigh(every, arrived, chain)
        ended = totals - chain.ends[every[:, -1]]
        totals[~lasting(every, min_frames, True)] = -np.inf
        ended[~lasting(every, min_frames, False)] = -np.inf
        if t + lag >= n_frames and np.isfinite(ended).any():
            totals = ended
        paths.append(every[totals.argmax()])
        weights = softmax(totals)
        posteriors.append(np.bincount(every[:, t], weights, minlength=n_actions))
    options = {"cost": cost, "min_frames": min_frames}
    actions, shares = run(lambda *_: chain, scores, lag, block, **options)
    np.testing.assert_array_equal(actions, held(paths, min_frames, lag))
    np.testing.assert_allclose(shares, posteriors, atol=1e-12)


@pytest.mark.parametrize("name", EXACT)
def test_no_segment_of_a_stream_is_shorter(name):
    for seed in range(2):
        scores = random_scores(seed, 90, 4)
        chain = DECODERS[name].chain
        labels, _ = run(chain, scores, 8, cost=0.1, min_frames=9)
        ends = np.flatnonzero(np.diff(labels, prepend=-1, append=-1))
        assert np.diff(ends).min() >= 9
        # all of it at once
        labels, shares = run(chain, scores, 90, cost=0.1, min_frames=9)
        decoder = DECODERS[name]
        np.testing.assert_array_equal(labels, decoder.path(scores, 0.1, 9))
        exact = decoder.posterior(scores, 0.1, 9)
        np.testing.assert_allclose(shares, exact, atol=1e-9)


@pytest.mark.parametrize("name", ["fixed", "free", "cyclic_skip"])
def test_ties_are_broken_as_in_whole_videos(name):
    for seed in range(20):
        scores = np.random.default_rng(seed).integers(0, 2, size=(15, 4)) * 1.0
        found, _ = run(DECODERS[name].chain, scores, 15, cost=1.0)
        np.testing.assert_array_equal(found, DECODERS[name].path(scores, 1.0))


@pytest.mark.parametrize("min_frames", [1, 5])
def test_long_streams_keep_their_digits(min_frames):
    """Log-likelihoods sum up to 4e17, beside which their differences would vanish."""
    options = {"cost": 3.0, "min_frames": min_frames}
    scores = np.tile([[0.0, -1.0]], (400, 1))
    scores[200:] = [-1.0, 0.0]
    expected, shares = run(free_chain, scores, 30, **options)
    assert set(expected) == {0, 1}
    found, _ = run(free_chain, scores - 1e15, 30, **options)
    np.testing.assert_array_equal(found, expected)
    _, posteriors = run(free_chain, scores - 1e13, 30, **options)
    np.testing.assert_allclose(posteriors, shares, atol=0.005)


def test_background_has_no_part_in_paths_but_in_posteriors():
    scores = random_scores(0, 40, 3)
    is_other = np.random.default_rng(1).random(40) < 0.3
    confidence = {"tempering": 0.5, "agreement": 0.75}
    skip = DECODERS["skip"]
    actions, posteriors = run(skip.chain, scores, 7, 9, is_other, confidence, cost=1.5)
    for t in range(40):
        arrived = scores[: t + 8]
        kept = np.flatnonzero(~is_other[: t + 8])
        cut = skip.path(scores[kept], 1.5)
        assert actions[t] == (-1 if is_other[t] else cut[kept == t])
        expected = 0.75 * skip.posterior(0.5 * arrived, 0.75)[t] + 0.25 / 3
        np.testing.assert_allclose(posteriors[t], expected, atol=1e-9)
    actions, _ = run(skip.chain, scores, 7, 9, np.ones(40, bool))
    assert (actions == -1).all()
