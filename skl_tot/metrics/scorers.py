"""Scorers for searches and cross-validation."""

import copy
from itertools import repeat

import numpy as np
from sklearn.metrics import make_scorer

from skl_tot.metrics.frames import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    mean_recall_score,
    miou_score,
    mof_score,
)
from skl_tot.metrics.matching import read_activities
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
    # `matches` is whether the score matches clusters to classes otherwise.

    def __init__(self, score, *, matches=True):
        self.score, self.matches = score, matches
        self.requests = make_scorer(score)

    def set_score_request(self, **requests):
        """Return a scorer that asks for metadata, as those of scikit-learn do."""
        scorer = copy.deepcopy(self)  # the ready ones of this module stay
        scorer.requests.set_score_request(**requests)
        return scorer

    def get_metadata_routing(self):
        """Return the metadata that the scorer asks for."""
        return self.requests.get_metadata_routing()

    def __call__(self, estimator, X, y, *, activities=None) -> float:
        """Predict X and score against y, or the mean of this over activities.

        Frames of unknown label, -1, "" or None as in a fit of labels, do not count.
        """
        y, predicted = pair_by_name(y, estimator.predict(X))
        if getattr(predicted, "ndim", 0) == 1 and predicted.dtype != object:
            y, predicted = [y], [predicted]  # one recording
        _, activity_of = read_activities(activities, predicted, len(predicted))
        predicted = Recordings(as_sequence(predicted))
        codes, classes = read_labels(as_sequence(y), predicted)
        unknown = UNKNOWN_NAME if classes.dtype.kind == "U" else UNKNOWN
        parts: dict = {}
        groups = repeat(0) if activity_of is None else activity_of
        for group, path, labels in zip(groups, predicted.arrays, codes):
            if (labels != UNKNOWN).any():
                # the last one is that of code -1
                labels = np.append(classes, unknown)[labels]
                parts.setdefault(group, []).append((labels, path))
        is_named = getattr(estimator, "classes_", None) is not None
        scope = {"scope": "labels"} if is_named and self.matches else {}
        scores = [
            self.score(*map(list, zip(*part)), ignore_labels=unknown, **scope)
            for part in parts.values()
        ]
        return float(np.mean(scores))

    def __repr__(self):
        return f"{type(self).__name__}({self.score.__name__})"


mof_scorer = SegmentationScorer(mof_score)
segment_f1_scorer = SegmentationScorer(segment_f1_score)
edit_scorer = SegmentationScorer(edit_score)
miou_scorer = SegmentationScorer(miou_score)
mean_recall_scorer = SegmentationScorer(mean_recall_score)
adjusted_rand_scorer = SegmentationScorer(adjusted_rand_score, matches=False)
adjusted_mutual_info_scorer = SegmentationScorer(
    adjusted_mutual_info_score, matches=False
)


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
