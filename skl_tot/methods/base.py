"""Base of segmenters: everything except learning and scoring of a method."""

import math
import warnings
from abc import abstractmethod
from dataclasses import replace
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClusterMixin, _fit_context
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from skl_tot.decoding.background import fit_background
from skl_tot.decoding.decoders import DECODERS, read_video
from skl_tot.decoding.evidence import Evidence
from skl_tot.methods.correction_layers import BoundDecoder
from skl_tot.methods.courses import value_by_order
from skl_tot.methods.numbers import AUTO, compare_numbers
from skl_tot.metrics.label_free import (
    effective_actions,
    held_out_agreement,
    transfer_score,
)
from skl_tot.preprocessing.look import is_raw, look_at
from skl_tot.preprocessing.windows import apply_windows, fit_windows
from skl_tot.recordings.checks import check_recordings, unchanged_on_error
from skl_tot.recordings.clocks import check_rate
from skl_tot.recordings.container import fit_scaler
from skl_tot.recordings.errors import warn_user
from skl_tot.recordings.labels import (
    BACKGROUND,
    arrange,
    arrange_each,
    check_lengths,
    check_transcripts,
    codes_of_transcripts,
    with_background,
)
from skl_tot.recordings.layouts import as_recordings
from skl_tot.recordings.names import describe_paths
from skl_tot.training.components import LARGEST, MOST, SMALLEST

# Rounding of a product of seconds and rate: 0.7 s at 10 frames per second are 7 frames.
ROUNDING = 1e-9
# Frames per action from which a recording is long, number of such recordings from which
# there are many, and share with an action of one frame that is not plausible.
LONG, MANY, SQUEEZED = 4, 10, 0.25
# Agreement of labels with predictions of other recordings from which few actions in
# effect are uneven, and no collapse.
SUPPORTED = 0.8


class BaseSegmenter(ClusterMixin, BaseEstimator):
    """Base of segmenters: fit, outputs, and decoding of the scores of a method.

    A method implements ``_learn``, and ``_log_likelihoods`` of its actions up to a
    constant per frame. It may override ``decoder_`` if decoding depends on learned
    values, and ``waits_for_end_`` if its scores need whole recordings. Estimators with
    inner estimators may also override ``_read_fit``, ``_label``, ``_readings`` and
    ``n_around_``.
    """

    _parameter_constraints = {
        "n_actions": [Interval(Integral, 1, MOST, closed="both"), StrOptions({AUTO})],
        "decoding": [StrOptions(DECODERS.keys())],  # includes entries added later
        "switch_cost": [
            Interval(Real, 0, LARGEST, closed="both"),
            StrOptions({"auto"}),
        ],
        "min_duration": [None, Interval(Real, SMALLEST, MOST, closed="both")],
        "background_percentile": [None, Interval(Real, 0, 100, closed="neither")],
        "standardize": [None, StrOptions({"dataset", "video"})],
        "random_state": ["random_state"],
    }
    # defaults for segmenters without these parameters
    min_duration: float | None = None
    numbers_: dict | None = None  # before a fit
    order: str | None = None
    look_: Any = None
    windows_: Any = None
    # defaults of parameters by order, a table of `courses`
    _by_order: dict = {}
    background_percentile: float | None = None
    # for labels: further actions that were found, and number of lost actions
    unlabelled_actions_: tuple | list = ()
    n_lost_actions_ = 0

    @abstractmethod
    def _learn(self, videos):
        """Learn from standardised recordings and set the fitted attributes.

        Returns an iterator function over the log-likelihoods of these recordings.
        """

    @abstractmethod
    def _log_likelihoods(self, videos):
        """Yield the log-likelihood (n_frames_i, n_actions) of each recording."""

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Learn the actions and label the frames.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.
        y : array-like of shape (n_frames,), or sequence of these, default=None
            Labels from a search or a pipeline. Only their numbers are checked; they are
            not used. `GuidedSegmenter` learns from labels.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a parameter or a recording is not valid, no recording has ``n_actions``
            frames, or the loss diverges. An earlier fit then stays unchanged.
        """
        return self._fit(X, y)

    def fit_predict(self, X, y=None, **known):
        """Learn the actions and return the labels of the frames.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many.
        y : array-like of shape (n_frames,), or sequence of these, default=None
            As in `fit`.
        **known
            Further arguments of `fit`.

        Returns
        -------
        labels : ndarray of shape (n_frames,), or list of these
            ``labels_``, in the form of ``X``.

        Raises
        ------
        TypeError, ValueError
            As in `fit`.
        """
        self.fit(X, y, **known)
        stored = self.labels_  # in the form of `Recordings.store`
        is_named = isinstance(stored, dict)
        return as_recordings(X).restore(list(stored.values())) if is_named else stored

    def predict(self, X, *, transcripts=None):
        """Label every frame by the likeliest path through the actions.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many.
        transcripts : sequence of int, or sequence of these, default=None
            Known actions of each recording in order; an action may repeat. The path has
            exactly these segments (fewer if the recording is too short), independent of
            ``decoding``. None finds the actions.

        Returns
        -------
        labels : ndarray of shape (n_frames,), or list of these
            Labels from ``actions_``, in the form of ``X``; background is -1, or
            "background" among names.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a recording or a transcript is not valid.
        """
        videos = self.prepare(X)
        if transcripts is not None:
            transcripts = self._check_transcripts(transcripts, videos)
        labels = []
        for reading in self._readings(videos, transcripts=transcripts):
            labels.append(reading.path)
        if transcripts is None:
            warn_of_few_actions(self, labels)
        if self.classes_ is not None:
            labels = self._to_labels(labels)
        return videos.restore(labels)

    def predict_proba(self, X):
        """Compute the probability of each action in each frame, without decoding.

        For `TemporalOTSegmenter` these are the codes P of Eq. 1, for `ASOTSegmenter`
        the pseudo-labels Q of the recording, and for Gaussians their posterior.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many.

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions), or list of these
            Each row sums to 1, in the floating type of the recording.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a recording is not valid.
        """
        videos = self.prepare(X)
        found = [softmax(scores, axis=1) for scores in self._corrected(videos)]
        return videos.restore(as_types_of(found, videos))

    def predict_posterior(self, X):
        r"""Compute the probability of each action in each frame, given the recording.

        In contrast to `predict_proba`, it sums over all paths that ``decoding`` allows,
        by the forward-backward algorithm. In the middle of a segment one action has all
        of the probability; at an uncertain boundary two share it.

        Neighbouring frames are not independent, and labels may contradict other
        recordings. So log-likelihoods and costs of switches are multiplied by a factor
        b in [0, 1], from the autocorrelation of the log-odds within segments, and the
        result p is mixed with chance,

        .. math:: \kappa \, p + (1 - \kappa) / K,

        where :math:`\kappa` is the agreement beyond chance of Gaussians of each half of
        the recordings on the other half. ``confidence_`` holds b as "tempering" and
        :math:`\kappa` as "agreement" (1 after a single recording; for cycles, each
        second cycle is in one half). Use it to compare segments and boundaries; means
        by action hardly differ. `skl_tot.decoding.path_posterior` of `log_likelihood`
        is exact, and overconfident.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many. Background is not detected.

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions), or list of these
            Each row sums to 1, in the floating type of the recording.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a recording is not valid.
        """
        videos = self.prepare(X)
        found = [r.posterior for r in self._readings(videos, with_posterior=True)]
        return videos.restore(as_types_of(found, videos))

    def log_likelihood(self, X):
        """Compute the scores for the decoder.

        `skl_tot.decoding.decode` turns them into the labels of `predict` (except for
        background).

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many.

        Returns
        -------
        log_likelihood : ndarray of shape (n_frames, n_actions), or list of these
            In nats, up to a constant per frame, float64.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a recording is not valid.
        """
        videos = self.prepare(X)
        return videos.restore(list(self._corrected(videos)))

    def readings(self, X, *, transcripts=None):
        """Iterate over scores, labels and posteriors of recordings, in one pass.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many.
        transcripts : sequence of int, or sequence of these, default=None
            As in `predict`.

        Yields
        ------
        reading : Reading
            ``log_likelihood``, ``path`` (indices of ``actions_``, -1 for background)
            and ``posterior`` of one recording, float64.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a recording is not valid.
        """
        videos = self.prepare(X)
        if transcripts is not None:
            transcripts = self._check_transcripts(transcripts, videos)
        yield from self._readings(videos, transcripts=transcripts, with_posterior=True)

    def score(self, X, y=None):
        r"""Measure how well actions transfer from recording to recording.

        Needs no labels. The score is a number of distinguishable actions, :math:`\exp(I
        - 2 J)`, for the labels of `predict` and features of single frames.

        :math:`I` is the information of other recordings about a label. Recordings with
        even index give a Gaussian per action, with independent features and shared
        variances, which predict the labels of the others, and the reverse. :math:`I` is
        the entropy of the labels minus the cross-entropy of the predictions, in nats.
        :math:`J` is the information of the recording alone: the entropy of the labels
        minus its mean within recordings. It is high if an action fills some recordings
        and is missing in others.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many.
        y : array-like of shape (n_frames,), or sequence of these, default=None
            Only its length is checked. To score against labels, use the scorers of
            `skl_tot.metrics`.

        Returns
        -------
        score : float
            From 0 to K, higher is better; 0 if fewer than two actions are in effect
            (`skl_tot.metrics.effective_actions`), or K / 2 for K below four. NaN, with
            a warning, for a single array.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a recording is not valid, or there is only one, as in a fold of a search.
        """
        videos = self.prepare(X)
        if y is not None:
            check_lengths(arrange(y, videos), videos)
        if videos.is_single:
            warnings.warn(
                "score compares recordings and is not defined for a single one.",
                UndefinedMetricWarning,
                stacklevel=2,
            )
            return math.nan
        if len(videos) < 2:
            raise ValueError(
                "score compares recordings, but X has one, expected two or more; "
                "without labels, each fold of a search needs two, so take fewer folds."
            )
        labels = [reading.path for reading in self._readings(videos)]
        return transfer_score(videos.blocks, labels, self.n_actions_)

    @property
    def actions_(self):
        """Labels of the actions of `predict`, an array."""
        return np.arange(self.n_actions_) if self.classes_ is None else self.classes_

    @property
    def decoding_(self):
        """Paths of the decoder, as given or by the order of the fit."""
        return self._told("decoding", of_fit=True)

    @property
    def decoder_(self):
        """Decoder and the cost of a switch."""
        decoder = DECODERS[self.decoding_]
        if decoder.cycle_frames is not None:
            decoder = replace(decoder, cycle_frames=self.mean_frames_)
        return BoundDecoder(decoder, self._told("switch_cost", of_fit=True))

    @property
    def min_frames_(self):
        """Least number of frames of a segment."""
        if self.min_duration is None:
            return 1
        n_frames = self.min_duration * (self.fps_ or 1)
        return max(1, math.ceil(n_frames * (1 - ROUNDING)))

    @property
    def waits_for_end_(self):
        """Reason why labels need the whole recording, or None."""
        if self.standardize_ == "video":
            return (
                'standardize="video" uses mean and variance of a whole recording; fit '
                'with "dataset"'
            )
        return None

    @property
    def n_around_(self):
        """Frames on each side of a frame that its scores use."""
        return 0 if self.windows_ is None else self.windows_.n_around_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _told(self, name, of_fit=False):
        """Value of a parameter, or its default by the order."""
        is_known = of_fit or self.order == AUTO
        order = vars(self).get("order_", self.order) if is_known else self.order
        order = "mostly" if order == AUTO else order  # before a fit
        return value_by_order(name, getattr(self, name), self._by_order, order)

    def _corrected(self, videos):
        """Iterate over corrected scores, the input of the decoder."""
        scores = self._log_likelihoods(videos)
        for layer in self.layers_:
            scores = layer.apply(scores, videos)
        return scores

    def _readings(self, videos, scores=None, *, transcripts=None, with_posterior=False):
        """Yield a `Reading` of each standardised recording."""
        if scores is None:
            scores = self._corrected(videos)
        decoder, switch_cost = self.decoder_
        for i, log_likelihood in enumerate(scores):
            yield read_video(
                log_likelihood,
                None if self.background_ is None else videos.blocks(i),
                self.background_,
                decoder,
                switch_cost,
                min_frames=self.min_frames_,
                transcript=None if transcripts is None else transcripts[i],
                with_posterior=with_posterior,
                confidence=self.confidence_,
            )

    def _read_fit(self, X, y=None, *, reset=True, scaler=None):
        """Check and standardise the recordings of a fit; store their reading options.

        ``reset`` discards an earlier fit; a ``scaler`` is updated.
        """
        videos = check_recordings(self, X, reset=reset, find_clocks=reset)
        if y is not None:
            check_lengths(arrange(y, videos), videos)
        self.fps_ = videos.fps if reset else check_rate(self, videos.fps)
        self.reading_ = videos.reading if reset else self.reading_
        self.standardize_, self.scaler_ = self.standardize, None
        if self.standardize == "dataset":
            self.scaler_ = fit_scaler(videos, scaler)
        self.layers_, self.classes_ = [], None
        self.mean_frames_ = float(videos.lengths.mean())
        if reset:
            self._look(videos)
        return self._standardized(videos)

    def _look(self, videos):
        """Set the order of the fit and its windows, by a look if that is asked for."""
        self.order_, self.look_, self.windows_ = self.order, None, None
        if self.order != AUTO:
            return
        scaler = fit_scaler(videos) if self.scaler_ is None else self.scaler_
        with videos.named_errors():
            self.look_ = look_at(videos.standardize(scaler), self._known_number())
        if getattr(self, "verbose", 0):  # some methods have no such parameter
            print(*self.look_.sentences(), sep="\n")
        self.order_ = self.look_.order
        if self.order_ not in self._by_order:
            self.order_ = "mostly"
            if not math.isnan(self.look_.course):
                warn_user(
                    f"{self.look_.verdict}. {type(self).__name__} has no free order, "
                    'and the fit uses order="mostly"; say so if you know better, or '
                    "use HMMSegmenter or TemporalOTSegmenter."
                )
        if self.look_.is_raw:
            self._fit_windows(videos)

    def _known_number(self):
        """Return the number of actions, or a usual one before it is chosen."""
        return 8 if self.n_actions == AUTO else int(self.n_actions)

    def _fit_windows(self, videos, windows=None):
        """Learn windows of raw signals, and how to standardise them."""
        self.windows_, self.windows_scaler_ = fit_windows(videos, windows), None
        if self.standardize == "dataset":
            self.windows_scaler_ = fit_scaler(apply_windows(self.windows_, videos))

    def _standardized(self, videos):
        """Standardise recordings as in the fit, or windows of them."""
        per_video = self.standardize_ == "video"
        if self.windows_ is None:
            return videos.standardize(self.scaler_, per_video)
        seen = apply_windows(self.windows_, videos)
        return seen.standardize(self.windows_scaler_, per_video)

    def prepare(self, X):
        """Check recordings and standardise them as in the fit, for functions of models.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many.

        Returns
        -------
        videos : Recordings
            Read block by block.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a recording is not valid.
        """
        check_is_fitted(self, "n_actions_")
        self._validate_params()  # decoding may have been set after the fit
        videos = check_recordings(self, X, reset=False)
        if videos.fps is not None:
            check_rate(self, videos.fps)
        return self._standardized(videos)

    def _fit(self, X, y, /, **known):
        """Fit, with further knowledge of the recordings for ``_learn``."""
        # matrices are small: threads of BLAS would wait for each other's cores
        with unchanged_on_error(self), threadpool_limits(1, "blas"):
            videos = self._read_fit(X, y)
            for name, values in known.items():
                of_some = name == "y"  # recordings may lack labels
                known[name] = arrange_each(values, videos, name, of_some=of_some)
            if self.n_actions != AUTO:
                check_longest(self.n_actions, videos)
            with videos.named_errors():
                paths = self._label(self._learn(videos, **known), videos)
                if paths is not None:
                    paths = self._mend(paths, videos, known)
        if paths is not None:  # activities warn separately
            self._warn_of_actions(paths)
            warn_of_squeezed_actions(self, paths)
            self._warn_of_signals(videos)
        return self

    def _mend(self, paths, videos, known):
        """Learn in another order if labels collapse, and say so; return the labels."""
        n_effective = effective_actions(paths)
        found = f"{n_effective:.1f} of {self.n_actions_} actions are in effect"
        if not is_few(n_effective, self.n_actions_) or self._is_constant(videos):
            warn_of_few_actions(self, paths)
            return paths
        if self._is_supported(n_effective, videos):
            warn_user(
                f"Only {found}, but other recordings predict them well; if actions "
                'are more even, try order="free", HMMSegmenter, or fewer actions.'
            )
            return paths
        first, before = self.order_, vars(self).copy()
        for order in ["mostly", "free"] if self.order == AUTO else []:
            if order == first or order not in self._by_order:
                continue
            self.order_ = order
            other = self._label(self._learn(videos, **known), videos)
            if not is_few(effective_actions(other), self.n_actions_):
                warn_user(
                    f'With order="{first}", {found}; the fit uses order="{order}" '
                    f'instead; say order="{first}" to keep the first result.'
                )
                return other
            self.__dict__.clear()
            self.__dict__.update(before)
        warn_user(
            f'Labels collapse: {found}; try order="free", HMMSegmenter, SignalWindows '
            "if frames are raw signal, or fewer actions."
        )
        return paths

    def _is_supported(self, n_effective, videos):
        """Whether few actions in effect are plausible, as recordings agree on them."""
        is_told = len(videos) > 1 and n_effective >= 2
        return is_told and self.confidence_["agreement"] >= SUPPORTED

    def _is_constant(self, videos):
        """Whether no feature varies, so that one action is the right answer."""
        scaler = self.scaler_ if self.windows_ is None else self.windows_scaler_
        if scaler is not None:
            return not (scaler.var_ > 0).any()
        return not any(np.ptp(block, axis=0).any() for block in videos.blocks())

    def _settle_n_actions(self, videos):
        """Set the number of actions of a fit, given or chosen from the recordings."""
        self.numbers_ = None
        if self.n_actions == AUTO:
            self.numbers_ = compare_numbers(videos, order=self.order_)
            self.n_actions_ = self.numbers_["best"]
        else:
            self.n_actions_ = int(self.n_actions)

    @property
    def _n_learned(self):
        """Number of learned actions, before corrections."""
        return int(self.n_actions) if self.numbers_ is None else self.numbers_["best"]

    def _warn_of_actions(self, paths):
        """Warn of actions that are missing, rare, or without label."""
        kept, n_lost = self.unlabelled_actions_, self.n_lost_actions_
        found = describe_paths(paths, self.actions_, kept, n_lost)
        if found:
            warn_user(" ".join(found))

    def _warn_of_signals(self, videos):
        """Warn of raw signal, as single frames carry little information."""
        if self.windows_ is not None:
            return
        n_cycles = videos.lengths.mean() / self.mean_frames_  # 1 without cycles
        if is_raw(videos, self.n_actions_ * n_cycles):
            warn_user(
                "frames are those of a raw signal, and single frames tell little; "
                'learn from windows, by order="auto", make_pipeline(SignalWindows(), '
                "...), or --pipeline windows."
            )

    def _label(self, scores, videos, before=None):
        """Learn background and confidence, label recordings, and return paths."""
        self.background_: Any = None
        self.confidence_: Any = None
        if self.background_percentile is not None:
            paths = []
            for i, reading in enumerate(self._readings(videos, scores())):
                paths += [reading.path[rows] for rows in videos.row_blocks(i)]
            self.background_ = fit_background(
                videos.blocks,
                paths,
                self.n_actions_,
                self.background_percentile,
                before,
            )
        evidence, labels = Evidence(is_robust=True), []
        for reading in self._readings(videos, scores()):
            evidence.add(reading.log_likelihood, reading.path)
            labels.append(reading.path)
        blocks = videos.blocks
        agreement = held_out_agreement(blocks, labels, self.n_actions_)
        self.confidence_ = {
            "tempering": evidence.tempering(),
            "agreement": 1.0 if np.isnan(agreement) else agreement,
        }
        named = labels if self.classes_ is None else self._to_labels(labels)
        self.labels_ = videos.store(named)
        return labels

    def _to_labels(self, paths):
        """Labels of paths: ``classes_`` in place of numbers."""
        words = with_background(self.classes_)
        return [words[path] for path in paths]

    def _check_transcripts(self, transcripts, videos):
        """Transcripts as indices of ``actions_``."""
        transcripts = arrange(transcripts, videos, "transcripts")
        if self.classes_ is not None:
            transcripts = codes_of_transcripts(transcripts, self.classes_, videos)
        return check_transcripts(transcripts, videos, self.n_actions_)


def is_few(n_effective, n_actions):
    """Whether fewer than half of the actions are in effect, or only one.

    >>> is_few(1.0, 2), is_few(2.4, 4), is_few(1.9, 4), is_few(1.0, 1)
    (True, False, True, False)
    """
    return n_actions > 1 and n_effective < max(n_actions / 2, 1 + ROUNDING)


def check_longest(n_actions, videos):
    """Refuse recordings that are all shorter than the number of actions."""
    longest = max(videos.lengths)
    if longest < n_actions:
        raise ValueError(
            f"n_actions={n_actions} is more than the number of frames of "
            f"the longest recording (n_samples={longest})."
        )


def as_types_of(outputs, videos):
    """Convert each output to the floating type of its recording."""
    return [
        output.astype(array.dtype, copy=False)
        for output, array in zip(outputs, videos.arrays)
    ]


def warn_of_squeezed_actions(segmenter, paths):
    """Warn of actions that fixed order squeezes to one frame in many recordings."""
    (decoder, _), n_actions = segmenter.decoder_, segmenter.n_actions_
    if decoder != DECODERS["fixed"] or n_actions == 1:
        return
    long = [path for path in paths if len(path) >= LONG * n_actions]
    if len(long) < MANY:
        return
    counts = [np.bincount(path[path >= 0], minlength=n_actions) for path in long]
    n_squeezed = sum(np.asarray(counts) == 1)
    action = int(np.argmax(n_squeezed))
    if n_squeezed[action] > SQUEEZED * len(long):
        warn_user(
            f"Action {segmenter.actions_[action]} has a single frame in "
            f"{n_squeezed[action]} of {len(long)} recordings, as fixed order shows "
            'each action; if recordings may lack actions, say order="mostly".'
        )


def warn_of_few_actions(segmenter, paths):
    """Warn if most recordings show fewer than half of the actions."""
    (decoder, cost), n_actions = segmenter.decoder_, segmenter.n_actions_
    if not decoder.uses_cost or cost == 0:
        return
    n_poor = 0
    for path in paths:
        n_shown = len(np.unique(path[path != BACKGROUND]))
        # a short recording cannot show more; one without actions has other causes
        n_poor += 0 < 2 * n_shown < min(n_actions, len(path))
    if 2 * n_poor > len(paths):
        remedy = "a lower one" if cost == "auto" else 'switch_cost="auto"'
        warn_user(
            f"{n_poor} of {len(paths)} recordings show fewer than half of the "
            f"{n_actions} actions; switch_cost={cost!r} may be too high, try {remedy}, "
            "fewer actions, or more steps of training."
        )
