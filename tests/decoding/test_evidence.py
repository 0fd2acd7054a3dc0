"""Evidence of frames that are not independent, and the cost of a switch from it."""

import numpy as np
import pytest
from scipy.stats import median_abs_deviation

from skl_tot.decoding.chain import free_chain
from skl_tot.decoding.evidence import ActionMoments, Evidence, find_switch_cost
from skl_tot.recordings.labels import find_segments


def collect(log_likelihood, path):
    evidence = Evidence()
    evidence.add(log_likelihood, path)
    return evidence


def make_three(n_frames, length, seed):
    """True log-likelihoods of independent Gaussian frames."""
    labels = np.arange(n_frames) // length % 3
    frames = 1.5 * labels + np.random.default_rng(seed).normal(size=n_frames)
    return -0.5 * (frames[:, None] - [0, 1.5, 3]) ** 2


def test_direct_sums():
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


def test_switch_cost_is_what_the_formula_says_of_all_videos():
    """Long and short videos count by their frames and their segments."""
    scores = [3 * make_three(600, 15, 0), 1.5 * make_three(2000, 40, 1)]
    cost = find_switch_cost(*scores)
    evidence, n_segments = Evidence(), 0
    for log_likelihood in scores:
        path = free_chain(3, cost).viterbi(log_likelihood)
        evidence.add(log_likelihood, path)
        n_segments += len(find_segments(path)[0])
    n_frames = sum(map(len, scores))
    n_independent = n_frames / n_segments / evidence.correlation_time()
    expected = np.log1p(2 * max(1, n_independent)) / evidence.tempering()
    assert cost == pytest.approx(expected, rel=0.1)


def test_outliers_count_as_three_deviations():
    log_odds = np.append(1 + np.linspace(-1, 1, 21), [50.0, -40.0])
    limit = 3 * median_abs_deviation(log_odds, scale="normal")
    robust, plain = Evidence(is_robust=True), Evidence()
    limited = log_odds.clip(1 - limit, 1 + limit)
    for evidence, values in ((robust, log_odds), (plain, limited)):
        evidence.add(np.c_[values, 0 * values], np.zeros(23, dtype=int))
    np.testing.assert_allclose(robust.products, plain.products, rtol=1e-4)
    assert robust.total == pytest.approx(plain.total, rel=1e-4)


def test_nothing_to_go_by():
    for n_actions, path in ((1, [0, 0, 0]), (2, [0, 0, 0]), (2, [-1, -1, -1])):
        evidence = collect(np.zeros((3, n_actions)), np.array(path))
        assert (evidence.correlation_time(), evidence.tempering()) == (1.0, 1.0)


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
