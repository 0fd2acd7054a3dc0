"""New models with renamed, merged, split or cut actions."""

from copy import copy
from numbers import Integral

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skl_tot.corrections.names import find_label, names_of_halves, new_names
from skl_tot.methods.correction_layers import (
    Cut,
    Merge,
    Split,
    fit_line,
    merged_groups,
    split_sources,
)
from skl_tot.methods.pipelines import segmenter_of, transform_before
from skl_tot.methods.prototype_groups import (
    coarse_groups,
    cut_tree,
    fine_splits,
    halve_group,
)
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
        text becomes "action k".

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
    >>> from skl_tot import MallowSegmenter
    >>> from skl_tot.corrections import rename
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> model = MallowSegmenter(3).fit(videos)
    >>> rename(model, {1: "pour"}).actions_
    array(['action 0', 'pour', 'action 2'], dtype='<U8')
    """
    segmenter = _copy_of_fitted(model)
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
        If a label does not exist, there are fewer than two or labels of several
        activities, or the model is cut.

    Examples
    --------
    >>> from skl_tot import MallowSegmenter
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
    if hasattr(segmenter, "activity_names_"):
        _correct_activity(segmenter, codes, labels, merge)
    else:
        _refuse_cut(segmenter)
        has_states = getattr(segmenter, "states_", None) is not None
        has_groups = hasattr(segmenter, "prototype_actions_") and not has_states
        if has_groups and not segmenter.layers_:
            segmenter.prototype_actions_ = groups[segmenter.prototype_actions_]
        else:
            segmenter.layers_ = [*segmenter.layers_, Merge(groups)]
    segmenter.n_actions_ -= len(codes) - 1
    if segmenter.classes_ is not None:
        segmenter.classes_ = np.delete(segmenter.classes_, codes[1:])
    # the last one is background
    after = with_background(segmenter.actions_)[np.append(groups, -1)]
    _relabel(segmenter, before, after)
    return with_last(model, segmenter)


def split(model, label, X=None, *, n=2):
    """Split one action into several.

    If it has several parts (``n_parts``), their last merges are undone. Otherwise it is
    split along a line of the features: Gaussians of k-means clusters of the frames in
    ``X`` with this action. In every frame, the probabilities of the halves add up to
    that of the action. The new model has no ``labels_``; background stays unchanged.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or pipeline that ends in one.
    label : int or str
        The action.
    X : array-like of shape (n_frames, n_features), default=None
        One recording, or a sequence of many. Needed and used only if the action does
        not have ``n`` parts.
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
        If the label does not exist, there is no data to split by, or the model is cut.

    Examples
    --------
    >>> from skl_tot import MallowSegmenter
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
    if X is not None:
        X = transform_before(model, X)
    if hasattr(segmenter, "activity_names_"):
        if X is not None:
            X = _of_activity(segmenter, codes[0], label, X)
        _correct_activity(
            segmenter, codes, [label], lambda own, labels: split(own, labels[0], X, n=n)
        )
    else:
        _refuse_cut(segmenter)
        if not _split_parts(segmenter, codes[0], n):
            _split_line(segmenter, codes[0], label, X, n)
    segmenter.n_actions_ += n - 1
    if segmenter.classes_ is not None:
        segmenter.classes_ = names_of_halves(segmenter.classes_, codes[0], n)
    vars(segmenter).pop("labels_", None)
    return with_last(model, segmenter)


def cut(model, n_actions):
    """Change the number of actions without training.

    ``merge_tree_`` is cut to ``n_actions`` groups. With fewer actions than the fit, the
    actions of a group are merged. With more, segments of the fit are cut one group
    after the other: the decoder finds a path through the halves within each segment.
    Cuts are nested: boundaries of few actions are also boundaries of more. Groups are
    numbered by their first action, halves by their first prototype.

    Parameters
    ----------
    model : estimator
        Fitted segmenter with ``merge_tree_`` (``n_parts`` or ``n_init`` above 1), or
        pipeline that ends in one, without named or corrected actions.
    n_actions : int
        From 1 to the number of prototypes of a network.

    Returns
    -------
    model : estimator
        A new model, without ``labels_`` if it has more actions.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    ValueError
        If there is no tree, or no such cut.

    Examples
    --------
    >>> from skl_tot import TemporalOTSegmenter
    >>> from skl_tot.corrections import cut
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> model = TemporalOTSegmenter(3, order="mostly", max_iter=50, random_state=0)
    >>> model = model.fit(videos)
    >>> cut(model, 2).actions_
    array([0, 1])
    """
    segmenter = _copy_of_fitted(model)
    tree = getattr(segmenter, "merge_tree_", None)
    _check_level(segmenter, n_actions, tree)
    n_actions, fitted = int(n_actions), segmenter.prototype_actions_
    if n_actions <= segmenter.n_actions_:
        groups = coarse_groups(tree, fitted, n_actions)
        segmenter.cut_ = Cut(groups)
        before = with_background(segmenter.actions_)
        _relabel(segmenter, before, np.append(groups, before[-1]))
    else:
        splits, fine = fine_splits(tree, segmenter.overlap_, fitted, n_actions)
        firsts = np.unique(fine, return_index=True)[1]
        own = [(action, parts[firsts]) for action, parts in splits]
        segmenter.cut_ = Cut(fitted[firsts], own)
        segmenter.prototype_actions_ = fine
        vars(segmenter).pop("labels_", None)
    segmenter.n_actions_ = n_actions
    return with_last(model, segmenter)


def _copy_of_fitted(model):
    """Copy the segmenter of a fitted model."""
    segmenter = segmenter_of(model)
    check_is_fitted(segmenter, "n_actions_")
    return copy(segmenter)


def with_last(model, segmenter):
    """Replace the segmenter at the end of a model."""
    if not isinstance(model, Pipeline):
        return segmenter
    model = copy(model)
    model.steps = [*model.steps[:-1], (model.steps[-1][0], segmenter)]
    return model


def _refuse_cut(segmenter):
    if segmenter.cut_ is not None:
        raise ValueError(
            "the model has been cut to another number of actions; merge and split "
            "before."
        )


def _check_level(segmenter, n_actions, tree):
    """Refuse a number of actions that a tree cannot be cut to."""
    is_corrected = segmenter.layers_ or segmenter.classes_ is not None
    if tree is not None and not is_corrected and segmenter.cut_ is None:
        learned = segmenter.prototype_actions_[: len(tree) + 1]
        found = cut_tree(tree, range(len(learned)), segmenter.n_actions_)
        is_corrected = any(len(np.unique(learned[group])) > 1 for group in found)
    if is_corrected or segmenter.cut_ is not None:
        raise ValueError(
            f"n_actions is {short_repr(n_actions)}, but actions have been labelled, "
            "named, corrected or cut since the fit; cut the model of the fit."
        )
    if tree is None:
        raise ValueError(
            f"n_actions is {short_repr(n_actions)}, but the fit has no merge_tree_; "
            "fit with a course, and n_parts or n_init above 1."
        )
    is_number = isinstance(n_actions, Integral) and not isinstance(n_actions, bool)
    if not is_number or not 1 <= n_actions <= len(tree) + 1:
        raise ValueError(
            f"n_actions is {short_repr(n_actions)}, expected an integer from 1 to "
            f"{len(tree) + 1}, the prototypes of a network."
        )


def _split_parts(segmenter, code, n):
    """Split an action by its parts; False if it has too few."""
    tree = getattr(segmenter, "merge_tree_", None)
    if tree is None or segmenter.layers_:
        return False
    actions = segmenter.prototype_actions_
    is_part = actions == code
    if np.count_nonzero(is_part[: len(tree) + 1]) < n:
        return False
    parts = halve_group(tree, segmenter.overlap_, is_part, n)
    moved = actions + (n - 1) * (actions > code)
    segmenter.prototype_actions_ = moved + np.maximum(parts, 0)
    return True


def _split_line(segmenter, code, label, X, n):
    """Split an action by the frames of X that show it."""
    if X is None:
        raise ValueError(
            f"action {label!r} has no {n} parts to split it by, expected X, recordings "
            "that show it."
        )
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
    if hasattr(segmenter, "activity_names_"):
        return any(map(_looks_for_none, map(segmenter_of, segmenter.estimators_)))
    return segmenter.background_ is not None


def _correct_activity(segmenter, codes, labels, correct):
    """Correct the model of the activity of some actions."""
    k, own = _within_activity(segmenter, codes, labels)
    models = list(segmenter.estimators_)
    models[k] = correct(models[k], own)
    segmenter.estimators_ = models


def _within_activity(segmenter, codes, labels):
    """Index of the activity of actions, and their labels in its model."""
    offsets = segmenter.action_offsets_
    found = np.unique(np.searchsorted(offsets, codes, side="right") - 1)
    if len(found) > 1:
        raise ValueError(
            f"labels is {short_repr(labels)}, of several activities, expected "
            "labels of one."
        )
    k = int(found[0])
    actions = segmenter_of(segmenter.estimators_[k]).actions_
    return k, actions[np.array(codes) - offsets[k]].tolist()


def _of_activity(segmenter, code, label, X):
    """Select recordings of the activity of an action."""
    k, _ = _within_activity(segmenter, [code], [label])
    own = segmenter.recordings_of(X, k)
    if not own:
        raise ValueError(
            f"X has no recording of the activity of action {short_repr(label)}, "
            "expected some."
        )
    return own


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
