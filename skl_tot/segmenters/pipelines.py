"""Pipelines that end in a segmenter."""

import numpy as np
from sklearn.pipeline import Pipeline

from skl_tot.inputs.forms import split_videos
from skl_tot.segmenters.template import BaseSegmenter


def segmenter_of(model):
    """Last step of a pipeline, or the segmenter itself.

    Parameters
    ----------
    model : estimator
        Segmenter or pipeline.

    Returns
    -------
    segmenter : estimator
        The same object.

    Raises
    ------
    TypeError
        If it is no segmenter.
    """
    segmenter = model.steps[-1][1] if isinstance(model, Pipeline) else model
    if not isinstance(segmenter, BaseSegmenter):
        raise TypeError(
            f"model is a {type(segmenter).__name__}, expected a segmenter of skl_tot, "
            "or a pipeline that ends in one."
        )
    return segmenter


def transform_before(model, videos):
    """Apply the steps of a pipeline that come before the segmenter.

    Parameters
    ----------
    model : estimator
        Fitted segmenter or pipeline that ends in one.
    videos : array-like, or sequence of such
        Whatever the first step takes.

    Returns
    -------
    videos : array-like, or sequence of such
        The same if there are no such steps.
    """
    has_steps = isinstance(model, Pipeline) and len(model.steps) > 1
    return model[:-1].transform(videos) if has_steps else videos


def check_names(names, segmenter):
    """Refuse names of actions that a fitted segmenter does not have.

    Parameters
    ----------
    names : dict of int to str
        Names of actions.
    segmenter : estimator
        Fitted segmenter.

    Raises
    ------
    ValueError
        If a key is no action.
    """
    n_actions = segmenter._n_fitted_actions
    if not names.keys() <= set(range(n_actions)):
        raise ValueError(
            f"names is of {list(names)}, expected actions from 0 to {n_actions - 1}."
        )


def predict_with_confidence(model, X, names=None):
    """Labels of the frames of many videos, and how sure they are.

    Parameters
    ----------
    model : estimator
        Fitted segmenter or pipeline that ends in one.
    X : array-like of shape (n_frames, n_features), or sequence of such
        One video or many, or whatever the first step takes.
    names : ndarray of str of shape (n_actions,), default=None
        Names of the actions; those of one name are one action.

    Returns
    -------
    labels : list of ndarray of int, of shape (n_frames_i,)
        From ``predict``.
    confidence : list of ndarray of shape (n_frames_i,)
        Probability, in [0, 1], of the predicted action in ``predict_posterior``; 1 of
        background.
    """
    segmenter = model.steps[-1][1] if isinstance(model, Pipeline) else model
    videos, _ = split_videos(transform_before(model, X))
    labels, confidence = segmenter.predict(videos), []
    for path, posterior in zip(labels, segmenter.predict_posterior(videos)):
        if names is None:
            own = posterior[np.arange(len(path)), path]
        else:
            own = (posterior * (names[:, None] == names)[path]).sum(axis=1)
        confidence.append(np.where(path < 0, 1, np.clip(own, 0, 1)))  # rounding
    return labels, confidence
