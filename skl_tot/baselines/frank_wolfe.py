"""Events that a linear classifier distinguishes."""

from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from skl_tot.methods.base import BaseSegmenter
from skl_tot.recordings.container import row_blocks
from skl_tot.recordings.errors import RecordingValueError

# Share of the minimum within which the objective stops.
TOLERANCE = 1e-4


@dataclass(eq=False, repr=False)
class FrankWolfeSegmenter(BaseSegmenter):
    r"""Action segmentation by discriminative clustering of events.

    Every action has one *event* in every recording, a short chunk of frames, and events
    follow in the order of the actions. Positions of events are rated by how well a
    linear classifier separates them from all other chunks. With Z of shape (n_chunks,
    n_actions), which is 1 where a chunk has an event, and chunks X of N rows in all
    recordings,

    .. math::

        \min_Z \min_{W, b} \frac{1}{N} \lVert Z - X W - 1 b^\top \rVert^2
        + \lambda \lVert W \rVert^2

    is minimised over all mixtures of allowed Z by the Frank-Wolfe algorithm, with 2 K
    chunks a recording and :math:`\lambda = 1 / (n_{\text{videos}} K)`. It starts from
    the mean of ten random Z. Each iteration finds the events of steepest descent by
    dynamic programming, and moves towards them with an exact line search. The best Z of
    all iterations is the result.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K; "auto" takes the result of `choose_n_actions`.
    max_iter : int, default=650
        Maximum number of iterations; fewer once the objective exceeds its
        minimum by a share of less than 1e-4.
    decoding, switch_cost, min_duration, background_percentile : optional
        As in `TemporalOTSegmenter`; ``decoding`` is "fixed", ``switch_cost`` is 0.0.
    standardize, random_state : optional
        As in `TemporalOTSegmenter`.

    Attributes
    ----------
    events_ : ndarray of int of shape (n_videos, n_actions)
        Middle frame of each event of the recordings of the fit; -1 in too short ones.
    coef_ : ndarray of shape (n_actions, n_features)
        Weights W of the classifier, for standardised features.
    intercept_ : ndarray of shape (n_actions,)
        Intercepts b of the classifier.
    noise_ : ndarray of shape (n_actions,)
        Mean squared error of the classifier for each event.
    objective_ : float
        Objective of the final events.
    objective_curve_ : list of float
        Objective of the mixture after each iteration; never rises.
    n_iter_ : int
        Iterations made.

    Notes
    -----
    See `TemporalOTSegmenter` for input and attributes.

    The authors also know roughly when each event is narrated, and have chunks of ten
    frames. Own choices: the size of chunks, and the labels of all frames: the score
    :math:`s_k` of a frame, from the classifier, becomes the log-likelihood ratio of
    "this is event k" (1) against "it is not" (0), with the noise :math:`\sigma_k^2` of
    the regression (``noise_``),

    .. math:: \ell(t, k) = (s_k(t) - \tfrac12) / \sigma_k^2 .

    References
    ----------
    Alayrac, Bojanowski, Agrawal, Sivic, Laptev, Lacoste-Julien, "Unsupervised Learning
    from Narrated Instruction Videos", CVPR 2016.

    Examples
    --------
    >>> from skl_tot.baselines import FrankWolfeSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> FrankWolfeSegmenter(n_actions=4, random_state=0).fit(videos).events_.shape
    (10, 4)
    """

    __module__ = "skl_tot.baselines"

    order = "mostly"  # not a parameter, as the order is fixed

    n_actions: int | str = 8
    _: KW_ONLY
    max_iter: int = 650
    decoding: Any = "fixed"
    switch_cost: Any = 0.0
    min_duration: float | None = None
    background_percentile: float | None = None
    standardize: str | None = "dataset"
    random_state: Any = None

    def _learn(self, videos):
        rng = check_random_state(self.random_state)
        self._set_n_actions(videos)
        n_actions = self.n_actions_
        fitting = np.flatnonzero(videos.lengths >= n_actions)
        edges = [self._edges(int(videos.lengths[i])) for i in fitting]
        chunks = [mean_frames(videos, i, cuts) for i, cuts in zip(fitting, edges)]
        problem = EventClustering(
            np.concatenate(chunks),
            np.array([len(video) for video in chunks]),
            n_actions,
            1 / (len(fitting) * n_actions),
        )
        rows, curve = minimise(problem, rng, self.max_iter)
        self.events_ = np.full((len(videos), n_actions), -1)
        for i, cuts, events in zip(fitting, edges, rows - problem.starts[:, None]):
            self.events_[i] = (cuts[events] + cuts[events + 1]) // 2
        self.coef_, self.intercept_, self.noise_ = problem.classifier(rows)
        self.objective_ = float(problem.objective(problem.projection(rows)))
        self.objective_curve_, self.n_iter_ = curve, len(curve)

    def _edges(self, n_frames):
        """First frame of each chunk of a recording, and its end."""
        # Among 1.5, 2 and 3 chunks per action, and chunks of 10 or 20 frames, 2 did
        # best on seven sets.
        n_chunks = min(2 * self.n_actions_, n_frames)
        return np.arange(n_chunks + 1) * n_frames // n_chunks

    def _log_likelihoods(self, videos):
        noise = np.maximum(self.noise_, 1e-6)  # keeps log-likelihoods finite
        for i in range(len(videos)):
            ratios = np.empty((int(videos.lengths[i]), len(self.coef_)))
            with np.errstate(over="ignore", invalid="ignore"):
                for rows in row_blocks(videos.arrays[i]):
                    np.matmul(videos.read(i, rows), self.coef_.T, out=ratios[rows])
                ratios += self.intercept_ - 0.5
                ratios /= noise
            # sums of more nats may overflow; also for NaN
            if not np.abs(ratios).max() < 1e150:
                raise RecordingValueError("the features are too large to decode.", i)
            yield ratios


def mean_frames(videos, i, edges):
    """Mean (n_chunks, n_features) of the frames of each chunk of a recording."""
    sums = np.zeros((len(edges) - 1, videos.n_features))
    chunk_of = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    with np.errstate(over="ignore", invalid="ignore"):
        for rows in row_blocks(videos.arrays[i]):
            chunks, starts = np.unique(chunk_of[rows], return_index=True)
            frames = videos.read(i, rows)
            sums[chunks] += np.add.reduceat(frames, starts, axis=0, dtype=float)
    return sums / np.diff(edges)[:, None]


def cheapest_events(costs):
    """Choose one chunk for each event of a recording, in order, at the least cost."""
    # the least cost of events up to k among the chunks up to t is a running minimum:
    # M_k(t) = min over s <= t of M_(k-1)(s - 1) + cost of event k in chunk s
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
    return events


class EventClustering:
    """Positions of events, rated by the fit of a linear classifier."""

    def __init__(self, chunks, lengths, n_events, regularization):
        self.n_chunks, self.n_videos = len(chunks), len(lengths)
        self.n_events, self.lengths = n_events, lengths
        self.starts = np.cumsum(lengths) - lengths
        self.is_chunk = np.arange(lengths.max()) < lengths[:, None]
        with np.errstate(over="ignore", invalid="ignore"):
            self.mean = chunks.mean(axis=0)
            centred = chunks - self.mean
            covariance = centred.T @ centred
        if not np.isfinite(covariance).all():
            raise ValueError("The features of X are too large; scale them down.")
        values, vectors = np.linalg.eigh(covariance)
        # drop directions with only rounding errors
        is_varying = values > max(values[-1] * len(values) * np.finfo(float).eps, 0)
        scales = np.sqrt(values[is_varying] + self.n_chunks * regularization)
        self.basis = vectors[:, is_varying] / scales
        self.whitened = centred @ self.basis

    def cheapest(self, costs):
        """Cheapest rows (n_videos, n_events) for costs (n_chunks, n_events)."""
        padded = np.full((self.n_events, *self.is_chunk.shape), np.inf)
        padded[:, self.is_chunk] = costs.T
        return cheapest_events(padded) + self.starts[:, None]

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

    def start(self, rng, n_corners=10):
        """Mean Z of random events, and its prediction."""
        assignment = np.zeros((self.n_chunks, self.n_events))
        predicted = np.zeros_like(assignment)
        for _ in range(n_corners):
            rows = self.cheapest(rng.uniform(size=assignment.shape))
            assignment += self.assignment(rows)
            predicted += self.predict(self.projection(rows))
        return assignment / n_corners, predicted / n_corners

    def classifier(self, rows):
        """Coefficients, intercepts, and mean squared errors (n_events,) of the best."""
        projection = self.projection(rows)
        coef = (self.basis @ projection).T
        errors = self.assignment(rows) - self.predict(projection)
        intercept = self.n_videos / self.n_chunks - coef @ self.mean
        return coef, intercept, np.square(errors).mean(axis=0)


def best_step(slope, curvature):
    """Step in [0, 1] at which ``slope * step + curvature * step**2`` is least."""
    if slope >= 0:
        return 0.0
    return 1.0 if -slope >= 2 * curvature else -slope / (2 * curvature)


def minimise(problem, rng, max_iter):
    """Minimise over the convex hull of events: rows of the best, objectives by step."""
    assignment, predicted = problem.start(rng)
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
        if -slope <= TOLERANCE * value:  # f is convex: the bound of the gain
            break
    return best, curve
