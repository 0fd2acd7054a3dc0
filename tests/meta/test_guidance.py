"""What a guide learns of labels, counted by hand and by slow loops."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import multivariate_normal, poisson

from skl_tot.decoding.chain import Chain
from skl_tot.meta.guided import (
    N_BINS,
    add_new_actions,
    align,
    align_transcripts,
    count_clusters,
    count_moves,
    count_times,
    fill_timestamps,
    fit_guide,
    guided_paths,
    guided_scores,
)
from skl_tot.methods.discriminants import fit_appearance, log_joint, measure_spread
from skl_tot.recordings.container import Recordings, fit_scaler


def made(seed=0, n_videos=5, n_actions=3, n_features=4, *, known=2):
    """Videos of noisy actions, labels of the first few, and two clusterings."""
    rng = np.random.default_rng(seed)
    centres = 2 * rng.normal(size=(n_actions, n_features))
    frames, labels, truth = [], [], []
    for i in range(n_videos):
        path = np.repeat(rng.permutation(n_actions), rng.integers(4, 12, n_actions))
        frames.append(centres[path] + rng.normal(size=(len(path), n_features)))
        truth.append(path)
        labels.append(path if i < known else np.full(len(path), -1))
    n_clusters = n_actions + 1
    clusterings = []
    for _ in range(2):
        clusters = []
        for path in truth:
            noise = rng.integers(-1, n_clusters, len(path))
            clusters.append(np.where(rng.random(len(path)) < 0.7, path, noise))
        clusterings.append(clusters)
    videos = Recordings(frames)
    videos = videos.standardize(fit_scaler(videos))
    return videos, labels, clusterings, n_actions, n_clusters


def whole(videos):
    """All frames as the solvers see them."""
    return np.concatenate(
        [np.vstack(list(videos.blocks(i))) for i in range(len(videos))]
    )


class TestCounts:
    def test_clusters_by_hand(self):
        labels = [np.array([0, 0, 1]), np.array([-1, -1, 1, 0])]
        clusters = [np.array([0, 1, 1]), np.array([1, 1, -1, 0])]
        found = np.exp(count_clusters(labels, [clusters], 2, 3))
        # of six clustered frames, 2 and 4; of label 0: 2 and 1, of label 1: 0 and 1
        expected = [[0.9 * 2 / 3 * 3, 0], [0.9 / 3 * 1.5, 0.9 * 1.5], [0.9, 0.9]]
        np.testing.assert_allclose(found, 0.1 + np.array([expected]))

    def test_times_by_a_slow_loop(self):
        labels = [np.array([0, 0, 1, -1]), np.full(7, -1), np.array([2] * 150 + [0])]
        factors = np.array([1.0, 0.5, 2.0])
        found = np.exp(count_times(labels, factors))
        assert found.shape == (N_BINS, 3)
        for here in range(N_BINS):
            weights = np.zeros(3)
            for path in labels:
                for t, action in enumerate(path):
                    if action >= 0:
                        there = int(100 * t / len(path) + 1e-9)
                        width = np.exp(-((here - there) ** 2) / (2 * 5.0**2))
                        weights[action] += factors[action] * width / len(path)
            expected = (weights + 0.05 * weights.sum() / 3) / (1.05 * weights.sum())
            np.testing.assert_allclose(found[here], expected)

    def test_moves_by_hand(self):
        labels = [np.array([0, 0, 1, 2, -1, 0]), np.array([1, 0]), np.array([-1, 2, 0])]
        moves, starts = count_moves(labels, 3)
        counts = np.array([[0, 1.5, 0.5], [1.5, 0, 1.5], [1.5, 0.5, 0]])
        expected = counts / counts.sum(axis=1, keepdims=True) + np.eye(3)
        np.testing.assert_allclose(np.exp(moves), expected)
        np.testing.assert_allclose(np.exp(starts), np.array([1.5, 1.5, 0.5]) / 3.5)


class TestTimestamps:
    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ([-1, -1, 4, -1], [4] * 4),
            ([3, -1, -1, -1, 5], [3, 3, 5, 5, 5]),
            ([3, -1, 5], [3, 5, 5]),
            ([-1, 1, -1, 1, -1, 0], [1, 1, 1, 1, 0, 0]),
            ([0, 0, -1, 1], [0, 0, -1, 1]),
            ([-1, -1], [-1, -1]),
            ([-1], [-1]),
            ([2], [2]),
            ([-1, 2], [2, 2]),
        ],
    )
    def test_by_hand(self, path, expected):
        assert fill_timestamps([np.array(path)])[0].tolist() == expected


class TestNewActions:
    def test_what_labelled_frames_lack_most_comes_first(self):
        """Half of all frames are of cluster 0, and a third of those with a label."""
        labels = [np.array([0] * 12), np.full(12, -1)]
        clusters = [np.repeat([0, 1], [4, 8]), np.repeat([0, 2], [8, 4])]
        for n_new, expected in [(1, [-1, 1]), (2, [-1, 1])]:
            found, weights = add_new_actions(labels, clusters, 1, n_new, 3)
            assert found[1].tolist() == np.repeat(expected, [8, 4]).tolist()
            assert weights.tolist() == [1, 1]
        clusters[0] = np.repeat([0, 1], [2, 10])
        found, weights = add_new_actions(labels, clusters, 1, 2, 3)
        assert found[1].tolist() == np.repeat([2, 1], [8, 4]).tolist()
        np.testing.assert_allclose(weights, [1, 1, 1 - (2 / 12) / (10 / 24)])


def fit_and_label(videos, labels, clusterings, n_actions, *options, **n_rounds):
    weights = np.ones(n_actions)
    guide = fit_guide(videos, labels, weights, clusterings, *options, **n_rounds)
    scores = guided_scores(videos, clusterings, guide)
    return guide, guided_paths(scores, guide, labels)


class TestGuide:
    def test_scores_by_a_slow_loop(self):
        videos, labels, clusterings, n_actions, n_clusters = made()
        spread = measure_spread(videos, 1.0)
        guide = fit_guide(
            videos, labels, np.ones(n_actions), clusterings, n_clusters, spread
        )
        for i, scores in enumerate(guided_scores(videos, clusterings, guide)):
            frames = np.vstack(list(videos.blocks(i)))
            embedded = (frames - guide["center"]) @ guide["scalings"]
            for t in range(len(scores)):
                for k in range(n_actions):
                    factor = guide["precisions_cholesky"][k]
                    covariance = np.linalg.inv(factor @ factor.T)
                    mean = guide["means"][k]
                    score = multivariate_normal(mean, covariance).logpdf(embedded[t])
                    score += np.log(guide["shares"][k])
                    score += guide["times"][100 * t // len(scores), k]
                    for ratios, clusters in zip(guide["ratios"], clusterings):
                        if clusters[i][t] >= 0:
                            score += ratios[clusters[i][t], k] / np.sqrt(2)
                    assert scores[t, k] == pytest.approx(score)

    def test_first_round_by_hand(self):
        videos, labels, clusterings, n_actions, n_clusters = made(3)
        spread = measure_spread(videos, 1.0)
        options = n_actions, n_clusters, spread
        guide, paths = fit_and_label(videos, labels, clusterings, *options, n_rounds=1)
        ratios = count_clusters(labels, clusterings, n_actions, n_clusters)
        np.testing.assert_array_equal(guide["ratios"], ratios)
        times = count_times(labels, np.ones(n_actions))
        np.testing.assert_array_equal(guide["times"], times)
        moves, starts = count_moves(labels, n_actions)
        np.testing.assert_array_equal(guide["moves"], moves)
        np.testing.assert_array_equal(guide["starts"], starts)
        appearance, embedded = fit_appearance(
            videos, labels, n_actions, spread, 0.1, pooled=0.5
        )
        for i, frames in enumerate(embedded):
            n_frames = len(frames)
            scores = log_joint(frames, appearance)
            scores += guide["times"][100 * np.arange(n_frames) // n_frames]
            for own, clusters in zip(ratios, clusterings):
                in_one = clusters[i] >= 0
                scores[in_one] += own[clusters[i]][in_one] / np.sqrt(2)
            unit = 0.1 * n_frames / n_actions / np.log(n_actions)
            nothing = np.zeros(len(starts))
            chain = Chain(-unit * starts, -unit * moves, nothing, "number")
            expected = chain.viterbi(scores)
            known = labels[i] >= 0
            np.testing.assert_array_equal(paths[i][~known], expected[~known])


def aligned(frames, transcripts, n_actions, clusterings=(), n_clusters=1):
    videos = Recordings(frames)
    videos = videos.standardize(fit_scaler(videos))
    spread = measure_spread(videos, 1.0)
    transcripts = [np.array(x, int) for x in transcripts]
    return align_transcripts(
        videos, transcripts, n_actions, list(clusterings), n_clusters, spread
    )


def along(seed, transcripts, n_features=4, noise=0.5, longest=60):
    """Frames around the centre of their action, in segments of any length."""
    rng = np.random.default_rng(seed)
    n_actions = max(map(max, transcripts)) + 1
    centres = 4 * np.eye(n_actions, n_features)
    truth = []
    for transcript in transcripts:
        truth.append(np.repeat(transcript, rng.integers(8, longest, len(transcript))))
    frames = [centres[x] + noise * rng.normal(size=(len(x), n_features)) for x in truth]
    return frames, truth, n_actions


def order_of(labels):
    return labels[np.flatnonzero(np.diff(labels, prepend=-2))].tolist()


class TestAlign:
    @given(st.data())
    def test_equals_the_best_of_all_cuts(self, data):
        n_frames = data.draw(st.integers(1, 9))
        n_actions = data.draw(st.integers(1, 3))
        transcript = data.draw(
            st.lists(st.integers(0, n_actions - 1), min_size=1, max_size=n_frames)
        )
        values = st.floats(-30, 30, width=32)
        scores = data.draw(arrays(float, (n_frames, n_actions), elements=values))
        durations = data.draw(arrays(float, n_actions, elements=st.floats(0.5, 2)))
        transcript = np.array(transcript[:4])
        means = n_frames * durations[transcript] / durations[transcript].sum()

        def total(cuts):
            edges = [0, *cuts, n_frames]
            result = 0.0
            for s, action in enumerate(transcript):
                first, end = edges[s], edges[s + 1]
                # a tenth of what frames say, as the next ones say it again
                result += 0.1 * scores[first:end, action].sum()
                if end - first > np.ceil(4 * means[s]):
                    return -np.inf
                result += poisson.logpmf(end - first, means[s])
            return result

        all_cuts = itertools.combinations(range(1, n_frames), len(transcript) - 1)
        best = max(map(total, all_cuts))
        labels = align(scores, transcript, durations)
        # equal neighbours, which a transcript never has, hide a cut
        if (transcript[1:] != transcript[:-1]).all():
            assert order_of(labels) == transcript.tolist()
            cuts = np.flatnonzero(np.diff(labels)) + 1
            assert total(cuts) == pytest.approx(best, abs=1e-8)


class TestAlignTranscripts:
    @pytest.mark.parametrize("seed", range(3))
    def test_recovers_unequal_segments(self, seed):
        orders = [[0, 1, 2], [0, 2, 1], [2, 0, 1], [1, 0, 2], [0, 1, 2], [2, 1]] * 2
        frames, truth, n_actions = along(seed, orders)
        labels = aligned(frames, orders, n_actions)
        assert [order_of(x) for x in labels] == orders
        wrong = np.concatenate(labels) != np.concatenate(truth)
        assert wrong.mean() < 0.02
