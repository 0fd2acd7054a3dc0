"""The estimator of the paper."""

from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skl_tot.decoding.decoders import decode
from skl_tot.methods.courses import TEMPORAL_OT, with_order
from skl_tot.methods.prototypes import PrototypeSegmenter
from skl_tot.training.components import (
    LARGEST,
    MLP,
    MOST,
    NETWORKS,
    OPTIMIZERS,
    SMALLEST,
    Adam,
)
from skl_tot.training.network import compare
from skl_tot.training.priors import PRIORS, PathPrior, Prior, TemporalPrior
from skl_tot.training.terms import CrossEntropy, TemporalCoherence, cloned
from skl_tot.training.transport import TRANSPORTS, Transport

# Of a code that vanishes there is a logarithm, too.
LEAST_CODE = 1e-30
# Width of the band of the paper's prior, in prototypes.
PAPER_SIGMA = 0.75
# The paper's method; what it leaves open is as in its reproduction.
PAPER = {
    "n_parts": 1,
    "alpha": 0.0,
    "decoding": "fixed",
    "switch_cost": 0.0,
    "n_init": 1,
    "max_iter": 3000,
    "network": MLP(temperature=0.1),
    "prior": TemporalPrior(sigma=PAPER_SIGMA),
    "optimizer": Adam(frames_per_video=256),
}


class TemporalOTSegmenter(PrototypeSegmenter):
    r"""Unsupervised action segmentation by temporal optimal transport.

    Finds the actions that recordings of one activity share and labels every frame,
    without labels to learn from. A two-layer perceptron embeds frames; softmax scores
    against K learnable prototypes give predicted codes P; pseudo-labels Q come from
    optimal transport with equal partition and a prior that keeps the actions in
    order; the cross-entropy of P against Q, plus ``alpha`` times a temporal coherence
    loss, trains encoder and prototypes one mini-batch of sampled frames at a time:

    .. math::

        L = L_{CE} + \alpha L_{TC} .

    A Viterbi decoder turns codes into labels.

    The method of the paper assumes that all recordings show the same actions in the
    same order, and that actions last about equally long. The default settings are not
    the paper's: actions have several parts, so that they may last longer or shorter,
    three networks are trained at once and speak with one voice, neighbouring frames are
    kept together, and the decoder looks for actions in any order. On the mean of seven
    recorded sets that is what did best. With ``order="strict"`` they are for recordings
    as the paper assumes them, and ahead of its own there; `skl_tot.baselines.paper`
    makes the method as published. With ``order="free"`` the transport has little to go
    by: `HMMSegmenter` and `ASOTSegmenter` do better.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K; "auto" takes what `choose_n_actions` gives. The first
        eleven parameters are those that you will set.
    order : {"strict", "mostly", "free"}, default="mostly"
        What you know of the course of the recordings. "strict": each action once, in
        one order, as the paper assumes. "mostly": an order, with exceptions: actions
        may return, change places or be missing. "free": no common course. It sets the
        parameters that are left to it, which is their default: ``n_parts``, ``alpha``,
        ``decoding``, ``switch_cost``, ``network`` and ``prior``. What you give yourself
        counts. Takes a new fit to change.
    n_parts : int or "auto", default="auto"
        Prototypes for each action; "auto" is 3, and 2 in strict order. Each takes the
        same share of time, so with one, the actions do. With more, `fit` merges
        neighbours in time that the network cannot tell apart until ``n_actions`` are
        left, so that long actions have many parts and short ones few: durations are
        learned.
    rho : float, default=0.07
        Weight ρ of the prior in the transport problem, in units of the scores. Small
        values give sharp pseudo-labels, large values let the prior decide.
    alpha : float or "auto", default="auto"
        Weight α of the temporal coherence loss; 0 leaves it out of the computation.
        "auto" is 0.5, and 0 in strict order.
    decoding : str, default="auto"
        Paths that the decoder looks for. "auto": "fixed" in strict order, else "free".
        "free": any actions, in any order. "fixed": all actions in one order, each of at
        least one frame. "skip": some of them, in this order. "cyclic", "cyclic_skip":
        all or some of them, in this order, and from the last to the first again, for
        recordings longer than those of the fit. "peaks", "mallow": some of them, each
        once, in an order of the recording's own, see `skl_tot.decoding.decode`.
        "framewise": none, each frame is labelled by itself. Does not change the fit.
    switch_cost : float, "auto" or None, default=None
        Cost of going from one action to another, at least 0, in nats for each frame of
        the mean duration of an action in the recording (its frames, by ``n_actions``;
        if it has cycles, those of a recording of the fit). Larger values give fewer
        segments. Not used if ``decoding="fixed"``, where all paths have as many
        switches. "auto" goes by how long segments and the correlations within them
        last: for recordings in which actions come back many times. None is 0.5, and
        "auto" in free order.
    min_duration : float, default=None
        How long a segment lasts at least: in seconds, where the recordings have a rate,
        else in frames. Of all paths through such segments the decoder finds the best.
        A shorter recording is one segment. In fixed order, actions without room are
        left out; background and breaks may cut a segment shorter. Does not change the
        fit. None leaves it to ``switch_cost``.
    background_percentile : float, default=None
        Label as background (-1) the frames in which no action is convincing: whose
        input features are, for every action, less likely than this percentile, in (0,
        100), of the frames that `fit` gave to it. About the percentage of frames that
        you expect to be background, or more if actions look alike. The path runs
        through the other frames. None knows no background.
    standardize : {"dataset", "video"} or None, default="dataset"
        Give each feature zero mean and unit variance over all frames of the fit, or
        over each recording by itself, or leave the features as they are.
    random_state : int, RandomState instance or None, default=None
        Seed of parameters, mini-batches and sampled frames. Pass an int for the same
        result at every call; results are bit for bit the same on one machine with one
        number of threads.
    n_init : int, default=3
        Networks, drawn independently, that `fit` trains at once, each on its own
        pseudo-labels. Their actions are matched to each other by the codes that they
        have in common, and the mean of their codes P is what counts. That depends less
        on the seed, and is better than any one of them on average. This and the next
        three parameters set how long a fit takes.
    max_iter : int, default=2000
        Optimiser steps, one mini-batch each.
    device : str, default="auto"
        Where to compute: "auto" (CUDA if there is one, else CPU), "cpu", "cuda",
        "cuda:1", … An estimator fitted on a GPU also predicts on a machine without.
    verbose : int, default=0
        Whether to show a progress bar with the loss.
    network : {"auto", "mlp"} or MLP, default="auto"
        Widths of the hidden layer and of the embedding, and the temperature τ of the
        softmax that gives P, see `skl_tot.extend.MLP`. "auto" is "mlp", in strict order
        with the temperature of the paper, 0.1. This and the parameters below are for
        research. Where they name an object, a parameter of that object is set as
        ``network__temperature`` or ``prior__sigma``.
    prior : {"auto", "temporal", "path"}, Prior or None, default="auto"
        Prior of the transport problem. "auto" is "path", of the width of the paper,
        0.75, in strict order, None in free order, else "temporal". "temporal" is the
        diagonal of the paper, `skl_tot.extend.TemporalPrior`, with its width ``sigma``
        in prototypes. "path", `skl_tot.extend.PathPrior`, replaces it by the posterior
        of all paths that keep the order, whichever actions they leave out: for
        recordings that lack actions. None is plain optimal transport (OT): then
        prototypes have no order of their own, and `fit` sorts them by the mean relative
        time of their frames, weighted by P, as CTE does.
    transport : {"sinkhorn", "structured"} or Transport, default="sinkhorn"
        How the transport problem is solved. "sinkhorn", `skl_tot.extend.Sinkhorn`, is
        the paper's, in which all actions get equal shares; "structured",
        `skl_tot.extend.StructuredTransport`, is that of `ASOTSegmenter`, but with the
        ``rho`` and the ``prior`` of this one: it keeps neighbouring frames together and
        lets shares differ.
    terms : list of Term, default=None
        Further terms of the loss, such as `skl_tot.extend.TimeStamp` (CTE's) or your
        own, see "Extending" of the documentation.
    optimizer : {"adam"} or Adam, default="adam"
        How training runs, `skl_tot.extend.Adam`: step size, its decay, mini-batches,
        early stopping, and the steps at the start with fixed prototypes.

    Attributes
    ----------
    n_actions_ : int
        Number of actions K that `predict` tells apart.
    numbers_ : dict or None
        What `choose_n_actions` gives, of a fit with ``n_actions="auto"``.
    labels_ : ndarray of shape (n_frames,), or list of such
        Labels of the frames of the recordings of the last fit, in the form of ``X``.
    classes_ : ndarray of shape (n_actions,) or None
        Names of the actions after `skl_tot.corrections.rename`; None if they have
        numbers only.
    network_ : dict of str to ndarray
        All parameters of the network by name, of which those below are a part.
    prototypes_ : ndarray of shape (n_init, n_actions * n_parts, embedding_dim)
        Prototypes, in the order of time. Of a single network, this and what follows
        have no first dimension.
    prototype_actions_ : ndarray of shape (n_init * n_actions * n_parts,)
        Action that each prototype is a part of, those of one network after the other.
    merge_tree_ : ndarray of shape (n_actions * n_parts - 1, 4) or None
        How prototypes of the first network were merged, and would be until one group is
        left, as of `scipy.cluster.hierarchy.linkage`; heights are the numbers of the
        merges. None if there is but one network, of one part each.
        `skl_tot.corrections.cut` cuts it.
    overlap_ : ndarray of shape (n_prototypes, n_prototypes)
        How much the codes of prototypes overlap, in frames.
    coefs_ : list of two ndarray
        Weights of the encoders, of shapes (n_init, n_features, hidden_dim) and (n_init,
        hidden_dim, embedding_dim).
    intercepts_ : list of two ndarray
        Biases of the encoders, of shapes (n_init, hidden_dim) and (n_init,
        embedding_dim).
    layers_ : list
        Corrections of scores, see `skl_tot.corrections`.
    scaler_ : StandardScaler or None
        Standardisation over the data set, if there is one.
    confidence_ : dict of float
        ``tempering`` and ``agreement``, which say how far `predict_posterior` may trust
        the log-likelihoods.
    background_ : dict of ndarray or None
        ``means`` and ``variances`` (n_actions, n_features) of the standardised features
        of each action and ``thresholds`` (n_actions,) of their log-density, if
        background was asked for; for `partial_fit` also ``counts`` (n_actions,) of
        frames and ``quantiles`` (n_actions, 100).
    loss_curve_ : list of float
        Loss of each step, in nats.
    n_iter_ : int
        Steps taken since the parameters were drawn.
    mean_frames_ : float
        Mean number of frames of the recordings of the fit.
    min_frames_ : int
        Frames that a segment has at least.
    fps_ : float or None
        Frames per second of the recordings of the fit, where they came with a rate.
    reading_ : dict or None
        How `skl_tot.recordings.read_recordings` read the recordings of the fit; it
        reads others in the same way with ``like`` this model. None of others.
    n_features_in_ : int
        Width D of the features.
    feature_names_in_ : ndarray of str
        Names of the features, where all names are strings (data frames).

    Notes
    -----
    *Input.* ``X`` is one recording, an array of shape (n_frames, n_features), or many:
    a list, tuple, other sequence or object array of such arrays (memmaps, tensors and
    data frames too), or a 3-D array of recordings of equal length. Recordings may have
    names: those of `skl_tot.recordings.Recordings`, of a dict, or of a data frame whose
    index has two levels, recording and frame (of more, all but the last say which
    recording it is). Objects of xarray with a dimension "time" are one recording each;
    other dimensions are flattened to features called "nose x", space last, and
    variables of a data set stand side by side.

    Output takes the form of the input: `Recordings` of labels, a dict, a Series or data
    frame with the index of the input. ``labels_`` of recordings with names is a dict.
    What is known of them, ``y``, may have their names, in any order. Cross-validation
    of one single array, or data frame, would split its frames; it takes lists and
    `Recordings`. As output may be a list, there is no ``set_output``.

    *Rates.* `Recordings` have frames per second, and so have objects of xarray with a
    regular clock (dates, durations, or floats in seconds; integers may count frames).
    A model keeps them as ``fps_``, and refuses recordings of another rate.

    *Labels.* They count actions in the order in which they usually come. With
    ``decoding="fixed"``, label k is the k-th action of every recording; in any other
    order, a recording may begin with the last label, or lack some: `fit` warns of
    actions that no recording shows, and of those that at most half do. A label carries
    no name: `skl_tot.metrics.match_labels` finds the action that it stands for.

    *Edge cases.* With ``decoding="fixed"`` every action has at least one frame in every
    recording that has as many frames as there are actions; `fit` needs one such.
    Shorter ones get the likeliest path that keeps the order and leaves out any actions,
    and so do recordings with fewer frames that are not background. Integer and
    half-precision features are converted; constant features count for nothing once
    standardised (standardising per recording makes nothing of one of one frame).

    References
    ----------
    Kumar, Haresh, Ahmed, Konin, Zia, Tran, "Unsupervised Action Segmentation by Joint
    Representation Learning and Online Clustering", CVPR 2022.

    Examples
    --------
    >>> from skl_tot import TemporalOTSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> from skl_tot.metrics import mof_score
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> model = TemporalOTSegmenter(n_actions=4, max_iter=300, random_state=0)
    >>> predicted = model.fit(videos).predict(videos)
    >>> predicted[0].shape == labels[0].shape
    True
    >>> bool(mof_score(labels, predicted) > 0.7)
    True
    """

    __module__ = "skl_tot"

    _by_order = TEMPORAL_OT
    _parameter_constraints = with_order(
        PrototypeSegmenter._parameter_constraints
        | {
            "rho": [Interval(Real, SMALLEST, LARGEST, closed="both")],
            "alpha": [Interval(Real, 0, LARGEST, closed="both")],
            "n_init": [Interval(Integral, 1, MOST, closed="both")],
            "prior": [None, StrOptions(set(PRIORS)), Prior],
            "transport": [StrOptions(set(TRANSPORTS)), Transport],
            "terms": [None, list, tuple],
        },
        TEMPORAL_OT,
    )

    # with those of the paper, which an order may name
    _components = {
        "network": NETWORKS | {"sharp": partial(MLP, temperature=0.1)},
        "optimizer": OPTIMIZERS,
        "prior": PRIORS | {"narrow path": partial(PathPrior, sigma=PAPER_SIGMA)},
        "transport": TRANSPORTS,
    }

    def __init__(
        self,
        n_actions=8,
        *,
        order="mostly",
        n_parts="auto",
        rho=0.07,
        alpha="auto",
        decoding="auto",
        switch_cost=None,
        min_duration=None,
        background_percentile=None,
        standardize="dataset",
        random_state=None,
        n_init=3,
        max_iter=2000,
        device="auto",
        verbose=0,
        network="auto",
        prior="auto",
        transport="sinkhorn",
        terms=None,
        optimizer="adam",
    ):
        self.n_actions = n_actions
        self.order = order
        self.n_parts = n_parts
        self.rho = rho
        self.alpha = alpha
        self.decoding = decoding
        self.switch_cost = switch_cost
        self.min_duration = min_duration
        self.background_percentile = background_percentile
        self.standardize = standardize
        self.random_state = random_state
        self.n_init = n_init
        self.max_iter = max_iter
        self.device = device
        self.verbose = verbose
        self.network = network
        self.prior = prior
        self.transport = transport
        self.terms = terms
        self.optimizer = optimizer

    def labellings(self, X):
        """Label every frame by each network by itself, as `GuidedSegmenter` asks.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One recording or many.

        Returns
        -------
        labellings : list of list of ndarray of shape (n_frames_i,)
            For each network, the actions of each recording in fixed order.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a recording is not valid.
        """
        videos = self.prepare(X)
        found = [[] for _ in range(self._n_networks)]
        blocks = np.split(np.arange(len(self.prototype_actions_)), self._n_networks)
        for similarities in self._encode(videos, compare):
            codes = self._codes(similarities)
            for labels, block in zip(found, blocks):
                actions = self.prototype_actions_[block]
                own = codes[:, block] @ np.eye(actions.max() + 1)[actions]
                labels.append(decode(np.log(np.maximum(own, LEAST_CODE))))
        return found

    def _terms(self):
        terms = [self._cross_entropy(), TemporalCoherence(self._told("alpha"))]
        return terms if self.terms is None else terms + cloned(self.terms)

    def _cross_entropy(self):
        """Make the term that pseudo-labels belong to."""
        return CrossEntropy(
            self._n_learned * self._n_parts,
            self._component("transport"),
            prior=self._component("prior"),
            rho=self.rho,
            temperature=self._temperature,
            freeze_iter=self._settings().freeze_iter,
        )


# doctest looks for names of this module, which the public one is not
__test__ = {"TemporalOTSegmenter": TemporalOTSegmenter}
