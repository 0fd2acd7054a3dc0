"""Boundaries of actions whose order is known."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import poisson

from skl_tot.meta.guidance import align, align_transcripts
from skl_tot.methods.discriminants import measure_spread
from skl_tot.recordings.container import Recordings, fit_scaler


def aligned(frames, transcripts, n_actions, clusterings=(), n_clusters=1):
    videos = Recordings(frames)
    videos = videos.standardize(fit_scaler(videos))
    spread = measure_spread(videos, 1.0)
    transcripts = [np.array(x, int) for x in transcripts]
    return align_transcripts(
        videos, transcripts, list(clusterings), n_actions, n_clusters, spread
    )


def made(seed, transcripts, n_features=4, noise=0.5, longest=60):
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

    @pytest.mark.parametrize("n_frames", [299, 300, 301, 1000])
    def test_long_videos(self, n_frames):
        truth = np.repeat([1, 0, 2], [n_frames // 5, n_frames // 2, n_frames])[
            :n_frames
        ]
        scores = np.log(0.01 + np.eye(3)[truth])
        labels = align(scores, np.array([1, 0, 2]), np.array([0.5, 0.2, 0.3]))
        assert order_of(labels) == [1, 0, 2]
        assert (labels != truth).mean() < 0.02

    def test_more_segments_than_bins(self):
        transcript = np.arange(310) % 2
        labels = align(np.zeros((400, 2)), transcript, np.ones(2))
        assert order_of(labels) == transcript.tolist()


class TestAlignTranscripts:
    @pytest.mark.parametrize("seed", range(3))
    def test_recovers_unequal_segments(self, seed):
        orders = [[0, 1, 2], [0, 2, 1], [2, 0, 1], [1, 0, 2], [0, 1, 2], [2, 1]] * 2
        frames, truth, n_actions = made(seed, orders)
        labels = aligned(frames, orders, n_actions)
        assert [order_of(x) for x in labels] == orders
        wrong = np.concatenate(labels) != np.concatenate(truth)
        assert wrong.mean() < 0.02

    def test_equal_parts_of_the_start_do_not_hold(self):
        """When something happens is no evidence, as it was put there."""
        rng = np.random.default_rng(0)
        truth = [np.repeat([0, 1], [3 * n, n]) for n in rng.integers(10, 30, 8)]
        frames = [4 * np.eye(2)[x] + rng.normal(size=(len(x), 2)) for x in truth]
        labels = aligned(frames, [[0, 1]] * 8, 2)
        assert np.mean(np.concatenate(labels) == np.concatenate(truth)) > 0.97

    def test_actions_that_return(self):
        orders = [[0, 1, 0, 2], [1, 0, 1], [2, 1, 0], [0, 2, 0, 1]]
        frames, truth, n_actions = made(5, orders)
        labels = aligned(frames, orders, n_actions)
        assert [order_of(x) for x in labels] == orders
        assert np.mean(np.concatenate(labels) == np.concatenate(truth)) > 0.95

    def test_others_are_unknown(self):
        orders = [[0, 1], [1, 0], [0, 1, 0], [1, 0, 1]] * 2
        frames, _, n_actions = made(1, orders)
        labels = aligned(frames, [orders[0], [], *orders[2:]], n_actions)
        assert labels[1].tolist() == [-1] * len(frames[1])
        alone = aligned(frames[:1] + frames[2:], orders[:1] + orders[2:], n_actions)
        assert [order_of(x) for x in labels[2:]] == orders[2:]
        for own, other in zip(labels[:1] + labels[2:], alone):
            assert np.mean(own == other) > 0.9  # all frames spread as far

    def test_clusters_help(self):
        """Frames say nothing, clusters all."""
        orders = [[0, 1], [1, 0], [0, 1], [1, 0]]
        lengths = [[60, 20], [30, 90], [45, 15], [10, 30]]
        truth = [np.repeat(x, n) for x, n in zip(orders, lengths)]
        frames = [np.zeros((len(x), 2)) for x in truth]
        without = aligned(frames, orders, 2)
        labels = aligned(frames, orders, 2, [truth], 2)
        right = np.concatenate(labels) == np.concatenate(truth)
        assert right.mean() > 0.95
        assert np.mean(np.concatenate(without) == np.concatenate(truth)) < 0.8

    @pytest.mark.parametrize("n_features", [1, 3])
    def test_small_problems(self, n_features):
        frames = [np.ones((n, n_features)) for n in (1, 2, 3)]
        labels = aligned(frames, [[0], [1, 0], [0, 1, 0]], 2)
        assert [x.tolist() for x in labels] == [[0], [1, 0], [0, 1, 0]]
