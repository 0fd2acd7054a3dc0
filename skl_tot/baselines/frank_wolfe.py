"""Events that a linear classifier distinguishes."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from skl_tot.baselines.event_clustering import EventClustering, mean_frames, minimise
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.courses import ONE_COURSE, with_order
from skl_tot.recordings.errors import RecordingValueError
from skl_tot.training.components import LARGEST, MOST, SMALLEST

# Default number of chunks per action and recording. Among 1.5, 2 and 3, and chunks of
# 10 or 20 frames, it did best on seven sets.
CHUNKS_PER_ACTION = 2
# Least error of an event's classifier, which keeps log-likelihoods finite.
LEAST_NOISE = 1e-6
MOST_NATS = 1e150  # sums of more may overflow


class FrankWolfeSegmenter(BaseSegmenter):
    r"""Action segmentation by discriminative clustering of events.

    After Alayrac et al., a competitor of `TemporalOTSegmenter`; without a network.
    Every action has one *event* in every recording, a short chunk of frames, and events
    follow in the order of the actions. Positions of events are rated by how well a
    linear classifier separates them from all other chunks. With Z of shape (n_chunks,
    n_actions), which is 1 where a chunk has an event, and chunks X of N rows in all
    recordings,

    .. math::

        \min_Z \min_{W, b} \frac{1}{N} \lVert Z - X W - 1 b^\top \rVert^2
        + \lambda \lVert W \rVert^2

    is minimised over all mixtures of allowed Z by the Frank-Wolfe algorithm. Each
    iteration finds the events of steepest descent by dynamic programming, and moves
    towards them with an exact line search. The result is the best Z found by the
    classifiers of all iterations.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K, see `TemporalOTSegmenter`.
    order : {"strict", "mostly"}, default="mostly"
        The course of the recordings, see `TemporalOTSegmenter`. It has no effect, as
        the method has a fixed order.
    frames_per_chunk : int, default=None
        Approximate number of frames per chunk (the authors use 10). None cuts every
        recording into 2 K chunks. A recording has at least K chunks, and at most one
        per frame.
    regularization : float, default=None
        Weight λ of the classifier's size; None means 1 / (n_videos K).
    n_corners : int, default=10
        Number of random events; the algorithm starts from their mean.
    max_iter : int, default=650
        Maximum number of iterations.
    tol : float, default=1e-4
        Stop when the objective is within this share of its minimum.
    decoding : str, default="fixed"
        Paths of the decoder, see `TemporalOTSegmenter`.
    switch_cost, min_duration, background_percentile, standardize : optional
        As for `CTESegmenter`.
    random_state : int, RandomState instance or None, default=None
        Seed of the first events.

    Attributes
    ----------
    events_ : ndarray of int of shape (n_videos, n_actions)
        Middle frame of each event of the recordings of the fit; -1 in recordings with
        fewer frames than actions.
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

    See Also
    --------
    TemporalOTSegmenter : Learns an embedding.

    Notes
    -----
    See `TemporalOTSegmenter` for input, labels, edge cases and further attributes.
    Recordings with fewer frames than actions are not used in the fit.

    From the authors: the objective, λ, the order, the algorithm with its start, number
    of iterations, exact line search and rounding. They also know roughly when each
    event is narrated; without that, the problem is less determined.

    Own choices: the size of chunks, and the labels of all frames from events. The score
    :math:`s_k` of a frame, from the classifier, becomes the log-likelihood ratio of
    "this is event k" (1) against "it is not" (0), with the noise :math:`\sigma_k^2` of
    the regression (``noise_``):

    .. math:: \ell(t, k) = (s_k(t) - \tfrac12) / \sigma_k^2

    and the decoder finds the likeliest path. On seven sets, whose labels were used for
    the choice, it is better than the nearest event in time by 8 points of MoF on
    average.

    References
    ----------
    Alayrac, Bojanowski, Agrawal, Sivic, Laptev, Lacoste-Julien, "Unsupervised Learning
    from Narrated Instruction Videos", CVPR 2016.

    Examples
    --------
    >>> from skl_tot.baselines import FrankWolfeSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> model = FrankWolfeSegmenter(n_actions=4, random_state=0).fit(videos)
    >>> model.predict(videos)[0].shape == labels[0].shape
    True
    """

    __module__ = "skl_tot.baselines"

    _by_order = ONE_COURSE
    _parameter_constraints = with_order(
        BaseSegmenter._parameter_constraints
        | {
            "frames_per_chunk": [None, Interval(Integral, 1, MOST, closed="both")],
            "regularization": [None, Interval(Real, SMALLEST, LARGEST, closed="both")],
            "n_corners": [Interval(Integral, 1, MOST, closed="both")],
            "max_iter": [Interval(Integral, 1, MOST, closed="both")],
            "tol": [Interval(Real, 0, LARGEST, closed="both")],
        },
        ONE_COURSE,
    )

    def __init__(
        self,
        n_actions=8,
        *,
        order="mostly",
        frames_per_chunk=None,
        regularization=None,
        n_corners=10,
        max_iter=650,
        tol=1e-4,
        decoding="fixed",
        switch_cost=0.0,
        min_duration=None,
        background_percentile=None,
        standardize="dataset",
        random_state=None,
    ):
        self.n_actions = n_actions
        self.order = order
        self.frames_per_chunk = frames_per_chunk
        self.regularization = regularization
        self.n_corners = n_corners
        self.max_iter = max_iter
        self.tol = tol
        self.decoding = decoding
        self.switch_cost = switch_cost
        self.min_duration = min_duration
        self.background_percentile = background_percentile
        self.standardize = standardize
        self.random_state = random_state

    def _learn(self, videos):
        rng = check_random_state(self.random_state)
        self._settle_n_actions(videos)
        n_actions = self.n_actions_
        kept = np.flatnonzero(videos.lengths >= n_actions)
        edges = [self._edges(int(videos.lengths[i])) for i in kept]
        chunks = [mean_frames(videos, i, cuts) for i, cuts in zip(kept, edges)]
        problem = EventClustering(
            np.concatenate(chunks),
            np.array([len(video) for video in chunks]),
            n_actions,
            self.regularization or 1 / (len(kept) * n_actions),
        )
        solution = minimise(
            problem,
            rng,
            n_corners=self.n_corners,
            max_iter=self.max_iter,
            tol=self.tol,
        )
        self.events_ = np.full((len(videos), n_actions), -1)
        for i, cuts, chunks in zip(kept, edges, solution.events):
            self.events_[i] = (cuts[chunks] + cuts[chunks + 1]) // 2
        self.coef_, self.intercept_ = solution.coef, solution.intercept
        self.noise_ = solution.noise
        self.objective_, self.objective_curve_ = solution.objective, solution.curve
        self.n_iter_ = len(solution.curve)
        return lambda: self._log_likelihoods(videos)

    def _edges(self, n_frames):
        """First frame of each chunk of a recording, and its end."""
        n_chunks = CHUNKS_PER_ACTION * self.n_actions_
        if self.frames_per_chunk is not None:
            n_chunks = max(-(-n_frames // self.frames_per_chunk), self.n_actions_)
        n_chunks = min(n_chunks, n_frames)
        return np.arange(n_chunks + 1) * n_frames // n_chunks

    def _log_likelihoods(self, videos):
        noise = np.maximum(self.noise_, LEAST_NOISE)
        for i in range(len(videos)):
            ratios = np.empty((int(videos.lengths[i]), len(self.coef_)))
            with np.errstate(over="ignore", invalid="ignore"):
                for rows in videos.row_blocks(i):
                    np.matmul(videos.read(i, rows), self.coef_.T, out=ratios[rows])
                ratios += self.intercept_ - 0.5
                ratios /= noise
            if not np.abs(ratios).max() < MOST_NATS:  # also for NaN
                raise RecordingValueError(
                    "the features are too large to be decoded.", i
                )
            yield ratios


# doctest runs the examples of this module's names; __module__ is the public one
__test__ = {"FrankWolfeSegmenter": FrankWolfeSegmenter}
