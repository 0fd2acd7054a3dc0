"""The closest competitor of the paper."""

from numbers import Integral, Real

import numpy as np
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from skl_tot.inputs.states import check_array
from skl_tot.methods.networks import NetworkSegmenter
from skl_tot.methods.parts import time_order
from skl_tot.training.components import LARGEST, MOST, SMALLEST
from skl_tot.training.devices import from_first_process
from skl_tot.training.network import Encoder
from skl_tot.training.terms import TimeStamp


class CTESegmenter(NetworkSegmenter):
    r"""Unsupervised action segmentation with a continuous temporal embedding (CTE).

    The baseline that the paper of `TemporalOTSegmenter` compares itself with, with the
    same interface. Learning and clustering are separate steps: a two-layer perceptron
    learns to predict the relative time of a frame, K-means clusters the embeddings of
    all frames, clusters are ordered by the mean relative time of their frames, each
    becomes a Gaussian, and a Viterbi decoder finds the likeliest path in that order.

    Parameters
    ----------
    n_actions : int, default=8
        Number of actions K.
    embedding_dim : int, default=40
        Width E of the embedding.
    hidden_dim : int, default=None
        Width of the hidden layer; None means ``2 * embedding_dim``.
    n_init : int, default=10
        Runs of K-means, the best of which is kept.
    reg_covar : float, default=1e-6
        Added to the diagonal of the covariances.
    frames_per_video : int, default=256
        Frames sampled from a video for a mini-batch, one from each of so many bins of
        equal length. A shorter video has frames drawn more than once.
    batch_size : int, default=2
        Videos in a mini-batch; fewer where there are fewer in all.
    max_iter : int, default=6000
        Optimiser steps, one mini-batch each.
    learning_rate : float, default=3e-3
        Step size of Adam. With the 1e-3 of the authors, so many steps are too few for
        time to be learned.
    weight_decay : float, default=1e-4
        L2 penalty on all parameters.
    tol : float, default=None
        Stop when the loss, averaged over ``n_iter_no_change`` steps, is not at least
        ``tol`` below the best such average before. None never stops early.
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
    gaussians_ : list of GaussianMixture
        The Gaussian of each action, in the order of the actions.
    network_ : dict of str to ndarray
        All parameters of the network by name, of which those below are a part.
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
        Mean squared error of the relative time at each step.
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
    TemporalOTSegmenter : Learns and clusters at once.

    Notes
    -----
    Input, labels and edge cases are those of `TemporalOTSegmenter`. The embeddings of
    all frames are held in memory, as float64.

    References
    ----------
    Kukleva, Kuehne, Sener, Gall, "Unsupervised Learning of Action Classes with
    Continuous Temporal Embedding", CVPR 2019.

    Examples
    --------
    >>> from skl_tot import CTESegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> model = CTESegmenter(n_actions=4, max_iter=300, random_state=0).fit(videos)
    >>> model.predict(videos)[0].shape == labels[0].shape
    True
    """

    __module__ = "skl_tot"

    _parameter_constraints = NetworkSegmenter._parameter_constraints | {
        "n_init": [Interval(Integral, 1, MOST, closed="both")],
        "reg_covar": [Interval(Real, SMALLEST, LARGEST, closed="both")],
    }

    def __init__(
        self,
        n_actions=8,
        *,
        embedding_dim=40,
        hidden_dim=None,
        n_init=10,
        reg_covar=1e-6,
        frames_per_video=256,
        batch_size=2,
        max_iter=6000,
        learning_rate=3e-3,
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
        self.n_init = n_init
        self.reg_covar = reg_covar
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

    def _terms(self):
        return [TimeStamp()]

    def _learn(self, videos):
        rng = check_random_state(self.random_state)
        seeds = from_first_process(rng.randint(2**31 - 1, size=2).tolist())
        self._train(videos, seeds[0])
        self.n_actions_ = int(self.n_actions)
        frames = np.empty((videos.lengths.sum(), self._n_features_out))
        by_video = np.split(frames, np.cumsum(videos.lengths)[:-1])  # views
        passes = self._encode(videos, Encoder.embeddings)
        for own, embeddings in zip(by_video, passes):
            own[:] = embeddings
        kmeans = KMeans(
            self.n_actions, n_init=self.n_init, random_state=seeds[1], copy_x=False
        )
        self.gaussians_ = ordered_gaussians(
            frames, videos.lengths, kmeans, self.reg_covar
        )
        # in the type that the network gives, whose rounding K-means leaves as it was
        return lambda: (self._log_likelihood(own.astype("f4")) for own in by_video)

    def _log_likelihoods(self, videos):
        return map(self._log_likelihood, self._encode(videos, Encoder.embeddings))

    def _log_likelihood(self, embeddings):
        """Log-density of the Gaussian of each action."""
        return np.column_stack(
            [gaussian.score_samples(embeddings) for gaussian in self.gaussians_]
        )


def check_gaussian(gaussian, where, embedding_dim):
    """Refuse what is no Gaussian of `ordered_gaussians`."""
    if type(gaussian) is not GaussianMixture or gaussian.covariance_type != "full":
        raise ValueError(f"{where} is {gaussian!r}, expected a GaussianMixture")
    if gaussian.n_features_in_ != embedding_dim:
        raise ValueError(
            f"{where} is of {gaussian.n_features_in_} features, expected "
            f"{embedding_dim}"
        )
    shapes = {
        "weights_": (1,),
        "means_": (1, embedding_dim),
        "precisions_cholesky_": (1, embedding_dim, embedding_dim),
    }
    for name, shape in shapes.items():
        check_array(getattr(gaussian, name, None), f"{where}.{name}", shape)


def ordered_gaussians(frames, lengths, kmeans, reg_covar):
    """Cluster frames, order the clusters in time and fit a Gaussian to each.

    Parameters
    ----------
    frames : ndarray of shape (n_frames, embedding_dim)
        Embedded frames of all videos, one video after the other, float64.
    lengths : ndarray of int of shape (n_videos,)
        Number of frames of each.
    kmeans : KMeans
        What to cluster with.
    reg_covar : float
        Added to the diagonal of the covariances.

    Returns
    -------
    gaussians : list of GaussianMixture
        One of a single component for each cluster, by mean relative time.
    """
    clusters = kmeans.fit_predict(frames)
    one_hot = np.eye(kmeans.n_clusters)
    order = time_order(
        one_hot[video] for video in np.split(clusters, np.cumsum(lengths)[:-1])
    )
    gaussians = []
    for cluster in order:
        members = frames[clusters == cluster]
        if len(members) < 2:  # too few for a covariance: spread as all frames are
            members = frames if len(frames) > 1 else np.repeat(frames, 2, axis=0)
        # A single component leaves nothing to chance; the seed spares the global one.
        gaussian = GaussianMixture(reg_covar=reg_covar, random_state=0)
        gaussians.append(gaussian.fit(members))
    return gaussians


# doctest looks for names of this module, which the public one is not
__test__ = {"CTESegmenter": CTESegmenter}
