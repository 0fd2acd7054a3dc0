"""The estimator."""

import copy
import warnings
from numbers import Integral, Real

import numpy as np
from scipy.special import log_softmax
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skl_tot._decoding import viterbi
from skl_tot._label_free import cross_video_consistency
from skl_tot._progress import progress_bar
from skl_tot._sampling import Videos
from skl_tot._sequences import check_videos, mirror_form, unchanged_on_error
from skl_tot._trainer import (
    DEVICE_TYPES,
    Snapshot,
    TrainingConfig,
    encode,
    resolve_device,
    train,
)


class TemporalOTSegmenter(
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,  # the output may be a list of arrays
):
    r"""Unsupervised action segmentation by temporal optimal transport.

    Finds the actions that recordings of one activity share and labels every frame,
    without labels to learn from. A two-layer perceptron embeds frames; softmax scores
    against K learnable prototypes give predicted codes P; pseudo-labels Q come from
    optimal transport with equal partition and a prior that keeps the actions in
    order; the cross-entropy of P against Q, plus ``alpha`` times a temporal coherence
    loss, trains encoder and prototypes one mini-batch of sampled frames at a time:

    .. math::

        L = L_{CE} + \alpha L_{TC}

    A Viterbi decoder with the same fixed order turns codes into labels.

    The method assumes that all videos show the same actions in the same order, and
    that actions last about equally long; it bends where they do not, see the README.

    Parameters
    ----------
    n_actions : int, default=8
        Number of actions K.
    embedding_dim : int, default=40
        Width E of the embedding.
    hidden_dim : int, default=None
        Width of the hidden layer; None means ``2 * embedding_dim``.
    rho : float, default=0.07
        Weight ρ of the prior in the transport problem, in units of the scores. Small
        values give sharp pseudo-labels, large values let the prior decide.
    sigma : float, default=0.75
        Width σ of the band that the prior draws around the diagonal, in actions. The
        paper's one legible value is 2.
    temperature : float, default=0.1
        Temperature τ of the softmax that gives P.
    n_sinkhorn_iter : int, default=3
        Sinkhorn iterations for the pseudo-labels.
    alpha : float, default=0.0
        Weight α of the temporal coherence loss; 0 leaves it out of the computation.
    window : int, default=30
        Greatest distance λ, in frames, of the pairs of the temporal coherence loss.
    n_frames : int, default=256
        Frames sampled from a video for a mini-batch, one from each of so many bins of
        equal length. A shorter video has frames drawn more than once.
    batch_size : int, default=2
        Videos in a mini-batch; fewer where there are fewer in all.
    max_iter : int, default=3000
        Optimiser steps, one mini-batch each.
    freeze_iter : int, default=300
        Steps at the start during which the prototypes stay as drawn.
    learning_rate : float, default=1e-3
        Step size of Adam.
    weight_decay : float, default=1e-4
        L2 penalty on all parameters, prototypes included.
    tol : float, default=None
        Stop when the loss, averaged over ``n_iter_no_change`` steps with free
        prototypes, is not at least ``tol`` below the best such average before. None
        never stops early.
    n_iter_no_change : int, default=100
        Steps over which the loss is averaged for ``tol`` and for the progress bar.
    standardize : {"dataset", "video"} or None, default="dataset"
        Give each feature zero mean and unit variance over all frames of the fit, or
        over each video by itself, or leave the features as they are.
    warm_start : bool, default=False
        Whether `fit` starts from the encoder and prototypes of the last fit instead of
        random ones. Standardisation, optimiser and random numbers start anew;
        `partial_fit` is the one that carries on with all of them.
    device : str, default="auto"
        Where to compute: "auto" (CUDA if there is one, else CPU), "cpu", "cuda",
        "cuda:1", … An estimator fitted on a GPU also predicts on a machine without.
    random_state : int, RandomState instance or None, default=None
        Seed of parameters, mini-batches and sampled frames. Pass an int for the same
        result at every call; results are bit for bit the same on one machine with one
        number of threads.
    verbose : int, default=0
        Whether to show a progress bar with the loss (needs the ``progress`` extra).

    Attributes
    ----------
    labels_ : ndarray of shape (n_frames,), or list of such
        Labels of the frames of the videos of the last fit, in the form of ``X``.
    prototypes_ : ndarray of shape (n_actions, embedding_dim)
        Prototypes, in the order of the actions.
    coefs_ : list of two ndarray, (n_features, hidden_dim) and (hidden_dim, \
embedding_dim)
        Weights of the encoder.
    intercepts_ : list of two ndarray, (hidden_dim,) and (embedding_dim,)
        Biases of the encoder.
    scaler_ : StandardScaler or None
        Standardisation over the data set, if there is one.
    loss_curve_ : list of float
        Loss of each step, in nats.
    n_iter_ : int
        Steps taken since the parameters were drawn.
    n_features_in_ : int
        Width D of the features.
    feature_names_in_ : ndarray of str
        Names of the features, where all names are strings (data frames).

    Notes
    -----
    *Input.* ``X`` is one video, an array of shape (n_frames, n_features), or many: a
    list, tuple, other sequence or object array of such arrays (memmaps, tensors and
    data frames too), or a 3-D array of videos of equal length. Output takes the form
    of the input. Cross-validation of one single array would split its frames. As
    output may be a list, there is no ``set_output``.

    *Labels.* Label k is the k-th action in time, 0 the first. It carries no name:
    `skl_tot.metrics.match_labels` finds the action that it stands for.

    *Edge cases.* Every action has at least one frame in every video that has as many
    frames as there are actions; `fit` needs one such video. Shorter ones get the
    likeliest path that keeps the order and leaves out any actions. Integer and
    half-precision features are converted; constant features count for nothing once
    standardised (standardising per video makes nothing of a video of one frame).

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

    _parameter_constraints = {
        "n_actions": [Interval(Integral, 1, None, closed="left")],
        "embedding_dim": [Interval(Integral, 1, None, closed="left")],
        "hidden_dim": [None, Interval(Integral, 1, None, closed="left")],
        "rho": [Interval(Real, 0, None, closed="neither")],
        "sigma": [Interval(Real, 0, None, closed="neither")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "n_sinkhorn_iter": [Interval(Integral, 1, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "window": [Interval(Integral, 1, None, closed="left")],
        "n_frames": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "freeze_iter": [Interval(Integral, 0, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "tol": [None, Interval(Real, 0, None, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "standardize": [None, StrOptions({"dataset", "video"})],
        "warm_start": ["boolean"],
        "device": [str],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        n_actions=8,
        *,
        embedding_dim=40,
        hidden_dim=None,
        rho=0.07,
        sigma=0.75,
        temperature=0.1,
        n_sinkhorn_iter=3,
        alpha=0.0,
        window=30,
        n_frames=256,
        batch_size=2,
        max_iter=3000,
        freeze_iter=300,
        learning_rate=1e-3,
        weight_decay=1e-4,
        tol=None,
        n_iter_no_change=100,
        standardize="dataset",
        warm_start=False,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.n_actions = n_actions
        self.embedding_dim = embedding_dim
        self.hidden_dim = hidden_dim
        self.rho = rho
        self.sigma = sigma
        self.temperature = temperature
        self.n_sinkhorn_iter = n_sinkhorn_iter
        self.alpha = alpha
        self.window = window
        self.n_frames = n_frames
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.freeze_iter = freeze_iter
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.standardize = standardize
        self.warm_start = warm_start
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn encoder and prototypes.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.
        y : None
            Ignored.

        Returns
        -------
        self : TemporalOTSegmenter
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a parameter or a video is not valid, no video has ``n_actions`` frames,
            or the loss diverges. An estimator fitted before stays as it was.
        """
        with unchanged_on_error(self):
            videos, form = check_videos(self, X, reset=True)
            self.scaler_ = self._fit_scaler(videos, None)
            start = None
            if self.warm_start and hasattr(self, "prototypes_"):
                start = Snapshot(self._parameters(), self.n_iter_)
            if max(map(len, videos)) < self.n_actions:
                raise ValueError(
                    f"n_actions={self.n_actions} is more than the number of frames of "
                    f"the longest video (n_samples={max(map(len, videos))})."
                )
            self._train(videos, form, start, one_pass=False)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None):
        """Go on learning, with one pass over the given videos in the order given.

        Standardisation, optimiser and random numbers carry on from call to call, so
        the first ``freeze_iter`` steps of a stream leave the prototypes as drawn.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.
        y : None
            Ignored.

        Returns
        -------
        self : TemporalOTSegmenter
            The fitted estimator; ``labels_`` are those of the given videos.

        Raises
        ------
        TypeError, ValueError
            As in `fit`, but videos may all be shorter than ``n_actions`` frames.
        """
        with unchanged_on_error(self):
            is_first = not hasattr(self, "prototypes_")
            videos, form = check_videos(self, X, reset=is_first)
            self.scaler_ = self._fit_scaler(videos, getattr(self, "scaler_", None))
            start = None
            if not is_first:
                start = Snapshot(
                    self._parameters(), self.n_iter_, self._moments, self._rng_state
                )
            self._train(videos, form, start, one_pass=True)
        return self

    def predict(self, X):
        """Label every frame by the likeliest path through the actions in order.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.

        Returns
        -------
        labels : ndarray of shape (n_frames,), or list of such
            Labels 0 … K - 1, non-decreasing in each video.
        """
        videos, form = self._check_fitted(X)
        return mirror_form(self._decode(videos), form)

    def predict_proba(self, X):
        """Predict the codes P of Eq. 1, frame by frame and without decoding.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.

        Returns
        -------
        codes : ndarray of shape (n_frames, n_actions), or list of such
            Probabilities, each row summing to 1, in the floating type of the video.
        """
        videos, form = self._check_fitted(X)
        codes = [np.exp(log_codes) for _, log_codes in self._encode(videos)]
        return mirror_form(_as_types_of(codes, videos), form)

    def transform(self, X):
        """Embed every frame.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.

        Returns
        -------
        embeddings : ndarray of shape (n_frames, embedding_dim), or list of such
            Values in (0, 1), in the floating type of the video.
        """
        videos, form = self._check_fitted(X)
        embeddings = [embeddings for embeddings, _ in self._encode(videos)]
        return mirror_form(_as_types_of(embeddings, videos), form)

    def score(self, X, y=None):
        r"""Cross-video consistency of the predicted actions; needs no labels.

        With :math:`m_{vk}` the mean (standardised) features of the frames of action k
        in video v, :math:`\bar m_k` its mean over videos and :math:`\bar m` the mean
        of the latter, variances being means of squared distances,

        .. math::

            \operatorname{var}_k(\bar m_k - \bar m) \,/\,
            \operatorname{var}_{v,k}(m_{vk} - \bar m_k)

        is high if actions differ, but one action does not differ between videos.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.
        y : None
            Ignored. To score against labels, use the scorers of `skl_tot.metrics`.

        Returns
        -------
        score : float
            At least 0, higher is better; nan, with a warning, for a single video.
        """
        videos, _ = self._check_fitted(X)
        frames = (videos.read(i, slice(None)) for i in range(len(videos)))
        return cross_video_consistency(frames, self._decode(videos))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.input_tags.three_d_array = True
        return tags

    @property
    def _n_features_out(self):
        return self.prototypes_.shape[1]

    def _fit_scaler(self, videos, scaler):
        """Update the standardisation over the data set; the old one is not touched."""
        if self.standardize != "dataset":
            return None
        scaler = StandardScaler() if scaler is None else copy.deepcopy(scaler)
        for video in videos:
            scaler.partial_fit(video)
        return scaler

    def _standardized(self, videos):
        """Pair videos with their means and scales."""
        if self.scaler_ is not None:
            scalers = [self.scaler_]
        elif self.standardize == "video":
            scalers = [StandardScaler().fit(video) for video in videos]
        else:
            return Videos(videos)
        means = np.array([scaler.mean_ for scaler in scalers])
        return Videos(videos, means, np.array([scaler.scale_ for scaler in scalers]))

    def _train(self, arrays, form, start, *, one_pass):
        """Run the solver and keep what it returns."""
        settings = {name: getattr(self, name) for name in TrainingConfig.names()}
        for name, value in settings.items():
            if isinstance(
                value, Integral
            ):  # numpy's would overflow, torch refuses bool
                settings[name] = int(value)
        settings["hidden_dim"] = self.hidden_dim or 2 * settings["embedding_dim"]
        n_steps = -(-len(arrays) // self.batch_size) if one_pass else self.max_iter
        videos = self._standardized(arrays)
        with progress_bar(n_steps, self.verbose) as progress:
            snapshot, losses = train(
                videos,
                TrainingConfig(**settings),
                device=resolve_device(self.device),
                seed=check_random_state(self.random_state).randint(2**31 - 1),
                start=start,
                one_pass=one_pass,
                progress=progress,
            )
        self.coefs_ = [snapshot.parameters[f"{x}_weight"] for x in ("hidden", "output")]
        self.intercepts_ = [
            snapshot.parameters[f"{x}_bias"] for x in ("hidden", "output")
        ]
        self.prototypes_ = snapshot.parameters["prototypes"]
        self._moments, self._rng_state = snapshot.moments, snapshot.rng_state
        self.n_iter_ = snapshot.n_iter
        self.loss_curve_ = losses if start is None else self.loss_curve_ + losses
        self.labels_ = mirror_form(self._decode(videos), form)

    def _parameters(self):
        """Name the fitted parameters as the solver does."""
        return {
            "hidden_weight": self.coefs_[0],
            "hidden_bias": self.intercepts_[0],
            "output_weight": self.coefs_[1],
            "output_bias": self.intercepts_[1],
            "prototypes": self.prototypes_,
        }

    def _check_fitted(self, X):
        check_is_fitted(self, "prototypes_")
        arrays, form = check_videos(self, X, reset=False)
        return self._standardized(arrays), form

    def _encode(self, videos):
        """Yield embeddings and log P of each video."""
        try:
            device = resolve_device(self.device)
        except ValueError as error:
            if self.device.partition(":")[0] not in DEVICE_TYPES:
                raise
            # fitted where there was a GPU, used where there is none
            warnings.warn(f"{error} Using the CPU.", UserWarning, stacklevel=4)
            device = resolve_device("cpu")
        encoded = encode(self._parameters(), videos, device)
        for i, (embeddings, scores) in enumerate(encoded):
            log_codes = log_softmax(scores.astype(float) / self.temperature, axis=1)
            if not np.isfinite(log_codes).all():
                raise ValueError(
                    f"Video {i}: the scores are not finite; the fit diverged (lower "
                    "learning_rate) or the features are too large for float32."
                )
            yield embeddings, log_codes

    def _decode(self, videos):
        return [viterbi(log_codes)[0] for _, log_codes in self._encode(videos)]


def _as_types_of(outputs, videos):
    """Give each output the floating type of its video."""
    return [
        output.astype(array.dtype, copy=False)
        for output, array in zip(outputs, videos.arrays)
    ]
