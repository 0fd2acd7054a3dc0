"""What a guide learns of labels, counted by hand and by slow loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from skl_tot.decoding.chain import Chain
from skl_tot.meta.guidance import (
    N_BINS,
    add_new_actions,
    count_clusters,
    count_moves,
    count_times,
    fill_timestamps,
    fit_guide,
    guided_paths,
    guided_scores,
)
from skl_tot.methods.discriminants import (
    fit_appearance,
    log_joint,
    measure_spread,
)
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

    def test_times_far_from_all_labels(self):
        path = np.full(1000, -1)
        path[0] = 1
        found = np.exp(count_times([path], np.ones(2)))
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found.sum(axis=1), 1)

    def test_each_video_has_the_same_weight(self):
        once = count_times([np.array([0] * 100), np.array([1] * 500)], np.ones(2))
        np.testing.assert_allclose(np.exp(once), 0.5)

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

    @given(st.lists(st.sampled_from([-1, -1, -1, 0, 1, 2]), min_size=2, max_size=20))
    def test_each_frame_is_that_of_the_nearest(self, path):
        path = np.array(path)
        (filled,) = fill_timestamps([path])
        known = np.flatnonzero(path >= 0)
        if len(known) == 0 or (np.diff(known) == 1).any():
            np.testing.assert_array_equal(filled, path)
            return
        assert filled[known].tolist() == path[known].tolist()
        for t, action in enumerate(filled):
            distances = np.abs(known - t)
            assert action in path[known[distances == distances.min()]]


class TestNewActions:
    def test_most_frequent_first_and_not_too_many(self):
        labels = [np.array([0, 0, 0, 0]), np.full(9, -1)]
        clusters = [np.zeros(4, int), np.array([3, 1, 1, 1, 2, 2, -1, 0, 3])]
        for n_new, expected in [
            (0, [-1] * 9),
            (1, [-1, 1, 1, 1, -1, -1, -1, -1, -1]),
            (2, [-1, 1, 1, 1, 2, 2, -1, -1, -1]),
            (9, [3, 1, 1, 1, 2, 2, -1, -1, 3]),
        ]:
            found, weights = add_new_actions(labels, clusters, 1, n_new, 4)
            assert found[0].tolist() == [0] * 4
            assert found[1].tolist() == expected
            assert weights.tolist() == [1] + [4 / 9] * min(n_new, 3)

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

    def test_more_labels_than_clusters(self):
        labels = [np.array([0, 1, 2]), np.full(3, -1)]
        clusters = [np.array([0, 0, 0]), np.array([1, 1, 2])]
        found, weights = add_new_actions(labels, clusters, 3, -1, 3)
        assert len(weights) == 3
        assert found[1].tolist() == [-1] * 3

    def test_a_cluster_only_of_videos_with_some_labels_is_none(self):
        """No frame would get its label, and each action is to have one."""
        labels = [np.array([0, 0, -1, -1]), np.full(3, -1)]
        clusters = [np.array([0, 0, 1, 1]), np.array([0, 0, 2])]
        found, weights = add_new_actions(labels, clusters, 1, 5, 3)
        assert len(weights) == 2
        assert found[1].tolist() == [-1, -1, 1]


def fit_and_label(videos, labels, clusterings, *options, **n_rounds):
    guide = fit_guide(videos, labels, clusterings, *options, **n_rounds)
    scores = guided_scores(videos, clusterings, guide)
    return guide, guided_paths(scores, guide, labels)


class TestGuide:
    def test_scores_by_a_slow_loop(self):
        videos, labels, clusterings, n_actions, n_clusters = made()
        spread = measure_spread(videos, 1.0)
        guide = fit_guide(videos, labels, clusterings, n_actions, n_clusters, spread)
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

    def test_second_round_learns_appearance_from_the_first(self):
        videos, labels, clusterings, n_actions, n_clusters = made(3)
        spread = measure_spread(videos, 1.0)
        options = n_actions, n_clusters, spread
        first, paths = fit_and_label(videos, labels, clusterings, *options, n_rounds=1)
        second = fit_guide(videos, labels, clusterings, *options)
        appearance, _ = fit_appearance(
            videos, paths, n_actions, spread, 0.1, pooled=0.5
        )
        for name, values in appearance.items():
            np.testing.assert_array_equal(second[name], values)
        for name in ("ratios", "times", "moves", "starts"):
            np.testing.assert_array_equal(second[name], first[name])
        assert not np.array_equal(first["means"], second["means"])

    @given(st.integers(0, 99), st.integers(1, 5))
    def test_given_labels_stay(self, seed, known):
        videos, labels, clusterings, n_actions, n_clusters = made(seed, known=known)
        rng = np.random.default_rng(seed)
        holes = [np.where(rng.random(len(x)) < 0.3, -1, x) for x in labels]
        spread = measure_spread(videos, 1.0)
        _, paths = fit_and_label(
            videos, holes, clusterings, n_actions, n_clusters, spread
        )
        for path, own in zip(paths, holes):
            assert path[own >= 0].tolist() == own[own >= 0].tolist()
            assert ((path >= 0) & (path < n_actions)).all()

    def test_carries_clear_labels_over(self):
        rng = np.random.default_rng(0)
        truth = [np.repeat([2, 0, 1], rng.integers(10, 30, 3)) for _ in range(6)]
        frames = [6 * np.eye(3)[x] + rng.normal(size=(len(x), 3)) for x in truth]
        videos = Recordings(frames)
        videos = videos.standardize(fit_scaler(videos))
        labels = [truth[0]] + [np.full(len(x), -1) for x in truth[1:]]
        spread = measure_spread(videos, 1.0)
        _, paths = fit_and_label(videos, labels, [], 3, 1, spread)
        assert np.mean(np.concatenate(paths) == np.concatenate(truth)) > 0.99

    @pytest.mark.parametrize("n_features", [1, 3])
    def test_one_action_and_constant_frames(self, n_features):
        frames = [np.ones((5, n_features)), np.ones((1, n_features))]
        videos = Recordings(frames)
        videos = videos.standardize(fit_scaler(videos))
        spread = measure_spread(videos, 1.0)
        clusters = [np.zeros(5, int), np.zeros(1, int)]
        labels = [np.array([0, -1, -1, -1, -1]), np.array([-1])]
        guide, paths = fit_and_label(videos, labels, [clusters], 1, 1, spread)
        assert [x.tolist() for x in paths] == [[0] * 5, [0]]
        assert all(np.isfinite(values).all() for values in guide.values())
