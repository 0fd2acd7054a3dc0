"""Frames one by one against all paths, and against whole videos."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from skl_tot.decoding import DECODERS
from skl_tot.decoding.chains import Chain, fixed_chain
from skl_tot.decoding.durations import duration_decoder
from skl_tot.decoding.online import (
    ComposedQueue,
    OnlineDecoder,
    OnlinePath,
    OnlinePosterior,
)

# Those whose paths a chain has exactly.
EXACT = ["fixed", "skip", "free", "cyclic", "cyclic_skip", "framewise"]
CONFIDENCE = {"tempering": 0.5, "agreement": 0.75}


def weigh_all_paths(log_likelihood, chain, is_over):
    """Allowed paths and what each sums up to, by the definition of a chain."""
    n_frames, n_actions = log_likelihood.shape
    paths = np.array(list(itertools.product(range(n_actions), repeat=n_frames)))
    totals = log_likelihood[np.arange(n_frames), paths].sum(axis=1)
    totals -= chain.starts[paths[:, 0]]
    totals -= chain.moves[paths[:, :-1], paths[:, 1:]].sum(axis=1)
    if is_over:
        ended = totals - chain.ends[paths[:, -1]]
        totals = ended if np.isfinite(ended).any() else totals
    return paths, totals


def by_all_paths(log_likelihood, chain, lag):
    """Actions and posteriors of all frames, each after ``lag`` others."""
    actions, posteriors = [], []
    n_frames, n_actions = log_likelihood.shape
    for t in range(n_frames):
        is_over = t + lag >= n_frames
        known = log_likelihood[: t + lag + 1]
        paths, totals = weigh_all_paths(known, chain, is_over)
        actions.append(paths[totals.argmax(), t])
        weights = softmax(totals)
        posteriors.append(np.bincount(paths[:, t], weights, minlength=n_actions))
    return np.array(actions), np.array(posteriors)


def run(queue, log_likelihood, lag):
    """What a queue says of all frames, each after ``lag`` others."""
    found = []
    for t, own in enumerate(log_likelihood):
        queue.add(own)
        if t >= lag:
            found.append(queue.pop())
    while len(found) < len(log_likelihood):
        found.append(queue.pop(is_over=True))
    return found


def random_scores(seed, n_frames, n_actions, scale=2.0):
    rng = np.random.default_rng(seed)
    return scale * rng.normal(size=(n_frames, n_actions))


@given(
    name=st.sampled_from(EXACT),
    n_actions=st.integers(1, 3),
    n_frames=st.integers(1, 6),
    lag=st.integers(0, 7),
    cost=st.sampled_from([0.0, 0.7, 3.0]),
    seed=st.integers(0, 10**6),
)
def test_equals_all_paths_through_what_has_come(
    name, n_actions, n_frames, lag, cost, seed
):
    scores = random_scores(seed, n_frames, n_actions)
    chain = DECODERS[name].chain(n_actions, cost)
    actions, posteriors = by_all_paths(scores, chain, lag)
    assert run(OnlinePath(chain), scores, lag) == actions.tolist()
    found = run(OnlinePosterior(chain), scores, lag)
    np.testing.assert_allclose(found, posteriors, atol=1e-12)


@given(
    arrays(float, (3, 3), elements=st.sampled_from([0.0, 0.3, 2.5, np.inf])),
    arrays(float, (2, 3), elements=st.sampled_from([0.0, 1.5])),
    st.integers(0, 10**6),
)
def test_any_chain(moves, ends, seed):
    np.fill_diagonal(moves, 0)
    chain = Chain(ends[0], moves, ends[1])
    scores = random_scores(seed, 5, 3)
    actions, posteriors = by_all_paths(scores, chain, 2)
    assert run(OnlinePath(chain), scores, 2) == actions.tolist()
    found = run(OnlinePosterior(chain), scores, 2)
    np.testing.assert_allclose(found, posteriors, atol=1e-12)


@given(
    name=st.sampled_from(EXACT),
    lag=st.integers(0, 25),
    n_frames=st.integers(6, 24),
    cost=st.sampled_from([0.0, 0.7, 3.0]),
    scale=st.sampled_from([1.0, 300.0]),
    seed=st.integers(0, 10**6),
)
def test_the_last_frames_are_those_of_the_decoder_of_whole_videos(
    name, lag, n_frames, cost, scale, seed
):
    scores = random_scores(seed, n_frames, 5, scale)
    decoder = DECODERS[name]
    chain = decoder.chain(5, cost)
    last = slice(max(0, n_frames - lag), None)
    path = run(OnlinePath(chain), scores, lag)
    np.testing.assert_array_equal(path[last], decoder.path(scores, cost)[last])
    found = np.array(run(OnlinePosterior(chain), scores, lag))
    expected = decoder.posterior(scores, cost)
    np.testing.assert_allclose(found[last], expected[last], atol=1e-9)


@given(
    name=st.sampled_from(sorted(set(EXACT) - {"fixed"})),
    lag=st.integers(0, 10),
    cost=st.sampled_from([0.0, 0.7, 3.0]),
    seed=st.integers(0, 10**6),
)
def test_frames_before_are_those_of_a_video_cut_there(name, lag, cost, seed):
    scores = random_scores(seed, 30, 4)
    decoder = DECODERS[name]
    path = run(OnlinePath(decoder.chain(4, cost)), scores, lag)
    posterior = run(OnlinePosterior(decoder.chain(4, cost)), scores, lag)
    for t in range(30 - lag):
        known = scores[: t + lag + 1]
        assert path[t] == decoder.path(known, cost)[t]
        expected = decoder.posterior(known, cost)[t]
        np.testing.assert_allclose(posterior[t], expected, atol=1e-9)


@pytest.mark.parametrize("name", ["peaks", "mallow"])
def test_orders_of_whole_videos_are_any_order(name):
    chain, free = DECODERS[name].chain(4, 1.5), DECODERS["free"].chain(4, 1.5)
    assert all(map(np.array_equal, chain, free))


def test_durations_of_whole_videos_are_any_durations():
    decoder = duration_decoder(np.array([0.2, 0.8]))
    assert all(
        map(np.array_equal, decoder.chain(2, 1.5), DECODERS["fixed"].chain(2, 0))
    )


def test_fixed_order_that_cannot_end_ends_anywhere():
    queue = OnlinePath(DECODERS["fixed"].chain(4, 0.0))
    assert run(queue, np.zeros((2, 4)) + [0, 1, 2, 3], 0) == [0, 1]
    posterior = OnlinePosterior(DECODERS["fixed"].chain(4, 0.0))
    found = np.array(run(posterior, np.zeros((2, 4)), 3))
    np.testing.assert_allclose(found, [[1, 0, 0, 0], [0.5, 0.5, 0, 0]])


def test_unlikely_paths_are_not_lost():
    scores = np.full((60, 3), -2000.0)
    scores[:20, 0] = scores[20:40, 1] = 0.0
    scores[40:, 2] = 5e5
    found = run(OnlinePosterior(DECODERS["fixed"].chain(3, 0.0)), scores, 50)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(np.argmax(found, axis=1), np.repeat([0, 1, 2], 20))


@given(st.lists(st.booleans(), max_size=60))
def test_queue_composes_what_is_in_it(adds):
    queue, inside = ComposedQueue(lambda first, second: first + second), []
    for number, is_added in enumerate(adds):
        if is_added:
            queue.append([number])
            inside.append(number)
        elif inside:
            queue.popleft()
            inside.pop(0)
        assert list(itertools.chain(*queue.parts())) == inside


def test_queue_composes_a_fixed_number_of_times_an_item():
    calls = []
    queue = ComposedQueue(lambda first, second: calls.append(1) or second)
    for lag in (5, 500):
        calls.clear()
        for number in range(10 * lag):
            queue.append(number)
            if number >= lag:
                queue.popleft()
        assert 10 * lag < len(calls) <= 2 * 10 * lag


def test_background_has_no_part_in_paths_but_in_posteriors():
    scores = random_scores(0, 40, 3)
    is_other = np.random.default_rng(1).random(40) < 0.3
    decoder = OnlineDecoder(DECODERS["skip"].chain, 3, 1.5, CONFIDENCE)
    found = []
    for t in range(40):
        decoder.add(scores[t], is_other[t])
        if len(decoder) > 7:
            found.append(decoder.pop())
    path = np.array([action for action, _ in found])
    for t in range(33):
        kept = np.flatnonzero(~is_other[: t + 8])
        cut = DECODERS["skip"].path(scores[kept], 1.5)
        assert path[t] == (-1 if is_other[t] else cut[kept == t])
        posterior = DECODERS["skip"].posterior(0.5 * scores[: t + 8], 0.75)[t]
        expected = 0.75 * posterior + 0.25 / 3
        np.testing.assert_allclose(found[t][1], expected, atol=1e-9)


def test_a_stream_that_ends_too_soon_may_end_anywhere():
    path = OnlinePath(fixed_chain(3, 0.0))
    for scores in ([5.0, 0.0, 0.0], [0.0, 9.0, 0.0]):
        path.add(np.array(scores))
    assert [path.pop(is_over=True), path.pop(is_over=True)] == [0, 1]
