"""New models with renamed, merged or split actions."""

from copy import copy
from numbers import Integral

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skl_tot.corrections.names import find_label, names_of_halves, new_names
from skl_tot.methods.correction_layers import (
    Merge,
    Split,
    fit_line,
    merged_groups,
    split_sources,
)
from skl_tot.methods.pipelines import segmenter_of, transform_before
from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.labels import BACKGROUND_NAME, with_background


def rename(model, names):
    """Name actions; ``predict`` then returns the names.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or pipeline that ends in one.
    names : dict or sequence
        New names by labels of ``actions_``, or the names of all actions in order: all
        text, or all integers from 0. Other actions keep their name; a number k among
        text becomes "action k". Files, scores, statistics and displays take frames of
        an action with the name "background" for frames without an action.

    Returns
    -------
    model : estimator
        A new model with the names in ``classes_``, ``actions_`` and ``labels_``.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    TypeError, ValueError
        If a label does not exist, two actions would have one name, or an action would
        be called "background" in a model that detects background.

    Examples
    --------
    >>> from skl_tot.baselines import MallowSegmenter
    >>> from skl_tot.corrections import rename
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> model = MallowSegmenter(3).fit(videos)
    >>> rename(model, {1: "pour"}).actions_
    array(['action 0', 'pour', 'action 2'], dtype='<U8')
    """
    segmenter = _copy_of_fitted(model, of_one_activity=False)
    before = segmenter.actions_
    segmenter.classes_ = new_names(names, before)
    if BACKGROUND_NAME in segmenter.classes_.tolist() and _looks_for_none(segmenter):
        raise ValueError(
            f"names would have {BACKGROUND_NAME!r}, the name of frames without an "
            "action, which the model detects (background_percentile); expected another "
            "name."
        )
    _relabel(segmenter, with_background(before), with_background(segmenter.classes_))
    return with_last(model, segmenter)


def merge(model, labels):
    """Merge several actions into one.

    In every frame its probability is the sum of theirs; paths are decoded again. Moves
    and starts that `GuidedSegmenter` has learned are merged too. Background stays
    unchanged. ``labels_`` are merged without decoding.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or pipeline that ends in one.
    labels : sequence
        Two or more labels. The action takes the name and the position of the first;
        unnamed actions are renumbered from 0 in their order.

    Returns
    -------
    model : estimator
        A new model.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    TypeError, ValueError
        If a label does not exist, there are fewer than two, or the model is of several
        activities.

    Examples
    --------
    >>> from skl_tot.baselines import MallowSegmenter
    >>> from skl_tot.corrections import merge, rename
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> model = rename(MallowSegmenter(3).fit(videos), ["take", "pour", "fill"])
    >>> merge(model, ["pour", "fill"]).actions_
    array(['take', 'pour'], dtype='<U4')
    """
    segmenter = _copy_of_fitted(model)
    codes = _codes_of(segmenter, labels)
    groups = merged_groups(codes, segmenter.n_actions_)
    before = with_background(segmenter.actions_)
    has_states = getattr(segmenter, "states_", None) is not None
    has_groups = hasattr(segmenter, "prototype_actions_")
    if has_groups and not segmenter.layers_:
        segmenter.prototype_actions_ = groups[segmenter.prototype_actions_]
    if has_states or not has_groups or segmenter.layers_:
        segmenter.layers_ = [*segmenter.layers_, Merge(groups)]
    segmenter.n_actions_ -= len(codes) - 1
    if segmenter.classes_ is not None:
        segmenter.classes_ = np.delete(segmenter.classes_, codes[1:])
    # the last one is background
    after = with_background(segmenter.actions_)[np.append(groups, -1)]
    _relabel(segmenter, before, after)
    return with_last(model, segmenter)


def split(model, label, X, *, n=2):
    """Split one action into several.

    It is split along a line of the features: Gaussians of k-means clusters of the
    frames in ``X`` with this action. In every frame, the probabilities of the halves
    add up to that of the action. The new model has no ``labels_``; background stays
    unchanged.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or pipeline that ends in one.
    label : int or str
        The action.
    X : array-like of shape (n_frames, n_features), or a sequence of these
        One recording or many, which show the action.
    n : int, default=2
        Number of new actions. Text names become "label 1", …; with named numbers, the
        first action keeps its number and the others get new ones; unnamed actions are
        renumbered.

    Returns
    -------
    model : estimator
        A new model.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    TypeError, ValueError
        If the label does not exist, ``X`` shows the action in too few frames, or the
        model is of several activities.

    Examples
    --------
    >>> from skl_tot.baselines import MallowSegmenter
    >>> from skl_tot.corrections import split
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> split(MallowSegmenter(3).fit(videos), 1, videos).n_actions_
    4
    """
    segmenter = _copy_of_fitted(model)
    codes = _codes_of(segmenter, [label], least=1)
    if isinstance(n, bool) or not isinstance(n, Integral) or n < 2:
        raise ValueError(f"n is {short_repr(n)}, expected an integer from 2.")
    n = int(n)
    _split_line(segmenter, codes[0], label, transform_before(model, X), n)
    segmenter.n_actions_ += n - 1
    if segmenter.classes_ is not None:
        segmenter.classes_ = names_of_halves(segmenter.classes_, codes[0], n)
    vars(segmenter).pop("labels_", None)
    return with_last(model, segmenter)


def _copy_of_fitted(model, of_one_activity=True):
    """Copy the segmenter of a fitted model."""
    segmenter = segmenter_of(model)
    check_is_fitted(segmenter, "n_actions_")
    if of_one_activity and hasattr(segmenter, "activity_names_"):
        raise TypeError(
            "model is an ActivitySegmenter, expected a segmenter of one activity: one "
            "of its estimators_."
        )
    return copy(segmenter)


def with_last(model, segmenter):
    """Replace the segmenter at the end of a model."""
    if not isinstance(model, Pipeline):
        return segmenter
    model = copy(model)
    model.steps = [*model.steps[:-1], (model.steps[-1][0], segmenter)]
    return model


def _split_line(segmenter, code, label, X, n):
    """Split an action by the frames of X that show it."""
    frames, times = [], []
    videos = segmenter.prepare(X)
    for i, reading in enumerate(segmenter.readings(X)):
        is_own = reading.path == code
        frames.append(np.concatenate(list(videos.blocks(i)))[is_own])
        times.append(np.flatnonzero(is_own) / len(is_own))
    found = np.concatenate(frames)
    n_distinct = len(np.unique(found, axis=0))
    if n_distinct < n:
        raise ValueError(
            f"X shows action {label!r} in {n_distinct} distinct frames, expected "
            f"{n} or more."
        )
    halves = fit_line(found, np.concatenate(times), n)
    sources = split_sources(code, segmenter.n_actions_, n)
    segmenter.layers_ = [*segmenter.layers_, Split(sources, **halves)]


def _looks_for_none(segmenter):
    """Whether a model, or that of an activity, detects background."""
    is_mixed = hasattr(segmenter, "activity_names_")
    own = map(segmenter_of, segmenter.estimators_) if is_mixed else [segmenter]
    return any(one.background_ is not None for one in own)


def _codes_of(segmenter, labels, least=2):
    """Return indices of distinct labels among the actions."""
    if isinstance(labels, (str, bytes)) or not hasattr(labels, "__len__"):
        raise TypeError(
            f"labels is {short_repr(labels)}, expected a sequence of labels."
        )
    present = segmenter.actions_.tolist()
    codes = [find_label(label, present) for label in labels]
    if len(codes) < least or len(set(codes)) < len(codes):
        raise ValueError(
            f"labels is {short_repr(labels)}, expected {least} or more distinct ones."
        )
    return codes


def _relabel(segmenter, before, after):
    """Replace labels in ``labels_``."""
    if not hasattr(segmenter, "labels_"):
        return
    order = np.argsort(before, kind="stable")
    known = before[order], after[order]
    labels = segmenter.labels_
    if isinstance(labels, np.ndarray) and labels.dtype != object:
        segmenter.labels_ = _replaced(labels, *known)
        return
    segmenter.labels_ = copy(labels)  # a list, an object array, or a dict of names
    for key in labels if isinstance(labels, dict) else range(len(labels)):
        segmenter.labels_[key] = _replaced(labels[key], *known)


def _replaced(labels, before, after):
    """Labels with ``after`` in place of ``before``, which is sorted."""
    return after[np.searchsorted(before, labels)]
