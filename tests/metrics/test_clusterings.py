"""Scores of clusterings, against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from skl_tot import metrics

PAIRS = ["adjusted_rand_score", "adjusted_mutual_info_score"]
runs = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), min_size=1, max_size=8)


@st.composite
def labellings(draw):
    """One to three recordings as runs of labels, true and predicted."""
    both = [], []
    for _ in range(draw(st.integers(1, 3))):
        true, pred = (np.repeat(*np.transpose(draw(runs))) for _ in both)
        n_frames = min(len(true), len(pred))
        both[0].append(true[:n_frames])
        both[1].append(pred[:n_frames])
    return both


@given(labellings())
@pytest.mark.parametrize("name", PAIRS)
def test_pairs_are_those_of_sklearn(name, y):
    own, theirs = getattr(metrics, name), getattr(sklearn_metrics, name)
    assert own(*y) == pytest.approx(theirs(*map(np.concatenate, y)))
    expected = np.mean([theirs(*video) for video in zip(*y)])
    assert own(*y, average="recording") == pytest.approx(expected)


@pytest.mark.parametrize("name", PAIRS)
def test_names_of_clusters_and_ignored_frames(name):
    score = getattr(metrics, name)
    true = [list("aabbb-c"), list("ccaab")]
    pred = [[0, 0, 0, 1, 1, 2, 2], [2, 2, 1, 0, 1]]
    kept = [[t for t in video if t != "-"] for video in true]
    paths = [pred[0][:5] + pred[0][6:], pred[1]]
    expected = score(kept, paths)
    assert score(true, pred, ignore_labels="-") == expected < 1
    named = [["xyz"[k] for k in path] for path in paths]
    assert score(kept, named) == expected
    assert score(kept[0], paths[0]) == score(kept[:1], paths[:1], average="recording")
    assert score(kept, kept) == pytest.approx(1)
