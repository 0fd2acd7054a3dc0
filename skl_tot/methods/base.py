"""Base of segmenters: everything except learning and scoring of a method."""

import math
from abc import abstractmethod
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClusterMixin, _fit_context
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from skl_tot.decoding.decoders import DECODERS, Decoder, decode_recording
from skl_tot.decoding.evidence import Evidence
from skl_tot.decoding.gaussians import find_background
from skl_tot.methods import collapses
from skl_tot.methods.numbers import AUTO, check_number, compare_numbers
from skl_tot.methods.scores import (
    as_type_of,
    learn_background,
    measure_confidence,
    shares_of,
)
from skl_tot.metrics.label_free import transfer_score
from skl_tot.recordings.checks import check_recordings, unchanged_on_error
from skl_tot.recordings.clocks import check_rate
from skl_tot.recordings.container import fit_scaler
from skl_tot.recordings.errors import refuse, warn_user
from skl_tot.recordings.labels import (
    arrange,
    arrange_each,
    check_lengths,
    encode_transcripts,
    labels_of_codes,
)
from skl_tot.recordings.layouts import in_form_of
from skl_tot.recordings.signals import thinned
from skl_tot.shared_texts import with_shared_texts
from skl_tot.training.components import COUNT, MOST, SMALLEST, WEIGHT


@with_shared_texts
class BaseSegmenter(ClusterMixin, BaseEstimator):
    """Base of segmenters: fit, outputs, and decoding of the scores of a method.

    A method implements ``_learn``, and ``_log_likelihoods`` of its actions up to a
    constant per frame. It may override ``_decoder`` if decoding depends on learned
    values. ``_defaults_by_order`` has defaults of parameters for each order. Estimators
    with inner estimators may also override ``_label`` and ``_describe_fit``.
    """

    _parameter_constraints: dict = {
        "n_actions": [Interval(Integral, 1, MOST, closed="both"), StrOptions({AUTO})],
        "max_iter": COUNT,
        "decoding": [StrOptions(DECODERS.keys())],
        "switch_cost": [*WEIGHT, StrOptions({AUTO})],
        "min_duration": [None, Interval(Real, SMALLEST, MOST, closed="both")],
        "background_percentile": [None, Interval(Real, 0, 100, closed="neither")],
        "standardize": [None, StrOptions({"dataset", "video"})],
        "random_state": ["random_state"],
    }
    _defaults_by_order: dict = {}
    # defaults for segmenters without these parameters
    order: str | None = None
    min_duration: float | None = None
    background_percentile: float | None = None
    # before a fit
    numbers_: dict | None = None
    is_taught = False  # by labels
    unlabelled_actions_: tuple | list = ()  # further actions, which no label names
    prototype_actions_: Any = None  # of methods whose scores are sums over prototypes

    @abstractmethod
    def _learn(self, videos):
        """Learn from standardised recordings; return the input of `_label`, or None."""

    @abstractmethod
    def _log_likelihoods(self, videos):
        """Yield the log-likelihood (n_frames_i, n_actions) of each recording."""

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Learn the actions and label the frames.

        {shared: of_X_y}

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a parameter or a recording is not valid, no recording has ``n_actions``
            frames, or the loss diverges. An earlier fit then stays unchanged.

        Warns
        -----
        UserWarning
            If labels collapse to few actions, actions are missing or rare, or frames
            are those of a raw signal.
        """
        return self._fit(X, y)

    def _fit(self, X, y=None, /, **lessons):
        """Fit; ``lessons`` are further arguments of ``_learn``, by recording."""
        # matrices are small: threads of BLAS would wait for each other's cores
        with unchanged_on_error(self), threadpool_limits(1, "blas"):
            recordings = self._check_fit(X, y)
            check_number(self.n_actions, recordings.lengths)
            for name, values in lessons.items():
                of_some = name == "y"  # recordings may lack labels
                values = arrange_each(values, recordings, name, of_some=of_some)
                lessons[name] = values
            self._set_order()
            videos = self._standardize(recordings)
            # from here on, errors of numbered recordings take their names
            with videos.named_errors():
                learned = self._learn(videos, **lessons)
                paths = self._label(learned, videos)
                sentences = []
                if not collapses.is_inside.get():  # they take a fifth of the time
                    sentences = self._describe_fit(paths, videos)
        if sentences:  # one warning, so that filters and readers meet it once
            warn_user(" ".join(sentences), collapses.FitWarning)
        return self

    def _check_fit(self, X, y=None, *, reset=True):
        """Check recordings of a fit, or of its continuation; set rate and scale."""
        recordings = check_recordings(self, X, reset=reset, find_clocks=reset)
        if y is not None:
            check_lengths(arrange(y, recordings), recordings)
        self.fps_ = recordings.fps if reset else check_rate(recordings.fps, self.fps_)
        self.read_options_ = recordings.read_options if reset else self.read_options_
        earlier_scaler = None if reset else self.scaler_
        self.standardize_, self.scaler_ = self.standardize, None
        if self.standardize == "dataset":
            self.scaler_ = fit_scaler(recordings, earlier_scaler)
        self.layers_, self.classes_, self.shares_ = [], None, None
        self.mean_frames_ = float(recordings.lengths.mean())
        return recordings

    def _set_order(self):
        """Set the order of a fit, and the defaults that follow from it."""
        self.order_ = self.order
        self._defaults = self._defaults_by_order.get(self.order, {})

    def _value_of(self, name):
        """Value of a parameter, or the default of its order if it is not set."""
        value = getattr(self, name)
        default = getattr(type(self), name, None)
        is_unset = isinstance(value, str | None) and value == default
        return self._defaults.get(name, value) if is_unset else value

    def _standardize(self, recordings):
        """Standardise recordings as learned."""
        return recordings.standardize(self.scaler_, self.standardize_ == "video")

    def _set_n_actions(self, videos):
        """Set the number of actions of a fit: the parameter, or that chosen for it."""
        self.numbers_ = None
        self.n_actions_ = self.n_actions
        if self.n_actions == AUTO:
            self.numbers_ = compare_numbers(videos, order=self.order_)
            self.n_actions_ = self.numbers_["best"]
        self.n_actions_ = int(self.n_actions_)
        self._n_learned = self.n_actions_  # which corrections do not change

    def _label(self, learned, videos, earlier_background=None):
        """Set background, confidence, labels and shares; return the paths."""
        # `learned` is the value of `_learn`: here scores, or None for those of
        # `_log_likelihoods`; subclasses return other things to their own `_label`.
        # `earlier_background` is that of a stream before this call, or None.
        self.background_: Any = None
        self.confidence_: Any = None
        sample = thinned(videos)
        if self.background_percentile is not None:
            # paths without background tell which frames an action has
            paths = [decoded.path for decoded in self._decode(videos, learned)]
            self.background_ = learn_background(
                sample,
                paths,
                self.n_actions_,
                self.background_percentile,
                earlier_background,
            )
        evidence, paths = Evidence(is_robust=True), []
        for decoded in self._decode(videos, learned):
            evidence.add(decoded.log_likelihood, decoded.path)
            paths.append(decoded.path)
        n_actions = self.n_actions_
        self.confidence_ = measure_confidence(evidence, sample, paths, n_actions)
        self.labels_ = videos.store(self._labels_of_paths(paths))
        self.shares_ = shares_of(paths, self.n_actions_)
        return paths

    def _describe_fit(self, paths, videos):
        """List sentences about the labels of a fit, and about raw signal."""
        return [
            *collapses.describe_fit(self, paths, videos),
            *collapses.describe_raw_signal(self, videos),
        ]

    def fit_predict(self, X, y=None, **lessons):
        """Learn the actions and return the labels of the frames.

        Parameters
        ----------
        {shared: X, y}
        **lessons
            Further arguments of `fit`.

        {shared: labelled}
        """
        return in_form_of(self.fit(X, y, **lessons).labels_, X)

    def predict(self, X, *, transcripts=None):
        """Label every frame by the likeliest path through the actions.

        Parameters
        ----------
        {shared: X, transcripts}

        {shared: labelled}

        {shared: raises}
        """
        videos = self.prepare(X)
        transcripts = self._encode_transcripts(transcripts, videos)
        paths = [d.path for d in self._decode(videos, transcripts=transcripts)]
        return videos.restore(self._labels_of_paths(paths))

    def predict_proba(self, X):
        """Compute the probability of each action in each frame, without decoding.

        For `TemporalOTSegmenter` these are the codes P of Eq. 1, for `ASOTSegmenter`
        the pseudo-labels Q of the recording, and for Gaussians their posterior.

        {shared: of_X}

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions), or list of these
            Each row sums to 1, in the floating type of the recording.

        {shared: raises}
        """
        videos = self.prepare(X)
        probabilities = [
            softmax(scores, axis=1) for scores in self._corrected_scores(videos)
        ]
        return videos.restore(list(map(as_type_of, probabilities, videos.arrays)))

    def predict_posterior(self, X):
        r"""Compute the probability of each action in each frame, given the recording.

        In contrast to `predict_proba`, it sums over all paths that ``decoding`` allows.
        Neighbouring frames are not independent, and labels may contradict other
        recordings. So log-likelihoods and costs of switches are multiplied by a factor
        b in [0, 1], from the autocorrelation of the log-odds within segments, and the
        result p is mixed with chance,

        .. math:: \kappa \, p + (1 - \kappa) / K,

        where :math:`\kappa` is the agreement beyond chance of Gaussians of each half of
        the recordings on the other half. ``confidence_`` holds b as "tempering" and
        :math:`\kappa` as "agreement" (1 after a single recording; for cycles, each
        second cycle is in one half). Background is not detected.
        `skl_tot.decoding.path_posterior` is exact, and overconfident.

        {shared: of_X}

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions), or list of these
            Each row sums to 1, in the floating type of the recording.

        {shared: raises}
        """
        videos = self.prepare(X)
        posteriors = [d.posterior for d in self._decode(videos, with_posterior=True)]
        return videos.restore(list(map(as_type_of, posteriors, videos.arrays)))

    def log_likelihood(self, X):
        """Compute the scores for the decoder.

        `skl_tot.decoding.decode` gives the labels of `predict`, less background.

        {shared: of_X}

        Returns
        -------
        log_likelihood : ndarray of shape (n_frames, n_actions), or list of these
            In nats, up to a constant per frame, float64.

        {shared: raises}
        """
        videos = self.prepare(X)
        return videos.restore(list(self._corrected_scores(videos)))

    def decode(self, X, *, transcripts=None):
        """Iterate over scores, labels and posteriors of recordings, in one pass.

        Parameters
        ----------
        {shared: X, transcripts}

        Yields
        ------
        decoded : Decoded
            ``log_likelihood``, ``path`` (indices of ``actions_``, -1 for background)
            and ``posterior`` of one recording, float64.

        {shared: raises}
        """
        videos = self.prepare(X)
        transcripts = self._encode_transcripts(transcripts, videos)
        yield from self._decode(videos, transcripts=transcripts, with_posterior=True)

    def score(self, X, y=None):
        r"""Measure how well actions transfer from recording to recording.

        Needs no labels. The score is a number of distinguishable actions, :math:`\exp(I
        - 2 J)`, for the labels of `predict` and features of single frames.

        :math:`I` is the entropy of the labels minus the cross-entropy, in nats, of
        their predictions by Gaussians of every second recording. :math:`J` is the
        entropy of the labels minus its mean within recordings. It is high if an action
        fills some recordings and is missing in others.

        Parameters
        ----------
        {shared: X}
        y : array-like of shape (n_frames,), or sequence of these, default=None
            Only its length is checked, with a warning that it is not used. To score
            against labels, use the scorers of `skl_tot.metrics`, as `mof_scorer`.

        Returns
        -------
        score : float
            From 0 to K, higher is better; 0 if fewer than two actions are in effect
            (`skl_tot.metrics.effective_actions`), or K / 2 for K below four, with a
            warning. NaN, with a warning, for a single array; an error for a list of
            one, as in a fold of a search.

        {shared: raises}
        """
        videos = self.prepare(X)
        self._check_unused(y, videos)
        if videos.is_single:
            text = "score compares recordings and is not defined for a single one."
            warn_user(text, UndefinedMetricWarning)
            return math.nan
        if len(videos) < 2:
            raise ValueError(
                "score compares recordings, but X has one, expected two or more; "
                "without labels, each fold of a search needs two, so take fewer folds."
            )
        paths = [decoded.path for decoded in self._decode(videos)]
        score = transfer_score(videos.blocks, paths, self.n_actions_)
        if score == 0 and self.n_actions_ > 1:
            warn_user(
                "score is 0, as labels collapse; a search among such fits has no best "
                f"one. {collapses.REMEDY}",
                collapses.FitWarning,
            )
        return score

    def _check_unused(self, y, videos):
        """Check the lengths of labels of a score that does not use them, and say so."""
        if y is not None:
            check_lengths(arrange(y, videos), videos)
            if not videos.is_single:  # which has no score
                warn_user(
                    "score judges without labels, and does not use y; the scorers of "
                    "skl_tot.metrics, such as mof_scorer, judge with it.",
                    collapses.FitWarning,
                )

    @property
    def actions_(self):
        """Labels of the actions of `predict`, an array."""
        return np.arange(self.n_actions_) if self.classes_ is None else self.classes_

    @property
    def has_densities(self):
        """Whether scores are log-densities, and not logarithms of probabilities."""
        return False

    @property
    def decoding_(self):
        """Paths of the decoder: the parameter, or its default by the order."""
        check_is_fitted(self, "n_actions_")
        return self._value_of("decoding")

    @property
    def decoder_(self):
        """Decoder and the cost of a switch."""
        check_is_fitted(self, "n_actions_")
        cost = self._value_of("switch_cost")
        if isinstance(cost, Real):
            # The decoder takes the cost for each frame of n_frames / n_actions. Merges
            # and splits change the number of actions, but not the cost in nats.
            cost *= self.n_actions_ / getattr(self, "_n_learned", self.n_actions_)
        return BoundDecoder(self._decoder(), cost)

    @property
    def min_frames_(self):
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

    def prepare(self, X):
        """Check and standardise recordings as in the fit, to be read block by block.

        {shared: of_X}

        {shared: raises}
        """
        check_is_fitted(self, "n_actions_")
        self._validate_params()  # decoding may have been set after the fit
        recordings = check_recordings(self, X, reset=False)
        if recordings.fps is not None:
            check_rate(recordings.fps, self.fps_)
        return self._standardize(recordings)

    def prepare_fit(self, X):
        """Standardise recordings as `fit` does, to read by blocks.

        {shared: of_X}
        """
        recordings = self._check_fit(X)
        self._set_order()
        return self._standardize(recordings)

    def _validate_params(self):
        """Check the parameters, and refuse True and False where numbers are meant."""
        super()._validate_params()
        for name, value in self.get_params(deep=False).items():
            constraints = self._parameter_constraints.get(name, [])
            is_flag = any(kind in constraints for kind in ("boolean", "verbose"))
            if isinstance(value, bool) and not is_flag:
                refuse(name, value, "a number, or another value of its docstring")

    def _decoder(self):
        """Return the decoder of ``decoding_``, with learned values if it has any."""
        return DECODERS[self._value_of("decoding")].for_cycles(self.mean_frames_)

    def _decode(self, videos, scores=None, *, transcripts=None, with_posterior=False):
        """Yield a `Decoded` of each standardised recording."""
        # `scores` are its corrected log-likelihoods, None to compute them;
        # `transcripts` are actions in order by recording, or None.
        if scores is None:
            scores = self._corrected_scores(videos)
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
                transcript=None if transcripts is None else transcripts[i],
                is_background=mask,
                with_posterior=with_posterior,
                confidence=self.confidence_,
            )

    def _corrected_scores(self, videos):
        """Iterate over corrected scores, the input of the decoder."""
        scores = self._log_likelihoods(videos)
        for layer in self.layers_:
            scores = layer.apply(scores, videos)
        return scores

    def _labels_of_paths(self, paths):
        """Labels of paths: ``classes_`` in place of numbers, if there are any."""
        if self.classes_ is None:
            return paths
        return [labels_of_codes(path, self.classes_) for path in paths]

    def _encode_transcripts(self, transcripts, videos):
        """Numbers of actions by recording, in order; None without transcripts."""
        if transcripts is None:
            return None
        transcripts = arrange(transcripts, videos, "transcripts")
        return encode_transcripts(transcripts, videos, self.actions_)


class BoundDecoder(NamedTuple):
    """Decoder of scores, and the cost of a switch."""

    decoder: Decoder
    switch_cost: float | str
