"""Scorers for searches and cross-validation."""

import numpy as np

from skl_tot.metrics.frames import mean_recall_score, miou_score, mof_score
from skl_tot.metrics.segments import edit_score, segment_f1_score
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.labels import (
    UNKNOWN,
    UNKNOWN_NAME,
    as_sequence,
    pair_by_name,
    read_labels,
)


class SegmentationScorer:
    """A score of predictions, for searches and cross-validation."""

    # For an estimator with `classes_`, predictions are labels, and nothing is matched.

    def __init__(self, score):
        self.score = score

    def __call__(self, estimator, X, y) -> float:
        """Predict X and score against y.

        Frames of unknown label, -1, "" or None as in a fit of labels, do not count.
        """
        y, predicted = pair_by_name(y, estimator.predict(X))
        if getattr(predicted, "ndim", 0) == 1 and predicted.dtype != object:
            y, predicted = [y], [predicted]  # one recording
        predicted = Recordings(as_sequence(predicted))
        codes, classes = read_labels(as_sequence(y), predicted)
        unknown = UNKNOWN_NAME if classes.dtype.kind == "U" else UNKNOWN
        words = np.append(classes, unknown)  # the last one is that of code -1
        kept = [i for i, path in enumerate(codes) if (path != UNKNOWN).any()]
        true = [words[codes[i]] for i in kept]
        is_named = getattr(estimator, "classes_", None) is not None
        return self.score(
            true,
            [predicted.arrays[i] for i in kept],
            scope="labels" if is_named else None,
            ignore_labels=unknown,
        )

    def __repr__(self):
        return f"{type(self).__name__}({self.score.__name__})"


mof_scorer = SegmentationScorer(mof_score)
segment_f1_scorer = SegmentationScorer(segment_f1_score)
edit_scorer = SegmentationScorer(edit_score)
miou_scorer = SegmentationScorer(miou_score)
mean_recall_scorer = SegmentationScorer(mean_recall_score)


def label_free_scorer(estimator, X, y=None) -> float:
    """Scorer without ground truth: ``estimator.score`` of segmenters.

    A search without ``scoring`` uses it anyway.

    Parameters
    ----------
    estimator : estimator
        Fitted segmenter, or pipeline that ends in one.
    X : sequence of array-like of shape (n_frames_i, n_features)
        Two or more recordings.
    y : None
        Ignored.

    Returns
    -------
    score : float
        See `skl_tot.TemporalOTSegmenter.score`; higher is better.

    Examples
    --------
    >>> from sklearn.model_selection import cross_validate
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=6, n_actions=3, random_state=0)
    >>> scoring = {"mof": mof_scorer, "label-free": label_free_scorer}
    >>> sorted(cross_validate(HMMSegmenter(3), videos, labels, scoring=scoring, cv=2))
    ['fit_time', 'score_time', 'test_label-free', 'test_mof']
    """
    return estimator.score(X)
