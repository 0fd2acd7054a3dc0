"""Labels of some recordings predict those of others."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from skl_tot.datasets import make_activities
from skl_tot.meta import members
from skl_tot.recordings import Recordings
from skl_tot.recordings.container import fit_scaler

N_ACTIONS = 3


@pytest.fixture(scope="module")
def data():
    videos, labels = make_activities(
        12, N_ACTIONS, n_features=4, mean_length=60, noise=1.5, random_state=0
    )
    takes = Recordings([video.astype(float) for video in videos])
    return takes.standardize(fit_scaler(takes)), labels


def spoiled(labels, share, seed=0):
    """Labels of which some are drawn at random."""
    rng, found = np.random.default_rng(seed), []
    for own in labels:
        other = rng.integers(N_ACTIONS, size=len(own))
        found.append(np.where(rng.uniform(size=len(own)) < share, other, own))
    return found


def seen_around(frames, segment, by_time):
    """Frames with means and log deviations around them, and times, by slow loops."""
    parts = [frames]
    for half in (max(1, int(segment / 2)), max(1, int(segment / 8))):
        near = [frames[max(0, t - half) : t + half + 1] for t in range(len(frames))]
        parts.append(np.array([own.mean(axis=0) for own in near]))
        variances = np.array([own.var(axis=0) for own in near])
        parts.append(0.5 * np.log(variances + 0.01))
    bumps = np.empty((len(frames), 6))
    for t in range(len(frames)):
        place = 6 * (t + 0.5) / len(frames)
        bumps[t] = np.exp(-0.5 * (place - np.arange(6) - 0.5) ** 2)
        bumps[t] *= 3 / bumps[t].sum()
    return np.hstack(parts), bumps if by_time else bumps[:, :0]


def learned(seen, paths):
    """Linear discriminants of frames: their scores as a function."""
    x, y = np.concatenate(seen), np.concatenate(paths)
    counts = np.bincount(y, minlength=N_ACTIONS)
    means = np.array([x[y == k].mean(axis=0) for k in range(N_ACTIONS)])
    within = np.cov((x - means[y]).T, bias=True)
    within = 0.9 * within + 0.1 * np.trace(within) / len(within) * np.eye(len(within))
    weights = np.linalg.inv(within + 1e-12 * np.eye(len(within))) @ means.T
    shares = (counts + 0.1) / (counts + 0.1).sum()
    offsets = 0.5 * np.log(shares) - 0.5 * np.diag(means @ weights)
    return lambda frames: frames @ weights + offsets


def best_path(scores, cost):
    """Likeliest path whose switches cost so many nats."""
    scores = np.maximum(scores - scores.max(axis=1, keepdims=True), -8)
    best, origins = scores[0], []
    for own in scores[1:]:
        moves = best[:, None] - cost * (1 - np.eye(N_ACTIONS))
        origins.append(moves.argmax(axis=0))
        best = moves.max(axis=0) + own
    path = [int(best.argmax())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return np.array(path[::-1])


def median_segment(paths):
    return np.median(
        np.concatenate(
            [np.diff(np.flatnonzero(np.diff(y, prepend=-1, append=-1))) for y in paths]
        )
    )


def written_out(videos, paths, by_time):
    """Labels after three rounds, and those of the last model."""
    _, _, axes = np.linalg.svd(np.concatenate(videos) - np.concatenate(videos).mean(0))
    frames = [(x - np.concatenate(videos).mean(axis=0)) @ axes.T for x in videos]
    for _ in range(3):
        segment = median_segment(paths)
        parts = [seen_around(x, segment, by_time) for x in frames]
        all_frames = np.concatenate([first for first, _ in parts])
        mean, scale = all_frames.mean(axis=0), all_frames.std(axis=0)
        seen = [np.hstack([(first - mean) / scale, times]) for first, times in parts]
        cost, found = max(1, segment / 4), []
        for i, own in enumerate(seen):
            others = [j for j in range(len(seen)) if j % 5 != i % 5]
            score = learned([seen[j] for j in others], [paths[j] for j in others])
            found.append(best_path(score(own), cost))
        paths = found
    score = learned(seen, paths)
    return paths, [best_path(score(own), cost) for own in seen]


@pytest.mark.parametrize("by_time", [False, True])
def test_rounds_are_those_written_out(data, by_time):
    takes, labels = data
    before = spoiled(labels, 0.3)
    guess, after = members.refine_across(takes, before, N_ACTIONS, by_time=by_time)
    videos = [np.concatenate(list(takes.blocks(i))) for i in range(len(takes))]
    expected, new = written_out(videos, before, by_time)
    for found, paths in ((after, expected), (members.guessed_paths(takes, guess), new)):
        for own, other in zip(found, paths, strict=True):
            np.testing.assert_array_equal(own, other)
    wrong = np.concatenate(before) != np.concatenate(labels)
    still = np.concatenate(after) != np.concatenate(labels)
    assert still.mean() < 0.5 * wrong.mean()


def test_scores_are_those_of_scikit_learn(monkeypatch):
    """Without shrinkage, and with full powers of shares, up to a constant per frame."""
    monkeypatch.setattr(members, "SHRINKAGE", 0.0)
    monkeypatch.setattr(members, "PRIOR_POWER", 1.0)
    monkeypatch.setattr(members, "PRIOR_FRAMES", 0.0)
    rng = np.random.default_rng(0)
    path = rng.integers(N_ACTIONS, size=300)
    frames = rng.normal(size=(300, 5)) + rng.normal(size=(N_ACTIONS, 5))[path]
    halves = np.split(frames, [100]), np.split(path, [100])
    guess = {}
    members._learn_guess(
        guess, [members._sums(*own, N_ACTIONS) for own in zip(*halves)]
    )
    found = frames @ guess["weights"] + guess["offsets"]
    expected = LinearDiscriminantAnalysis(solver="lsqr").fit(frames, path)
    expected = expected.decision_function(frames)
    np.testing.assert_allclose(
        found - found[:, :1], expected - expected[:, :1], rtol=1e-6, atol=1e-8
    )


def test_recordings_that_do_not_tell_about_each_other(data):
    takes, labels = data
    random = spoiled(labels, 1.0)
    assert members.refine_across(takes, random, N_ACTIONS, by_time=True) is None
    few = takes.select(np.arange(members.LEAST_RECORDINGS - 1))
    assert members.refine_across(few, labels[:9], N_ACTIONS, by_time=True) is None
