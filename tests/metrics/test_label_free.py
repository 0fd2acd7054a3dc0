"""Scores without labels, and of clusterings, against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy, norm
from sklearn import metrics as sklearn_metrics
from sklearn.metrics import mutual_info_score

from skl_tot import metrics
from skl_tot.metrics import effective_actions
from skl_tot.metrics.label_free import (
    held_out_agreement,
    held_out_information,
    transfer_score,
    video_information,
)


def draw(seed, n_videos, n_actions, background=True):
    rng = np.random.default_rng(seed)
    low = -1 if background else 0
    lengths = rng.integers(1, 15, n_videos)
    return [rng.integers(low, rng.integers(n_actions) + 1, n) for n in lengths]


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 5))
def test_video_information_equals_scikit_learn(seed, n_videos, n_actions):
    labels = draw(seed, n_videos, n_actions)
    names = np.repeat(range(n_videos), [len(path) for path in labels])
    frames = np.concatenate(labels)
    expected = 0.0
    if (frames >= 0).any():
        expected = mutual_info_score(names[frames >= 0], frames[frames >= 0])
    found = video_information(labels, n_actions)
    assert found == pytest.approx(expected, abs=1e-12)
    assert found >= 0


def by_the_other_half(videos, labels):
    """Entropy of three labels, plus the mean log of their probability, by scipy."""
    halves = [[np.concatenate(x[k::2]) for x in (videos, labels)] for k in (0, 1)]
    halves = [(frames[path >= 0], path[path >= 0]) for frames, path in halves]
    logs = []
    for (x, y), (frames, path) in (halves, halves[::-1]):
        means = np.array([x[y == k].mean(axis=0) for k in range(3)])
        spread = np.sqrt(np.mean((x - means[y]) ** 2, axis=0))
        for frame, action in zip(frames, path):
            p = np.bincount(y) * norm.pdf(frame, means, spread).prod(axis=1)
            logs.append(np.log(0.9 * p[action] / p.sum() + 0.1 / 3))
    counts = np.bincount(np.concatenate([path for _, path in halves]))
    return entropy(counts) + np.mean(logs)


@pytest.mark.parametrize("seed", range(3))
def test_information_is_that_of_gaussians_of_the_other_half(seed):
    rng = np.random.default_rng(seed)
    labels = [rng.integers(-1, 3, n) for n in (40, 25, 31, 18)]
    labels[1][:9], labels[2][9:] = -1, abs(labels[2][9:])
    videos = [rng.normal(path[:, None], [1, 3], (len(path), 2)) for path in labels]
    found = held_out_information(lambda i: [videos[i][:9], videos[i][9:]], labels, 3)
    assert found == pytest.approx(by_the_other_half(videos, labels))
    nothing = [path * 0 - 1 for path in labels]
    assert held_out_information(lambda i: [videos[i]], nothing, 3) == 0
    assert video_information(nothing, 3) == 0


@given(st.integers(0, 10**6), st.integers(1, 5))
def test_effective_actions_are_those_of_the_entropy(seed, n_actions):
    labels = draw(seed, 4, n_actions)
    known = [code for path in labels for code in path.tolist() if code >= 0]
    expected = 0.0
    if known:
        shares = [known.count(code) / len(known) for code in set(known)]
        expected = np.prod([share**-share for share in shares])
    assert effective_actions(labels) == pytest.approx(expected)
    words = np.array(["cut", "mix", "fry", "eat", "rest", "background"])
    named = {f"r{i}": words[path] for i, path in enumerate(labels)}
    assert effective_actions(named) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("labels", "n_actions", "is_zero"),
    [
        ([0, 0, 0, 0], 1, False),
        ([0, 0, 0, 0], 2, True),
        ([0, 0, 0, 1], 2, False),
        ([0, 0, 0, 0, 0, 0, 0, 1], 3, True),
        ([0, 0, 0, 1], 4, True),
        ([0, 0, 1, 1], 4, False),
        ([-1, -1, -1, -1], 2, True),
    ],
)
def test_only_a_collapse_scores_0(labels, n_actions, is_zero):
    videos = [np.arange(len(labels), dtype=float)[:, None]] * 2
    paths = [np.array(labels)] * 2
    found = transfer_score(lambda i: [videos[i]], paths, n_actions)
    assert (found == 0) == is_zero


def test_labels_that_contradict_the_other_half_are_judged_worse():
    """Each half fits its own features, which a judge of the same half would praise."""
    labels = [np.arange(40) // 10 % 2] * 6
    noise = np.random.default_rng(0).normal(scale=0.1, size=(6, 40, 1))
    videos = [path[:, None] + own for path, own in zip(labels, noise)]
    turned = [path if i % 2 else 1 - path for i, path in enumerate(labels)]
    scores = [transfer_score(lambda i: [videos[i]], y, 2) for y in (labels, turned)]
    assert scores[0] > 1.5 > 0.5 > scores[1]
    assert held_out_agreement(lambda i: [videos[i]], labels, 2) == 1
    one = [0 * path for path in labels]
    for y in (turned, one):  # one action agrees by chance
        assert held_out_agreement(lambda i: [videos[i]], y, 2) == 0


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
