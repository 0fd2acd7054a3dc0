"""Events that are told apart by a linear classifier."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.courses import ONE_COURSE, with_order
from skl_tot.methods.event_clustering import EventClustering, mean_frames, minimise
from skl_tot.recordings.errors import RecordingValueError
from skl_tot.training.components import LARGEST, MOST, SMALLEST

# Chunks of a video for each action, if their frames are not given. Of 1.5, 2 and 3, and
# of chunks of 10 or 20 frames, this did best on seven sets.
CHUNKS_PER_ACTION = 2
# Least error of the classifier of an event, so that log-likelihoods stay finite.
LEAST_NOISE = 1e-6
MOST_NATS = 1e150  # sums of more may overflow


class FrankWolfeSegmenter(BaseSegmenter):
    r"""Action segmentation by discriminative clustering of events.

    After Alayrac et al., with whom `TemporalOTSegmenter` is compared, and without a
    network. Every action has one *event* in every video: a short chunk that shows it,
    and events follow each other in the order of the actions. Where events are is judged
    by how well a linear classifier tells them from all other chunks. With Z of shape
    (n_chunks, n_actions), which is 1 where a chunk shows an event, and chunks X of N
    rows in all videos,

    .. math::

        \min_Z \min_{W, b} \frac{1}{N} \lVert Z - X W - 1 b^\top \rVert^2
        + \lambda \lVert W \rVert^2

    is minimised over all mixtures of allowed Z by the Frank-Wolfe algorithm: each
    iteration looks for the events that the gradient likes best, by dynamic programming,
    and goes towards them as far as it pays. The result is the best Z among those that
    the classifiers of all iterations find.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K, see `TemporalOTSegmenter`.
    order : {"strict", "mostly"}, default="mostly"
        The course of the recordings, see `TemporalOTSegmenter`. It changes nothing, as
        the method knows but one course, and none without.
    frames_per_chunk : int, default=None
        About how many frames are averaged to a chunk (the authors take 10). None cuts
        every video into 2 K chunks, whatever its length. No video gets fewer than K,
        nor more than it has frames.
    regularization : float, default=None
        Weight λ of the classifier's size; None means 1 / (n_videos K).
    n_corners : int, default=10
        Random events, the mean of which the algorithm starts from.
    max_iter : int, default=650
        Most iterations.
    tol : float, default=1e-4
        Stop when the objective is known to be within this share of its minimum.
    decoding : str, default="fixed"
        Paths that the decoder looks for, see `TemporalOTSegmenter`.
    switch_cost, min_duration, background_percentile, standardize : optional
        As of `CTESegmenter`.
    random_state : int, RandomState instance or None, default=None
        Seed of the events to start from.

    Attributes
    ----------
    events_ : ndarray of int of shape (n_videos, n_actions)
        Frame in the middle of each event of the videos of the fit; -1 in videos with
        fewer frames than actions.
    coef_ : ndarray of shape (n_actions, n_features)
        W, the weights of the classifier, for standardised features.
    intercept_ : ndarray of shape (n_actions,)
        Its intercepts b.
    noise_ : ndarray of shape (n_actions,)
        Its mean squared error for each event.
    objective_ : float
        Objective of the events that were found.
    objective_curve_ : list of float
        Objective of the mixture after each iteration; never rises.
    n_iter_ : int
        Iterations made.

    See Also
    --------
    TemporalOTSegmenter : Learns an embedding.

    Notes
    -----
    Input, labels, edge cases and further attributes are those of `TemporalOTSegmenter`.
    Videos with fewer frames than actions cannot have all events and are not learned
    from.

    *The authors'* are the objective, λ, the order, the algorithm with its start, number
    of iterations, exact line search and rounding. They know more of the events than
    their order: about when each is narrated. Without that the problem is a vague one.

    *Ours* is what makes labels of all frames out of events, and the size of chunks. The
    score :math:`s_k` of a frame, from the classifier, becomes the log-likelihood ratio
    of "this is event k" (1) against "it is not" (0), with the noise :math:`\sigma_k^2`
    of the regression (``noise_``):

    .. math:: \ell(t, k) = (s_k(t) - \tfrac12) / \sigma_k^2

    and the decoder finds the likeliest path. On seven sets, whose
    labels served for the choice, that beats giving each frame to the nearest event in
    time by 8 points of MoF in the mean.

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
        """First frame of each chunk of a video, and its end."""
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
            if not np.abs(ratios).max() < MOST_NATS:  # nan is not, either
                raise RecordingValueError(
                    "the features are too large to be decoded.", i
                )
            yield ratios


# doctest looks for names of this module, which the public one is not
__test__ = {"FrankWolfeSegmenter": FrankWolfeSegmenter}
