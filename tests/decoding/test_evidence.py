"""Evidence of frames that are not independent, and the cost of a switch from it."""

import numpy as np
import pytest

from skl_tot.decoding import decode
from skl_tot.decoding.chain import free_chain
from skl_tot.decoding.evidence import Evidence, find_switch_cost
from skl_tot.decoding.gaussians import ActionMoments
from skl_tot.recordings.labels import find_segments


def collect(log_likelihood, path):
    evidence = Evidence()
    evidence.add(log_likelihood, path)
    return evidence


def make_log_odds(log_odds):
    """Log-likelihoods of two actions, of which the first is shown."""
    return np.stack([log_odds, np.zeros(len(log_odds))], axis=1)


def make_two(n_frames=4000, length=20, seed=0):
    """True log-likelihoods of independent Gaussian frames, and their actions."""
    labels = np.arange(n_frames) // length % 2
    frames = 1.5 * labels + np.random.default_rng(seed).normal(size=n_frames)
    return -0.5 * (frames[:, None] - [0, 1.5]) ** 2, labels


class TestCorrelationTime:
    def test_direct_sums(self):
        rng = np.random.default_rng(0)
        scores, path = rng.normal(size=(60, 3)), np.repeat([0, 2, 1, 0], [20, 1, 9, 30])
        scores = scores.cumsum(axis=0)
        log_odds = []
        for row, action in zip(scores, path):
            others = np.delete(row, action)
            log_odds.append(row[action] - np.log(np.exp(others).mean()))
        products = np.zeros(30)
        for part in np.split(log_odds, [20, 21, 30]):
            part = part - part.mean()
            for lag in range(len(part)):
                products[lag] += part[: len(part) - lag] @ part[lag:]
        evidence = collect(scores, path)
        np.testing.assert_allclose(evidence.products, products, atol=1e-9)
        stop = np.argmax(products <= 0)
        time = 1 + 2 * products[1:stop].sum() / products[0]
        assert evidence.correlation_time() == pytest.approx(time)
        spread = products[0] / np.sum(log_odds) * time
        assert evidence.tempering() == pytest.approx(np.clip(2 / spread, 0, 1))


class TestOutliers:
    """Frames like nothing else, of which a Gaussian makes thousands of nats."""

    def test_limits_are_three_deviations_of_frames_of_actions(self):
        log_odds = np.array([*range(-4, 5), 99, -99])
        robust = Evidence(is_robust=True)
        path = np.append(np.zeros(10, int), -1)
        robust.add(make_log_odds(log_odds), path)
        of_actions = np.array([*range(-4, 5), 99])
        median = np.median(of_actions)
        reach = 3 * 1.4826 * np.median(np.abs(of_actions - median))
        expected = of_actions[:-1].sum() + median + reach
        assert robust.total == pytest.approx(expected)


class TestTempering:
    @pytest.mark.parametrize("factor", [2, 10])
    def test_what_is_too_sure_by_a_factor(self, factor):
        scores, labels = make_two()
        found = collect(factor * scores, labels).tempering()
        assert found == pytest.approx(1 / factor, rel=0.1)

    def test_labels_without_evidence(self):
        rng = np.random.default_rng(0)
        scores = 10 * rng.normal(size=(1000, 3))
        path = np.repeat(rng.integers(3, size=50), 20)
        assert collect(scores, path).tempering() < 0.05

    @pytest.mark.parametrize(
        ("scores", "path"),
        [
            (np.zeros((3, 1)), [0, 0, 0]),
            (np.zeros((3, 2)), [0, 0, 0]),
            (np.zeros((3, 2)), [-1, -1, -1]),
            (np.array([[1.0, 0.0]]), [0]),
        ],
    )
    def test_nothing_to_go_by(self, scores, path):
        evidence = collect(scores, np.array(path))
        assert (evidence.correlation_time(), evidence.tempering()) == (1.0, 1.0)

    def test_background_is_left_out(self):
        scores, labels = make_two(200)
        hidden = np.concatenate([labels, np.full(50, -1)])
        noise = 99 * np.random.default_rng(0).normal(size=(50, 2))
        found = collect(np.concatenate([scores, noise]), hidden)
        assert found.tempering() == collect(scores, labels).tempering()


class TestSwitchCost:
    def test_of_several_videos_is_that_of_one_in_pieces(self):
        """Cuts only add a segment each, and take a pair of frames away."""
        scores, _ = make_two()
        whole = find_switch_cost(scores)
        pieces = [scores[i : i + 400] for i in range(0, 4000, 400)]
        assert find_switch_cost(*pieces) == pytest.approx(whole, rel=0.05)
        again = find_switch_cost(*pieces[::-1], *pieces)
        assert again == pytest.approx(find_switch_cost(*pieces))

    def test_is_what_the_formula_says_of_all_videos(self):
        """Long and short videos count by their frames and their segments."""
        scores = [make_two(600, 15)[0], 0.5 * make_two(2000, 40, seed=1)[0]]
        cost = find_switch_cost(*scores)
        evidence, n_segments = Evidence(), 0
        for log_likelihood in scores:
            path = free_chain(2, cost).viterbi(log_likelihood)
            evidence.add(log_likelihood, path)
            n_segments += len(find_segments(path)[0])
        n_frames = sum(map(len, scores))
        n_independent = n_frames / n_segments / evidence.correlation_time()
        expected = np.log1p(max(1, n_independent)) / evidence.tempering()
        assert cost == pytest.approx(expected, rel=0.1)

    @pytest.mark.parametrize("shape", [(1, 1), (1, 3), (5, 1), (2, 4)])
    def test_small(self, shape):
        for scores in (np.zeros(shape), np.random.default_rng(0).normal(size=shape)):
            assert 0 <= find_switch_cost(scores) < np.inf
            assert len(decode(scores, "free", "auto")) == shape[0]


@pytest.fixture
def frames():
    """Frames far from 0, and actions of which number 2 does not occur."""
    rng = np.random.default_rng(0)
    actions = rng.choice([0, 1, 3], size=50)
    return 1e3 + rng.normal(size=(50, 3)) * (1 + actions[:, None]), actions


@pytest.mark.parametrize("n_rows", [1, 7, 50])
def test_moments_of_blocks_are_those_of_all_frames(frames, n_rows):
    video, actions = frames
    moments = ActionMoments(4)
    for start in range(0, 50, n_rows):
        rows = slice(start, start + n_rows)
        moments.add(video[rows].astype(np.float32), actions[rows])
    means, variances = moments.means() + moments.shift, moments.variances()
    for k in (0, 1, 3):
        members = video.astype(np.float32)[actions == k].astype(float)
        np.testing.assert_allclose(means[k], members.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(variances[k], members.var(axis=0), rtol=1e-9)
    assert not moments.means()[2].any()
    assert not variances[2].any()


def test_known_moments_stand_for_their_frames(frames):
    video, actions = frames
    early, late = ActionMoments(4), ActionMoments(4)
    early.add(video[:30], actions[:30])
    late.add(video[30:], actions[30:])
    late.add_moments(early.counts, early.means() + early.shift, early.variances())
    both = ActionMoments(4, shift=late.shift)
    both.add(video, actions)
    np.testing.assert_allclose(late.means(), both.means(), atol=1e-12)
    np.testing.assert_allclose(late.variances(), both.variances(), rtol=1e-9)
