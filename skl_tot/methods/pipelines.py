"""Segmenters at the end of pipelines, and inside other estimators."""

import contextlib
import warnings

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skl_tot.decoding import boundary_intervals
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.collapses import FitWarning, is_inside
from skl_tot.methods.numbers import AUTO, compare_numbers
from skl_tot.methods.scores import as_type_of
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import BACKGROUND, labels_of_codes
from skl_tot.recordings.layouts import as_recordings, with_rate


def steps_of(model):
    """Names and steps of a pipeline; (None, model) for any other model."""
    # of a fitted `AutoSegmenter`, those of the estimator that it has chosen
    if getattr(model, "chooses_estimator", False) and hasattr(model, "estimator_"):
        return steps_of(model.estimator_)
    if not isinstance(model, Pipeline):
        return [(None, model)]
    *before, (name, last) = model.steps
    return [*before, *((inner or name, step) for inner, step in steps_of(last))]


def last_step(model):
    """Last step of a pipeline, or the model itself."""
    return steps_of(model)[-1][1]


def with_last(model, segmenter):
    """Replace the last step of a pipeline, or the model itself."""
    *steps, (name, _) = steps_of(model)
    return Pipeline([*steps, (name, segmenter)]) if steps else segmenter


def joined(steps):
    """Pipeline of fitted steps with any names, or the only step itself."""
    steps = [(str(place), step) for place, (_, step) in enumerate(steps)]
    return Pipeline(steps) if len(steps) > 1 else steps[0][1]


def segmenter_of(model):
    """Segmenter at the end of a pipeline, or itself; a TypeError for anything else."""
    segmenter = last_step(model)
    if getattr(segmenter, "chooses_estimator", False):
        check_is_fitted(segmenter)
    if not isinstance(segmenter, BaseSegmenter):
        what = "a segmenter of skl_tot, or a pipeline that ends in one"
        refuse("model", type(segmenter).__name__, what, TypeError)
    return segmenter


def unfrozen(model):
    """Model in a FrozenEstimator, or the model itself."""
    return model.estimator if isinstance(model, FrozenEstimator) else model


def is_cyclic(segmenter):
    """Whether a fitted segmenter repeats its actions in cycles, in their order."""
    return segmenter.decoder_.decoder.has_cycles


def transform_before(model, videos):
    """Apply the steps of a fitted pipeline before the segmenter, if any."""
    *steps, _ = steps_of(model)
    return Pipeline(steps).transform(videos) if steps else videos


def describe_look(model):
    """Sentences of the look of a fitted estimator, if any, and about its order."""
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    look, segmenter = getattr(last, "look_", None), segmenter_of(model)
    if look is None or segmenter.is_taught:  # labels and views decide instead
        return []
    sentences = look.sentences()
    if segmenter.order_ != look.order:  # after a collapse
        said = f'{look.verdict}, but labels of order="{look.order}" collapse'
        sentences[0] = f'{said}, so the model uses order="{segmenter.order_}".'
    return sentences


def feature_names(model):
    """Names of the input features of a fitted model's segmenter, or None."""
    names = getattr(last_step(model), "feature_names_in_", None)
    if names is None and last_step(model) is not model:
        # a step may have no names, and input without names gets x0, x1, ...
        with contextlib.suppress(AttributeError, TypeError, ValueError):
            names = Pipeline(steps_of(model)[:-1]).get_feature_names_out()
            plain = [f"x{i}" for i in range(len(names))]
            return None if list(names) == plain else names
    return names


def decode_recordings(model, X):
    """Iterate over the `Decoded` of each recording, posteriors in its floating type."""
    X = transform_before(model, X)
    for decoded, array in zip(segmenter_of(model).decode(X), as_recordings(X).arrays):
        yield decoded._replace(posterior=as_type_of(decoded.posterior, array))


def path_boundaries(model, decoded, breaks=()):
    """Intervals of the boundaries of a path."""
    # Posteriors are too sure where actions change, so intervals are wider: a tenth of
    # the shorter neighbour blurs the place, and without labels scores are tempered
    # twice. After labels, whole segments would be in them.
    segmenter = segmenter_of(model)
    confidence = getattr(segmenter, "confidence_", None)
    factor = confidence["tempering"] if confidence else 1.0
    if not getattr(segmenter, "is_taught", False):
        factor **= 2
    scores = decoded.log_likelihood * factor
    return boundary_intervals(scores, decoded.path, blur=0.1, breaks=breaks)


def path_confidence(decoded):
    """Probability (n_frames,) of the action of each frame; 1 for background."""
    path, posterior = decoded.path, decoded.posterior
    confidence = np.clip(posterior[np.arange(len(path)), path], 0, 1)  # rounding
    return np.where(path == BACKGROUND, 1, confidence)


def predict_with_confidence(model, X):
    """Three lists by recording: labels, probabilities, rows of `path_boundaries`."""
    labels, confidence, boundaries = [], [], []
    breaks_of = as_recordings(X).breaks_of
    for i, decoded in enumerate(decode_recordings(model, X)):
        labels.append(decoded.path)
        confidence.append(path_confidence(decoded))
        boundaries.append(path_boundaries(model, decoded, breaks_of(i)))
    classes = segmenter_of(model).classes_
    if classes is not None:
        labels = [labels_of_codes(path, classes) for path in labels]
    return labels, confidence, boundaries


@contextlib.contextmanager
def quietly():
    """Suppress warnings that concern users of a single segmenter."""
    token = is_inside.set(True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        # recordings are already checked
        warnings.filterwarnings("ignore", "Columns .* of X grow steadily")
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        try:
            yield
        finally:
            is_inside.reset(token)


def set_n_actions(estimator, n_actions):
    """Set the number of actions of a segmenter, and of its first estimator."""
    while estimator is not None and not isinstance(estimator, FrozenEstimator):
        check_segmenter(estimator)
        segmenter = segmenter_of(estimator).set_params(n_actions=n_actions)
        estimator = segmenter.get_params(deep=False).get("estimator")


def fit_segmenter(estimator, arrays, n_actions, seed, fps=None):
    """Fit a clone of a segmenter or pipeline, unless frozen; return it and labels."""
    check_segmenter(estimator, n_actions)
    if isinstance(estimator, FrozenEstimator):
        with warnings.catch_warnings():  # column names are already checked
            warnings.filterwarnings("ignore", "X does not have valid feature names")
            return estimator, estimator.predict(list(arrays))
    estimator = clone(estimator)
    last = last_step(estimator)
    parameters = last.get_params(deep=False)
    if seed is not None and parameters.get("random_state", seed) is None:
        last.set_params(random_state=seed)
    return estimator, estimator.fit_predict(with_rate(arrays, fps))


def check_segmenter(estimator, n_actions=None):
    """Refuse an estimator that is no segmenter, or has another number of actions."""
    last = last_step(unfrozen(estimator))
    is_frozen = isinstance(estimator, FrozenEstimator)
    if not isinstance(last, BaseSegmenter) or (last.is_taught and not is_frozen):
        what = "a segmenter without labels, such as HMMSegmenter, or a FrozenEstimator"
        refuse("estimator", type(last).__name__, what, TypeError)
    if is_frozen:
        check_is_fitted(last, "n_actions_")
    number = last.n_actions_ if is_frozen else last.n_actions
    if n_actions not in (None, number):
        refuse("n_actions of the estimator", number, f"n_actions={n_actions}")


def choose_n_actions(estimator, X, numbers=None) -> dict:
    """Choose the number of actions by the evidence in recordings, without labels.

    A fit with ``n_actions="auto"`` makes the same choice. The estimator is not fitted:
    actions of each number are found without a network, see the user guide.

    Parameters
    ----------
    estimator : estimator
        A segmenter of this package, or a pipeline that ends in one. Recordings pass the
        steps of the pipeline and are standardised as in the segmenter.
    X : array-like of shape (n_frames, n_features), or sequence of these
        One recording or many.
    numbers : sequence of int, default=None
        Candidates. None takes 1 to 16. Numbers above the frames of the longest of every
        second recording, or a quarter of a single recording, are dropped.

    Returns
    -------
    numbers : dict
        The ``numbers_`` of a fit: lists "n_actions" and "score" (0 for one action,
        larger is better); "best", the one of largest score; "at_edge", whether it is
        first or last.

    Warns
    -----
    UserWarning
        If the best number is the first or the last one, or candidates are dropped.

    Examples
    --------
    >>> from skl_tot import HMMSegmenter, choose_n_actions
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(6, n_actions=2, noise=0.5, random_state=0)
    >>> choose_n_actions(HMMSegmenter(), videos, numbers=[1, 2, 3])["best"]
    2
    """
    segmenter = segmenter_of(estimator)
    if "standardize" not in segmenter.get_params(deep=False):
        raise TypeError(
            f"estimator is a {type(segmenter).__name__}, which has inner segmenters; "
            'expected one of these, or give it n_actions="auto".'
        )
    *steps, _ = steps_of(estimator)
    if steps:
        X = clone(joined(steps)).fit_transform(X)
    segmenter = clone(segmenter).set_params(n_actions=AUTO)
    videos = segmenter.prepare_fit(X)
    with videos.named_errors():
        return compare_numbers(videos, numbers, segmenter.order_)
