"""New models with renamed, merged, split or taught actions."""

import itertools
import warnings
from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from typing import TypeVar

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from skl_tot.corrections.semi_supervised import SemiSupervisedSegmenter
from skl_tot.methods import pipelines
from skl_tot.methods.scores import Merge, codes_after_merge, fit_split, merge_weights
from skl_tot.recordings.errors import is_int, refuse, warn_user
from skl_tot.recordings.files import is_line
from skl_tot.recordings.labels import (
    BACKGROUND,
    BACKGROUND_NAME,
    NO_ACTIONS,
    UNKNOWN_NAME,
    by_name,
    find_code,
    split_label_sequences,
    with_background,
)
from skl_tot.recordings.names import (
    FIRST_WORDS,
    default_names,
    describe_actions,
    name_new_actions,
    unused_names,
)

Model = TypeVar("Model")


def rename(model: Model, names) -> Model:
    """Name actions; ``predict`` then returns the names.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or pipeline that ends in one.
    names : dict or sequence
        New names by labels of ``actions_``, or the names of all actions in order: all
        text, or all integers from 0. Other actions keep their name; a number k among
        text becomes "action k". "background" is no action, and no name in a model that
        detects it.

    Returns
    -------
    model : estimator
        A new model with the names in ``classes_``, ``actions_`` and ``labels_``.

    Raises
    ------
    NotFittedError
        Before `fit`.
    TypeError, ValueError
        If a parameter or a recording is not valid.

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
    segmenter = _copy_of_fitted(model)
    labels_before = segmenter.actions_
    segmenter.classes_ = new_names(names, labels_before)
    _follow_unlabelled(segmenter, labels_before, segmenter.classes_)
    has_name = BACKGROUND_NAME in segmenter.classes_.tolist()
    if has_name and segmenter.background_ is not None:
        raise ValueError(
            f"names would have {BACKGROUND_NAME!r}, the name of frames without an "
            "action, which the model detects; expected another name."
        )
    labels_after = with_background(segmenter.classes_)
    _relabel(segmenter, with_background(labels_before), labels_after)
    return pipelines.with_last(model, segmenter)


def merge(model: Model, labels) -> Model:
    """Merge several actions into one.

    In every frame its probability is the sum of theirs or, if scores are densities as
    in `HMMSegmenter`, its density is their mean, weighted by the shares of the actions
    in the fit. Paths are decoded again, and a switch costs as much as before.
    ``labels_`` are merged without decoding. Background stays unchanged.

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
        Before `fit`.
    TypeError, ValueError
        If a parameter or a recording is not valid.

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
    codes = _check_labels_to_merge(segmenter, labels)
    new_codes = codes_after_merge(codes, segmenter.n_actions_)
    labels_before = with_background(segmenter.actions_)
    _merge_scores(segmenter, new_codes)
    segmenter.n_actions_ -= len(codes) - 1
    if segmenter.classes_ is not None:
        segmenter.classes_ = np.delete(segmenter.classes_, codes[1:])
    # the last one is background
    labels_after = with_background(segmenter.actions_)[np.append(new_codes, -1)]
    _follow_unlabelled(segmenter, labels_before[:-1], labels_after[:-1])
    _relabel(segmenter, labels_before, labels_after)
    return pipelines.with_last(model, segmenter)


def split(model: Model, label, X) -> Model:
    """Split one action into two.

    It is split along a line of the features, by Gaussians of k-means clusters of its
    frames in ``X``. In every frame, the probabilities of the parts add up to that of
    the action. The new model has no ``labels_``; background stays unchanged.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or pipeline that ends in one.
    label : int or str
        The action. A text name becomes "label 1" and "label 2"; of named numbers, the
        first part keeps its own; unnamed actions are renumbered.
    X : array-like of shape (n_frames, n_features), or sequence of these
        One recording or many, see Notes of `TemporalOTSegmenter`.

    Returns
    -------
    model : estimator
        A new model.

    Raises
    ------
    NotFittedError
        Before `fit`.
    TypeError, ValueError
        If a parameter or a recording is not valid.

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
    frames, times = _frames_of_action(
        segmenter, code, pipelines.transform_before(model, X)
    )
    n_distinct = len(np.unique(frames, axis=0))
    if n_distinct < 2:
        refuse(f"the number of distinct frames of {label!r} in X", n_distinct, "2")
    layer = fit_split(code, segmenter.n_actions_, frames, times)
    segmenter.layers_ = [*segmenter.layers_, layer]
    labels_before = segmenter.actions_[layer.sources]
    segmenter.n_actions_ += 1
    if segmenter.classes_ is not None:
        segmenter.classes_ = _names_of_parts(segmenter.classes_, code)
    _follow_unlabelled(segmenter, labels_before, segmenter.actions_)
    vars(segmenter).pop("labels_", None)
    return pipelines.with_last(model, segmenter)


def refine(model: Model, X, y) -> Model:
    """Teach a fitted model labels of some recordings.

    Puts a copy of the fitted segmenter into a `SemiSupervisedSegmenter`, beside the
    default ones there; one that is there learns again from the start. A model of cycles
    learns from whole labelled cycles. ``y`` may name some or more actions; others keep
    the names that ``model`` gives to most of their frames.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or pipeline that ends in one.
    X : array-like of shape (n_frames, n_features), or sequence of these
        One recording or many, see Notes of `TemporalOTSegmenter`.
    y : array-like of shape (n_frames,), or sequence of these, or dict
        Labels, see `SemiSupervisedSegmenter`. A dict may omit recordings.

    Returns
    -------
    model : estimator
        A new model; its segmenter has ``unlabelled_actions_``.

    Raises
    ------
    NotFittedError
        Before `fit`.
    TypeError, ValueError
        If a parameter or a recording is not valid.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot.baselines import MallowSegmenter
    >>> from skl_tot.corrections import refine
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> words = np.array(["take", "pour", "fill"])
    >>> model = MallowSegmenter(3).fit(videos)
    >>> refine(model, videos, [words[labels[0]], None, None, None]).actions_
    array(['fill', 'pour', 'take'], dtype='<U4')
    """
    model = deepcopy(model)  # a later fit of it would change the new
    segmenter = pipelines.segmenter_of(model)
    videos = pipelines.transform_before(model, X)
    segmenter.prepare(videos)  # refuses recordings that the model cannot read
    if segmenter.is_taught:
        estimators = list(map(FrozenEstimator, segmenter.estimators_))
        cycles = segmenter.cycles
    else:
        estimators = [FrozenEstimator(segmenter), None]
        cycles = pipelines.is_cyclic(segmenter)
    # with a seed, so that the same labels teach the same
    taught = SemiSupervisedSegmenter(estimators, cycles=cycles, random_state=0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", FIRST_WORDS)  # names may still change
        taught.fit(videos, y)
    if taught.unlabelled_actions_:
        taught = name_unlabelled(segmenter.predict(videos), taught)
    paths, _ = split_label_sequences(taught.labels_)
    names = default_names(taught.actions_.tolist(), "action")
    unlabelled = taught.unlabelled_actions_
    sentences = describe_actions(paths, names, unlabelled, by_name(taught.labels_))
    if sentences:
        warn_user(" ".join(sentences))
    return pipelines.with_last(model, taught)


def _copy_of_fitted(model):
    segmenter = pipelines.segmenter_of(model)
    check_is_fitted(segmenter, "n_actions_")
    return copy(segmenter)


def _merge_scores(segmenter, new_codes):
    """Let prototypes, or a layer on the scores, add up to the merged actions."""
    has_prototypes = segmenter.prototype_actions_ is not None
    # prototypes do not know the parts of a split
    if has_prototypes and not any(layer.adds_actions for layer in segmenter.layers_):
        segmenter.prototype_actions_ = new_codes[segmenter.prototype_actions_]
    # the density of a merged action is no sum over its prototypes
    if segmenter.has_densities or segmenter.layers_ or not has_prototypes:
        weights = 1.0
        if segmenter.has_densities:
            weights = merge_weights(new_codes, segmenter.shares_, segmenter.layers_)
        segmenter.layers_ = [*segmenter.layers_, Merge(new_codes, weights)]


def _frames_of_action(segmenter, code, X):
    """Frames (n, n_features) of an action, and their relative times (n,)."""
    frames, times = [], []
    videos = segmenter.prepare(X)
    for i, decoded in enumerate(segmenter.decode(X)):
        is_shown = decoded.path == code
        frames.append(np.concatenate(list(videos.blocks(i)))[is_shown])
        times.append(np.flatnonzero(is_shown) / len(is_shown))
    return np.concatenate(frames), np.concatenate(times)


def _check_labels_to_merge(segmenter, labels):
    """Return the codes of two or more distinct labels; refuse others."""
    if isinstance(labels, (str, bytes)) or not hasattr(labels, "__len__"):
        refuse("labels", labels, "a sequence of labels", TypeError)
    codes = [find_code(label, segmenter.actions_) for label in labels]
    if len(codes) < 2 or len(set(codes)) < len(codes):
        refuse("labels", labels, "2 or more distinct ones")
    return codes


def _follow_unlabelled(segmenter, before, after):
    """Rename actions that no label names, by pairs of labels before and after."""
    # One that is merged with a named one is named.
    if segmenter.unlabelled_actions_:
        is_named = ~np.isin(before, segmenter.unlabelled_actions_)
        kept = [label for label in after.tolist() if label not in after[is_named]]
        segmenter.unlabelled_actions_ = list(dict.fromkeys(kept))


def _relabel(segmenter, before, after):
    """Replace labels of the fit, by pairs of labels before and after."""
    if not hasattr(segmenter, "labels_"):  # after a split, or deleted to save space
        return
    order = np.argsort(before, kind="stable")
    before, after = before[order], after[order]
    labels = segmenter.labels_
    if isinstance(labels, np.ndarray) and labels.dtype != object:
        segmenter.labels_ = after[np.searchsorted(before, labels)]
        return
    segmenter.labels_ = copy(labels)  # a list, an object array, or a dict of names
    for key in labels if isinstance(labels, dict) else range(len(labels)):
        segmenter.labels_[key] = after[np.searchsorted(before, labels[key])]


def name_unlabelled(labels_before, taught):
    """Give actions that labels lack the name that most of their frames had before."""
    unlabelled = taught.unlabelled_actions_
    labelled = set(taught.actions_.tolist()) - set(unlabelled)
    old, _ = split_label_sequences(labels_before)
    new, _ = split_label_sequences(taught.labels_)
    old, new = np.concatenate(old), np.concatenate(new)
    names, taken = {}, labelled.copy()
    for action in unlabelled:
        old_names, counts = np.unique(old[new == action], return_counts=True)
        if 2 * counts.max(initial=0) > counts.sum():
            name = _in_words_of(labelled, old_names[counts.argmax()].item())
            if name is not None and name not in taken:
                names[action] = name
                taken.add(name)
    for action in unlabelled:
        if action not in names:
            if action in taken:  # as the name of another action now
                used = np.array([*taken.union(unlabelled)])
                names[action] = name_new_actions(used, len(used) + 1)[-1].item()
            taken.add(names.get(action, action))
    return rename(taught, names)


def _in_words_of(labels, name):
    """Name of an action among labels; None for background or without a name."""
    if name in (*NO_ACTIONS, UNKNOWN_NAME):
        return None
    is_text = isinstance(next(iter(labels)), str)
    if isinstance(name, str) or not is_text:
        return name if isinstance(name, str) == is_text else None
    return str(name) if all(map(str.isdecimal, labels)) else f"action {name}"


def new_names(names, present):
    """Names of all actions, from those of `rename` and the present ones."""
    if isinstance(names, Mapping):
        all_names, added = present.tolist(), list(names.values())
        for label, name in names.items():
            all_names[find_code(label, present)] = name
    elif isinstance(names, (Sequence, np.ndarray)) and not isinstance(names, str):
        all_names = added = list(names)
        if len(all_names) != len(present):
            expected = f"{len(present)}, one for each action"
            refuse("the number of names", len(all_names), expected)
    else:
        expected = "a dict of new names by labels, or a sequence of all names"
        refuse("names", names, expected, TypeError)
    return _checked_names(all_names, any(isinstance(name, str) for name in added))


def _checked_names(names, is_text):
    """Return distinct names as an array, integers as text if some are text."""
    checked = [_checked_name(name, is_text) for name in names]
    if len({type(name) for name in checked}) > 1:
        refuse("names", checked, "all text or all integers", TypeError)
    repeated = [name for name in checked if checked.count(name) > 1]
    if repeated:
        raise ValueError(
            f"names would have {repeated[0]!r} twice; merge makes them one."
        )
    return np.array(checked)


def _checked_name(name, is_text):
    if is_int(name) and is_text:
        name = f"action {name}"
    if isinstance(name, str):
        is_name = is_line(name) and name != str(BACKGROUND)
    else:
        is_name = is_int(name) and 0 <= name < 2**63
    if not is_name:
        expected = "text of one line (-1 is background), or an integer from 0"
        refuse("an entry of names", name, expected)
    return str(name) if isinstance(name, str) else int(name)


def _names_of_parts(classes, code):
    """Names of all actions, with two new ones in place of that of ``code``."""
    names = classes.tolist()
    if classes.dtype.kind == "U":
        parts = itertools.islice(unused_names(names[code], names), 2)
    else:
        parts = names[code], max(names) + 1
    return np.array([*names[:code], *parts, *names[code + 1 :]])
