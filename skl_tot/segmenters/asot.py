"""The method that succeeded the paper's."""

from dataclasses import replace
from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval

from skl_tot.methods.parts import merge_alike, time_order
from skl_tot.methods.prototypes import PrototypeSegmenter
from skl_tot.training.components import LARGEST, MOST, SMALLEST
from skl_tot.training.priors import LinearPrior
from skl_tot.training.terms import SphericalCrossEntropy
from skl_tot.training.transport import StructuredTransport

# Least pseudo-label whose logarithm is taken.
LEAST_CODE = 1e-30


class ASOTSegmenter(PrototypeSegmenter):
    r"""Action segmentation by unbalanced, temporally structured transport (ASOT).

    As `TemporalOTSegmenter`, it learns embeddings and prototypes from pseudo-labels
    that solve a transport problem. But embeddings and prototypes have unit length, the
    structure of the problem keeps neighbouring frames together rather than actions in
    order, and actions need not be equally long: a weak prior and a weak balance are all
    that is asked for. The same problem, of all frames of a video and with other
    weights, labels it: actions may return, change places or be missing.

    With the cosines S of frames and prototypes, the pseudo-labels Q of N frames descend

    .. math::

        \alpha \, \text{structure}(Q) + (1 - \alpha) \sum_{t, k} Q_{tk}
        \Big( 1 - S_{tk} + \rho \Big| \frac tN - \frac kK \Big| \Big)
        + \epsilon \sum_{t, k} Q_{tk} \log Q_{tk}
        + \lambda N \operatorname{KL}\Big( m \,\Big\|\, \frac1K \Big)

    with rows that sum to 1 and shares m of the prototypes;
    `skl_tot.training.transport.structured_transport` says what the structure is.

    Parameters
    ----------
    n_actions : int, default=8
        Number of actions K.
    embedding_dim : int, default=40
        Width E of the embedding.
    hidden_dim : int, default=128
        Width of the hidden layer; None means ``2 * embedding_dim``.
    n_parts : int, default=1
        Prototypes for each action. With more than one, `fit` merges those that the
        network cannot tell apart, wherever they are in time, until ``n_actions`` are
        left. The authors have 1.
    rho : float, default=0.25
        Weight ρ of the prior. The authors have 0.05 to 0.25, by the data set.
    epsilon : float, default=0.07
        Weight ε of the entropy in training.
    structure_weight : float, default=0.3
        Share α of the structure in training, in [0, 1].
    balance : float, default=0.1
        Weight λ, in training, of equal shares of the prototypes.
    predict_epsilon : float, default=0.04
        As ``epsilon``, where videos are labelled.
    predict_structure_weight : float, default=0.6
        As ``structure_weight``, where videos are labelled.
    predict_balance : float, default=0.01
        As ``balance``, where videos are labelled.
    radius : float, default=0.04
        Frames that are nearer than this, as a share of the video, ought to have the
        same action.
    n_transport_iter : int, default=25
        Iterations of the transport problem.
    temperature : float, default=0.1
        Temperature τ of the softmax that gives P.
    frames_per_video : int, default=256
        Frames sampled from a video for a mini-batch, one from each of so many bins of
        equal length. A shorter video has frames drawn more than once.
    batch_size : int, default=2
        Videos in a mini-batch; fewer where there are fewer in all.
    max_iter : int, default=1500
        Optimiser steps, one mini-batch each.
    learning_rate : float, default=1e-3
        Step size of Adam.
    decay : float, default=0.0
        Share of the steps of `fit`, at its end, over which the learning rate falls
        linearly to zero. The authors have no decay.
    weight_decay : float, default=1e-4
        L2 penalty on all parameters, prototypes included.
    n_init : int, default=1
        Networks that `fit` trains at once, as of `TemporalOTSegmenter`. All start at
        the same clusters.
    tol : float, default=None
        Stop when the loss, averaged over ``n_iter_no_change`` steps, is not at least
        ``tol`` below the best such average before. None never stops early.
    n_iter_no_change : int, default=100
        Steps over which the loss is averaged for ``tol`` and for the progress bar.
    decoding : str, default="framewise"
        "framewise" gives each frame the action with the largest pseudo-label, as the
        authors do. The others, those of `TemporalOTSegmenter`, look for a path, by the
        logarithm of the pseudo-labels.
    switch_cost : float or "auto", default=0.0
        Cost of going from one action to another, at least 0, in nats for each frame of
        the mean duration of an action in the video (its frames, by ``n_actions``).
        Larger values give fewer segments; 0.5 did well on several sets. Not used if
        ``decoding="fixed"``, where all paths have as many switches. "auto" goes by how
        long segments and the correlations within them last, however many a video has.
    background_percentile : float, default=None
        Label as background (-1) the frames in which no action is convincing: whose
        input features are, for every action, less likely than this percentile, in (0,
        100), of the frames that `fit` gave to it. About the percentage of frames that
        you expect to be background, or more if actions look alike. The path runs
        through the other frames. None knows no background.
    standardize : {"dataset", "video"} or None, default="dataset"
        Give each feature zero mean and unit variance over all frames of the fit, or
        over each video by itself, or leave the features as they are.
    context : int, default=None
        As of `TemporalOTSegmenter`.
    guidance : {"labels", "transcripts"} or None, default=None
        What ``y`` is, see `TemporalOTSegmenter`.
    compute_labels : bool, default=True
        Whether `fit` and `partial_fit` end by labelling their videos, which takes three
        more passes over the data, two of them for ``confidence_``. Without, there is no
        ``labels_``. With ``n_parts`` above 1, one pass is needed anyway, to merge them.
    warm_start : bool, default=False
        Whether `fit` starts from the encoder and prototypes of the last fit instead of
        random ones. Standardisation, optimiser and random numbers start anew;
        `partial_fit` is the one that carries on with all of them.
    device : str, default="auto"
        Where to compute, see `TemporalOTSegmenter`.
    random_state : int, RandomState instance or None, default=None
        Seed of parameters, mini-batches and sampled frames. Pass an int for the same
        result at every call; results are bit for bit the same on one machine with one
        number of threads.
    verbose : int, default=0
        Whether to show a progress bar with the loss (needs the ``progress`` extra).

    Attributes
    ----------
    n_actions_ : int
        Number of actions K of the fit.
    labels_ : ndarray of shape (n_frames,), or list of such
        Labels of the frames of the videos of the last fit, in the form of ``X``. Only
        if ``compute_labels``.
    network_ : dict of str to ndarray
        All parameters of the network by name, of which those below are a part.
    prototypes_ : ndarray of shape (n_actions * n_parts, embedding_dim)
        Prototypes, of unit length.
    prototype_actions_ : ndarray of shape (n_actions * n_parts,)
        Action that each prototype is a part of. Actions are numbered by the mean
        relative time of their frames.
    merge_tree_ : ndarray of shape (n_actions * n_parts - 1, 4) or None
        How prototypes of the first network were merged, and would be until one group is
        left, as of `scipy.cluster.hierarchy.linkage`; heights are the numbers of the
        merges. None if there is but one network, of one part each. ``predict(X,
        n_actions=k)`` cuts it.
    coefs_ : list of two ndarray
        Weights of the encoder, of shapes (n_features, hidden_dim) and (hidden_dim,
        embedding_dim).
    intercepts_ : list of two ndarray
        Biases of the encoder, of shapes (hidden_dim,) and (embedding_dim,).
    classes_ : ndarray of shape (n_classes,)
        Labels that `predict` answers in, and names of actions found besides; only after
        a fit with ``guidance``, `guide`, or `rename`.
    guide_ : dict of ndarray or None
        What was learned of them, see `skl_tot.meta.guide.fit_guide`.
    edits_ : list of dict of ndarray
        What `merge` and `split` have done, see `skl_tot.methods.layers`.
    scaler_ : StandardScaler or None
        Standardisation over the data set, if there is one.
    confidence_ : dict of float or None
        ``tempering`` and ``agreement``, which say how far `predict_posterior` may trust
        the log-likelihoods, if ``compute_labels``.
    background_ : dict of ndarray or None
        ``means`` and ``variances`` (n_actions, n_features) of the standardised features
        of each action and ``thresholds`` (n_actions,) of their log-density, if
        background was asked for; for `partial_fit` also ``counts`` (n_actions,) of
        frames and ``quantiles`` (n_actions, 100).
    loss_curve_ : list of float
        Loss of each step, in nats.
    n_iter_ : int
        Steps taken since the parameters were drawn.
    fps_ : float or None
        Frames per second of the videos of the fit, where they came with a rate.
    n_features_in_ : int
        Width D of the features.
    feature_names_in_ : ndarray of str
        Names of the features, where all names are strings (data frames).

    See Also
    --------
    TemporalOTSegmenter : Keeps actions in order; its ``transport`` may be this one.

    Notes
    -----
    Network, losses, transport and settings are those of the authors' code, whose
    settings for data sets differ little. Features are divided by the square root of
    their number, as it does with standardised ones; how large they are matters. Ours
    are the first values of the network, drawn from N(0, 0.01²), parts, restarts, and
    paths.

    A video is labelled as one problem, in float64: for T frames and K prototypes that
    takes some 75 T K bytes beside its features.

    Input and edge cases are those of `TemporalOTSegmenter`. Label k is the k-th action
    by mean relative time.

    References
    ----------
    Xu, Gould, "Temporally Consistent Unbalanced Optimal Transport for Unsupervised
    Action Segmentation", CVPR 2024.

    Examples
    --------
    >>> from skl_tot import ASOTSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> from skl_tot.metrics import mof_score
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> model = ASOTSegmenter(n_actions=4, max_iter=200, random_state=0)
    >>> predicted = model.fit(videos).predict(videos)
    >>> bool(mof_score(labels, predicted) > 0.7)
    True
    """

    __module__ = "skl_tot"

    _encoder = "unit"
    _merger = staticmethod(merge_alike)

    _parameter_constraints = PrototypeSegmenter._parameter_constraints | {
        "rho": [Interval(Real, 0, LARGEST, closed="both")],
        "epsilon": [Interval(Real, SMALLEST, LARGEST, closed="both")],
        "structure_weight": [Interval(Real, 0, 1, closed="both")],
        "balance": [Interval(Real, 0, LARGEST, closed="both")],
        "predict_epsilon": [Interval(Real, SMALLEST, LARGEST, closed="both")],
        "predict_structure_weight": [Interval(Real, 0, 1, closed="both")],
        "predict_balance": [Interval(Real, 0, LARGEST, closed="both")],
        "radius": [Interval(Real, 0, 1, closed="neither")],
        "n_transport_iter": [Interval(Integral, 1, MOST, closed="both")],
        "decay": [Interval(Real, 0, 1, closed="both")],
        "n_init": [Interval(Integral, 1, MOST, closed="both")],
    }

    def __init__(
        self,
        n_actions=8,
        *,
        embedding_dim=40,
        hidden_dim=128,
        n_parts=1,
        rho=0.25,
        epsilon=0.07,
        structure_weight=0.3,
        balance=0.1,
        predict_epsilon=0.04,
        predict_structure_weight=0.6,
        predict_balance=0.01,
        radius=0.04,
        n_transport_iter=25,
        temperature=0.1,
        frames_per_video=256,
        batch_size=2,
        max_iter=1500,
        learning_rate=1e-3,
        decay=0.0,
        weight_decay=1e-4,
        n_init=1,
        tol=None,
        n_iter_no_change=100,
        decoding="framewise",
        switch_cost=0.0,
        background_percentile=None,
        standardize="dataset",
        context=None,
        guidance=None,
        compute_labels=True,
        warm_start=False,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.n_actions = n_actions
        self.embedding_dim = embedding_dim
        self.hidden_dim = hidden_dim
        self.n_parts = n_parts
        self.rho = rho
        self.epsilon = epsilon
        self.structure_weight = structure_weight
        self.balance = balance
        self.predict_epsilon = predict_epsilon
        self.predict_structure_weight = predict_structure_weight
        self.predict_balance = predict_balance
        self.radius = radius
        self.n_transport_iter = n_transport_iter
        self.temperature = temperature
        self.frames_per_video = frames_per_video
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.decay = decay
        self.weight_decay = weight_decay
        self.n_init = n_init
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.decoding = decoding
        self.switch_cost = switch_cost
        self.background_percentile = background_percentile
        self.standardize = standardize
        self.context = context
        self.guidance = guidance
        self.compute_labels = compute_labels
        self.warm_start = warm_start
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def _settings(self):
        return replace(super()._settings(), n_init=self.n_init)

    def _terms(self):
        return [self._cross_entropy()]

    def _cross_entropy(self):
        return self._problem(self.epsilon, self.structure_weight, self.balance)

    def _problem(self, epsilon, structure_weight, balance):
        """Make the term of prototypes whose transport has these weights."""
        transport = StructuredTransport(
            epsilon,
            structure_weight,
            self.radius,
            balance,
            int(self.n_transport_iter),
        )
        return SphericalCrossEntropy(
            int(self.n_actions) * int(self.n_parts),
            transport,
            prior=LinearPrior(),
            rho=self.rho,
            temperature=self.temperature,
        )

    def _merge(self, similarities, goes_on):
        before = self.prototype_actions_ if goes_on else None
        super()._merge(similarities, goes_on)
        if before is not None and self.n_parts == 1:
            self.prototype_actions_ = before  # numbers mean the same in all of a stream
            return
        order = time_order(
            self._together(np.exp(self._log_codes(x)), np.add) for x in similarities
        )
        self.prototype_actions_ = np.argsort(order)[self.prototype_actions_]

    def _whole_videos(self):
        return (
            "ASOTSegmenter solves a transport problem of a whole video; take "
            "TemporalOTSegmenter"
        )

    def _log_likelihood(self, similarities):
        """Logarithm of Q, of all frames of a video, summed over parts."""
        codes = self._predicted_codes(similarities)
        return np.log(np.maximum(self._together(codes, np.add), LEAST_CODE))

    def _log_parts(self, videos):
        for similarities in self._similarities(videos):
            yield np.log(np.maximum(self._predicted_codes(similarities), LEAST_CODE))

    def _predicted_codes(self, similarities):
        """Q of prototypes, of all frames of a video."""
        problem = self._problem(
            self.predict_epsilon, self.predict_structure_weight, self.predict_balance
        )
        return self._codes_of_video(problem, similarities, len(similarities))


# doctest looks for names of this module, which the public one is not
__test__ = {"ASOTSegmenter": ASOTSegmenter}
