"""Learning of corrected labels by a fitted model."""

import warnings

import numpy as np
from sklearn.frozen import FrozenEstimator

from skl_tot.corrections.editing import rename, with_last
from skl_tot.meta.guided import GuidedSegmenter, name_new_actions
from skl_tot.methods.pipelines import segmenter_of, transform_before, unfrozen
from skl_tot.recordings.errors import warn_user
from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME, split_label_sequences
from skl_tot.recordings.names import FIRST_WORDS, describe_actions

BACKGROUNDS = BACKGROUND, BACKGROUND_NAME


def refine(model, X, y, *, kind="labels"):
    """Teach a fitted model labels of some recordings, within seconds.

    Wraps the fitted segmenter in a `GuidedSegmenter`, in its place in the pipeline. A
    `GuidedSegmenter` learns again from the start. Actions that ``y`` does not name keep
    the names that ``model`` gives to most of their frames. ``y`` may name more actions
    than the model has.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or pipeline that ends in one.
    X : array-like of shape (n_frames, n_features), or sequence of these
        One recording or many: with labels, and preferably also without.
    y : array-like of shape (n_frames,), or sequence of these, or dict
        Labels or transcripts, see `GuidedSegmenter`. If recordings have names, a dict
        may omit those without labels.
    kind : {"labels", "transcripts"}, default="labels"
        Form of ``y``.

    Returns
    -------
    model : estimator
        A new model with the labels of ``y``. Its segmenter has
        ``unlabelled_actions_``.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    TypeError, ValueError
        If a recording or an element of ``y`` is not valid.

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
    segmenter = segmenter_of(model)
    videos = transform_before(model, X)
    segmenter.prepare(videos)  # refuses recordings that the model cannot read
    inner = segmenter
    if isinstance(segmenter, GuidedSegmenter):
        inner = unfrozen(segmenter.estimator_)
    guided = GuidedSegmenter(FrozenEstimator(inner), kind)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", FIRST_WORDS)  # names may still change
        guided.fit(videos, y)
    if guided.unlabelled_actions_:
        guided = _with_names_of(segmenter.predict(videos), guided)
    labels, _ = split_label_sequences(guided.labels_)
    kept, n_lost = guided.unlabelled_actions_, guided.n_lost_actions_
    found = describe_actions(labels, guided.actions_, n_lost, kept)
    if found:
        warn_user(" ".join(found))
    return with_last(model, guided)


def _with_names_of(before, guided):
    """Name actions without a label like most of their frames before."""
    kept = guided.unlabelled_actions_
    known = set(guided.actions_.tolist()) - set(kept)
    old, _ = split_label_sequences(before)
    new, _ = split_label_sequences(guided.labels_)
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
    model = rename(guided, names)
    model.unlabelled_actions_ = [names.get(action, action) for action in kept]
    return model


def _in_words_of(labels, name):
    """Name of an action among labels; None for background or without a name.

    >>> _in_words_of({"0", "2"}, 1), _in_words_of({"pour"}, 1)
    ('1', 'action 1')
    >>> _in_words_of({0, 2}, 1), _in_words_of({0, 2}, "pour")
    (1, None)
    """
    if name in BACKGROUNDS:
        return None
    is_text = isinstance(next(iter(labels)), str)
    if isinstance(name, str) or not is_text:
        return name if isinstance(name, str) == is_text else None
    return str(name) if all(map(str.isdecimal, labels)) else f"action {name}"
