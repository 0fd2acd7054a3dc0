"""Scores of the candidates of a search; a collapsed one is never the best."""

import numpy as np

from skl_tot import metrics
from skl_tot.methods import segmenter_of


class CandidateScorer:
    """A scorer, by its name, with the actions of the predictions, for `GridSearchCV`.

    ``effective`` is the number of actions in effect, of ``n_actions``. ``expected`` is
    that of the ground truth, as true actions may be uneven, or n_actions without it.
    """

    def __init__(self, name):
        self.name = name

    def __call__(self, estimator, X, y=None):
        """Score a fitted candidate on held-out recordings."""
        n_actions = segmenter_of(estimator).n_actions_
        true = n_actions if y is None else metrics.effective_actions(y)
        return {
            "score": getattr(metrics, self.name)(estimator, X, y),
            "effective": metrics.effective_actions(estimator.predict(X)),
            "n_actions": n_actions,
            "expected": min(true, n_actions),
        }


def has_collapsed(results):
    """Whether the predictions of each candidate have too few actions in effect.

    Half of those expected must be, and more than one of several.
    """
    keys = ("effective", "n_actions", "expected")
    effective, n_actions, expected = (results[f"mean_test_{key}"] for key in keys)
    return (effective < expected / 2) | ((effective <= 1) & (n_actions > 1))


def rank(results):
    """Sort the indices of candidates, the best first, and collapsed ones last."""
    return np.lexsort((results["rank_test_score"], has_collapsed(results)))


def describe_collapse(results):
    """Describe a search in which each candidate has collapsed; None for others."""
    if not has_collapsed(results).all():
        return None
    return (
        "No setting is best, as all have collapsed: fewer than half of the actions are "
        "in effect. Try --order free, --method hmm, --pipeline windows, or fewer "
        "actions."
    )
