"""Paths whose moves have costs, against all paths, hmmlearn and other decoders."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from skl_tot.decoding.decoders import (
    decode,
    path_posterior,
    read_video,
    tempered_posterior,
)
from skl_tot.decoding.moves import move_decoder, posterior_moves, viterbi_moves


@st.composite
def problems(draw, max_frames=5, max_actions=3, largest=8.0):
    """Log-likelihoods, costs of moves and costs of starts."""
    n_frames = draw(st.integers(1, max_frames))
    n_actions = draw(st.integers(1, max_actions))
    scores = st.floats(-largest, largest, width=32)
    costs = st.floats(0, largest, width=32)
    log_likelihood = draw(arrays(float, (n_frames, n_actions), elements=scores))
    moves = draw(arrays(float, (n_actions, n_actions), elements=costs))
    np.fill_diagonal(moves, 0)
    starts = draw(arrays(float, n_actions, elements=costs))
    return log_likelihood, moves, starts


def weigh_all_paths(log_likelihood, move_costs, start_costs):
    """Paths and what each of them sums up to."""
    n_frames, n_actions = log_likelihood.shape
    paths = list(itertools.product(range(n_actions), repeat=n_frames))
    totals = []
    for path in paths:
        total = -start_costs[path[0]]
        for t, action in enumerate(path):
            total += log_likelihood[t, action]
            if t > 0:
                total -= move_costs[path[t - 1], action]
        totals.append(total)
    return np.array(paths), np.array(totals)


def random_chain(seed, n_frames=40, n_actions=4):
    """Log-likelihoods, transition and start probabilities."""
    rng = np.random.default_rng(seed)
    log_likelihood = rng.normal(scale=2, size=(n_frames, n_actions))
    moves = rng.dirichlet(np.ones(n_actions), size=n_actions)
    return log_likelihood, moves, rng.dirichlet(np.ones(n_actions))


def random_guide(seed, n_actions):
    """Log-probabilities of moves and starts, as a guide has them."""
    rng = np.random.default_rng(seed)
    moves = rng.dirichlet(np.ones(n_actions), size=n_actions)
    np.fill_diagonal(moves, 1)
    return np.log(moves), np.log(rng.dirichlet(np.ones(n_actions)))


@given(problems())
def test_best_path_equals_that_of_all_paths(problem):
    paths, totals = weigh_all_paths(*problem)
    path = viterbi_moves(*problem)
    assert path.dtype == np.intp
    found = totals[(paths == path).all(axis=1)]
    assert found == pytest.approx(totals.max(), abs=1e-9)


@given(problems())
def test_posterior_equals_the_sum_over_all_paths(problem):
    paths, totals = weigh_all_paths(*problem)
    weights = softmax(totals)
    expected = np.zeros(problem[0].shape)
    for path, weight in zip(paths, weights):
        expected[np.arange(len(path)), path] += weight
    np.testing.assert_allclose(posterior_moves(*problem), expected, atol=1e-10)


@given(problems(max_frames=12, max_actions=4, largest=1e5))
def test_posterior_stays_finite(problem):
    found = posterior_moves(*problem)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_ties_are_broken_as_in_free_order():
    zeros = np.zeros((4, 3))
    assert viterbi_moves(zeros, np.zeros((3, 3)), np.zeros(3)).tolist() == [0] * 4


@pytest.mark.parametrize("seed", range(4))
def test_equals_hmmlearn(seed):
    """Costs of a move, and none of staying, are what its logarithms differ by."""
    hmm = pytest.importorskip("hmmlearn.hmm")
    rng = np.random.default_rng(seed)
    _, moves, starts = random_chain(seed)
    # all actions stay alike: of the probabilities, this is a constant of the path
    moves[:] = 0.1 * rng.dirichlet(np.ones(4), size=4)
    np.fill_diagonal(moves, 0)
    np.fill_diagonal(moves, 1 - moves.sum(axis=1))
    model = hmm.GaussianHMM(4, covariance_type="spherical", init_params="", params="")
    model.startprob_, model.transmat_ = starts, moves
    model.means_ = rng.normal(size=(4, 2))
    model.covars_ = np.full(4, 0.5)
    model.n_features = 2
    frames = rng.normal(size=(60, 2))
    distances = ((frames[:, None] - model.means_) ** 2).sum(axis=2)
    log_likelihood = -distances  # half over a variance of one half
    # what it costs to stay goes to the frame before, but for the last one
    stay = np.log(np.diag(moves))
    log_likelihood[:-1] += stay
    costs = stay[:, None] - np.log(moves)
    np.testing.assert_array_equal(
        viterbi_moves(log_likelihood, costs, -np.log(starts)), model.predict(frames)
    )
    np.testing.assert_allclose(
        posterior_moves(log_likelihood, costs, -np.log(starts)),
        model.predict_proba(frames),
        atol=1e-8,
    )


@pytest.mark.parametrize("seed", range(3))
def test_posterior_equals_products_of_matrices(seed):
    log_likelihood, moves, starts = random_chain(seed, n_frames=12)
    np.fill_diagonal(moves, 1)
    steps = [np.diag(np.exp(row)) for row in log_likelihood]
    n_frames = len(steps)
    for t in range(n_frames):
        before = starts @ steps[0]
        for s in range(1, t + 1):
            before = before @ moves @ steps[s]
        after = np.ones(4)
        for s in range(n_frames - 1, t, -1):
            after = moves @ steps[s] @ after
        expected = before * after / (before @ after)
        found = posterior_moves(log_likelihood, -np.log(moves), -np.log(starts))
        np.testing.assert_allclose(found[t], expected, atol=1e-10)


@pytest.mark.parametrize("n_actions", [1, 2, 5])
@pytest.mark.parametrize("cost", [0.0, 0.1, 2.0])
def test_is_free_order_if_all_moves_are_alike(n_actions, cost):
    """To start costs the same for all, so it does not matter."""
    rng = np.random.default_rng(3)
    log_likelihood = rng.normal(scale=3, size=(60, n_actions))
    alike = np.full((n_actions, n_actions), -np.log(max(n_actions, 2)))
    np.fill_diagonal(alike, 0)
    decoder = move_decoder(alike, np.full(n_actions, -np.log(max(n_actions, 2))))
    path = read_video(log_likelihood, (), None, decoder, cost).path
    np.testing.assert_array_equal(path, decode(log_likelihood, "free", cost))
    np.testing.assert_allclose(
        tempered_posterior(log_likelihood, decoder, cost),
        path_posterior(log_likelihood, "free", cost),
        atol=1e-10,
    )


def test_unlikely_moves_and_starts_cost_more():
    """From 0 one goes to 1 only, so that a weak 1 is passed on the way to 2."""
    moves = np.log([[1.0, 0.98, 0.02], [0.02, 1.0, 0.98], [0.98, 0.02, 1.0]])
    starts = np.log([0.98, 0.01, 0.01])
    log_likelihood = np.array([[0, 0, 0], [3, 0, 0], [0, 0.0, 0.5], [0, 0, 3.0]])
    decoder = move_decoder(moves, starts)
    assert decoder.path(log_likelihood, 0.0).tolist() == [0, 0, 2, 2]
    assert decoder.path(log_likelihood, 1.0).tolist() == [0, 0, 1, 2]
    turned = move_decoder(moves.T, starts)
    assert turned.path(log_likelihood, 1.0).tolist() != [0, 0, 1, 2]


@given(problems(max_frames=6), st.floats(0, 4), st.integers(0, 9))
def test_costs_of_the_decoder(problem, cost, seed):
    log_likelihood = problem[0]
    n_actions = log_likelihood.shape[1]
    moves, starts = random_guide(seed, n_actions)
    decoder = move_decoder(moves, starts)
    unit = cost / np.log(max(n_actions, 2))
    options = log_likelihood, -unit * moves, -unit * starts
    _, totals = weigh_all_paths(*options)
    paths, _ = weigh_all_paths(*options)
    path = decoder.path(log_likelihood, cost)
    found = totals[(paths == path).all(axis=1)]
    assert found == pytest.approx(totals.max(), abs=1e-9)
    np.testing.assert_allclose(
        decoder.posterior(log_likelihood, cost), posterior_moves(*options), atol=1e-12
    )


@given(problems(max_frames=8), st.floats(0.05, 1), st.integers(0, 9))
def test_tempering_leaves_the_best_path(problem, tempering, seed):
    """It multiplies all a path sums up to, whose posterior then is flatter."""
    log_likelihood = problem[0]
    decoder = move_decoder(*random_guide(seed, log_likelihood.shape[1]))
    n_frames, n_actions = log_likelihood.shape
    nats = 0.1 * n_frames / n_actions
    confidence = {"tempering": tempering, "agreement": 0.75}
    found = tempered_posterior(log_likelihood, decoder, 0.1, confidence)
    plain = decoder.posterior(tempering * log_likelihood, tempering * nats)
    np.testing.assert_allclose(found, 0.75 * plain + 0.25 / n_actions)
    unit = nats / np.log(max(n_actions, 2))
    moves, starts = random_guide(seed, n_actions)
    full = log_likelihood, -unit * moves, -unit * starts
    paths, totals = weigh_all_paths(*full)
    path = decoder.path(tempering * log_likelihood, tempering * nats)
    best = totals[(paths == path).all(axis=1)]
    assert best == pytest.approx(totals.max(), abs=1e-6)
