"""Discriminative clustering of events in a known order, by Frank-Wolfe."""

from dataclasses import dataclass

import numpy as np


def mean_frames(videos, i, edges):
    """Mean (n_chunks, n_features) of the frames of each chunk of a recording, float64.

    ``edges`` (n_chunks + 1,) are the first frames of chunks and the end. Means of too
    large values are not finite.
    """
    sums = np.zeros((len(edges) - 1, videos.n_features))
    chunk_of = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    with np.errstate(over="ignore", invalid="ignore"):
        for rows in videos.row_blocks(i):
            found, starts = np.unique(chunk_of[rows], return_index=True)
            frames = videos.read(i, rows)
            sums[found] += np.add.reduceat(frames, starts, axis=0, dtype=float)
    return sums / np.diff(edges)[:, None]


def cheapest_events(costs):
    r"""Choose one chunk for each event of each recording, in order, at the least cost.

    With :math:`g_k(t)` the cost of event k in chunk t, the least cost of events up to k
    among the chunks up to t is a running minimum,

    .. math:: M_k(t) = \min_{s \le t} \left( M_{k-1}(s - 1) + g_k(s) \right),

    which takes O(T K) operations without loops over chunks or recordings. ``costs``
    (n_events, n_videos, n_chunks) are infinite for impossible chunks. Returns the
    chunks (n_videos, n_events), the first of equally cheap ones, and their total costs.

    >>> costs = np.array([[[3.0, 0.0, 1.0]], [[9.0, 0.0, 2.0]]])
    >>> cheapest_events(costs)
    (array([[1, 2]]), array([2.]))
    """
    n_events, n_videos, n_chunks = costs.shape
    least = np.empty_like(costs)
    before = np.zeros((n_videos, n_chunks))
    for k in range(n_events):
        np.minimum.accumulate(before + costs[k], axis=1, out=least[k])
        before[:, 1:] = least[k, :, :-1]
        before[:, 0] = np.inf  # no event fits before the first chunk
    events = np.empty((n_videos, n_events), dtype=np.intp)
    last = np.full(n_videos, n_chunks - 1)
    videos = np.arange(n_videos)
    for k in range(n_events - 1, -1, -1):
        reached = least[k, videos, last]
        # the first chunk of least cost, as running minima never rise
        events[:, k] = (least[k] > reached[:, None]).sum(axis=1)
        last = events[:, k] - 1
    return events, least[-1, :, -1]


@dataclass
class Solution:
    """Result of `minimise`: events, their objective, and their best classifier.

    ``events`` (n_videos, n_events) are chunks counted from the start of their
    recording. ``curve`` is the objective of the relaxed problem after each iteration.
    The classifier has weights ``coef`` (n_events, n_features), and an ``intercept`` and
    a mean squared error ``noise`` per event.
    """

    events: np.ndarray
    objective: float
    curve: list
    coef: np.ndarray
    intercept: np.ndarray
    noise: np.ndarray


class EventClustering:
    r"""Positions of events, rated by the fit of a linear classifier.

    The chunks X (n_chunks, n_features) of all recordings are rows of one array, and Z
    (n_chunks, n_events) indicates their events. The objective is that of the best ridge
    regression,

    .. math::

        f(Z) = \min_{W, b} \frac{1}{N} \lVert Z - X W - 1 b^\top \rVert^2
        + \lambda \lVert W \rVert^2
        = \frac{1}{N} \left( \lVert \bar Z \rVert^2 - \lVert Y^\top Z \rVert^2 \right)

    where :math:`\bar Z` is centred and :math:`Y = \bar X V (S^2 + N \lambda)^{-1/2}`
    comes from the eigenvectors V and the eigenvalues :math:`S^2` of
    :math:`\bar X^\top \bar X`. So the prediction is
    :math:`X W + 1 b^\top = Y Y^\top Z + \text{mean of } Z`, linear in Z, and the
    gradient :math:`\frac{2}{N} (Z - X W - 1 b^\top)`.

    ``lengths`` (n_videos,) are numbers of chunks; ``regularization`` is λ.
    """

    def __init__(self, chunks, lengths, n_events, regularization):
        self.n_chunks, self.n_videos = len(chunks), len(lengths)
        self.n_events, self.lengths = n_events, lengths
        self.starts = np.cumsum(lengths) - lengths
        self.is_chunk = np.arange(lengths.max()) < lengths[:, None]
        # each event may be in any chunk
        self.allowed = np.repeat(self.is_chunk[None], n_events, axis=0)
        with np.errstate(over="ignore", invalid="ignore"):
            self.mean = chunks.mean(axis=0)
            centred = chunks - self.mean
            covariance = centred.T @ centred
        if not np.isfinite(covariance).all():
            raise ValueError("The features of X are too large; scale them down.")
        values, vectors = np.linalg.eigh(covariance)
        # drop directions with only rounding errors
        floor = values[-1] * len(values) * np.finfo(float).eps
        kept = values > max(floor, 0)
        scales = np.sqrt(values[kept] + self.n_chunks * regularization)
        self.basis = vectors[:, kept] / scales
        self.whitened = centred @ self.basis

    def cheapest(self, costs):
        """Cheapest rows (n_videos, n_events) for costs (n_chunks, n_events)."""
        padded = np.full(self.allowed.shape, np.inf)
        padded[:, self.is_chunk] = costs.T
        padded[~self.allowed] = np.inf
        return cheapest_events(padded)[0] + self.starts[:, None]

    def assignment(self, rows):
        """Z (n_chunks, n_events) for events in these rows."""
        result = np.zeros((self.n_chunks, self.n_events))
        result[rows, np.arange(self.n_events)] = 1
        return result

    def projection(self, rows):
        """Y'Z (rank, n_events) for events in these rows."""
        return self.whitened[rows].sum(axis=0).T

    def predict(self, projection):
        """Prediction XW + 1b' (n_chunks, n_events) of the best classifier."""
        return self.whitened @ projection + self.n_videos / self.n_chunks

    def objective(self, projection):
        """Objective f of events, from their `projection`."""
        share = self.n_videos / self.n_chunks
        variance = self.n_events * share * (1 - share)
        return variance - np.square(projection).sum() / self.n_chunks

    def gradient(self, assignment, predicted):
        """Gradient (n_chunks, n_events) of f at a Z and its prediction."""
        return (assignment - predicted) * (2 / self.n_chunks)

    def start(self, rng, n_corners):
        """Mean Z of random events, and its prediction."""
        assignment = np.zeros((self.n_chunks, self.n_events))
        predicted = np.zeros_like(assignment)
        for _ in range(n_corners):
            rows = self.cheapest(rng.uniform(size=assignment.shape))
            assignment += self.assignment(rows)
            predicted += self.predict(self.projection(rows))
        return assignment / n_corners, predicted / n_corners

    def solution(self, rows, curve):
        """`Solution` for events in these rows."""
        projection = self.projection(rows)
        coef = (self.basis @ projection).T
        errors = self.assignment(rows) - self.predict(projection)
        return Solution(
            events=rows - self.starts[:, None],
            objective=float(self.objective(projection)),
            curve=curve,
            coef=coef,
            intercept=self.n_videos / self.n_chunks - coef @ self.mean,
            noise=np.square(errors).mean(axis=0),
        )


def best_step(slope, curvature):
    """Step in [0, 1] at which ``slope * step + curvature * step**2`` is least."""
    if slope >= 0:
        return 0.0
    return 1.0 if -slope >= 2 * curvature else -slope / (2 * curvature)


def minimise(problem, rng, *, n_corners=10, max_iter=650, tol=0.0):
    """Minimise over the convex hull of events, and return the best events found.

    Starts at the mean of ``n_corners`` random events, and stops if the objective is
    within the share ``tol`` of its minimum over the hull. Candidates are the cheapest
    events for the predictions of each iteration.
    """
    assignment, predicted = problem.start(rng, n_corners)
    best, lowest, curve = None, np.inf, []
    for _ in range(max_iter):
        rounded = problem.cheapest(-predicted)
        objective = problem.objective(problem.projection(rounded))
        if objective < lowest:
            best, lowest = rounded, objective
        gradient = problem.gradient(assignment, predicted)
        corner = problem.cheapest(gradient)
        direction = problem.assignment(corner) - assignment
        change = problem.predict(problem.projection(corner)) - predicted
        slope = np.vdot(gradient, direction)
        curvature = np.vdot(direction, direction - change) / problem.n_chunks
        step = best_step(slope, curvature)
        assignment += step * direction
        predicted += step * change
        value = np.vdot(assignment, assignment - predicted) / problem.n_chunks
        curve.append(float(value))
        if -slope <= tol * value:  # f is convex: the bound of the gain
            break
    return problem.solution(best, curve)
