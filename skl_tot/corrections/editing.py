"""New models with renamed, merged, split or taught actions."""

import itertools
import warnings
from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from numbers import Integral

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from skl_tot.corrections import layers
from skl_tot.corrections.semi_supervised import (
    SemiSupervisedSegmenter,
    name_new_actions,
)
from skl_tot.methods import pipelines
from skl_tot.recordings.disk import is_line
from skl_tot.recordings.errors import refuse, warn_user
from skl_tot.recordings.labels import (
    BACKGROUND,
    BACKGROUND_NAME,
    by_name,
    find_code,
    split_label_sequences,
    with_background,
)
from skl_tot.recordings.names import FIRST_WORDS, describe_actions
from skl_tot.shared_texts import with_shared_texts

BACKGROUNDS = BACKGROUND, BACKGROUND_NAME


@with_shared_texts
def rename(model, names):
    """Name actions; ``predict`` then returns the names.

    Parameters
    ----------
    {shared: model}
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
    {shared: NotFittedError}
    TypeError, ValueError
        If a label does not exist, or a name is not valid: of two actions, say, or
        "background" in a model that detects it.

    Examples
    --------
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.corrections import rename
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> model = HMMSegmenter(3).fit(videos)
    >>> rename(model, {1: "pour"}).actions_
    array(['action 0', 'pour', 'action 2'], dtype='<U8')
    """
    segmenter = _copy_of_fitted(model, of_one_activity=False)
    before = segmenter.actions_
    segmenter.classes_ = new_names(names, before)
    if BACKGROUND_NAME in segmenter.classes_.tolist() and _looks_for_none(segmenter):
        raise ValueError(
            f"names would have {BACKGROUND_NAME!r}, the name of frames without an "
            "action, which the model detects; expected another name."
        )
    _relabel(segmenter, with_background(before), with_background(segmenter.classes_))
    return pipelines.with_last(model, segmenter)


@with_shared_texts
def merge(model, labels):
    """Merge several actions into one.

    In every frame its probability is the sum of theirs or, if scores are densities as
    in `HMMSegmenter`, its density is their mean, weighted by the shares of the actions
    in the fit. Paths are decoded again, and a switch costs as much as before.
    ``labels_`` are merged without decoding. Background stays unchanged.

    Parameters
    ----------
    {shared: model}
    labels : sequence
        Two or more labels. The action takes the name and the position of the first;
        unnamed actions are renumbered from 0 in their order.

    Returns
    -------
    model : estimator
        A new model.

    Raises
    ------
    {shared: NotFittedError}
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
    groups = layers.merged_groups(codes, segmenter.n_actions_)
    before = with_background(segmenter.actions_)
    weights, has_groups = 1.0, hasattr(segmenter, "prototype_actions_")
    if segmenter.has_densities:
        known = groups, segmenter.shares_, segmenter.layers_
        weights = layers.merge_weights(*known)
    if has_groups and not segmenter.layers_:
        segmenter.prototype_actions_ = groups[segmenter.prototype_actions_]
    if segmenter.has_densities or not has_groups or segmenter.layers_:
        merged = layers.Merge(groups, weights)
        segmenter.layers_ = [*segmenter.layers_, merged]
    segmenter.n_actions_ -= len(codes) - 1
    if segmenter.classes_ is not None:
        segmenter.classes_ = np.delete(segmenter.classes_, codes[1:])
    # the last one is background
    after = with_background(segmenter.actions_)[np.append(groups, -1)]
    _relabel(segmenter, before, after)
    return pipelines.with_last(model, segmenter)


@with_shared_texts
def split(model, label, X, *, n=2):
    """Split one action into several.

    It is split along a line of the features, by Gaussians of k-means clusters of its
    frames in ``X``. In every frame, the probabilities of the parts add up to that of
    the action. The new model has no ``labels_``; background stays unchanged.

    Parameters
    ----------
    {shared: model}
    label : int or str
        The action.
    {shared: X}
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
    code = find_code(label, segmenter.actions_)
    if isinstance(n, bool) or not isinstance(n, Integral) or n < 2:
        refuse("n", n, "an integer from 2")
    n = int(n)
    parts = _fit_split(segmenter, code, label, pipelines.transform_before(model, X), n)
    segmenter.layers_ = [*segmenter.layers_, parts]
    segmenter.n_actions_ += n - 1
    if segmenter.classes_ is not None:
        segmenter.classes_ = names_of_parts(segmenter.classes_, code, n)
    vars(segmenter).pop("labels_", None)
    return pipelines.with_last(model, segmenter)


@with_shared_texts
def refine(model, X, y):
    """Teach a fitted model labels of some recordings, within seconds.

    Puts a copy of the fitted segmenter into a `SemiSupervisedSegmenter`; one that is
    there learns again from the start. ``y`` may name some or more actions; others keep
    the names that ``model`` gives to most of their frames.

    Parameters
    ----------
    {shared: model, X}
    y : array-like of shape (n_frames,), or sequence of these, or dict
        Labels, see `SemiSupervisedSegmenter`. If recordings have names, a dict may omit
        those without labels.

    Returns
    -------
    model : estimator
        A new model; its segmenter has ``unlabelled_actions_``.

    Raises
    ------
    {shared: NotFittedError, TypeError}

    Examples
    --------
    >>> from skl_tot.baselines import MallowSegmenter
    >>> from skl_tot.corrections import refine
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> words = np.array(["take", "pour", "fill"])
    >>> model = MallowSegmenter(3).fit(videos)
    >>> taught = refine(model, videos, [words[labels[0]], None, None, None])
    >>> taught.actions_
    array(['fill', 'pour', 'take'], dtype='<U4')
    """
    model = deepcopy(model)  # a fit or another path of it would change the new one
    segmenter = pipelines.segmenter_of(model)
    videos = pipelines.transform_before(model, X)
    segmenter.prepare(videos)  # refuses recordings that the model cannot read
    inner = segmenter.estimators_ if segmenter.is_taught else [segmenter]
    taught = SemiSupervisedSegmenter([FrozenEstimator(own) for own in inner])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", FIRST_WORDS)  # names may still change
        taught.fit(videos, y)
    if taught.unlabelled_actions_:
        taught = _with_names_of(segmenter.predict(videos), taught)
    labels, _ = split_label_sequences(taught.labels_)
    kept = taught.unlabelled_actions_
    found = describe_actions(labels, taught.actions_, kept, by_name(taught.labels_))
    if found:
        warn_user(" ".join(found))
    return pipelines.with_last(model, taught)


def _copy_of_fitted(model, of_one_activity=True):
    """Copy the segmenter of a fitted model."""
    segmenter = pipelines.segmenter_of(model)
    check_is_fitted(segmenter, "n_actions_")
    if of_one_activity and hasattr(segmenter, "activity_names_"):
        refuse(
            "model", type(segmenter), "a model of recordings of one activity", TypeError
        )
    return copy(segmenter)


def _fit_split(segmenter, code, label, X, n):
    """Split of an action by the frames of X that show it."""
    frames, times = [], []
    videos = segmenter.prepare(X)
    for i, decoded in enumerate(segmenter.decode(X)):
        is_own = decoded.path == code
        frames.append(np.concatenate(list(videos.blocks(i)))[is_own])
        times.append(np.flatnonzero(is_own) / len(is_own))
    found = np.concatenate(frames)
    n_distinct = len(np.unique(found, axis=0))
    if n_distinct < n:
        refuse(f"the number of distinct frames of {label!r} in X", n_distinct, f"{n}")
    sources = layers.split_sources(code, segmenter.n_actions_, n)
    return layers.Split(sources, **layers.fit_line(found, np.concatenate(times), n))


def _looks_for_none(segmenter):
    """Whether a model, or that of an activity, detects background."""
    is_mixed = hasattr(segmenter, "activity_names_")
    own = (
        map(pipelines.segmenter_of, segmenter.estimators_) if is_mixed else [segmenter]
    )
    return any(one.background_ is not None for one in own)


def _codes_of(segmenter, labels):
    """Return indices of two or more distinct labels among the actions."""
    if isinstance(labels, (str, bytes)) or not hasattr(labels, "__len__"):
        refuse("labels", labels, "a sequence of labels", TypeError)
    codes = [find_code(label, segmenter.actions_) for label in labels]
    if len(codes) < 2 or len(set(codes)) < len(codes):
        refuse("labels", labels, "2 or more distinct ones")
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


def _with_names_of(before, taught):
    """Name actions without a label like most of their frames before."""
    kept = taught.unlabelled_actions_
    known = set(taught.actions_.tolist()) - set(kept)
    old, _ = split_label_sequences(before)
    new, _ = split_label_sequences(taught.labels_)
    old, new = np.concatenate(old), np.concatenate(new)
    names, taken = {}, known.copy()
    for action in kept:
        words, counts = np.unique(old[new == action], return_counts=True)
        if len(words):
            name = _in_words_of(known, words[counts.argmax()].item())
            if name is not None and name not in taken:
                names[action] = name
                taken.add(name)
    for action in kept:
        if action not in names:  # whose name another action may have now
            if action in taken:
                used = np.array([*taken.union(kept)])
                names[action] = name_new_actions(used, len(used) + 1)[-1].item()
            taken.add(names.get(action, action))
    model = rename(taught, names)
    model.unlabelled_actions_ = [names.get(action, action) for action in kept]
    return model


def _in_words_of(labels, name):
    """Name of an action among labels; None for background or without a name."""
    if name in BACKGROUNDS:
        return None
    is_text = isinstance(next(iter(labels)), str)
    if isinstance(name, str) or not is_text:
        return name if isinstance(name, str) == is_text else None
    return str(name) if all(map(str.isdecimal, labels)) else f"action {name}"


def new_names(names, present):
    """Names of all actions, from given and present names."""
    if isinstance(names, Mapping):
        given, fresh = present.tolist(), list(names.values())
        for label, name in names.items():
            given[find_code(label, present)] = name
    elif isinstance(names, (Sequence, np.ndarray)) and not isinstance(names, str):
        given = fresh = list(names)
        if len(given) != len(present):
            what = f"{len(present)}, one for each action"
            refuse("the number of names", len(given), what)
    else:
        what = "a dict of new names by labels, or a sequence of all names"
        refuse("names", names, what, TypeError)
    return _checked_names(given, any(isinstance(name, str) for name in fresh))


def _checked_names(given, is_text):
    """Check distinct names of one type; return an array."""
    names = []
    for name in given:
        is_number = isinstance(name, Integral) and not isinstance(name, bool)
        if is_text and is_number:
            name = f"action {name}"
        is_name = isinstance(name, str) and is_line(name) and name != str(BACKGROUND)
        if not is_name and not (is_number and 0 <= name < 2**63):
            what = "text of one line (-1 is background), or an integer from 0"
            refuse("an entry of names", name, what)
        names.append(str(name) if isinstance(name, str) else int(name))
    if len({type(name) for name in names}) > 1:
        refuse("names", names, "all text or all integers", TypeError)
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"names would have {twice[0]!r} twice; merge makes them one.")
    return np.array(names)


def names_of_parts(classes, code, n):
    """Names of all actions after a split of one."""
    names = classes.tolist()
    if classes.dtype.kind != "U":
        parts = [names[code], *(max(names) + 1 + k for k in range(n - 1))]
        return np.array([*names[:code], *parts, *names[code + 1 :]])
    fresh = (f"{names[code]} {number}" for number in itertools.count(1))
    parts = itertools.islice((name for name in fresh if name not in names), n)
    return np.array([*names[:code], *parts, *names[code + 1 :]])
