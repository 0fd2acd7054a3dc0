"""What all segmenters share: the course of a fit, and what a file may hold of it."""

from abc import abstractmethod
from numbers import Integral, Real

import numpy as np
from sklearn.base import ClusterMixin, _fit_context
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import Interval, StrOptions

from skl_tot.decoding.background import fit_background
from skl_tot.decoding.decoders import DECODERS
from skl_tot.inputs.blocks import AllBlocks
from skl_tot.inputs.clocks import rate_of
from skl_tot.inputs.forms import keep_outputs, mirror_kept, named_errors
from skl_tot.inputs.named import arrange, arrange_each
from skl_tot.inputs.rates import check_fps
from skl_tot.inputs.states import check_array, check_item, check_positive, count
from skl_tot.inputs.videos import check_lengths, check_videos, unchanged_on_error
from skl_tot.meta.guide import guided_scores
from skl_tot.recordings.blocks import joined_width
from skl_tot.segmenters.confidence import (
    check_confidence,
    learn_confidence,
)
from skl_tot.segmenters.editing import Editing
from skl_tot.segmenters.fitted import (
    check_fitted,
    context_of,
    standardize_fit,
)
from skl_tot.segmenters.guided import check_guide, learn_guide, read_known
from skl_tot.segmenters.online_outputs import OnlineOutputs
from skl_tot.segmenters.outputs import FittedOutputs
from skl_tot.training.components import LARGEST, MOST

# Constraint of what segmenters have that read frames with what is around them.
CONTEXT = {"context": [None, Interval(Integral, 1, MOST, closed="both")]}


class BaseSegmenter(ClusterMixin, Editing, OnlineOutputs, FittedOutputs):
    """Base of segmenters that decode paths through actions.

    A subclass learns in ``_learn`` and gives log-likelihoods of the actions, up to a
    constant for each frame, in ``_log_likelihoods``. It sets ``n_actions_`` and
    ``scaler_`` is there for both.
    """

    _parameter_constraints = {
        "n_actions": [Interval(Integral, 1, MOST, closed="both")],
        "decoding": [StrOptions(DECODERS.keys())],  # also those that are added later
        "switch_cost": [
            Interval(Real, 0, LARGEST, closed="both"),
            StrOptions({"auto"}),
        ],
        "background_percentile": [None, Interval(Real, 0, 100, closed="neither")],
        "standardize": [None, StrOptions({"dataset", "video"})],
        "guidance": [None, StrOptions({"labels", "transcripts"})],
        "compute_labels": ["boolean"],
        "random_state": ["random_state"],
    }

    guidance: str | None = None  # of those without that parameter

    @abstractmethod
    def _learn(self, videos):
        """Learn from standardised videos and set the fitted attributes.

        Returns a function that goes over the log-likelihoods of these videos.
        """

    @abstractmethod
    def _log_likelihoods(self, videos):
        """Yield the log-likelihood (n_frames_i, n_actions) of standardised videos."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the actions.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.
        y : array-like of shape (n_frames,), or sequence of such, default=None
            What ``guidance`` says: for each video its labels or its transcript, or
            None. Without guidance, labels that a search or a pipeline hands on are not
            learned from; only their numbers are checked.

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
        return self._fit(X, y)

    def fit_predict(self, X, y=None):
        """Learn the actions and label the frames.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.
        y : array-like of shape (n_frames,), or sequence of such, default=None
            As in `fit`.

        Returns
        -------
        labels : ndarray of shape (n_frames,), or list of such
            Those of `predict`, also with ``compute_labels=False``.

        Raises
        ------
        TypeError, ValueError
            As in `fit`.
        """
        return self.fit(X, y)._labels_of_fit(X)

    def _labels_of_fit(self, X):
        """Labels of the videos of the last fit, in their form."""
        return mirror_kept(self.labels_, X) if self.compute_labels else self.predict(X)

    def _fewest_actions(self):
        """Actions that a fit has at least."""
        return self.n_actions

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _fit(self, X, y, **known):
        """Fit, with what else is ``known`` of the videos for ``_learn``."""
        with unchanged_on_error(self):
            self.fps_ = rate_of(X)
            arrays, form = check_videos(self, X, reset=True, find_clocks=True)
            guidance = self._read_known(y, arrays, form)
            for name, values in known.items():
                known[name] = arrange_each(values, form, name)
            longest = max(map(len, arrays))
            n_actions = self._fewest_actions()
            if longest < n_actions:
                raise ValueError(
                    f"n_actions={n_actions} is more than the number of frames of "
                    f"the longest video (n_samples={longest})."
                )
            with named_errors(form):
                videos = standardize_fit(self, arrays)
                self.mean_frames_ = float(videos.lengths.mean())
                log_likelihoods = self._learn(videos, **known)
                self._guide_and_label(guidance, log_likelihoods, videos, form)
        return self

    def guide(self, X, y):
        """Learn from labels or transcripts, and leave what has been trained as it is.

        Clusters stay what they are; which action each is a sign of, what actions look
        like, when they are and what follows on what, is learned anew. Corrections of
        some videos change labels of others where they look alike. What `rename`,
        `merge` and `split` have done is forgotten, so it is for after this.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many: those with labels, and better also those without.
        y : array-like of shape (n_frames,), or sequence of such
            As in `fit` with ``guidance``; labels if that is None.

        Returns
        -------
        self : object
            The estimator, which predicts these labels from now on; ``labels_``, if
            computed, are those of the given videos.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video or what is known of one is not valid. The estimator stays as it
            was.
        """
        videos, form = check_fitted(self, X)
        with unchanged_on_error(self):
            kind = self.guidance or "labels"
            known = read_known(
                kind, arrange(y, form), videos.arrays, form, self.n_actions_
            )
            self._guide_and_label(
                known, lambda: self._log_likelihoods(videos), videos, form
            )
        return self

    def _read_known(self, y, arrays, form):
        """Check what is known of the videos of a fit; None without guidance."""
        y = arrange(y, form)
        if self.guidance is None:
            check_lengths(y, arrays, form)
            return None
        return read_known(self.guidance, y, arrays, form, self._most_actions())

    def _most_actions(self):
        """Actions that a fit has at most."""
        return self.n_actions

    def _guide_and_label(self, known, log_likelihoods, videos, form, before=None):
        """Learn from what is known, if anything, and label the videos."""
        self.guide_ = given = None
        self.edits_ = []
        self.__dict__.pop("classes_", None)
        if known is not None:
            clusterings = self._clusterings(videos, log_likelihoods())
            self.guide_, self.classes_, given = learn_guide(
                known, videos, clusterings, self.n_actions_
            )

            def log_likelihoods():
                return guided_scores(videos, clusterings, self.guide_)

        self._label(log_likelihoods, videos, form, before, given)

    def _n_features_read(self):
        """Width of the frames that a fit has read."""
        return joined_width(self.n_features_in_, context_of(self))

    def _check_state(self):
        """Refuse fitted attributes that no fit leaves, in a model from a file."""
        check_fps(getattr(self, "fps_", None), "fps_")  # models of before had none
        check_positive(getattr(self, "mean_frames_", None), "mean_frames_")  # nor this
        n_features = count(self, "n_features_in_")
        n_actions = count(self, "n_actions_")
        scaler, background = self.scaler_, self.background_
        if scaler is not None:
            if type(scaler) is not StandardScaler:
                raise ValueError(f"scaler_ is {scaler!r}, expected a StandardScaler")
            for name in ("mean_", "scale_"):
                array = getattr(scaler, name, None)
                check_array(array, f"scaler_.{name}", (n_features,))
        check_confidence(self._confidence())
        self._check_edits(self._n_features_read())
        guide = getattr(self, "guide_", None)
        classes = getattr(self, "classes_", None)
        if self._edits():  # they leave the guide as it was
            classes = np.arange(self._n_learned)
        check_guide(guide, classes, n_actions, self._n_features_read())
        if background is not None:
            shape = (self._n_learned, self._n_features_read())
            check_item(background, "background_", "means", shape)
            check_item(background, "background_", "variances", shape)
            # inf for an action without frames
            check_item(
                background, "background_", "thresholds", shape[:1], is_finite=False
            )

    def _note_paths(self, paths, form):
        """Keep what a method has of the paths of the videos of a fit, if anything."""

    def _label(self, log_likelihoods, videos, form, before=None, given=None):
        """Learn what is background and label the videos of a fit, if asked to."""
        self.background_ = self.confidence_ = None
        self.__dict__.pop("labels_", None)  # those of an earlier fit
        if self.background_percentile is not None:
            labels = []
            for i, reading in enumerate(self._read(videos, log_likelihoods())):
                for rows in videos.row_blocks(i):
                    labels.append(reading.path[rows])
            self.background_ = fit_background(
                AllBlocks(videos),
                labels,
                self._n_outputs,
                self.background_percentile,
                before,
            )
        if self.compute_labels:
            readings = self._read(videos, log_likelihoods())
            labels, self.confidence_ = learn_confidence(
                readings, videos, self._n_outputs
            )
            self._warn_of_few_actions(labels)
            self._note_paths(labels, form)
            if given is not None:
                pairs = zip(labels, given)
                labels = [np.where(own >= 0, own, path) for path, own in pairs]
            self.labels_ = keep_outputs(self._in_words(labels), form)
