"""Evidence of frames that are not independent, and the cost of a switch from it."""

import numpy as np
import pytest
from scipy.signal import lfilter
from sklearn.cluster import KMeans

from skl_tot.decoding import decode, path_posterior
from skl_tot.decoding.chain import free_chain
from skl_tot.decoding.evidence import Evidence, find_switch_cost
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


def make_cycles(n_cycles=40, noise=1.0, seed=0):
    """One recording of 5 actions of uneven lengths, over and over, and its labels.

    Segments last 45 frames on the mean, between some 10 and 120. Frames have 8
    features: the mean of their action, drawn from a standard Gaussian, and
    independent noise.
    """
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(5, 8))
    lengths = rng.gamma(4, 10, size=5 * n_cycles).astype(int) + 5
    labels = np.repeat(np.tile(range(5), n_cycles), lengths)
    return centres[labels] + noise * rng.normal(size=(len(labels), 8)), labels


def judge(frames):
    """Log-likelihoods by Gaussians around clusters, which need no labels."""
    model = KMeans(5, n_init=4, random_state=0).fit(frames)
    variance = np.mean((frames - model.cluster_centers_[model.labels_]) ** 2)
    return -0.5 * model.transform(frames) ** 2 / variance


def share_found(labels, path):
    """Share of the segments that one of the path has an IoU of at least 0.5 with."""
    _, *true = find_segments(labels)
    _, *found = find_segments(path)
    n_found = 0
    for start, end in zip(*true):
        shared = np.minimum(end, found[1]) - np.maximum(start, found[0])
        union = np.maximum(end, found[1]) - np.minimum(start, found[0])
        n_found += (shared / union).max() >= 0.5
    return n_found / len(true[0])


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

    @pytest.mark.parametrize("memory", [0.0, 0.5, 0.8])
    def test_of_a_known_process(self, memory):
        noise = np.random.default_rng(0).normal(size=40_000)
        log_odds = lfilter([1], [1, -memory], noise)
        evidence = collect(make_log_odds(log_odds), np.zeros(40_000, int))
        expected = (1 + memory) / (1 - memory)
        assert evidence.correlation_time() == pytest.approx(expected, rel=0.15)

    def test_videos_add_up(self):
        scores, path = make_two(400)
        together, other = Evidence(), path + 1
        other[:] = path[::-1]
        for actions in (path, other):
            together.add(scores, actions)
        alone = collect(scores, path), collect(scores, other)
        assert together.total == pytest.approx(alone[0].total + alone[1].total)
        np.testing.assert_allclose(
            together.products, alone[0].products + alone[1].products
        )


class TestOutliers:
    """Frames like nothing else, of which a Gaussian makes thousands of nats."""

    def test_a_few_frames_do_not_make_all_others_worthless(self):
        scores, path = make_two()
        plain, robust = Evidence(), Evidence(is_robust=True)
        for evidence in (plain, robust):
            evidence.add(scores, path)
        assert robust.tempering() == pytest.approx(plain.tempering(), rel=0.1)
        scores[::100, 0] += 1e5
        plain, robust = Evidence(), Evidence(is_robust=True)
        for evidence in (plain, robust):
            evidence.add(scores, path)
        assert plain.tempering() < 0.01
        assert robust.tempering() == pytest.approx(1, abs=0.15)

    def test_limits_are_three_deviations_of_frames_of_actions(self):
        log_odds = np.array([*range(-4, 5), 99, -99])
        robust = Evidence(is_robust=True)
        path = np.append(np.zeros(10, int), -1)
        robust.add(make_log_odds(log_odds), path)
        known = np.arange(-4.0, 5.0).tolist() + [99]
        median = np.median(known)
        reach = 3 * 1.4826 * np.median(np.abs(known - median))
        assert robust.total == pytest.approx(np.sum(known) - 99 + median + reach)

    def test_where_most_frames_are_the_same(self):
        robust, plain = Evidence(is_robust=True), Evidence()
        for evidence in (robust, plain):
            evidence.add(make_log_odds(np.array([1.0, 1, 1, 1, 5])), np.zeros(5, int))
            evidence.add(make_log_odds(np.ones(3)), np.full(3, -1))
        np.testing.assert_array_equal(robust.products, plain.products)


class TestTempering:
    def test_true_log_likelihoods_stay(self):
        assert collect(*make_two()).tempering() == pytest.approx(1, abs=0.1)

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

    def test_of_numbers_at_the_edge(self):
        scores, labels = make_two(100)
        found = collect(1e149 * scores, labels)
        assert 0 <= found.tempering() < 1e-60


class TestSwitchCost:
    """The recording of 40 cycles of 5 actions has 9,000 frames and 200 segments.

    0.5 of the mean duration of an action, n_frames / n_actions, is 900 nats, which no
    segment of 45 frames can pay.
    """

    @pytest.mark.parametrize("seed", [0, 1, 2])
    @pytest.mark.parametrize("noise", [1.0, 1.5])
    def test_many_cycles(self, noise, seed):
        frames, labels = make_cycles(noise=noise, seed=seed)
        scores = judge(frames)
        assert len(find_segments(decode(scores, "free", 0.5))[0]) < 10
        path = decode(scores, "free", "auto")
        assert share_found(labels, path) >= 0.8
        assert len(find_segments(path)[0]) < 300

    def test_correlated_noise(self):
        frames, labels = make_cycles()
        noise = np.random.default_rng(1).normal(size=frames.shape)
        scores = judge(frames + lfilter([0.5], [1, -0.8], noise, axis=0))
        assert share_found(labels, decode(scores, "free", "auto")) >= 0.8

    def test_number_of_cycles_does_not_matter(self):
        few, many = (judge(make_cycles(n)[0]) for n in (10, 40))
        assert find_switch_cost(many) == pytest.approx(find_switch_cost(few), rel=0.2)

    def test_scale_matters_as_it_should(self):
        scores = judge(make_cycles()[0])
        cost = find_switch_cost(scores)
        assert find_switch_cost(20 * scores) == pytest.approx(20 * cost, rel=0.5)

    def test_of_several_videos_is_that_of_one_in_pieces(self):
        """Cuts only add a segment each, and take a pair of frames away."""
        scores, _ = make_two()
        whole = find_switch_cost(scores)
        pieces = [scores[i : i + 400] for i in range(0, 4000, 400)]
        assert find_switch_cost(*pieces) == pytest.approx(whole, rel=0.05)
        assert find_switch_cost(*pieces[::-1]) == pytest.approx(
            find_switch_cost(*pieces)
        )
        again = find_switch_cost(*pieces, *pieces)
        assert again == pytest.approx(find_switch_cost(*pieces))

    def test_is_what_the_formula_says_of_all_videos(self):
        """Long and short videos count by their frames and their segments."""
        scores = [judge(make_cycles(n)[0]) for n in (3, 12)]
        scores = [scores[0], 0.5 * scores[1]]
        cost = find_switch_cost(*scores)
        evidence, n_segments = Evidence(), 0
        for own in scores:
            path = free_chain(5, cost).viterbi(own)
            evidence.add(own, path)
            n_segments += len(find_segments(path)[0])
        n_frames = sum(map(len, scores))
        n_independent = n_frames / n_segments / evidence.correlation_time()
        expected = np.log1p(4 * max(1, n_independent)) / evidence.tempering()
        assert cost == pytest.approx(expected, rel=0.1)

    @pytest.mark.parametrize("shape", [(1, 1), (1, 3), (5, 1), (2, 4)])
    def test_small(self, shape):
        for scores in (np.zeros(shape), np.random.default_rng(0).normal(size=shape)):
            assert 0 <= find_switch_cost(scores) < np.inf
            assert len(decode(scores, "free", "auto")) == shape[0]

    def test_numbers_at_the_edge(self):
        scores = 1e149 * np.random.default_rng(0).normal(size=(50, 3))
        assert np.isfinite(path_posterior(scores, "free", "auto")).all()
