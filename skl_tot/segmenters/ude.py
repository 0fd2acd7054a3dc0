"""Latent concepts that are told apart."""

from dataclasses import replace
from numbers import Integral, Real

import numpy as np
from scipy.special import log_softmax
from sklearn.cluster import KMeans
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, RealNotInt

from skl_tot.methods.networks import NetworkSegmenter
from skl_tot.methods.parts import time_order
from skl_tot.training.components import LARGEST, SMALLEST
from skl_tot.training.devices import from_first_process
from skl_tot.training.network import Encoder
from skl_tot.training.reconstruction import ConceptContrast, Reconstruction
from skl_tot.training.terms import TimeStamp


class UDESegmenter(NetworkSegmenter):
    r"""Unsupervised action segmentation by latent concepts that differ, after UDE.

    A two-layer perceptron embeds frames on the unit sphere. At first it learns to keep
    what there is: a decoder g finds the standardised features :math:`x_t`, of which
    there are D, in the embedding :math:`z_t` of frame t of T, and a linear head its
    relative time,

    .. math::

        L_R = \frac1D \bigl\| g(z_t) - x_t \bigr\|^2
        + \beta \Bigl(w^\top z_t + b - \frac tT\Bigr)^2 .

    Then K-means over the embeddings of all frames gives the first of K latent concepts
    :math:`c_k`, of unit length, which are learned from there on with the network. Of
    the B frames of a mini-batch, each concept takes the :math:`m = B / 2K` that it is
    most confident of, by the softmax over concepts of :math:`s_{tk} = c_k^\top z_t /
    \tau`, and contrasts them with all others,

    .. math::

        L_C = -\frac1K \sum_k \frac1m \sum_{t \in P_k} \log \frac{\exp(s_{tk})}
            {\exp(s_{tk}) + \sum_{u \notin P_k} \exp(s_{uk})} ,

    which is added to :math:`L_R` with weight γ. As each concept has as many frames,
    none is left without. Concepts are ordered by the mean relative time of the frames
    nearest to them, and a Viterbi decoder finds the likeliest path through their
    probabilities in that order.

    Parameters
    ----------
    n_actions : int, default=8
        Number of actions K.
    embedding_dim : int, default=40
        Width E of the embedding.
    hidden_dim : int, default=None
        Width of the hidden layers of encoder and decoder; None means
        ``2 * embedding_dim``.
    time_weight : float, default=300.0
        β, at least 0. So large, as the squared error of a relative time is hardly ever
        above 1/12, where that of standardised features is about 1, and as concepts have
        to follow each other in time. Smaller values gave worse actions.
    concept_weight : float, default=1.0
        γ, at least 0. With 0 the concepts stay where K-means puts them.
    temperature : float, default=0.1
        τ.
    reconstruction_iter : int or float, default=0.5
        Steps before the concepts are there: a number, at least 1, or a share, in (0,
        1), of ``max_iter``.
    frames_per_video : int, default=256
        Frames sampled from a video for a mini-batch, one from each of so many bins of
        equal length. A shorter video has frames drawn more than once.
    batch_size : int, default=2
        Videos in a mini-batch; fewer where there are fewer in all.
    max_iter : int, default=2000
        Optimiser steps, one mini-batch each.
    learning_rate : float, default=1e-3
        Step size of Adam.
    weight_decay : float, default=1e-4
        L2 penalty on all parameters.
    tol : float, default=None
        Stop when the loss, averaged over ``n_iter_no_change`` steps, is not at least
        ``tol`` below the best such average before; with concepts and before them, each
        by itself. None never stops early.
    n_iter_no_change : int, default=100
        Steps over which the loss is averaged for ``tol`` and for the progress bar.
    decoding : str, default="fixed"
        Paths that the decoder looks for, see `TemporalOTSegmenter`.
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
        Whether `fit` ends by labelling its videos, which takes three more passes over
        the data, two of them for ``confidence_``. Without, there is no ``labels_``.
    device : str, default="auto"
        Where to compute, see `TemporalOTSegmenter`. Clustering is done on the CPU.
    random_state : int, RandomState instance or None, default=None
        Seed of parameters, mini-batches, sampled frames and K-means.
    verbose : int, default=0
        Whether to show a progress bar with the loss (needs the ``progress`` extra).

    Attributes
    ----------
    n_actions_ : int
        Number of actions K of the fit.
    labels_ : ndarray of shape (n_frames,), or list of such
        Labels of the frames of the videos of the fit, in the form of ``X``. Only if
        ``compute_labels``.
    concepts_ : ndarray of shape (n_actions, embedding_dim)
        Concepts, of unit length, in the order of the actions.
    network_ : dict of str to ndarray
        All parameters of the network by name, those of the decoder included;
        ``prototypes`` are the concepts.
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
        background was asked for.
    loss_curve_ : list of float
        Loss of each step; it rises where the concepts come in.
    n_iter_ : int
        Steps taken.
    fps_ : float or None
        Frames per second of the videos of the fit, where they came with a rate.
    n_features_in_ : int
        Width D of the features.
    feature_names_in_ : ndarray of str
        Names of the features, where all names are strings (data frames).

    See Also
    --------
    TemporalOTSegmenter : Gives each action as many frames by optimal transport.

    Notes
    -----
    Of the authors' method the abstract was at hand, and no code. Theirs are that
    features and temporal information are embedded together, that the embedding is kept
    by reconstruction, and that concepts are learned with it by raising their similarity
    to the features they are most confident of and lowering that to all others. Ours are
    the networks, that time is decoded but not put in, the form of the contrast (InfoNCE
    with concepts as anchors), numbers of frames and steps, and the decoding.

    Input, labels and edge cases are those of `TemporalOTSegmenter`. The embeddings of
    all frames are held in memory for K-means, as float32.

    References
    ----------
    Swetha, Kuehne, Rawat, Shah, "Unsupervised Discriminative Embedding for Sub-Action
    Learning in Complex Activities", ICIP 2021.

    Examples
    --------
    >>> from skl_tot import UDESegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> model = UDESegmenter(n_actions=4, max_iter=300, random_state=0).fit(videos)
    >>> model.predict(videos)[0].shape == labels[0].shape
    True
    """

    __module__ = "skl_tot"

    _parameter_constraints = NetworkSegmenter._parameter_constraints | {
        "time_weight": [Interval(Real, 0, LARGEST, closed="both")],
        "concept_weight": [Interval(Real, 0, LARGEST, closed="both")],
        "temperature": [Interval(Real, SMALLEST, LARGEST, closed="both")],
        "reconstruction_iter": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
        ],
    }

    _encoder = "unit"

    def __init__(
        self,
        n_actions=8,
        *,
        embedding_dim=40,
        hidden_dim=None,
        time_weight=300.0,
        concept_weight=1.0,
        temperature=0.1,
        reconstruction_iter=0.5,
        frames_per_video=256,
        batch_size=2,
        max_iter=2000,
        learning_rate=1e-3,
        weight_decay=1e-4,
        tol=None,
        n_iter_no_change=100,
        decoding="fixed",
        switch_cost=0.0,
        background_percentile=None,
        standardize="dataset",
        context=None,
        guidance=None,
        compute_labels=True,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.n_actions = n_actions
        self.embedding_dim = embedding_dim
        self.hidden_dim = hidden_dim
        self.time_weight = time_weight
        self.concept_weight = concept_weight
        self.temperature = temperature
        self.reconstruction_iter = reconstruction_iter
        self.frames_per_video = frames_per_video
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.decoding = decoding
        self.switch_cost = switch_cost
        self.background_percentile = background_percentile
        self.standardize = standardize
        self.context = context
        self.guidance = guidance
        self.compute_labels = compute_labels
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @property
    def concepts_(self):
        """Concepts, in the order of the actions."""
        return self.network_["prototypes"]

    def _terms(self):
        return [Reconstruction(), TimeStamp(self.time_weight)]

    def _learn(self, videos):
        rng = check_random_state(self.random_state)
        seeds = from_first_process(rng.randint(2**31 - 1, size=2).tolist())
        n_first = self._first_steps()
        snapshot = self._train(videos, seeds[0], max_iter=n_first)
        concepts = self._cluster(videos, seeds[1])
        self.network_ = snapshot.network | {"prototypes": concepts}
        n_left = int(self.max_iter) - n_first
        if n_left:
            snapshot = replace(snapshot, network=self.network_)
            contrast = ConceptContrast(
                int(self.n_actions), self.concept_weight, self.temperature
            )
            terms = [*self._terms(), contrast]
            self._train(videos, seeds[0], start=snapshot, max_iter=n_left, terms=terms)
        self.n_actions_ = int(self.n_actions)
        embeddings = self._encode(videos, Encoder.embeddings, keep=True)
        nearest = ((x @ self.concepts_.T).argmax(axis=1) for x in embeddings)
        one_hot = np.eye(self.n_actions_)
        order = time_order(one_hot[video] for video in nearest)
        self.network_["prototypes"] = self.concepts_[order]
        return lambda: map(self._log_likelihood, embeddings)

    def _first_steps(self):
        """Count the steps of reconstruction alone."""
        n_first = self.reconstruction_iter
        if not isinstance(n_first, Integral):
            n_first = int(n_first * int(self.max_iter))
        return min(max(1, int(n_first)), int(self.max_iter))

    def _cluster(self, videos, seed):
        """Means of clusters of all frames' embeddings, of unit length."""
        frames = np.concatenate(list(self._encode(videos, Encoder.embeddings)))
        kmeans = KMeans(self.n_actions, n_init=10, random_state=seed, copy_x=False)
        centers = kmeans.fit(frames).cluster_centers_
        lengths = np.linalg.norm(centers, axis=1, keepdims=True)
        return (centers / np.maximum(lengths, 1e-12)).astype(np.float32)

    def _log_likelihoods(self, videos):
        return map(self._log_likelihood, self._encode(videos, Encoder.embeddings))

    def _log_likelihood(self, embeddings):
        """Logarithm of the probability of each concept."""
        cosines = embeddings @ self.concepts_.T
        return log_softmax(cosines.astype(float) / self.temperature, axis=1)


# doctest looks for names of this module, which the public one is not
__test__ = {"UDESegmenter": UDESegmenter}
