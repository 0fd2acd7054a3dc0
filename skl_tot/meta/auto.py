"""The choice of an ordinary estimator by a look at the recordings."""

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin, _fit_context
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skl_tot.decoding.decoders import ESTIMATE
from skl_tot.methods import collapses, pipelines
from skl_tot.methods.base import BaseSegmenter, check_number
from skl_tot.methods.hmm import HMMSegmenter
from skl_tot.methods.numbers import AUTO
from skl_tot.methods.temporal_ot import TemporalOTSegmenter
from skl_tot.metrics.label_free import effective_actions
from skl_tot.preprocessing.look import look_at
from skl_tot.preprocessing.windows import SignalWindows
from skl_tot.recordings.checks import check_recordings, unchanged_on_error
from skl_tot.recordings.container import FrameArrays
from skl_tot.recordings.errors import is_int, warn_user
from skl_tot.recordings.labels import split_label_sequences
from skl_tot.recordings.layouts import in_form_of

# Segments of a look in a recording, over the number of actions, from which actions
# return: one cost of a switch for all recordings would suppress them.
MANY_RETURNS = 2.5
# Actions in effect that are enough after a collapse, so that no other order is fitted:
# many actions are uneven. Of the twelve of a set, 8.2 are in effect by its labels.
ENOUGH = 4
# Most frames of recordings that are fitted again after a collapse: the second fit takes
# as long as the first one.
MOST_FITTED_AGAIN = 2**20


@dataclass(eq=False, repr=False)
class AutoSegmenter(ClusterMixin, BaseEstimator):
    """Segmentation by the estimator that suits the recordings.

    `fit` looks at the recordings once (`skl_tot.look`), and then fits an ordinary
    estimator, which ``estimator_`` shows with all parameters:

    - If recordings share a course, `TemporalOTSegmenter` with ``order="mostly"``. If
      actions return in it, ``switch_cost`` is "estimate".
    - Without a course, the same with ``order="free"``. Of fewer than ten recordings,
      which cannot show a course, raw signals and a single recording get `HMMSegmenter`
      with ``order="free"``.
    - For raw signals, windows around the frames come before it, in a pipeline.
    - If labels collapse to less than half of the actions, and to less than four, the
      other order is fitted, with a warning.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K; "auto" takes the result of `choose_n_actions`.
    min_duration : float, default=None
        As in `TemporalOTSegmenter`.
        Passed on to the estimator, as are the following ones.
    standardize, device, random_state : optional
        As in `TemporalOTSegmenter`.

    Attributes
    ----------
    look_ : Look
        Findings about the recordings, see `skl_tot.look`.
    estimator_ : estimator
        The fitted segmenter, or a pipeline of windows and a segmenter. A clone of it
        that is fitted to the same recordings gives the same labels.
    n_actions_, labels_, fps_, read_options_, n_features_in_, feature_names_in_
        As in `TemporalOTSegmenter`.

    Notes
    -----
    See `TemporalOTSegmenter` for input and output. Functions that take a model, such as
    those of `skl_tot.corrections`, use ``estimator_``.

    Examples
    --------
    >>> from skl_tot import AutoSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(6, n_actions=3, noise=0.3, random_state=0)
    >>> model = AutoSegmenter(3, random_state=0).fit(videos)
    >>> model.estimator_
    TemporalOTSegmenter(n_actions=3, random_state=0)
    """

    __module__ = "skl_tot"

    chooses_estimator, is_taught = True, False  # kinds of models, as of segmenters
    _parameter_constraints = {
        name: BaseSegmenter._parameter_constraints[name]
        for name in ("n_actions", "min_duration", "standardize", "random_state")
    } | {"device": [str]}

    n_actions: int | str = 8
    _: KW_ONLY
    min_duration: float | None = None
    standardize: str | None = "dataset"
    device: str = "auto"
    random_state: Any = None

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None) -> Self:
        """Look at the recordings, and fit the estimator that suits them.

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

        Warns
        -----
        UserWarning
            If labels collapse to few actions, or actions are missing or rare; if a
            single recording repeats itself.
        """
        with unchanged_on_error(self):
            recordings = check_recordings(self, X, reset=True, find_clocks=True)
            check_number(self.n_actions, recordings.lengths)
            # a look groups its parts; on the sets with labels, 8 is near the middle
            n_groups = 8 if self.n_actions == AUTO else int(self.n_actions)
            with recordings.named_errors():
                self.look_ = look_at(recordings, n_groups)
            if self.look_.n_repeats and len(recordings) == 1:  # before a long fit
                warn_user(self.look_.say_repeats(), collapses.FitWarning)
            is_short = recordings.lengths.sum() <= MOST_FITTED_AGAIN
            sentences = self._fit_estimator(X, y, is_short)
        if sentences:
            warn_user(" ".join(sentences), collapses.FitWarning)
        return self

    def _fit_estimator(self, X, y, may_fit_again):
        """Fit in the order of the look, then in the other; list sentences of it."""
        seed = self.random_state
        if not is_int(seed):  # so that `estimator_` tells it
            seed = check_random_state(seed).randint(2**31 - 1)
        settings = self.get_params(deep=False) | {"random_state": seed}
        orders = ["mostly", "free"]
        if self.look_.order == "free":
            orders.reverse()
        fits = []
        for order in orders[: 1 + may_fit_again]:
            model = spell_out(self.look_, order, **settings)
            with pipelines.quietly():
                model.fit(X, y)
            segmenter = pipelines.segmenter_of(model)
            segmenter.set_params(n_actions=segmenter.n_actions_)  # if that was "auto"
            paths, _ = split_label_sequences(segmenter.labels_)
            judged = paths, segmenter.n_actions_, segmenter.confidence_
            collapse = collapses.describe_collapse(*judged)
            fits.append((model, collapse))
            if collapse is None or effective_actions(paths) >= ENOUGH:
                break
        if collapse is not None:  # the order of the look comes first
            self.estimator_, collapse = fits[0]
            remedies = collapses.STRICT, collapses.REMEDY
            return [f"Labels collapse: {collapse}.", *remedies]
        self.estimator_ = model
        sentences = collapses.describe_labels(segmenter, paths)
        if len(fits) > 1:
            first, other = orders
            why = f'With order="{first}", {fits[0][1]}'
            sentences.insert(0, f'{why}; estimator_ has order="{other}" instead.')
        return sentences

    def fit_predict(self, X, y=None) -> FrameArrays:
        """Fit, and return the labels of the frames.

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
        check_is_fitted(self)
        return self.estimator_.predict(X)

    def predict_proba(self, X) -> FrameArrays:
        """Compute the probability of each action in each frame, without decoding.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions), or list of these
            Each row sums to 1, in the floating type of the recording.
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def predict_posterior(self, X) -> FrameArrays:
        """Compute the probability of each action in each frame, given the recording.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions), or list of these
            Each row sums to 1, in the floating type of the recording.
        """
        check_is_fitted(self)
        frames = pipelines.transform_before(self.estimator_, X)
        return pipelines.last_step(self.estimator_).predict_posterior(frames)

    def score(self, X, y=None) -> float:
        """Measure how well actions transfer, as `TemporalOTSegmenter.score`.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.
        y : array-like of shape (n_frames,), or sequence of these, default=None
            Labels from a search or a pipeline, not used: `SemiSupervisedSegmenter`
            learns from labels.
        """
        check_is_fitted(self)
        return self.estimator_.score(X, y)

    @property
    def labels_(self) -> np.ndarray | list | dict:
        """Labels of the recordings of the fit."""
        return pipelines.segmenter_of(self).labels_

    @property
    def n_actions_(self) -> int:
        """Number of actions."""
        return pipelines.segmenter_of(self).n_actions_

    @property
    def fps_(self) -> float | None:
        """Frames per second of the recordings of the fit, if known."""
        return pipelines.segmenter_of(self).fps_

    @property
    def read_options_(self) -> dict | None:
        """Options of `read_recordings` for the recordings of the fit."""
        return pipelines.segmenter_of(self).read_options_

    def __sklearn_is_fitted__(self):
        return hasattr(self, "estimator_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def spell_out(look, order, n_actions, *, device="auto", **settings):
    """Make the estimator of an order that suits a look, with windows if it is raw."""
    # of few recordings, equal shares of actions say little: a hidden Markov model is
    # ahead on the sets of one and of two recordings
    if order == "free" and math.isnan(look.course):
        segmenter: Any = HMMSegmenter(n_actions, order=order, **settings)
    else:
        segmenter = spell_out_network(look, order, n_actions, device=device, **settings)
    return with_windows(look, segmenter)


def spell_out_network(look, order, n_actions, **settings):
    """Make the `TemporalOTSegmenter` of an order that suits a look, without windows."""
    cost = ESTIMATE if look.returns >= MANY_RETURNS else AUTO
    return TemporalOTSegmenter(n_actions, order=order, switch_cost=cost, **settings)


def with_windows(look, segmenter):
    """Put windows before a segmenter if a look finds raw signals."""
    if not look.is_raw:
        return segmenter
    windows = SignalWindows(look.window / (look.fps or 1))
    return Pipeline([("windows", windows), ("segmenter", segmenter)])
