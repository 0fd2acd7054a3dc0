"""Segmenters at the end of pipelines."""

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from skl_tot.decoding.decoders import Reading
from skl_tot.inputs.forms import split_videos
from skl_tot.inputs.labels import BACKGROUND, BACKGROUND_NAME
from skl_tot.segmenters.fitted import check_fitted
from skl_tot.segmenters.template import BaseSegmenter


def last_step(model):
    """Last step of a pipeline, or the model itself."""
    return model.steps[-1][1] if isinstance(model, Pipeline) else model


def segmenter_of(model):
    """Last step of a pipeline, or the segmenter itself; a TypeError if it is none."""
    segmenter = last_step(model)
    if not isinstance(segmenter, BaseSegmenter):
        raise TypeError(
            f"model is a {type(segmenter).__name__}, expected a segmenter of skl_tot, "
            "or a pipeline that ends in one."
        )
    return segmenter


def output_labels(segmenter):
    """Label of each action that a fitted segmenter tells apart, an array."""
    classes = segmenter._classes()
    return np.arange(segmenter._n_outputs) if classes is None else classes


def shown_labels(segmenter):
    """Labels of actions as people should see them: names, where numbers say little."""
    names = getattr(segmenter, "action_names_", None)
    is_named = names is not None and segmenter._classes() is None
    return np.array(names) if is_named else output_labels(segmenter)


def transform_before(model, videos):
    """Apply the steps of a fitted pipeline that come before the segmenter, if any."""
    has_steps = isinstance(model, Pipeline) and len(model.steps) > 1
    return model[:-1].transform(videos) if has_steps else videos


def unfrozen(model):
    """Model that is in a FrozenEstimator, or the model itself."""
    return model.estimator if isinstance(model, FrozenEstimator) else model


def waits_for_end(model):
    """Say why a model cannot label frames before a video ends, with a remedy, or None.

    Steps of a pipeline that look at single frames say so by ``_of_single_frames``.
    """
    for name, step in model.steps[:-1] if isinstance(model, Pipeline) else []:
        if not getattr(step, "_of_single_frames", False):
            return (
                f"the step {name!r} ({type(step).__name__}) may look at other frames; "
                "fit a model without it"
            )
    return last_step(model)._whole_videos()


def read_videos(model, X):
    """Find all that is to be known of videos, in one pass.

    Parameters
    ----------
    model : estimator
        Fitted segmenter or pipeline that ends in one; of another estimator, with
        ``predict`` and ``predict_posterior``, there is no log-likelihood.
    X : array-like of shape (n_frames, n_features), or sequence of such
        One video or many, or whatever the first step takes.

    Yields
    ------
    reading : Reading
        Log-likelihood, path and posterior (in the type of the video), see
        `skl_tot.decoding.decoders.Reading`. The path has the places of `output_labels`.
    """
    segmenter = last_step(model)
    videos, _ = split_videos(transform_before(model, X))
    if not isinstance(segmenter, BaseSegmenter):
        found = segmenter.predict(videos), segmenter.predict_posterior(videos)
        for path, posterior in zip(*found):
            yield Reading(None, path, posterior)
        return
    videos, _ = check_fitted(segmenter, videos)
    readings = segmenter._read(videos, with_posterior=True)
    for reading, array in zip(readings, videos.arrays):
        posterior = reading.posterior.astype(array.dtype, copy=False)
        yield reading._replace(posterior=posterior)


def path_confidence(reading, names=None):
    """How sure the path of a video is.

    Parameters
    ----------
    reading : Reading
        From `read_videos`.
    names : ndarray of str of shape (n_actions,), default=None
        Names of the actions; those of one name are one action.

    Returns
    -------
    confidence : ndarray of shape (n_frames,)
        Probability, in [0, 1], of the action of each frame; 1 of background.
    """
    path, posterior = reading.path, reading.posterior
    if names is None:
        own = posterior[np.arange(len(path)), path]
    else:
        own = (posterior * (names[:, None] == names)[path]).sum(axis=1)
    own = np.clip(own, 0, 1)  # rounding
    return np.where(path == BACKGROUND, 1, own)


def predict_with_confidence(model, X, names=None):
    """Labels of the frames of many videos, and how sure they are.

    Parameters
    ----------
    model, X
        As of `read_videos`.
    names : ndarray of str of shape (n_actions,), default=None
        As of `path_confidence`.

    Returns
    -------
    labels : list of ndarray of shape (n_frames_i,)
        From ``predict``; names, if there are any.
    confidence : list of ndarray of shape (n_frames_i,)
        Probability, in [0, 1], of each label.
    """
    labels, confidence = [], []
    for reading in read_videos(model, X):
        labels.append(reading.path)
        confidence.append(path_confidence(reading, names))
    segmenter = last_step(model)
    if names is not None:
        words = np.append(names, BACKGROUND_NAME)  # the last is that of -1
        labels = [words[path] for path in labels]
    elif isinstance(segmenter, BaseSegmenter):
        labels = segmenter._in_words(labels)
    return labels, confidence
