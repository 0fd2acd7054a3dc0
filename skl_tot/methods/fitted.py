"""Outputs of a fitted segmenter: scores, paths, labels and posteriors."""

import functools
import math
from abc import abstractmethod
from collections.abc import Iterator
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from skl_tot.decoding.decoders import (
    DECODERS,
    CyclicDecoder,
    Decoded,
    Decoder,
    decode_recording,
)
from skl_tot.decoding.evidence import find_background
from skl_tot.methods import collapses
from skl_tot.methods.numbers import AUTO
from skl_tot.methods.scores import as_type_of
from skl_tot.metrics.label_free import transfer_score
from skl_tot.recordings.checks import check_recordings
from skl_tot.recordings.clocks import check_rate
from skl_tot.recordings.container import FrameArrays, Recordings
from skl_tot.recordings.errors import refuse, warn_user
from skl_tot.recordings.labels import (
    arrange,
    check_lengths,
    labels_of_codes,
)


class FittedSegmenter(BaseEstimator):
    """Outputs of segmenters, by decoding of the scores of a method."""

    # defaults of parameters for each order
    _defaults_by_order: dict = {}
    # of a segmenter without this parameter
    min_duration: float | None = None
    # whether scores are log-densities, and not logarithms of probabilities
    has_densities = False
    is_taught = False  # by labels
    unlabelled_actions_: tuple | list = ()  # further actions, which no label names
    prototype_actions_: Any = None  # of methods whose scores are sums over prototypes

    @abstractmethod
    def _log_likelihoods(self, videos):
        """Yield the log-likelihood (n_frames_i, n_actions) of each recording."""

    def predict(self, X) -> FrameArrays:
        """Label every frame by the likeliest path through the actions.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.

        Returns
        -------
        labels : ndarray of shape (n_frames,), or list of these
            Labels from ``actions_``, in the form of ``X``; background is -1 or
            "background".
        """
        videos = self.prepare(X)
        paths = [d.path for d in self._decode(videos)]
        return videos.restore(self._labels_of_paths(paths))

    def predict_proba(self, X) -> FrameArrays:
        """Compute the probability of each action in each frame, without decoding.

        For `TemporalOTSegmenter` these are the codes P of Eq. 1, for `ASOTSegmenter`
        the pseudo-labels Q of the recording, and for Gaussians their posterior.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions), or list of these
            Each row sums to 1, in the floating type of the recording.
        """
        videos = self.prepare(X)
        probabilities = [
            softmax(scores, axis=1) for scores in self._corrected_scores(videos)
        ]
        return videos.restore(list(map(as_type_of, probabilities, videos.arrays)))

    def predict_posterior(self, X) -> FrameArrays:
        r"""Compute the probability of each action in each frame, given the recording.

        It sums over all paths that ``decoding`` allows. Neighbouring frames are not
        independent, and labels may contradict other recordings. So log-likelihoods and
        costs of switches are multiplied by a factor b in [0, 1], from the
        autocorrelation of the log-odds within segments, and the result p is mixed with
        chance,

        .. math:: \kappa \, p + (1 - \kappa) / K,

        where :math:`\kappa` is the agreement beyond chance of Gaussians of each half of
        the recordings on the other half. ``confidence_`` holds b as "tempering" and
        :math:`\kappa` as "agreement" (1 after a single recording). Background is not
        detected. `skl_tot.decoding.path_posterior` is exact, and overconfident.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions), or list of these
            Each row sums to 1, in the floating type of the recording.
        """
        videos = self.prepare(X)
        posteriors = [d.posterior for d in self._decode(videos, with_posterior=True)]
        return videos.restore(list(map(as_type_of, posteriors, videos.arrays)))

    def log_likelihood(self, X) -> FrameArrays:
        """Compute the scores for the decoder.

        `skl_tot.decoding.decode` gives the labels of `predict`, less background.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.

        Returns
        -------
        log_likelihood : ndarray of shape (n_frames, n_actions), or list of these
            In nats, up to a constant per frame, float64.
        """
        videos = self.prepare(X)
        return videos.restore(list(self._corrected_scores(videos)))

    def decode(self, X) -> Iterator[Decoded]:
        """Iterate over scores, labels and posteriors of recordings, in one pass.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.

        Yields
        ------
        decoded : Decoded
            ``log_likelihood``, ``path`` (indices of ``actions_``, -1 for background)
            and ``posterior`` of one recording, float64.
        """
        videos = self.prepare(X)
        yield from self._decode(videos, with_posterior=True)

    def score(self, X, y=None) -> float:
        r"""Measure how well actions transfer from recording to recording.

        Needs no labels. The score is a number of distinguishable actions, :math:`\exp(I
        - 2 J)`, for the labels of `predict` and features of single frames.

        :math:`I` is the entropy of the labels minus the cross-entropy, in nats, of
        their predictions by Gaussians of every second recording. :math:`J` is the
        entropy of the labels minus its mean within recordings. It is high if an action
        fills some recordings and is missing in others.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.
        y : array-like of shape (n_frames,), or sequence of these, default=None
            Only its length is checked, see Notes.

        Returns
        -------
        score : float
            From 0 to K, higher is better; 0 if fewer than two actions are in effect
            (`skl_tot.metrics.effective_actions`), or K / 2 for K below four, with a
            warning. NaN, with a warning, for a single array; an error for a list of
            one, as in a fold of a search.

        Notes
        -----
        As in `KMeans.score`, labels ``y`` of a search are not used. The first such call
        of a Python process says so in a warning. The scorers of `skl_tot.metrics`, such
        as `mof_scorer`, judge with them, as `SemiSupervisedSegmenter.score` does.
        """
        videos = self.prepare(X)
        self._check_unused_labels(y, videos)
        paths = [decoded.path for decoded in self._decode(videos)]
        units, paths = self._compared_units(videos, paths)
        if len(paths) < 2:
            text = "score compares recordings, or cycles, but X has one"
            if videos.is_single:
                warn_user(f"{text}.", UndefinedMetricWarning)
                return math.nan
            raise ValueError(
                f"{text}, expected two or more; without labels, each fold of a search "
                "needs two, so take fewer folds."
            )
        score = transfer_score(units.blocks, paths, self.n_actions_)
        if score == 0 and self.n_actions_ > 1:
            warn_user(
                "score is 0, as labels collapse; a search among such fits has no best "
                f"one. {collapses.REMEDY}",
                collapses.FitWarning,
            )
        return score

    def _compared_units(self, videos, paths):
        """Return the compared units, recordings or cycles, and their paths."""
        return videos, paths

    def _check_unused_labels(self, y, videos):
        """Check the lengths of labels that a score does not use, and warn."""
        if y is not None:
            check_lengths(arrange(y, videos), videos)
            if not videos.is_single:  # which has no score
                warn_of_unused_labels()

    @property
    def actions_(self) -> np.ndarray:
        """Labels of the actions of `predict`, an array."""
        return np.arange(self.n_actions_) if self.classes_ is None else self.classes_

    @property
    def decoder_(self):
        """Decoder and the cost of a switch."""
        check_is_fitted(self, "n_actions_")
        values = self._resolved_parameters()
        cost = values.switch_cost
        if isinstance(cost, Real):
            # The decoder takes the cost for each frame of n_frames / n_actions. Merges
            # and splits change the number of actions, but not the cost in nats.
            cost *= self.n_actions_ / getattr(self, "_n_learned", self.n_actions_)
        return BoundDecoder(self._decoder(values.decoding), cost)

    @property
    def min_frames_(self) -> int:
        """Least number of frames of a segment."""
        if self.min_duration is None:
            return 1
        check_is_fitted(self, "fps_")
        n_frames = self.min_duration * (self.fps_ or 1)
        # 0.7 s at 10 frames per second are 7 frames, though the product is larger
        return max(1, math.ceil(n_frames * (1 - 1e-9)))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def prepare(self, X) -> Recordings:
        """Check and standardise recordings as in the fit, to be read block by block.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.
        """
        check_is_fitted(self, "n_actions_")
        self._validate_params()  # decoding may have been set after the fit
        recordings = check_recordings(self, X, reset=False)
        if recordings.fps is not None:
            check_rate(recordings.fps, self.fps_)
        return recordings.standardize(self.scaler_, self.standardize_ == "video")

    def _validate_params(self):
        """Check the parameters, and refuse True and False where numbers are meant."""
        super()._validate_params()
        for name, value in self.get_params(deep=False).items():
            is_flag = "boolean" in self._parameter_constraints.get(name, [])
            if isinstance(value, bool) and not is_flag:
                refuse(name, value, "a number, or another value of its docstring")

    def _resolved_parameters(self):
        """Values of parameters; those that are not set have that of the order."""
        # of a method without these parameters, its class has them
        values = Bunch(decoding=self.decoding, switch_cost=self.switch_cost)
        values.update(self.get_params(deep=False))
        for name, of_order in self._defaults_by_order.get(self.order_, {}).items():
            if values[name] == AUTO:
                values[name] = of_order
        return values

    def _decoder(self, decoding):
        """Return a decoder or that of a name, with learned values if it has any."""
        decoder = decoding if isinstance(decoding, Decoder) else DECODERS[decoding]
        if type(decoder) is CyclicDecoder:  # a recording of many costs as one cycle
            return CyclicDecoder(decoder.may_skip, self.mean_frames_)
        return decoder

    def _decode(self, videos, score=None, *, with_posterior=False):
        """Yield `Decoded` of recordings; ``score`` gives scores by number, if known."""
        if score is None:
            scores = self._corrected_scores(videos)
        else:
            scores = map(score, range(len(videos)))
        decoder, switch_cost = self.decoder_
        for i, log_likelihood in enumerate(scores):
            mask = None
            if self.background_ is not None:
                mask = find_background(videos.blocks(i), self.background_)
            yield decode_recording(
                log_likelihood,
                decoder,
                switch_cost,
                min_frames=self.min_frames_,
                is_background=mask,
                with_posterior=with_posterior,
                confidence=self.confidence_,
            )

    def _corrected_scores(self, videos):
        """Yield log-likelihoods (n_frames, n_actions) after merges and splits."""
        scores = self._log_likelihoods(videos)
        for layer in self.layers_:
            scores = layer.apply(scores, videos)
        return scores

    def _labels_of_paths(self, paths):
        if self.classes_ is None:
            return paths
        return [labels_of_codes(path, self.classes_) for path in paths]


@functools.cache  # the fit of the next fold lets filters of Python forget the last one
def warn_of_unused_labels():
    """Say once in a process that a score does not use labels."""
    warn_user(
        "score judges without labels, and does not use y; the scorers of "
        "skl_tot.metrics, such as mof_scorer, judge with it.",
        collapses.FitWarning,
    )


class BoundDecoder(NamedTuple):
    """Decoder of scores, and the cost of a switch."""

    decoder: Decoder
    switch_cost: float | str
