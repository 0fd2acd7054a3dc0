"""Phases of a cycle: what each looks like, and when each is passed."""

from typing import NamedTuple

import numpy as np

from skl_tot.decoding.cyclic import best_path

N_PHASES = 24
# Probability to go on by so many phases from one frame to the next.
STEPS = np.array([0.35, 0.4, 0.2, 0.05])
# Beyond, up to a third of the circle, phases are skipped.
SKIP, MOST_STEPS = 0.01, N_PHASES // 3
# Frames of features that are alike are no independent evidence.
MOST_EVIDENCE = 8
MAX_ITER = 8
LEAST_VARIANCE = 1e-6
# Phases that a boundary counts as behind, which is the next phase.
AHEAD = 1.5


class Circle(NamedTuple):
    """Phases of a recording.

    Attributes
    ----------
    path : ndarray of int of shape (n_frames,)
        Phase of each frame.
    means : ndarray of shape (N_PHASES, n_features)
        What each phase looks like.
    variances : ndarray of shape (n_features,)
        Of frames around the means of their phases.
    """

    path: np.ndarray
    means: np.ndarray
    variances: np.ndarray


def fit_circle(frames, path):
    """Learn phases from what they are at first.

    By turns, each phase gets the mean of its frames (and of half as many of its
    neighbours'), and the likeliest path round the circle is found, of Gaussians whose
    variances all phases share. From frame to frame a path stays, goes on by up to 3
    phases, or, seldom, skips up to a third of the circle.

    Parameters
    ----------
    frames : ndarray of shape (n_frames, n_features)
        Frames of the recording, some 40 a cycle.
    path : ndarray of int of shape (n_frames,)
        Phases at first, such as from `phases_between`.

    Returns
    -------
    circle : Circle
        After `MAX_ITER` rounds, or if no phase changes.
    """
    for _ in range(MAX_ITER):
        before = path
        means = _smooth_means(frames, path)
        variances = np.square(frames - means[path]).mean(axis=0) + LEAST_VARIANCE
        path = follow(frames, means, variances)
        if np.array_equal(path, before):
            break
    return Circle(path, means, variances)


def follow(frames, means, variances):
    """Phase of each frame on the likeliest path round a circle that was learned."""
    return best_path(_log_densities(frames, means, variances), *_moves())


def _moves():
    """Phases from which each may come, by steps, and what each step costs."""
    steps = np.arange(MOST_STEPS + 1)[:, None]
    likely = np.full(len(steps), SKIP / N_PHASES)
    likely[: len(STEPS)] = STEPS
    origins = (np.arange(N_PHASES) - steps) % N_PHASES
    return origins, -np.log(likely)[:, None]


def phases_between(occurrences, n_frames):
    """Phase of each frame, if time runs evenly from one occurrence to the next.

    ``occurrences`` (n_occurrences,) are two or more, from `find_occurrences`.
    """
    ends = np.diff(occurrences).mean()
    frames = np.arange(n_frames)
    first, last = occurrences[0], occurrences[-1]
    turns = np.interp(frames, occurrences, np.arange(len(occurrences)))
    turns += np.minimum(frames - first, 0) / ends + np.maximum(frames - last, 0) / ends
    return np.floor(turns % 1 * N_PHASES).astype(np.intp) % N_PHASES


def _smooth_means(frames, path):
    """Mean of the frames of each phase and of half as many of the phases beside it."""
    weights = np.zeros((len(frames), N_PHASES))
    weights[np.arange(len(frames)), path] = 0.5
    weights[np.arange(len(frames)), (path + 1) % N_PHASES] = 0.25
    weights[np.arange(len(frames)), path - 1] = 0.25
    totals = weights.sum(axis=0)[:, None] + 1e-6
    return weights.T @ frames / totals


def _log_densities(frames, means, variances):
    """Log-density of each phase, up to a constant, as of few features."""
    scale = np.sqrt(min(1, MOST_EVIDENCE / len(variances)) / variances)
    frames, means = frames * scale, means * scale
    return frames @ means.T - 0.5 * np.square(means).sum(axis=1)


def find_origin(circle, n_arcs):
    """Phase with which cycles start, if the recording starts with one.

    The circle is cut into arcs of least variance around their means, the phases
    weighing as many as they have frames. The origin is the boundary with which the
    recording starts, or the last one before; one that is a phase ahead comes after one
    that is a phase behind.
    """
    means = circle.means / np.sqrt(circle.variances)
    weights = np.bincount(circle.path, minlength=N_PHASES) + 1.0
    boundaries = _cut_circle(means, weights, n_arcs)
    since = (circle.path[0] - boundaries) % N_PHASES * 1.0  # not whole
    since[since == N_PHASES - 1] = AHEAD
    return int(boundaries[since.argmin()])


def _cut_circle(means, weights, n_arcs):
    """First phases (n_arcs,) of the arcs of least variance, each being tried first."""
    least, found = np.inf, np.zeros(1, dtype=np.intp)
    for first in range(N_PHASES):
        order = (first + np.arange(N_PHASES)) % N_PHASES
        variance, starts = _cut_line(means[order], weights[order], n_arcs)
        if variance < least - 1e-9:
            least, found = variance, order[starts]
    return found


def _cut_line(means, weights, n_arcs):
    """Least variance of so many pieces of a sequence, and where these start."""
    n_phases = len(means)
    total = np.append(0, np.cumsum(weights))
    sums = np.vstack([0 * means[:1], np.cumsum(weights[:, None] * means, axis=0)])
    squares = np.append(0, np.cumsum(weights * np.square(means).sum(axis=1)))
    costs = np.full((n_phases + 1, n_phases + 1), np.inf)
    for start in range(n_phases):
        ends = slice(start + 1, None)
        moved = np.square(sums[ends] - sums[start]).sum(axis=1)
        costs[start, ends] = squares[ends] - squares[start]
        costs[start, ends] -= moved / (total[ends] - total[start])
    best, origins = costs[0], []
    for _ in range(n_arcs - 1):
        totals = best[:, None] + costs
        origins.append(totals.argmin(axis=0))
        best = totals.min(axis=0)
    starts, end = [0], n_phases
    for origin in reversed(origins):
        end = origin[end]
        starts.append(end)
    return best[n_phases], np.array(starts)
