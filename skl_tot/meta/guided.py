"""Learning from a few labels or transcripts, with any segmenter."""

from dataclasses import replace

import numpy as np
from sklearn.base import _fit_context
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils._param_validation import HasMethods, StrOptions

from skl_tot.decoding.decoders import DECODERS, decode, move_decoder
from skl_tot.meta.guidance import (
    SWITCH_COST,
    add_new_actions,
    align_transcripts,
    fill_timestamps,
    fit_guide,
    guided_scores,
)
from skl_tot.meta.known_labels import read_labels, read_transcripts
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.correction_layers import corrected_moves
from skl_tot.methods.discriminants import SHRINKAGE, measure_spread
from skl_tot.methods.numbers import AUTO
from skl_tot.methods.pipelines import (
    check_segmenter,
    fit_segmenter,
    quietly,
    unfrozen,
)
from skl_tot.recordings.labels import BACKGROUND_NAME
from skl_tot.training.components import MOST

READERS = {"labels": read_labels, "transcripts": read_transcripts}


class GuidedSegmenter(BaseSegmenter):
    """Segmentation that learns from labels or transcripts of some recordings.

    A segmenter finds clusters without labels. From labels of some frames, or from
    transcripts, this estimator learns the actions of clusters and the appearance, time
    and order of actions, and labels all other frames.

    Parameters
    ----------
    estimator : estimator
        A segmenter, which is cloned and fitted, or a `sklearn.frozen.FrozenEstimator`
        of a fitted one. The latter stays unchanged, so that corrections of some
        recordings change similar parts of others within seconds.
    kind : {"labels", "transcripts"}, default="labels"
        Form of ``y`` in `fit`. "labels": for each recording its labels of frames, with
        -1 (numbers), "" or None (text) for unknown ones, or None; from single frames,
        one per segment, to whole recordings. "transcripts": for each recording its
        actions in order, or None.

    Attributes
    ----------
    estimator_ : estimator
        The fitted segmenter.
    classes_ : ndarray of shape (n_classes,)
        Labels of `predict`, and names of further actions.
    guide_ : dict of ndarray
        Learned parameters.
    unlabelled_actions_ : list
        Actions without a label. `fit` warns of them.
    n_lost_actions_ : int
        Number of actions of the segmenter that were lost, as labelled frames with them
        have other labels. `fit` warns of them.
    n_actions_ : int
        Number of actions, with and without a label.
    numbers_ : dict or None
        Of the segmenter, as for `TemporalOTSegmenter`.

    See Also
    --------
    skl_tot.corrections.most_informative : Suggests the next labels.

    Notes
    -----
    See `TemporalOTSegmenter` for input, output and further attributes. Paths use the
    learned moves between actions, independent of the segmenter's ``decoding``. In a
    pipeline, wrap the last step. Corrections of this model by `skl_tot.corrections`
    also change its learned parameters.

    Examples
    --------
    >>> from skl_tot import GuidedSegmenter, HMMSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=6, n_actions=3, random_state=0)
    >>> known = [labels[0] + 10] + [None] * 5
    >>> model = GuidedSegmenter(HMMSegmenter(3)).fit(videos, known)
    >>> model.classes_
    array([10, 11, 12])
    >>> bool((model.predict(videos[1]) == labels[1] + 10).mean() > 0.9)
    True
    """

    __module__ = "skl_tot"

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict"])],
        "kind": [StrOptions(set(READERS))],
    }
    switch_cost = SWITCH_COST  # not a parameter

    def __init__(self, estimator, kind="labels"):
        self.estimator = estimator
        self.kind = kind

    @property
    def _inner(self):
        """Segmenter before the fit."""
        return unfrozen(self.estimator)

    @property
    def n_actions(self):
        """Number of actions of the segmenter."""
        is_frozen = isinstance(self.estimator, FrozenEstimator)
        return self._inner.n_actions_ if is_frozen else self._inner.n_actions

    @property
    def standardize(self):
        """Standardisation of the segmenter."""
        return self._inner.standardize

    @property
    def background_percentile(self):  # type: ignore[override]
        """Background of the segmenter; None if labels include background."""
        labels = getattr(self, "classes_", None)
        is_shown = labels is not None and BACKGROUND_NAME in labels.tolist()
        return None if is_shown else self._inner.background_percentile

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Fit the segmenter, and learn from labels or transcripts.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many: with labels, and preferably also without.
        y : array-like of shape (n_frames,), or sequence of these
            Labels or transcripts, depending on ``kind``.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a parameter, a recording or an element of ``y`` is not valid. An earlier
            fit then stays unchanged.
        """
        check_segmenter(self.estimator)
        if isinstance(unfrozen(self.estimator), Pipeline):
            raise TypeError(
                "estimator is a Pipeline, expected its last step, and GuidedSegmenter "
                "in place of it; corrections.refine teaches a whole pipeline."
            )
        if not hasattr(self._inner, "decoding"):
            raise TypeError(
                f"estimator is a {type(self._inner).__name__}, expected a segmenter "
                "that finds actions of one activity: one of the estimators_ of an "
                "ActivitySegmenter, the estimator_ of a GuidedSegmenter."
            )
        return self._fit(X, None, y=y)

    def _read_fit(self, X, y=None, **options):
        videos = super()._read_fit(X, y, **options)
        if not isinstance(self.estimator, FrozenEstimator):
            return videos
        inner = self._inner
        self.scaler_, self.standardize_ = inner.scaler_, inner.standardize_
        per_video = self.standardize_ == "video"
        return videos.standardize(self.scaler_, per_video)

    def _learn(self, videos, y=None):
        # corrections of a fitted segmenter may have added actions
        is_open = self.n_actions == AUTO or isinstance(self.estimator, FrozenEstimator)
        most = MOST if is_open else int(self.n_actions)
        values, classes = READERS[self.kind](y, videos, most)
        self.estimator_ = self.estimator
        if not isinstance(self.estimator, FrozenEstimator):
            with quietly():
                self.estimator_, _ = fit_segmenter(
                    self.estimator, videos.arrays, self.n_actions, None, videos.fps
                )
        clusterings = self._labellings(videos)
        n_clusters = 1 + max(path.max() for own in clusterings for path in own)
        n_asked = unfrozen(self.estimator_).n_actions_
        n_clusters = max(n_clusters, n_asked)
        spread, n_known = measure_spread(videos, SHRINKAGE), len(classes)
        has_background = BACKGROUND_NAME in classes.tolist()
        if self.kind == "transcripts":
            given = align_transcripts(
                videos, values, clusterings, n_known, n_clusters, spread
            )
            labels, weights = given, np.ones(n_known)
        else:
            given = values
            labels, weights = add_new_actions(
                fill_timestamps(values),
                clusterings[0],
                n_known,
                n_clusters - (n_known - has_background),
                n_clusters,
            )
        n_found = len(weights)
        self.guide_ = fit_guide(
            videos, labels, clusterings, n_found, n_clusters, spread, weights=weights
        )
        self.classes_ = name_new_actions(classes, n_found)
        self.unlabelled_actions_ = self.classes_[n_known:].tolist()
        self.n_actions_ = n_found
        self.n_lost_actions_ = max(0, n_asked - (n_found - has_background))
        self._given = given
        return guided_scores(videos, clusterings, self.guide_)

    def _label(self, scores, videos, before=None):
        pairs = zip(super()._label(scores, videos), self.__dict__.pop("_given"))
        paths = [np.where(known >= 0, known, path) for path, known in pairs]
        named = paths if self.classes_ is None else self._to_labels(paths)
        self.labels_ = videos.store(named)
        return paths

    def _log_likelihoods(self, videos):
        return guided_scores(videos, self._labellings(videos), self.guide_)

    def _labellings(self, videos):
        """Clusterings of the frames: of each network or candidate, or the paths."""
        segmenter, arrays = unfrozen(self.estimator_), list(videos.arrays)
        with quietly():
            if hasattr(segmenter, "labellings") and not segmenter.layers_:
                return segmenter.labellings(arrays)
            # in free order, labels in order contain more about the time of a frame
            decoder = segmenter.decoder_.decoder
            if segmenter.decoding_ == "free":
                decoder = DECODERS["fixed"]
            scores = segmenter.log_likelihood(arrays)
        return [[decode(own, decoder, 0.0) for own in scores]]

    def _decoder(self):
        """Return the decoder with the learned moves."""
        guide = self.guide_
        moves, starts = guide["moves"], guide["starts"]
        if self.layers_:
            shares = np.exp(guide["times"]).mean(axis=0)
            moves, starts = corrected_moves(
                np.exp(moves), np.exp(starts), shares, self.layers_
            )
        # few actions are due to labels, not to the cost of a switch
        return replace(move_decoder(moves, starts), uses_cost=False)

    def _judge_signals(self, videos):
        is_fitted = isinstance(self.estimator, FrozenEstimator)
        return [] if is_fitted else super()._judge_signals(videos)

    @property
    def numbers_(self):  # type: ignore[override]
        """Comparison of numbers of actions, if the segmenter's is "auto"."""
        return unfrozen(self.estimator_).numbers_

    @property
    def min_frames_(self):
        """Least number of frames of a segment, as in the segmenter."""
        return unfrozen(self.estimator_).min_frames_

    @property
    def waits_for_end_(self):
        """Reason: labels depend on the relative time in a whole recording."""
        return (
            "learned labels depend on the relative time in a whole recording; fit "
            "without labels, and name actions by corrections.rename"
        )


def name_new_actions(classes, n_actions):
    """Add names of actions without a label: further numbers, or "action 1", ….

    >>> name_new_actions(np.array([0, 5]), 3)
    array([0, 5, 6])
    >>> name_new_actions(np.array(["action 1", "pour"]), 3)
    array(['action 1', 'pour', 'action 2'], dtype='<U8')
    """
    n_new = n_actions - len(classes)
    if classes.dtype.kind != "U":
        return np.concatenate([classes, classes.max() + 1 + np.arange(n_new)])
    names, number = classes.tolist(), 1
    while len(names) < n_actions:
        if f"action {number}" not in names:
            names.append(f"action {number}")
        number += 1
    return np.array(names)


# doctest runs the examples of this module's names; __module__ is the public one
__test__ = {"GuidedSegmenter": GuidedSegmenter}
