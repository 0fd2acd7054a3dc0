"""Paths in a circle, against all paths, hmmlearn and other decoders."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from skl_tot import HMMSegmenter
from skl_tot.decoding import DECODERS, decode, path_posterior
from skl_tot.decoding.cyclic import posterior_cyclic, viterbi_cyclic
from skl_tot.decoding.moves import viterbi_moves
from skl_tot.decoding.paths import posterior_free, viterbi, viterbi_free

each_variant = pytest.mark.parametrize("may_skip", [False, True])


@st.composite
def problems(draw, max_frames=6, max_actions=4, largest=8.0):
    """Log-likelihoods and the cost of a switch."""
    shape = draw(st.integers(1, max_frames)), draw(st.integers(1, max_actions))
    scores = st.floats(-largest, largest, width=32)
    log_likelihood = draw(arrays(float, shape, elements=scores))
    return log_likelihood, draw(st.floats(0, largest))


def weigh(path, log_likelihood, cost, may_skip):
    """What a path sums up to; -inf if it is not allowed."""
    n_actions = log_likelihood.shape[1]
    total = 0.0
    for t, action in enumerate(path):
        total += log_likelihood[t, action]
        steps = (action - path[t - 1]) % n_actions if t > 0 else 0
        if steps > 1 and not may_skip:
            return -np.inf
        total -= steps * cost
    return total


def weigh_all_paths(log_likelihood, cost, may_skip):
    n_frames, n_actions = log_likelihood.shape
    paths = list(itertools.product(range(n_actions), repeat=n_frames))
    totals = [weigh(path, log_likelihood, cost, may_skip) for path in paths]
    return np.array(paths), np.array(totals)


def make_cycles(n_cycles, duration=6, n_actions=4, noise=1.0, seed=0):
    """Log-likelihoods of actions that take turns, and their labels."""
    labels = np.tile(np.repeat(np.arange(n_actions), duration), n_cycles)
    rng = np.random.default_rng(seed)
    scores = 3 * np.eye(n_actions)[labels]
    return scores + rng.normal(scale=noise, size=scores.shape), labels


def circle_of_costs(n_actions, cost, may_skip):
    """Costs of moves from the action of a row to that of a column."""
    costs = np.full((n_actions, n_actions), np.inf)
    for start in range(n_actions):
        for steps in range(n_actions if may_skip else min(n_actions, 2)):
            costs[start, (start + steps) % n_actions] = steps * cost
    return costs


@each_variant
class TestAgainstAllPaths:
    @given(problem=problems())
    def test_path(self, problem, may_skip):
        _, totals = weigh_all_paths(*problem, may_skip)
        path = viterbi_cyclic(*problem, may_skip=may_skip)
        assert path.dtype == np.intp
        found = weigh(path, *problem, may_skip)
        assert found == pytest.approx(totals.max(), abs=1e-9)

    @given(problem=problems())
    def test_posterior(self, problem, may_skip):
        paths, totals = weigh_all_paths(*problem, may_skip)
        expected = np.zeros(problem[0].shape)
        for path, weight in zip(paths, softmax(totals)):
            expected[np.arange(len(path)), path] += weight
        found = posterior_cyclic(*problem, may_skip=may_skip)
        np.testing.assert_allclose(found, expected, atol=1e-10)

    @given(problem=problems(max_frames=30, largest=1e6))
    def test_numbers_at_the_edge(self, problem, may_skip):
        found = posterior_cyclic(*problem, may_skip=may_skip)
        np.testing.assert_allclose(found.sum(axis=1), 1)
        path = viterbi_cyclic(*problem, may_skip=may_skip)
        costs = circle_of_costs(problem[0].shape[1], problem[1], may_skip)
        starts = np.zeros(problem[0].shape[1])
        other = viterbi_moves(problem[0], costs, starts)
        assert weigh(path, *problem, may_skip) == pytest.approx(
            weigh(other, *problem, may_skip)
        )

    def test_no_path_is_lost_however_unlikely(self, may_skip):
        """Only what has come far, through frames that speak against it, ends well."""
        log_likelihood = np.full((40, 3), -2000.0)
        log_likelihood[:20, 0] = log_likelihood[21:, 2] = 0
        found = posterior_cyclic(log_likelihood, 900.0, may_skip=may_skip)
        np.testing.assert_allclose(found[:20, 0], 1)
        np.testing.assert_allclose(found[21:, 2], 1)


@each_variant
@pytest.mark.parametrize("seed", range(3))
def test_equals_a_transition_matrix_in_hmmlearn(seed, may_skip):
    hmmlearn = pytest.importorskip("hmmlearn.hmm")
    rng = np.random.default_rng(seed)
    n_actions, stay = 4, 0.7
    moves = np.where(np.eye(n_actions) > 0, stay, 0.0)
    for k in range(n_actions):
        # the cost that makes rows sum to 1
        if may_skip:
            ratio = np.roots([1, 1, 1, -(1 - stay) / stay])
            factor = float(ratio[np.isreal(ratio)].real.max())
            for steps in (1, 2, 3):
                moves[k, (k + steps) % n_actions] = stay * factor**steps
        else:
            factor = (1 - stay) / stay
            moves[k, (k + 1) % n_actions] = 1 - stay
    model = hmmlearn.GaussianHMM(n_actions, "diag", init_params="", algorithm="viterbi")
    model.startprob_ = np.full(n_actions, 1 / n_actions)
    model.transmat_ = moves
    model.means_ = rng.normal(scale=1.5, size=(n_actions, 2))
    model.covars_ = rng.uniform(0.5, 1.5, size=(n_actions, 2))
    frames, _ = model.sample(300, random_state=seed)
    scores = model._compute_log_likelihood(frames)
    cost = -np.log(factor)
    np.testing.assert_array_equal(
        viterbi_cyclic(scores, cost, may_skip=may_skip), model.predict(frames)
    )
    np.testing.assert_allclose(
        posterior_cyclic(scores, cost, may_skip=may_skip),
        model.predict_proba(frames),
        atol=1e-8,
    )


@given(problem=problems(max_frames=20, max_actions=2))
def test_two_actions_in_a_circle_are_in_any_order(problem):
    _, score = viterbi_free(*problem)
    found = viterbi_cyclic(*problem)
    assert weigh(found, *problem, False) == pytest.approx(score, abs=1e-9)
    np.testing.assert_allclose(
        posterior_cyclic(*problem), posterior_free(*problem), atol=1e-6
    )


def test_one_cycle_is_the_fixed_order():
    scores, _ = make_cycles(1, duration=20)
    np.testing.assert_array_equal(viterbi_cyclic(scores, 5.0), viterbi(scores)[0])


@each_variant
def test_any_shift_of_the_circle_is_the_same_problem(may_skip):
    scores, _ = make_cycles(3, noise=2.0)
    path = viterbi_cyclic(scores, 1.0, may_skip=may_skip)
    turned = viterbi_cyclic(np.roll(scores, 1, axis=1), 1.0, may_skip=may_skip)
    np.testing.assert_array_equal((path + 1) % 4, turned)


@pytest.mark.parametrize("decoding", ["cyclic", "cyclic_skip"])
class TestDecoders:
    def test_finds_cycles(self, decoding):
        scores, labels = make_cycles(30, noise=0.5)
        np.testing.assert_array_equal(decode(scores, decoding, "auto"), labels)
        own = path_posterior(scores, decoding, "auto")[np.arange(len(labels)), labels]
        assert own.mean() > 0.9

    def test_only_one_leaves_actions_out(self, decoding):
        scores, labels = make_cycles(6, noise=0.1)
        kept = ~((labels == 2) & (np.arange(len(labels)) // 24 % 2 == 1))
        # a cost small enough, as each switch of a long video costs its mean duration
        path = decode(scores[kept], decoding, 0.02)
        is_equal = np.array_equal(path, labels[kept])
        assert is_equal == (decoding == "cyclic_skip")

    def test_small(self, decoding):
        for shape in [(1, 1), (1, 3), (5, 1), (2, 4)]:
            scores = np.random.default_rng(0).normal(size=shape)
            assert decode(scores, decoding).shape == shape[:1]
            assert path_posterior(scores, decoding).shape == shape

    def test_a_segmenter_knows_how_long_cycles_are(self, decoding):
        scores, _ = make_cycles(4, noise=0.3)
        frames = scores.astype(np.float32)
        model = HMMSegmenter(4, decoding=decoding, switch_cost=0.5, n_components=None)
        model.fit([frames[:24], frames[24:48]])
        assert model.mean_frames_ == 24
        long = np.tile(frames, (10, 1))
        given = model.log_likelihood(long)
        # 0.5 for each of the 6 frames of a mean action of a cycle, not of the video
        cost = 0.5 * 6 * 4 / len(long)
        np.testing.assert_array_equal(
            model.predict(long), decode(given, decoding, cost)
        )
        short = model.log_likelihood(frames[:12])
        np.testing.assert_array_equal(
            model.predict(frames[:12]), decode(short, decoding, 0.5)
        )
        del model.mean_frames_  # as in models of before
        np.testing.assert_array_equal(model.predict(long), decode(given, decoding, 0.5))


def test_other_decoders_go_by_the_video():
    assert DECODERS["cyclic"].cycle_frames == np.inf
    assert DECODERS["free"].cycle_frames is None
