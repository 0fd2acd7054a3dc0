"""Learning from a few labels, or from transcripts, by any segmenter."""

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
from skl_tot.methods.correction_layers import BoundDecoder, corrected_moves
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
    """Segmentation that learns from what is known of some recordings.

    A segmenter finds clusters without labels. Which action each cluster is a sign of,
    what actions look like, when they are and what follows on what, is then learned from
    labels of some frames, or from transcripts, and carried over to all other frames.

    Parameters
    ----------
    estimator : estimator
        A segmenter, of which a clone is fitted, or a
        `sklearn.frozen.FrozenEstimator` of a fitted one, which stays as it is: so
        corrections of some recordings change labels of others where they look alike,
        within seconds.
    kind : {"labels", "transcripts"}, default="labels"
        What ``y`` of `fit` is. "labels": for each recording the labels of its frames,
        -1 (numbers) or "" or None (text) where they are not known, or None; from single
        frames, one of each segment, to whole recordings. "transcripts": for each
        recording its actions in their order, or None.

    Attributes
    ----------
    estimator_ : estimator
        The fitted segmenter.
    classes_ : ndarray of shape (n_classes,)
        Labels that `predict` answers in, and names of actions found besides.
    guide_ : dict of ndarray
        What was learned of them.
    unlabelled_actions_ : list
        Those that were found besides. `fit` warns of them.
    n_lost_actions_ : int
        Number of actions of the segmenter that are neither, as labelled frames that
        show them have other labels. `fit` warns of them, too.
    n_actions_ : int
        Number of actions, with and without a label.
    numbers_ : dict or None
        Of the segmenter, as of `TemporalOTSegmenter`.

    See Also
    --------
    skl_tot.corrections.most_informative : What to label next.

    Notes
    -----
    Input, output and further attributes are those of `TemporalOTSegmenter`. Paths go by
    the moves from action to action that were learned, whatever ``decoding`` of the
    segmenter is. In a pipeline, put this at the end, around the segmenter. Corrections
    by `skl_tot.corrections` of this model change what it has learned, too.

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
        """Background of the segmenter; None if labels show what it is."""
        labels = getattr(self, "classes_", None)
        is_shown = labels is not None and BACKGROUND_NAME in labels.tolist()
        return None if is_shown else self._inner.background_percentile

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Fit the segmenter, and learn from what is known.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One recording or many: those with labels, and better also those without.
        y : array-like of shape (n_frames,), or sequence of such
            Labels or transcripts, as ``kind`` says.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a parameter, a recording or what is known of one is not valid. An
            estimator fitted before stays as it was.
        """
        check_segmenter(self.estimator)
        if isinstance(unfrozen(self.estimator), Pipeline):
            raise TypeError(
                "estimator is a Pipeline, expected its last step, and GuidedSegmenter "
                "in place of that; corrections.refine teaches a pipeline as it is."
            )
        if not hasattr(self._inner, "decoding"):
            raise TypeError(
                f"estimator is a {type(self._inner).__name__}, expected a segmenter "
                "that finds actions of one activity: of several, one of its estimators_"
                "; of a GuidedSegmenter, its estimator_."
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
        # of a fitted segmenter, corrections may say that there are more
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
        return lambda: guided_scores(videos, clusterings, self.guide_)

    def _label(self, scores, videos, before=None):
        pairs = zip(super()._label(scores, videos), self.__dict__.pop("_given"))
        paths = [np.where(known >= 0, known, path) for path, known in pairs]
        named = paths if self.classes_ is None else self._to_labels(paths)
        self.labels_ = videos.store(named)
        return paths

    def _log_likelihoods(self, videos):
        return guided_scores(videos, self._labellings(videos), self.guide_)

    def _labellings(self, videos):
        """Clusterings of the frames: each network's or candidate's, or the paths."""
        segmenter, arrays = unfrozen(self.estimator_), list(videos.arrays)
        with quietly():
            if hasattr(segmenter, "labellings") and not segmenter.layers_:
                return segmenter.labellings(arrays)
            # in free order, what keeps its order says more of where a frame is
            decoder = segmenter.decoder_.decoder
            if segmenter.decoding_ == "free":
                decoder = DECODERS["fixed"]
            scores = segmenter.log_likelihood(arrays)
        return [[decode(own, decoder, 0.0) for own in scores]]

    @property
    def decoder_(self):
        """Decoder by the moves that were learned."""
        guide = self.guide_
        moves, starts = guide["moves"], guide["starts"]
        if self.layers_:
            shares = np.exp(guide["times"]).mean(axis=0)
            moves, starts = corrected_moves(
                np.exp(moves), np.exp(starts), shares, self.layers_
            )
        # few actions are what labels say, not what a cost does
        decoder = replace(move_decoder(moves, starts), uses_cost=False)
        return BoundDecoder(decoder, SWITCH_COST)

    def _warn_of_signals(self, videos):
        """Warn as others do, unless the segmenter has been fitted, which has warned."""
        if not isinstance(self.estimator, FrozenEstimator):
            super()._warn_of_signals(videos)

    @property
    def numbers_(self):  # type: ignore[override]
        """What numbers of actions were compared, if the segmenter's is "auto"."""
        return unfrozen(self.estimator_).numbers_

    @property
    def min_frames_(self):
        """Frames that a segment has at least, as of the segmenter."""
        return unfrozen(self.estimator_).min_frames_

    @property
    def waits_for_end_(self):
        """Labels go by the relative time in a whole recording."""
        return (
            "what was learned of labels goes by the relative time in a whole "
            "video; fit without guidance, and name actions by corrections.rename"
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


# doctest looks for names of this module, which the public one is not
__test__ = {"GuidedSegmenter": GuidedSegmenter}
