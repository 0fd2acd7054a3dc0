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
from skl_tot.decoding.gaussians import find_background, fit_background
from skl_tot.methods import collapses
from skl_tot.methods.numbers import AUTO, compare_numbers
from skl_tot.methods.orders import UNSET
from skl_tot.metrics.label_free import held_out_agreement, transfer_score
from skl_tot.preprocessing.look import is_raw, look_at
from skl_tot.preprocessing.windows import apply_windows, fit_windows
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
from skl_tot.recordings.layouts import as_recordings
from skl_tot.recordings.signals import thinned
from skl_tot.shared_texts import with_shared_texts
from skl_tot.training.components import COUNT, MOST, SMALLEST, WEIGHT

# Rounding of a product of seconds and rate: 0.7 s at 10 frames per second are 7 frames.
ROUNDING = 1e-9
# Number of actions of a look, before "auto" chooses it.
USUAL_NUMBER = 8
# Most frames of recordings that are fitted again in another order.
MOST_FITTED_AGAIN = 2**20
# Maximum bytes of arrays that are kept for the next pass.
KEPT_BYTES = 2**26


@with_shared_texts
class BaseSegmenter(ClusterMixin, BaseEstimator):
    """Base of segmenters: fit, outputs, and decoding of the scores of a method.

    A method implements ``_learn``, and ``_log_likelihoods`` of its actions up to a
    constant per frame. It may override ``_decoder`` if decoding depends on learned
    values, and ``waits_for_end_`` if its scores need whole recordings.
    ``_defaults_by_order`` has the defaults of parameters for each order that it
    supports. Estimators with inner estimators may also override ``_read_fit``,
    ``_label``, ``_decode`` and ``n_around_``.
    """

    _parameter_constraints: dict = {
        "n_actions": [Interval(Integral, 1, MOST, closed="both"), StrOptions({AUTO})],
        "n_init": COUNT,
        "max_iter": COUNT,
        "decoding": [StrOptions(DECODERS.keys())],
        "switch_cost": [*WEIGHT, StrOptions({"auto"})],
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
    look_: Any = None
    windows_: Any = None
    # kinds of models: a vote of members, of several activities, or taught by labels
    is_vote = has_activities = is_taught = False
    # further actions, which no label names
    unlabelled_actions_: tuple | list = ()

    @abstractmethod
    def _learn(self, videos):
        """Learn from standardised recordings and set the fitted attributes."""

    @abstractmethod
    def _log_likelihoods(self, videos):
        """Yield the log-likelihood (n_frames_i, n_actions) of each recording."""

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Learn the actions and label the frames.

        Parameters
        ----------
        {shared: X, y}

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
            are those of a raw signal; once, with all of these findings.
        """
        return self._fit(X, y)

    def fit_predict(self, X, y=None, **known):
        """Learn the actions and return the labels of the frames.

        Parameters
        ----------
        {shared: X, y}
        **known
            Further arguments of `fit`.

        Returns
        -------
        {shared: labels}

        Raises
        ------
        {shared: TypeError}
        """
        self.fit(X, y, **known)
        stored = self.labels_  # in the form of `Recordings.store`
        is_named = isinstance(stored, dict)
        return as_recordings(X).restore(list(stored.values())) if is_named else stored

    def predict(self, X, *, transcripts=None):
        """Label every frame by the likeliest path through the actions.

        Parameters
        ----------
        {shared: X, transcripts}

        Returns
        -------
        {shared: labels}

        {shared: raises}
        """
        videos = self.prepare(X)
        if transcripts is not None:
            transcripts = self._check_transcripts(transcripts, videos)
        found = self._decode(videos, transcripts=transcripts)
        return videos.restore(self._to_labels([decoded.path for decoded in found]))

    def predict_proba(self, X):
        """Compute the probability of each action in each frame, without decoding.

        For `TemporalOTSegmenter` these are the codes P of Eq. 1, for `ASOTSegmenter`
        the pseudo-labels Q of the recording, and for Gaussians their posterior.

        Parameters
        ----------
        {shared: X}

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions), or list of these
            Each row sums to 1, in the floating type of the recording.

        {shared: raises}
        """
        videos = self.prepare(X)
        found = [softmax(scores, axis=1) for scores in self._corrected(videos)]
        return videos.restore(list(map(as_type_of, found, videos.arrays)))

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

        Parameters
        ----------
        {shared: X}

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions), or list of these
            Each row sums to 1, in the floating type of the recording.

        {shared: raises}
        """
        videos = self.prepare(X)
        found = [d.posterior for d in self._decode(videos, with_posterior=True)]
        return videos.restore(list(map(as_type_of, found, videos.arrays)))

    def log_likelihood(self, X):
        """Compute the scores for the decoder.

        `skl_tot.decoding.decode` turns them into the labels of `predict` (except for
        background).

        Parameters
        ----------
        {shared: X}

        Returns
        -------
        log_likelihood : ndarray of shape (n_frames, n_actions), or list of these
            In nats, up to a constant per frame, float64.

        {shared: raises}
        """
        videos = self.prepare(X)
        return videos.restore(list(self._corrected(videos)))

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
        if transcripts is not None:
            transcripts = self._check_transcripts(transcripts, videos)
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
            Only its length is checked. To score against labels, use the scorers of
            `skl_tot.metrics`.

        Returns
        -------
        score : float
            From 0 to K, higher is better; 0 if fewer than two actions are in effect
            (`skl_tot.metrics.effective_actions`), or K / 2 for K below four, with a
            warning. NaN, with a warning, for a single array.

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
            text = "score compares recordings and is not defined for a single one."
            warn_user(text, UndefinedMetricWarning)
            return math.nan
        if len(videos) < 2:
            raise ValueError(
                "score compares recordings, but X has one, expected two or more; "
                "without labels, each fold of a search needs two, so take fewer folds."
            )
        labels = [decoded.path for decoded in self._decode(videos)]
        found = transfer_score(videos.blocks, labels, self.n_actions_)
        if found == 0 and self.n_actions_ > 1:
            warn_user(
                "score is 0, as labels collapse; a search among such fits has no best "
                "one, so train longer (max_iter) or try another order.",
                collapses.FitWarning,
            )
        return found

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
        """Paths of the decoder, as given or by the order of the fit."""
        check_is_fitted(self, "n_actions_")
        return self._resolved("decoding")

    @property
    def decoder_(self):
        """Decoder and the cost of a switch."""
        check_is_fitted(self, "n_actions_")
        cost = self._resolved("switch_cost")
        if isinstance(cost, Real):  # in nats, corrections do not change it
            cost *= self.n_actions_ / getattr(self, "_n_learned", self.n_actions_)
        return BoundDecoder(self._decoder(), cost)

    @property
    def min_frames_(self):
        """Least number of frames of a segment."""
        if self.min_duration is None:
            return 1
        check_is_fitted(self, "fps_")
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

    def prepare(self, X):
        """Check recordings and standardise them as in the fit, for functions of models.

        Parameters
        ----------
        {shared: X}

        Returns
        -------
        videos : Recordings
            Read block by block.

        {shared: raises}
        """
        check_is_fitted(self, "n_actions_")
        self._validate_params()  # decoding may have been set after the fit
        videos = check_recordings(self, X, reset=False)
        if videos.fps is not None:
            check_rate(videos.fps, self.fps_)
        return self._standardized(videos)

    def prepare_fit(self, X):
        """Read recordings as `fit` does, for functions of estimators.

        Parameters
        ----------
        {shared: X}

        Returns
        -------
        videos : Recordings
            Standardised, perhaps in windows, and read block by block.

        Raises
        ------
        {shared: TypeError}
        """
        return self._to_count(self._read_fit(X))

    def _to_count(self, videos):
        """Return recordings in which numbers of actions are compared."""
        return videos

    def _validate_params(self):
        """Check the parameters; True is no number, though Python says so."""
        super()._validate_params()
        for name, value in self.get_params(deep=False).items():
            own = self._parameter_constraints.get(name, [])
            is_flag = any(kind in own for kind in ("boolean", "verbose"))
            if isinstance(value, bool) and not is_flag:
                refuse(name, value, "a number, or another value of its docstring")

    def _resolved(self, name):
        """Value of a parameter, or its default by the order of the fit."""
        value = getattr(self, name)
        is_unset = isinstance(value, str | None) and value == UNSET.get(name, AUTO)
        return self._defaults.get(name, value) if is_unset else value

    def _settle_order(self, order):
        """Set the order of a fit, and the defaults that follow from it."""
        self.order_, self._defaults = order, self._defaults_by_order.get(order, {})

    def _decoder(self):
        """Return the decoder of ``decoding_``, with learned values if it has any."""
        return DECODERS[self._resolved("decoding")].for_cycles(self.mean_frames_)

    def _fit(self, X, y, /, **known):
        """Fit, with further knowledge of the recordings for ``_learn``."""
        # matrices are small: threads of BLAS would wait for each other's cores
        with unchanged_on_error(self), threadpool_limits(1, "blas"):
            videos = self._read_fit(X, y)
            for name, values in known.items():
                of_some = name == "y"  # recordings may lack labels
                known[name] = arrange_each(values, videos, name, of_some=of_some)
            longest = max(videos.lengths)
            if self.n_actions != AUTO and longest < self.n_actions:
                what = f"at most the frames of any recording (n_samples={longest})"
                refuse("n_actions", int(self.n_actions), what)
            with videos.named_errors():
                paths = self._label(self._learn(videos, **known), videos)
                if paths is None:  # activities warn separately
                    return self
                facts = self._judge_labels(paths, videos, known)
                facts += self._judge_signals(videos)
        if facts:
            warn_user(" ".join(facts), collapses.FitWarning)
        return self

    def _read_fit(self, X, y=None, *, reset=True, scaler=None):
        """Check and standardise recordings of a fit; a ``scaler`` is updated."""
        videos = check_recordings(self, X, reset=reset, find_clocks=reset)
        if y is not None:
            check_lengths(arrange(y, videos), videos)
        self.fps_ = videos.fps if reset else check_rate(videos.fps, self.fps_)
        if reset:
            self.read_options_ = videos.read_options
        self.standardize_, self.scaler_ = self.standardize, None
        if self.standardize == "dataset":
            self.scaler_ = fit_scaler(videos, scaler)
        self.layers_, self.classes_, self.shares_ = [], None, None
        self.mean_frames_ = float(videos.lengths.mean())
        if reset:
            self._look(videos)
        return self._standardized(videos, reset)

    def _look(self, videos):
        """Set the order of the fit and its windows, by a look if that is asked for."""
        self.look_, self.windows_ = None, None
        if self.order != AUTO:
            self._settle_order(self.order)
            return
        scaler = fit_scaler(videos) if self.scaler_ is None else self.scaler_
        with videos.named_errors():
            self.look_ = look_at(videos.standardize(scaler), self._known_number())
        if self.look_.n_repeats and len(videos) == 1:  # before a long fit
            warn_user(self.look_.say_repeats(), collapses.FitWarning)
        if getattr(self, "verbose", 0):  # some methods have no such parameter
            print(*self.look_.sentences(), sep="\n")
        order = self.look_.order
        if order not in self._defaults_by_order:
            order = "mostly"
            if not math.isnan(self.look_.course):
                warn_user(
                    f"{self.look_.verdict}. {type(self).__name__} has no free order, "
                    'and takes order="mostly"; say so if you know better, or '
                    "use HMMSegmenter or TemporalOTSegmenter.",
                    collapses.FitWarning,
                )
        self._settle_order(order)
        if self.look_.is_raw:
            self.windows_ = fit_windows(videos)

    def _known_number(self):
        """Return the number of actions, or a usual one before it is chosen."""
        return USUAL_NUMBER if self.n_actions == AUTO else int(self.n_actions)

    def _standardized(self, videos, of_fit=False):
        """Standardise recordings, or windows of them, as learned or ``of_fit``."""
        per_video = self.standardize_ == "video"
        if self.windows_ is None:
            return videos.standardize(self.scaler_, per_video)
        seen = apply_windows(self.windows_, videos)
        if of_fit:
            is_common = self.standardize == "dataset"
            self.windows_scaler_ = fit_scaler(seen) if is_common else None
        return seen.standardize(self.windows_scaler_, per_video)

    def _settle_n_actions(self, videos):
        """Set the number of actions of a fit, given or chosen from the recordings."""
        self.numbers_ = None
        if self.n_actions == AUTO:
            self.numbers_ = compare_numbers(self._to_count(videos), order=self.order_)
            self.n_actions_ = self.numbers_["best"]
        else:
            self.n_actions_ = int(self.n_actions)
        self._n_learned = self.n_actions_  # which corrections do not change

    def _label(self, scores, videos, before=None):
        """Learn background and confidence, label recordings, and return paths."""
        self.background_: Any = None
        self.confidence_: Any = None
        sample = thinned(videos)
        seen = sample.videos
        if self.background_percentile is not None:
            paths = sample.of([own.path for own in self._decode(videos, scores)])
            pairs = enumerate(paths)
            blocks = [own[rows] for i, own in pairs for rows in seen.row_blocks(i)]
            known = blocks, self.n_actions_, self.background_percentile, before
            self.background_ = fit_background(seen.blocks, *known)
        evidence, labels = Evidence(is_robust=True), []
        for decoded in self._decode(videos, scores):
            evidence.add(decoded.log_likelihood, decoded.path)
            labels.append(decoded.path)
        agreement = held_out_agreement(seen.blocks, sample.of(labels), self.n_actions_)
        self.confidence_ = {
            "tempering": evidence.tempering(),
            "agreement": 1.0 if np.isnan(agreement) else agreement,
        }
        self.labels_ = videos.store(self._to_labels(labels))
        self.shares_ = shares_of(labels, self.n_actions_)
        return labels

    def _decode(self, videos, scores=None, *, transcripts=None, with_posterior=False):
        """Yield a `Decoded` of each standardised recording."""
        if scores is None:
            scores = self._corrected(videos)
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

    def _corrected(self, videos):
        """Iterate over corrected scores, the input of the decoder."""
        scores = self._log_likelihoods(videos)
        for layer in self.layers_:
            scores = layer.apply(scores, videos)
        return scores

    def _judge_labels(self, paths, videos, facts_of_videos):
        """List sentences about labels; if they collapse, try another order."""
        few = collapses.describe_effective(paths, self.n_actions_)
        if few is None or self._is_constant(videos):
            return collapses.describe_labels(self, paths)
        if collapses.is_supported(paths, self.confidence_):
            return [
                f"Only {few}, but other recordings predict them well; if actions "
                'are more even, try order="free", HMMSegmenter, or fewer actions.'
            ]
        first, before = self.order_, vars(self).copy()
        other = "free" if first == "mostly" else "mostly"
        is_open = self.order == AUTO and other in self._defaults_by_order
        is_short = videos.lengths.sum() <= MOST_FITTED_AGAIN
        if is_open and is_short:
            self._settle_order(other)
            paths = self._label(self._learn(videos, **facts_of_videos), videos)
            if collapses.describe_effective(paths, self.n_actions_) is None:
                text = (
                    f'With order="{first}", {few}; the fit uses order="{other}" '
                    f'instead; say order="{first}" to keep the first result.'
                )
                return [text, *collapses.describe_labels(self, paths)]
            self.__dict__.clear()
            self.__dict__.update(before)
        return [
            f'Labels collapse: {few}; try order="free", HMMSegmenter, SignalWindows '
            "if frames are raw signal, or fewer actions."
        ]

    def _is_constant(self, videos):
        """Whether no feature varies, so that one action is the right answer."""
        scaler = self.scaler_ if self.windows_ is None else self.windows_scaler_
        if scaler is not None:
            return not (scaler.var_ > 0).any()
        return not any(np.ptp(block, axis=0).any() for block in videos.blocks())

    def _judge_signals(self, videos):
        """List a sentence about raw signal, whose single frames tell little."""
        n_cycles = videos.lengths.mean() / self.mean_frames_  # 1 without cycles
        if self.windows_ is not None or not is_raw(videos, self.n_actions_ * n_cycles):
            return []
        return [
            "Frames are those of a raw signal, and single frames tell little; learn "
            'from windows, by order="auto", make_pipeline(SignalWindows(), ...), or '
            "--pipeline windows."
        ]

    def _to_labels(self, paths):
        """Labels of paths: ``classes_`` in place of numbers, if there are any."""
        if self.classes_ is None:
            return paths
        return [labels_of_codes(path, self.classes_) for path in paths]

    def _check_transcripts(self, transcripts, videos):
        transcripts = arrange(transcripts, videos, "transcripts")
        return encode_transcripts(transcripts, videos, self.actions_)


class Passes:
    """An array of each recording, computed on demand, and kept if there is room."""

    def __init__(self, compute, n_videos, *, keep=False):
        self.compute, self.n_videos = compute, n_videos
        self.kept, self.room = {}, KEPT_BYTES * keep

    def __getitem__(self, i):
        if i >= self.n_videos:
            raise IndexError(i)
        if i in self.kept:
            return self.kept[i]
        array = self.compute(i)
        if array.nbytes <= self.room:
            self.kept[i] = array
            self.room -= array.nbytes
        return array


def as_type_of(output, array):
    """Convert an output to single precision if its recording has it, else to double."""
    is_short = getattr(array, "dtype", None) == np.float32
    return output.astype(np.float32 if is_short else np.float64, copy=False)


class BoundDecoder(NamedTuple):
    """Decoder of scores, and the cost of a switch."""

    decoder: Decoder
    switch_cost: float | str


def shares_of(paths, n_actions):
    """Shares of the actions in paths, of at least one frame."""
    joined = np.concatenate(paths)
    counts = np.bincount(joined[joined >= 0], minlength=n_actions)
    return np.maximum(counts, 1) / np.maximum(counts, 1).sum()


def sum_groups(columns, groups, add):
    """Add up the columns of each group."""
    if (np.diff(groups) < 0).any():
        order = np.argsort(groups, kind="stable")
        groups, columns = groups[order], columns[:, order]
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    if len(starts) == len(groups):
        return columns
    return add.reduceat(columns, starts, axis=1)
