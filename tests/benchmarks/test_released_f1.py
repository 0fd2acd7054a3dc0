"""The F1 of the paper's tables, against small cases and frames drawn one by one."""

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
from _released_f1 import released_f1


def drawn(truth, shown, n_actions, n_videos, n_draws=4000):
    """Mean F1 of frames that are drawn one by one, of labels that need no match."""
    rng = np.random.default_rng(1)
    bounds = [0, *np.flatnonzero(np.diff(truth)) + 1]
    scores = []
    for _ in range(n_draws):
        total = 0
        for start, end in itertools.pairwise(bounds):
            frames = rng.integers(start, end, size=15)
            total += sum(truth[i] == shown[i] for i in frames) / 15
        precision, recall = total / (n_actions * n_videos), total / (len(bounds) - 1)
        scores.append(2 * precision * recall / (precision + recall))
    return np.mean(scores)


@pytest.mark.parametrize(
    ("labels", "n_actions", "score"),
    [
        ([[0, 0, 1, 1]], 2, 2 / 3),  # one of two segments counts: P = 1/2, R = 1
        ([[0, 0, 1, 1]] * 2, 2, 6 / 7),  # three of four: P = 3/4, R = 1
        ([[0, 1], [1, 0]], 2, 2 / 3),  # equal ones join: two of three, P = 2/4
        ([[0, 1, 0, 1, 0]], 2, 4 / 3),  # more segments than K: P = 4/2, R = 1
        ([["a", "b"], ["a", "b"]], 4, 6 / 11),  # K is that of the fit: P = 3/8
    ],
)
def test_a_perfect_prediction(labels, n_actions, score):
    numbers = [[9 if y in (0, "a") else 7 for y in path] for path in labels]
    assert released_f1(labels, numbers, n_actions) == pytest.approx(score, abs=1e-6)


def test_draws():
    rng = np.random.default_rng(0)
    labels = [np.repeat([0, 1, 2, 0], rng.integers(3, 20, size=4)) for _ in range(4)]
    predicted = [
        np.where(rng.random(len(y)) < 0.3, rng.integers(3, size=len(y)), y)
        for y in labels
    ]
    score = np.mean([released_f1(labels, predicted, 3, seed=i) for i in range(20)])
    joined = np.concatenate(labels), np.concatenate(predicted)
    assert score == pytest.approx(drawn(*joined, 3, 4), abs=0.003)
    first, again, other = (released_f1(labels, predicted, 3, seed=i) for i in (0, 0, 1))
    assert first == again != other


def test_fragments_cost_nothing():
    truth = [np.repeat([0, 1, 2], 40)]
    whole, fragments = truth[0].copy(), truth[0].copy()
    whole[40:60] = 0
    fragments[40:80:2] = 0
    assert released_f1(truth, [whole], 3) == released_f1(truth, [fragments], 3) < 0.75


def test_frames_left_out_and_clusters_without_a_class():
    labels = [["a", "bg", "a", "b", "b", "c"]]
    scored = released_f1(labels, [[0, 3, 0, 1, 1, 2]], 3, ignore_labels=["bg"])
    assert scored == pytest.approx(2 * (2 / 3) / (2 / 3 + 1), abs=1e-6)
    assert released_f1([["a", "a", "b", "b"]], [[0, 0, 0, 1]], 2) > 0.6
    # a cluster without a class is wrong: it has the third of four segments
    shown = [0, 0, 0, 1, 1, 2, 2, 1]
    assert released_f1([list("aaabbaab")], [shown], 3) == pytest.approx(2 / 3)
    assert np.isnan(released_f1([["a", "a"]], [[0, 0]], 1))
