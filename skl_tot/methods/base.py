"""Base of segmenters: a fit without the learning of a method, and its parameters."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import NamedTuple, TypeVar

import numpy as np
from sklearn.base import ClusterMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from skl_tot.decoding.decoders import DECODERS, ESTIMATE, Decoder
from skl_tot.decoding.evidence import Evidence, fit_background
from skl_tot.methods import collapses
from skl_tot.methods.fitted import FittedSegmenter
from skl_tot.methods.numbers import AUTO, compare_numbers
from skl_tot.metrics.label_free import held_out_agreement
from skl_tot.recordings.checks import check_recordings, unchanged_on_error
from skl_tot.recordings.clocks import check_rate
from skl_tot.recordings.container import FrameArrays, fit_scaler
from skl_tot.recordings.errors import refuse, warn_user
from skl_tot.recordings.labels import UNKNOWN, arrange, check_lengths
from skl_tot.recordings.layouts import in_form_of
from skl_tot.recordings.signals import thinned
from skl_tot.training.components import COUNT, MOST, SMALLEST, WEIGHT

# unlike of Self, jedi (IPython, Jupyter) knows of it that it may be a subclass
Fitted = TypeVar("Fitted", bound="BaseSegmenter")


class BaseSegmenter(ClusterMixin, FittedSegmenter):
    """Base of segmenters: fit, outputs, and decoding of the scores of a method.

    A method implements ``_learn``, and ``_log_likelihoods`` of its actions up to a
    constant per frame. It may override ``_decoder`` if decoding depends on learned
    values. ``_defaults_by_order`` has defaults of parameters for each order.
    """

    _parameter_constraints: dict = {
        "n_actions": [Interval(Integral, 1, MOST, closed="both"), StrOptions({AUTO})],
        "max_iter": COUNT,
        "decoding": [StrOptions(set(DECODERS)), Decoder],
        "switch_cost": [*WEIGHT, StrOptions({ESTIMATE})],
        "min_duration": [None, Interval(Real, SMALLEST, MOST, closed="both")],
        "background_percentile": [None, Interval(Real, 0, 100, closed="neither")],
        "standardize": [None, StrOptions({"dataset", "video"})],
        "random_state": ["random_state"],
    }
    # defaults for segmenters without these parameters
    order: str | None = None
    background_percentile: float | None = None
    # before a fit
    numbers_: dict | None = None

    @abstractmethod
    def _learn(self, videos):
        """Learn from standardised recordings; return a `Learned`, or None."""

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self: Fitted, X, y=None) -> Fitted:
        """Learn the actions and label the frames.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.
        y : array-like of shape (n_frames,), or sequence of these, default=None
            Labels from a search or a pipeline, not used: `SemiSupervisedSegmenter`
            learns from labels.

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
        return self._fit(X, y, self._learn)

    def _fit(self, X, y, learn):
        """Fit, where ``learn`` makes `Learned` or None of standardised recordings."""
        # matrices are small: threads of BLAS would wait for each other's cores
        with unchanged_on_error(self), threadpool_limits(1, "blas"):
            videos = self.prepare_fit(X, y)
            check_number(self.n_actions, videos.lengths)
            sentences = []
            # from here on, errors of numbered recordings take their names
            with videos.named_errors():
                learned = learn(videos) or Learned()
                paths = self._label(videos, learned)
                if not collapses.is_inside.get():  # they take a fifth of the time
                    sentences += collapses.describe_fit(self, paths, videos)
                    sentences += learned.sentences
        if sentences:  # one warning, so that filters and readers meet it once
            warn_user(" ".join(sentences), collapses.FitWarning)
        return self

    def prepare_fit(self, X, y=None, *, reset=True):
        """Check and standardise recordings as `fit` does, to be read block by block.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.
        y : array-like of shape (n_frames,), or sequence of these, default=None
            Labels from a search or a pipeline, not used: `SemiSupervisedSegmenter`
            learns from labels.
        reset : bool, default=True
            Whether a fit begins; False continues one.
        """
        recordings = check_recordings(self, X, reset=reset, find_clocks=reset)
        if y is not None:
            check_lengths(arrange(y, recordings), recordings)
        if reset:
            self.fps_, self.read_options_ = recordings.fps, recordings.read_options
            self.order_, self.standardize_ = self.order, self.standardize
            self.scaler_ = None
        else:
            self.fps_ = check_rate(recordings.fps, self.fps_)
        if self.standardize_ == "dataset":
            self.scaler_ = fit_scaler(recordings, self.scaler_)
        self.layers_, self.classes_, self.shares_ = [], None, None
        self.mean_frames_ = float(recordings.lengths.mean())
        return recordings.standardize(self.scaler_, self.standardize == "video")

    def _set_n_actions(self, videos):
        self.numbers_ = None
        self.n_actions_ = self.n_actions
        if self.n_actions == AUTO:
            self.numbers_ = compare_numbers(videos, order=self.order_)
            self.n_actions_ = self.numbers_["best"]
        self.n_actions_ = int(self.n_actions_)
        self._n_learned = self.n_actions_  # which corrections do not change

    def _label(self, videos, learned):
        """Set background, confidence, labels and shares; return the paths."""
        self.background_ = self.confidence_ = None
        if self.background_percentile is not None:
            # paths without background tell which frames an action has
            paths = [decoded.path for decoded in self._decode(videos, learned.score)]
            sample = thinned(videos)
            sampled = sample.videos.blocks, np.concatenate(sample.of(paths))
            options = self.n_actions_, self.background_percentile
            self.background_ = fit_background(*sampled, *options)
        evidence, paths = Evidence(is_robust=True), []
        for decoded in self._decode(videos, learned.score):
            if learned.confidence is None:
                evidence.add(decoded.log_likelihood, decoded.path)
            paths.append(decoded.path)
        if learned.labels is not None:  # a least duration may have taken short ones
            paths = [
                np.where(given == UNKNOWN, path, given)
                for given, path in zip(learned.labels, paths)
            ]
        self.confidence_ = learned.confidence or {
            "tempering": evidence.tempering(),
            "agreement": self._measure_agreement(videos, paths),
        }
        self.labels_ = videos.store(self._labels_of_paths(paths))
        joined = np.concatenate(paths)
        counts = np.bincount(joined[joined >= 0], minlength=self.n_actions_)
        counts = np.maximum(counts, 1)  # corrections divide by shares
        self.shares_ = counts / counts.sum()
        return paths

    def _measure_agreement(self, videos, paths):
        """Agreement (0 to 1) of paths with predictions by the other half of them."""
        units, paths = self._compared_units(videos, paths)
        sample = thinned(units)
        agreement = held_out_agreement(
            sample.videos.blocks, sample.of(paths), self.n_actions_
        )
        # a single recording has no other half that could contradict it
        return 1.0 if np.isnan(agreement) else agreement

    def fit_predict(self, X, y=None) -> FrameArrays:
        """Learn the actions and return the labels of the frames.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.
        y : array-like of shape (n_frames,), or sequence of these, default=None
            Labels from a search or a pipeline, not used: `SemiSupervisedSegmenter`
            learns from labels.

        Returns
        -------
        labels : ndarray of shape (n_frames,), or list of these
            Labels from ``actions_``, in the form of ``X``; background is -1 or
            "background".
        """
        return in_form_of(self.fit(X, y).labels_, X)


class Learned(NamedTuple):
    """Results of learning that label the recordings of a fit, besides attributes."""

    score: Callable | None = None  # recordings by number; None: `_log_likelihoods`
    labels: list | None = None  # codes by recording, which stay, or UNKNOWN
    confidence: dict | None = None  # None measures it
    sentences: Sequence[str] = ()  # of the warning


def check_number(n_actions, lengths):
    """Refuse more actions than the longest recording has frames."""
    longest = max(lengths)
    if n_actions != AUTO and longest < n_actions:
        what = f"at most the frames of any recording (n_samples={longest})"
        refuse("n_actions", int(n_actions), what)


class Orders(StrOptions):
    """Orders of a method; the error names the estimator that chooses one."""

    def __str__(self):
        return f"{super().__str__()} (AutoSegmenter chooses an order)"


# Constraints of parameters that have a default by the order.
ORDER_CONSTRAINTS: dict = {
    "order": [Orders({"strict", "mostly", "free"})],
    "decoding": [StrOptions({AUTO, *DECODERS}), Decoder],
    "switch_cost": [*WEIGHT, StrOptions({AUTO, ESTIMATE})],
}


def by_order(**values):
    """Defaults of parameters by order, from those in strict, mostly and free order."""
    defaults: dict = {}
    for name, values_of_orders in values.items():
        for order, value in zip(("strict", "mostly", "free"), values_of_orders):
            defaults.setdefault(order, {})[name] = value
    return defaults
