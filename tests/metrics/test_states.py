"""Scores of state detection, against definitions and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from skl_tot import metrics
from skl_tot.metrics import covering_score, state_matching_score

PAIRS = ["adjusted_rand_score", "normalized_mutual_info_score"]
PAIRS.append("adjusted_mutual_info_score")
ALL = [*PAIRS, "covering_score", "state_matching_score"]
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


def segments_of(labels):
    """Sets of frames, by loops."""
    found = [{0}]
    for t in range(1, len(labels)):
        if labels[t] != labels[t - 1]:
            found.append(set())
        found[-1].add(t)
    return found


@given(labellings())
def test_covering_is_its_definition(y):
    parts = []
    for true, pred in zip(*y):
        best = [
            len(own) * max(len(own & s) / len(own | s) for s in segments_of(pred))
            for own in segments_of(true)
        ]
        parts.append(sum(best) / len(true))
    sizes = list(map(len, y[0]))
    assert covering_score(*y) == pytest.approx(np.average(parts, weights=sizes))
    assert covering_score(*y, average="recording") == pytest.approx(np.mean(parts))


def penalty(true, pred, start, end):
    """Weight of the frames from start to end, which are wrong in one way."""
    shown = len(segments_of(true[start : end + 1]))
    if shown > 2:
        return 1.5 - 0.75 / shown
    for t in (start - 1, end + 1):
        is_frame = 0 <= t < len(true)
        if shown == 1 and is_frame and true[t] == pred[t] == pred[start]:
            return 1.1
    edges = [min(segment) for segment in segments_of(true)] + [len(true)]
    far = min(abs(edge - (start + end) / 2) for edge in edges) * 2 / len(true)
    return 1 + (0.3 if shown == 2 else 0.8) * far


@given(labellings())
def test_state_matching_is_its_definition(y):
    parts = []
    for true, pred in zip(*y):
        total, t = 0.0, 0
        while t < len(true):
            end = t
            if true[t] != pred[t]:
                while end + 1 < len(true) and true[end + 1] != pred[end + 1] == pred[t]:
                    end += 1
                total += (end - t + 1) * penalty(true, pred, t, end)
            t = end + 1
        parts.append(1 - total / len(true))
    score = state_matching_score(*y, scope="labels", average="recording")
    assert score == pytest.approx(np.mean(parts))
    sizes = list(map(len, y[0]))
    pooled = state_matching_score(*y, scope="labels")
    assert pooled == pytest.approx(np.average(parts, weights=sizes))


@pytest.mark.parametrize("name", ALL)
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
