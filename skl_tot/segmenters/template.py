"""What all segmenters share: checks, standardisation, decoding and output."""

import copy
import math
import warnings
from abc import abstractmethod
from numbers import Integral, Real

import numpy as np
from scipy.special import softmax
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skl_tot.decoding.background import fit_background, is_background
from skl_tot.decoding.paths import decode, path_posterior
from skl_tot.inputs.blocks import StandardizedVideos, row_blocks
from skl_tot.inputs.forms import mirror_form
from skl_tot.inputs.labels import check_transcripts
from skl_tot.inputs.videos import check_videos, unchanged_on_error
from skl_tot.metrics.label_free import cross_video_consistency, held_out_information
from skl_tot.training.devices import DEVICE_TYPES, resolve_device
from skl_tot.training.distributed import same_everywhere
from skl_tot.training.loop import train
from skl_tot.training.network import encode
from skl_tot.training.progress import progress_bar
from skl_tot.training.state import TrainingConfig


class BaseSegmenter(  # type: ignore[call-arg]
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,  # the output may be a list of arrays
):
    """Base of segmenters that embed frames and decode paths through ordered actions.

    A subclass learns in ``_learn`` and scores embedded frames in ``_log_likelihood``.
    """

    _parameter_constraints = {
        "n_actions": [Interval(Integral, 1, None, closed="left")],
        "embedding_dim": [Interval(Integral, 1, None, closed="left")],
        "hidden_dim": [None, Interval(Integral, 1, None, closed="left")],
        "n_frames": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "tol": [None, Interval(Real, 0, None, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "decoding": [StrOptions({"fixed", "skip", "free"})],
        "switch_cost": [Interval(Real, 0, None, closed="left")],
        "background": [None, Interval(Real, 0, 100, closed="neither")],
        "standardize": [None, StrOptions({"dataset", "video"})],
        "compute_labels": ["boolean"],
        "device": [str],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    @abstractmethod
    def _learn(self, videos):
        """Learn from standardised videos and set the fitted attributes."""

    @abstractmethod
    def _log_likelihood(self, embeddings, scores):
        """Log-likelihood (n_frames, n_actions) of the actions, up to a constant."""

    @property
    @abstractmethod
    def _n_fitted_actions(self):
        """Number of actions of the fit, which ``n_actions`` may no longer be."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the actions.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a parameter or a video is not valid, no video has ``n_actions`` frames,
            or the loss diverges. An estimator fitted before stays as it was.
        """
        with unchanged_on_error(self):
            arrays, form = check_videos(self, X, reset=True)
            longest = max(map(len, arrays))
            if longest < self.n_actions:
                raise ValueError(
                    f"n_actions={self.n_actions} is more than the number of frames of "
                    f"the longest video (n_samples={longest})."
                )
            self.scaler_ = self._fit_scaler(arrays, None)
            videos = self._standardized(arrays)
            self._learn(videos)
            self._label_fitted(videos, form)
        return self

    def fit_predict(self, X, y=None):
        """Learn the actions and label the frames.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.
        y : None
            Ignored.

        Returns
        -------
        labels : ndarray of shape (n_frames,), or list of such
            Those of `predict`, also with ``compute_labels=False``.

        Raises
        ------
        TypeError, ValueError
            As in `fit`.
        """
        self.fit(X)
        return self.labels_ if self.compute_labels else self.predict(X)

    def predict(self, X, *, transcripts=None):
        """Label every frame by the likeliest path through the actions.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.
        transcripts : sequence of int, or sequence of such, default=None
            The actions that each video is known to show, in their order; one may
            return. Their path has just these segments (in a video with fewer frames,
            some of them), whatever ``decoding`` is. None leaves actions to be found.

        Returns
        -------
        labels : ndarray of shape (n_frames,), or list of such
            Labels 0 … K - 1, non-decreasing in each video unless ``decoding="free"`` or
            a transcript says otherwise; -1 for background, if that was asked for.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video or a transcript is not valid.
        """
        videos, form = self._check_fitted(X)
        if transcripts is not None:
            transcripts = check_transcripts(
                transcripts, len(videos), form, self._n_fitted_actions
            )
        return mirror_form(self._decode(videos, transcripts), form)

    def predict_proba(self, X):
        """Predict the probability of each action, frame by frame, without decoding.

        For `TemporalOTSegmenter` these are the codes P of Eq. 1, for `CTESegmenter` the
        posterior of the Gaussians with equal weights.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.

        Returns
        -------
        codes : ndarray of shape (n_frames, n_actions), or list of such
            Probabilities, each row summing to 1, in the floating type of the video.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video is not valid.
        """
        videos, form = self._check_fitted(X)
        codes = [softmax(scores, axis=1) for _, scores in self._encode(videos)]
        return mirror_form(_as_types_of(codes, videos), form)

    def predict_posterior(self, X):
        r"""Predict the probability of each action, frame by frame, given the video.

        Where `predict_proba` looks at one frame at a time, this weighs all paths that
        ``decoding`` allows (by forward and backward sums). In the middle of a segment
        one action has all of the probability; at a boundary two share it, and over as
        many frames as the boundary is uncertain. As neighbouring frames are no
        independent evidence, it is more certain than it should be.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class. Background is not looked for.

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions), or list of such
            Each row sums to 1, in the floating type of the video.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video is not valid.
        """
        videos, form = self._check_fitted(X)
        probabilities = [
            path_posterior(scores, self.decoding, self.switch_cost)
            for _, scores in self._encode(videos)
        ]
        return mirror_form(_as_types_of(probabilities, videos), form)

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

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video is not valid.
        """
        videos, form = self._check_fitted(X)
        embeddings = [embeddings for embeddings, _ in self._encode(videos)]
        return mirror_form(_as_types_of(embeddings, videos), form)

    def score(self, X, y=None):
        r"""Measure how well actions carry over from video to video; needs no labels.

        The product of a consistency and the exponential of an information, each of
        which fails on some data by itself. Both are of the path in fixed order through
        all actions, whatever ``decoding`` is, so that settings are compared by what
        they have learned.

        *Consistency.* With :math:`b` the variance of a (standardised) feature's mean
        over actions, and :math:`w` the variance of one action's mean over videos,

        .. math::

            b \,/\, (b + w), \text{ mean over features,}

        is high if actions differ, but one action does not differ between videos.

        *Information.* The videos with even index make a Gaussian for each action, of
        independent features with shared variances, which judge the frames of the
        other videos, and the other way round. The entropy of the path less the
        cross-entropy of what they predict says, in nats, how much videos tell of the
        actions of others; its exponential is a number of actions told apart.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.
        y : None
            Ignored. To score against labels, use the scorers of `skl_tot.metrics`.

        Returns
        -------
        score : float
            From 0 to K, higher is better; nan, with a warning, for a single video.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video is not valid.
        """
        videos, _ = self._check_fitted(X)
        labels = self._decode(videos, decoding="fixed")
        blocks = map(videos.blocks, range(len(videos)))
        consistency = cross_video_consistency(blocks, labels)
        information = held_out_information(
            videos.blocks, labels, self._n_fitted_actions
        )
        return consistency * math.exp(information)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.input_tags.three_d_array = True
        return tags

    @property
    def _n_features_out(self):
        return len(self.intercepts_[1])

    def _fit_scaler(self, videos, scaler):
        """Update the standardisation over the data set; the old one is not touched."""
        if self.standardize != "dataset":
            return None
        scaler = StandardScaler() if scaler is None else copy.deepcopy(scaler)
        for video in videos:
            _update_scaler(scaler, video)
        return scaler

    def _standardized(self, videos):
        """Pair videos with their means and scales."""
        if self.scaler_ is not None:
            scalers = [self.scaler_]
        elif self.standardize == "video":
            scalers = [_update_scaler(StandardScaler(), video) for video in videos]
        else:
            return StandardizedVideos(videos)
        means = np.array([scaler.mean_ for scaler in scalers])
        return StandardizedVideos(
            videos, means, np.array([scaler.scale_ for scaler in scalers])
        )

    def _train(self, videos, seed, *, start=None, one_pass=False, **settings):
        """Run the solver, keep the encoder and return what else it learned."""
        settings |= {
            name: getattr(self, name)
            for name in TrainingConfig.names()
            if hasattr(self, name) and name not in settings
        }
        for name, value in settings.items():
            if isinstance(value, Integral):  # numpy's overflow, torch refuses bool
                settings[name] = int(value)
        settings["hidden_dim"] = self.hidden_dim or 2 * settings["embedding_dim"]
        n_steps = -(-len(videos) // self.batch_size) if one_pass else self.max_iter
        with progress_bar(n_steps, self.verbose) as progress:
            snapshot, losses = train(
                videos,
                TrainingConfig(**settings),
                device=resolve_device(self.device),
                seed=same_everywhere(seed),
                start=start,
                one_pass=one_pass,
                progress=progress,
            )
        self.coefs_ = [snapshot.parameters[f"{x}_weight"] for x in ("hidden", "output")]
        self.intercepts_ = [
            snapshot.parameters[f"{x}_bias"] for x in ("hidden", "output")
        ]
        self.n_iter_ = snapshot.n_iter
        self.loss_curve_ = losses if start is None else self.loss_curve_ + losses
        return snapshot

    def _parameters(self):
        """Name the fitted parameters as the solver does."""
        return {
            "hidden_weight": self.coefs_[0],
            "hidden_bias": self.intercepts_[0],
            "output_weight": self.coefs_[1],
            "output_bias": self.intercepts_[1],
        }

    def _check_fitted(self, X):
        check_is_fitted(self, "coefs_")
        self._validate_params()  # the decoder's may have been set after the fit
        arrays, form = check_videos(self, X, reset=False)
        return self._standardized(arrays), form

    def _encode(self, videos):
        """Yield embeddings and log-likelihoods of each video."""
        for embeddings, scores in self._scores(videos):
            yield embeddings, self._log_likelihood(embeddings, scores)

    def _scores(self, videos):
        """Yield embeddings of each video, and similarities with prototypes if any."""
        try:
            device = resolve_device(self.device)
        except ValueError as error:
            if self.device.partition(":")[0] not in DEVICE_TYPES:
                raise
            # fitted where there was a GPU, used where there is none
            warnings.warn(f"{error} Using the CPU.", UserWarning, stacklevel=4)
            device = resolve_device("cpu")
        for i, encoded in enumerate(encode(self._parameters(), videos, device)):
            if not all(np.isfinite(part).all() for part in encoded if part is not None):
                raise ValueError(
                    f"Video {i}: the scores are not finite; the fit diverged (lower "
                    "learning_rate) or the features are too large for float32."
                )
            yield encoded

    def _label_fitted(self, videos, form, before=None):
        """Learn what is background and label the videos of a fit, if asked to."""
        self.background_ = None
        self.__dict__.pop("labels_", None)  # those of an earlier fit
        if self.background is not None:
            self.background_ = fit_background(
                _Blocks(videos),
                [
                    path[rows]
                    for array, path in zip(videos.arrays, self._decode(videos))
                    for rows in row_blocks(array)
                ],
                int(self.n_actions),
                self.background,
                before,
            )
        if self.compute_labels:
            self.labels_ = mirror_form(self._decode(videos), form)

    def _decode(self, videos, transcripts=None, decoding=None):
        """Label each video by the likeliest path through what is not background."""
        if transcripts is None:
            transcripts = [None] * len(videos)
        labels = []
        for i, (_, scores) in enumerate(self._encode(videos)):
            options = decoding or self.decoding, self.switch_cost, transcripts[i]
            if self.background_ is None:
                labels.append(decode(scores, *options))
                continue
            masks = [
                is_background(block, self.background_) for block in videos.blocks(i)
            ]
            kept = ~np.concatenate(masks)
            labels.append(np.full(len(scores), -1, dtype=np.intp))
            if kept.any():
                labels[-1][kept] = decode(scores[kept], *options)
        return labels


class _Blocks:
    """The frames of all videos, standardised, a block at a time."""

    def __init__(self, videos):
        self.videos = videos

    def __iter__(self):
        for i in range(len(self.videos)):
            yield from self.videos.blocks(i)


def _update_scaler(scaler, video):
    """Add a video to the statistics; scikit-learn's temporaries have its size."""
    for rows in row_blocks(video):
        scaler.partial_fit(video[rows])
    return scaler


def _as_types_of(outputs, videos):
    """Give each output the floating type of its video."""
    return [
        output.astype(array.dtype, copy=False)
        for output, array in zip(outputs, videos.arrays)
    ]
