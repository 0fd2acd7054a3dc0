"""Labels of one segmenter for another to go on from."""

import warnings

from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from skl_tot.segmenters.pipelines import last_step
from skl_tot.segmenters.template import BaseSegmenter


def fit_segmenter(segmenter, arrays, n_actions, seed):
    """Fit a clone of a segmenter, and label the videos.

    Parameters
    ----------
    segmenter : estimator
        A segmenter or a pipeline that ends in one, of which a clone is fitted; what is
        in a FrozenEstimator is used as it is.
    arrays : sequence of ndarray of shape (n_frames_i, n_features)
        The videos, not standardised.
    n_actions : int
        Number of actions that it has to have.
    seed : int
        Random state of a clone that has none.

    Returns
    -------
    segmenter : estimator
        The clone, fitted, or the FrozenEstimator.
    labels : list of ndarray of int, of shape (n_frames_i,)
        From -1, background, to ``n_actions - 1``.

    Raises
    ------
    TypeError, ValueError
        If it is no segmenter, or has another number of actions.
    """
    check_segmenter(segmenter, n_actions)
    if isinstance(segmenter, FrozenEstimator):
        return segmenter, predict_labels(segmenter, arrays)
    segmenter = clone(segmenter)
    last = last_step(segmenter)
    last._validate_params()  # which fits within fits leave out
    if last.get_params(deep=False).get("random_state", seed) is None:
        last.set_params(random_state=seed)
    return segmenter, segmenter.fit_predict(list(arrays))


def predict_labels(segmenter, arrays):
    """Labels of videos, whose names of columns are checked by now."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        return segmenter.predict(list(arrays))


def check_segmenter(segmenter, n_actions):
    """Refuse to start from what is no segmenter, or one of other actions."""
    is_frozen = isinstance(segmenter, FrozenEstimator)
    last = last_step(segmenter.estimator if is_frozen else segmenter)
    if not isinstance(last, BaseSegmenter):
        raise TypeError(
            f"segmenter is a {type(last).__name__}, expected a segmenter of skl_tot, a "
            "pipeline that ends in one, or a FrozenEstimator of these."
        )
    if is_frozen:
        check_is_fitted(last, "n_actions_")
    found = last.n_actions_ if is_frozen else last.n_actions
    if found != n_actions:
        raise ValueError(
            f"segmenter has n_actions={found}, expected {n_actions}, as n_actions says."
        )
