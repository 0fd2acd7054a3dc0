"""Scores of videos with very many segments."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skl_tot.metrics import edit_score, segment_f1_score
from skl_tot.metrics.scores import _segment_counts
from skl_tot.recordings.labels import find_segments

labels = st.lists(st.tuples(st.integers(0, 2), st.integers(-2, 2)), min_size=1)


def counts_of_all_pairs(true, pred, overlap):
    """Hits, true and predicted segments from a table of all pairs of segments."""
    true_code, true_start, true_end = find_segments(true)
    code, start, end = np.array(find_segments(pred))[:, :, None]
    shared = np.minimum(end, true_end) - np.maximum(start, true_start)
    joint = (end - start) + (true_end - true_start) - shared
    iou = np.where(code == true_code, shared / joint, 0)
    hits = np.unique(iou.argmax(axis=1)[iou.max(axis=1) >= overlap])
    return len(hits), len(true_code), len(code)


@given(labels, st.sampled_from([0.01, 0.1, 0.2, 1 / 3, 0.4, 0.5, 0.75, 1]))
def test_f1_is_that_of_all_pairs(frames, overlap):
    true, pred = np.transpose(frames)
    expected = counts_of_all_pairs(true, pred, overlap)
    assert _segment_counts(true, pred, overlap) == expected


@pytest.mark.parametrize("seed", range(20))
def test_f1_is_that_of_all_pairs_of_long_videos(seed):
    rng = np.random.default_rng(seed)
    n_frames = 2000
    sequences = []
    for mean_length in rng.choice([1, 3, 10, 50], size=2):
        steps = rng.random(n_frames) < 1 / mean_length
        sequences.append(rng.integers(5, size=n_frames)[np.cumsum(steps) - steps[0]])
    for overlap in (0.1, 0.25, 0.5, 0.9):
        expected = counts_of_all_pairs(*sequences, overlap)
        assert _segment_counts(*sequences, overlap) == expected


@pytest.mark.parametrize("score", [segment_f1_score, edit_score])
def test_memory_is_linear(score):
    rng = np.random.default_rng(0)
    true = np.cumsum(rng.integers(1, 8, size=4000)) % 8  # a segment for each frame
    pred = np.where(rng.random(4000) < 0.1, 0, true)
    tracemalloc.start()
    assert 0.5 < score(true, pred) < 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1000 * len(true)
