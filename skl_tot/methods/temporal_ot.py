"""Segmentation by networks whose pseudo-labels are from temporal transport."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

from sklearn.base import clone
from sklearn.utils._param_validation import StrOptions

from skl_tot.decoding.decoders import ESTIMATE
from skl_tot.methods.base import ORDER_CONSTRAINTS, by_order
from skl_tot.methods.networks import PrototypeSegmenter
from skl_tot.methods.numbers import AUTO
from skl_tot.recordings.errors import refuse
from skl_tot.training import pseudo_labels
from skl_tot.training.components import (
    COUNT,
    MLP,
    NETWORKS,
    OPTIMIZERS,
    SCALE,
    WEIGHT,
    Adam,
)
from skl_tot.training.terms import CrossEntropy, TemporalCoherence, Term

# Settings of the paper for Desktop Assembly: table 10 of the supplement, the only
# legible one. Each has its source: table 10; A.3, the text of the supplement; section 4
# of the paper; or the authors' released code, where the paper is silent.
PUBLISHED: dict = {
    "order": "mostly",  # section 4: the order of the actions is fixed
    "n_prototypes": 1,  # section 4: as many as actions
    "rho": 0.07,  # table 10; released code: 0.08
    # 1 in TOT+TCL: A.3, which also has λ = 30, the default of `TemporalCoherence`
    "alpha": 0.0,
    "decoding": "fixed",  # section 4: Viterbi given the order of the actions
    "switch_cost": 0.0,  # released code: staying is as likely as going on
    "standardize": None,  # released code: f_norm is off for Desktop Assembly
    "n_networks": 1,  # section 4
    # released code: 4000 passes, which are 12000 steps for five or six recordings
    "max_iter": 12000,
    "network": MLP(
        hidden_size=60,  # released code: twice the embedding
        embedding_size=30,  # released code
        temperature=0.1,  # table 10
        start="paper",  # section 4: at random; released code: from N(0, 0.01²)
    ),
    # table 10, and Eq. 8, which counts from 1; released code: 1.5, and from 0
    "prior": pseudo_labels.TemporalPrior(sigma=2.0, first_index=1),
    "transport": pseudo_labels.Sinkhorn(n_iter=3),  # table 10
    "optimizer": Adam(
        learning_rate=1e-3,  # table 10; released code: 1e-2 for this set alone
        weight_decay=1e-4,  # A.3
        decay=0.0,  # released code: the rate stays
        freeze_iter=1 / 3,  # A.3: "the first few"; released code: 4000 of 12000
        frames_per_video=256,  # table 10: mini-batches of 512
        batch_size=2,  # A.3: sampled frames from two videos
    ),
}


@dataclass(eq=False, repr=False)
class TemporalOTSegmenter(PrototypeSegmenter):
    r"""Unsupervised action segmentation by temporal optimal transport.

    Finds the actions that recordings of one activity share and labels every frame,
    without labels to learn from. A two-layer perceptron embeds frames; softmax scores
    against K learnable prototypes give predicted codes P; pseudo-labels Q come from
    optimal transport with equal partition and a prior that keeps the actions in
    order; the cross-entropy of P against Q, plus ``alpha`` times a temporal coherence
    loss, trains encoder and prototypes. A Viterbi decoder turns codes into labels.
    "Temporal optimal transport" in the documentation has the equations.

    The paper assumes one order and actions of about equal length; `paper` makes its
    method. The defaults give actions several prototypes and variable durations, train
    three networks, and decode in any order, with a ``switch_cost`` of 0.25. In strict
    order, paths are fixed. In free order, there is no prior, which is the paper's OT,
    and ``switch_cost`` is "estimate".

    "auto" leaves a parameter to the order or to the recordings, and None does without.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K; "auto" takes the result of `choose_n_actions`.
    order : {"mostly", "strict", "free"}, default="mostly"
        Course of the recordings. "mostly": an order with exceptions: actions may
        repeat, change places or be missing. "strict": each action once, in one order.
        "free": no common order. The order sets the parameters that are "auto":
        ``n_prototypes``, ``alpha``, ``decoding``, ``switch_cost`` and ``prior``. A
        change needs a new fit.
    n_prototypes : int or "auto", default="auto"
        Prototypes per action; "auto" is 3, 2 in strict and 1 in free order. `fit`
        merges those that the network cannot distinguish, mostly neighbours in time,
        down to ``n_actions``, so that durations are learned.
    rho : float, default=0.07
        Weight ρ of the prior in the transport problem, in units of the scores. Small
        values give sharp pseudo-labels.
    alpha : float or "auto", default="auto"
        Weight α of the temporal coherence loss; 0 skips it. "auto" is 0.5; strict, 0.
    decoding : str or Decoder, default="auto"
        Paths of the decoder. "free": any actions, in any order. "fixed": all actions in
        one order, each with at least one frame. "skip": some of them, in this order.
        "cyclic", "cyclic_skip": all or some of them, in this order, and from the last
        to the first again, for recordings longer than those of the fit. "framewise": no
        path, each frame separately. "auto" is "fixed" in strict order, else "free".
        A `skl_tot.extend.Decoder` has your own. Does not change the fit: with
        ``order="strict"`` and "free", the fit learns in strict order, and labels come
        in any order.
    switch_cost : float, "estimate" or "auto", default="auto"
        Cost of a switch between actions, at least 0, in nats for each frame of the mean
        duration of an action in the recording (its frames over ``n_actions``). Larger
        values give fewer segments. "estimate" depends on the lengths of segments and of
        correlations within them. "auto" is 0.25; in strict order 0, in free order
        "estimate". Not used if ``decoding="fixed"``.
    min_duration : float, default=None
        Least duration of a segment, in seconds if the recordings have a rate, else in
        frames. A shorter recording is one segment. In fixed order, actions without room
        are dropped; background and breaks may cut a segment shorter. Does not change
        the fit. None has no least duration.
    background_percentile : float, default=None
        Percentile, in (0, 100): frames whose features are less likely, for every
        action, than those of so many per cent of its frames in `fit` are background
        (-1). Use about the expected percentage, or more if actions are similar. None
        has no background.
    standardize : {"dataset", "video"} or None, default="dataset"
        Scale each feature to zero mean and unit variance over all frames of the fit
        ("dataset") or over each recording ("video"). None keeps the features.
    random_state : int, RandomState instance or None, default=None
        Seed of all random numbers. An int gives the same bits at every call on one
        machine.
    n_networks : int, default=3
        Networks that `fit` trains at once; the mean of their codes P counts.
    max_iter : int, default=600
        Optimiser steps, one mini-batch each.
    device : str, default="auto"
        Device of torch: "auto" (trains on CUDA if there is one, and predicts on it from
        5e8 features on, else on the CPU without torch), "cpu", "cuda", or "cuda:1", ….
    network : {"mlp"} or MLP, default="mlp"
        Widths, temperature τ of the softmax P, and start, see `skl_tot.extend.MLP`.
        This and the parameters below are for research. `set_params` sets a parameter of
        a named object, such as ``network__temperature``, or ``prior__sigma`` if
        ``prior`` is "temporal" or "path".
    prior : {"auto", "temporal", "path"}, Prior or None, default="auto"
        Prior of the transport problem. "auto" is "path" in strict order, None in free
        order, else "temporal". "temporal" is the paper's diagonal,
        `skl_tot.extend.TemporalPrior`. "path", `skl_tot.extend.PathPrior`, is for
        recordings that lack actions. None is plain optimal transport (OT), with
        prototypes in order of mean relative time.
    transport : {"sinkhorn", "structured"} or Transport, default="sinkhorn"
        Solver of the transport problem: `skl_tot.extend.Sinkhorn`, the paper's, or
        `skl_tot.extend.StructuredTransport`, that of `ASOTSegmenter`.
    terms : list of Term, default=None
        Further terms of the loss, such as `skl_tot.extend.TimeStamp` (CTE's) or your
        own, see "Extending" in the documentation.
    optimizer : {"adam"} or Adam, default="adam"
        Training settings, see `skl_tot.extend.Adam`.

    Attributes
    ----------
    n_actions_ : int
        Number of actions K of `predict`.
    numbers_ : dict or None
        Result of `choose_n_actions`, for a fit with ``n_actions="auto"``.
    labels_ : ndarray of shape (n_frames,), or list of these
        Labels of the recordings of the last fit, in the form of ``X``.
    classes_ : ndarray of shape (n_actions,) or None
        Names of the actions after `skl_tot.corrections.rename`, else None.
    network_ : dict of str to ndarray
        All parameters of the network by name.
    prototypes_ : ndarray of shape (n_networks, n_actions * n_prototypes, embedding_dim)
        Prototypes, in the order of time. A single network has no first dimension.
    prototype_actions_ : ndarray of shape (n_networks * n_actions * n_prototypes,)
        Action of each prototype, one network after the other.
    order_ : str
        Order of the fit.
    temperature_ : float
        Temperature τ of the softmax P.
    overlap_ : ndarray of shape (n_prototypes, n_prototypes)
        Overlap of the codes of prototypes, in frames.
    layers_ : list
        Corrections of scores, see `skl_tot.corrections`.
    scaler_ : StandardScaler or None
        Standardisation over the data set, if any.
    confidence_ : dict of float
        ``tempering`` and ``agreement``, the trust of `predict_posterior` in scores.
    background_ : named tuple of ndarray, or None
        ``means`` and ``variances`` (n_actions, n_features) of standardised features,
        and ``thresholds`` (n_actions,) of their log-density.
    loss_curve_ : list of float
        Loss of each step, in nats.
    n_iter_ : int
        Steps taken.
    mean_frames_ : float
        Mean number of frames of the recordings of the fit.
    min_frames_ : int
        Least number of frames of a segment.
    fps_ : float or None
        Frames per second of the recordings of the fit, if known.
    read_options_ : dict or None
        Options of `skl_tot.recordings.read_recordings` for the recordings of the fit;
        ``like`` this model, it reads others in the same way. None for other input.
    n_features_in_ : int
        Number of features D.
    feature_names_in_ : ndarray of str
        Names of the features, if all are text (data frames).

    Notes
    -----
    *Input.* ``X`` is one recording, an array of shape (n_frames, n_features), or many:
    a sequence of such arrays (also memmaps, tensors and data frames), or a 3-D array.
    Names of recordings come from `skl_tot.recordings.Recordings`, a dict, or a data
    frame with an index of several levels; its last level counts frames. An object of
    xarray with a dimension "time" is one recording; other dimensions are flattened to
    features called "nose x", space last, and variables of a data set are columns.

    Output takes the form of the input: `Recordings` of labels, a dict, a Series or data
    frame with the index of the input. ``labels_`` of named recordings is a dict. ``y``
    may have names, in any order. Cross-validation of a single array would split its
    frames.

    *Rates.* `Recordings` have frames per second, and so have objects of xarray with a
    regular clock. A model stores them as ``fps_``, and refuses other rates.

    *Labels.* They number actions in their usual order. With ``decoding="fixed"``, label
    k is the k-th action of every recording.

    *Edge cases.* With ``decoding="fixed"`` every action has at least one frame in every
    recording with as many frames as actions; `fit` needs one such recording. Shorter
    recordings get the likeliest path in order that skips actions.

    *Errors.* A parameter or recording that is not valid is a `TypeError` or
    `ValueError`, which names it; a method before `fit`, a `NotFittedError`.

    References
    ----------
    Kumar, Haresh, Ahmed, Konin, Zia, Tran, "Unsupervised Action Segmentation by Joint
    Representation Learning and Online Clustering", CVPR 2022.

    Examples
    --------
    >>> from skl_tot import TemporalOTSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=4, n_actions=4, random_state=0)
    >>> model = TemporalOTSegmenter(n_actions=4, max_iter=100, random_state=0)
    >>> model.fit(videos).predict(videos)[0][:3]
    array([0, 0, 0])
    """

    __module__ = "skl_tot"

    _defaults_by_order = by_order(
        n_prototypes=(2, 3, 1),
        alpha=(0.0, 0.5, 0.5),
        decoding=("fixed", "free", "free"),
        switch_cost=(0.0, 0.25, ESTIMATE),
        prior=("path", "temporal", None),
    )
    _parameter_constraints = {
        **PrototypeSegmenter._parameter_constraints,
        **ORDER_CONSTRAINTS,
        "n_prototypes": [StrOptions({AUTO}), *COUNT],
        "rho": SCALE,
        "alpha": [StrOptions({AUTO}), *WEIGHT],
        "prior": [
            None,
            StrOptions({AUTO, *pseudo_labels.PRIORS}),
            pseudo_labels.Prior,
        ],
        "transport": [
            StrOptions(set(pseudo_labels.TRANSPORTS)),
            pseudo_labels.Transport,
        ],
        "terms": [None, list, tuple],
    }

    _components = {
        "network": NETWORKS,
        "optimizer": OPTIMIZERS,
        "prior": pseudo_labels.PRIORS,
        "transport": pseudo_labels.TRANSPORTS,
    }

    n_actions: int | str = 8
    _: KW_ONLY
    order: str = "mostly"
    n_prototypes: int | str = "auto"
    rho: float = 0.07
    alpha: float | str = "auto"
    decoding: Any = "auto"
    switch_cost: Any = "auto"
    min_duration: float | None = None
    background_percentile: float | None = None
    standardize: str | None = "dataset"
    random_state: Any = None
    n_networks: int = 3
    max_iter: int = 600
    device: str = "auto"
    network: str | MLP = "mlp"
    prior: Any = "auto"
    transport: Any = "sinkhorn"
    terms: list | tuple | None = None
    optimizer: str | Adam = "adam"

    @classmethod
    def paper(cls, n_actions=8, **parameters) -> Self:
        """Make the method of the paper as published, TOT.

        One prototype per action, one network, no coherence loss, paths in fixed order,
        and the settings of table 10 of the supplement, those of Desktop Assembly. Where
        the paper is silent they are those of the authors' released code, such as 12,000
        steps. Features are not scaled; ``standardize="dataset"`` does so.

        Parameters
        ----------
        n_actions : int or "auto", default=8
            Number of actions K.
        **parameters
            Others of `TemporalOTSegmenter`, also ``prior__sigma`` and the like;
            ``alpha=1.0`` makes TOT+TCL.

        Returns
        -------
        segmenter : TemporalOTSegmenter
            Unfitted estimator, all of whose parameters are spelled out.

        Examples
        --------
        >>> from skl_tot import TemporalOTSegmenter
        >>> TemporalOTSegmenter.paper(5, prior__sigma=0.75).prior
        TemporalPrior(sigma=0.75)
        """
        settings = {name: clone(value, safe=False) for name, value in PUBLISHED.items()}
        return cls(n_actions, **settings).set_params(**parameters)

    def _terms(self, settings):
        others = self.terms or []
        for term in others:
            if not isinstance(term, Term):
                what = "an object of a subclass of skl_tot.extend.Term"
                refuse("an entry of terms", term, what, TypeError)
        coherence = TemporalCoherence(settings.alpha)
        others = [term.checked() for term in others]
        return [self._cross_entropy(settings), coherence, *others]

    def _cross_entropy(self, settings):
        return CrossEntropy(
            self._n_learned * int(settings.n_prototypes),
            settings.transport,
            prior=settings.prior,
            rho=settings.rho,
            temperature=settings.network.temperature,
            freeze_iter=settings.training.freeze_iter,
            start=settings.network.start,
        )
