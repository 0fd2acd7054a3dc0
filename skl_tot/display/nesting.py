"""Two nested segmentations: their labels, what is of what, and its colours."""

import numpy as np

from skl_tot.display.checks import check_methods
from skl_tot.display.looks import style
from skl_tot.inputs.errors import short_repr
from skl_tot.inputs.labels import BACKGROUND

# How far shades are mixed with black (below 0) or white, from the first to the last.
DARKEST, LIGHTEST = -0.4, 0.65


def predict_levels(estimator, X, n_actions):
    """Labels of videos by few actions and by many, from a segmenter that has cuts."""
    from skl_tot.segmenters.pipelines import last_step, transform_before

    check_methods(estimator, "predict")
    is_pair = isinstance(n_actions, (tuple, list)) and len(n_actions) == 2
    if not is_pair or not _is_increasing(*n_actions):
        raise ValueError(
            f"n_actions is {short_repr(n_actions)}, expected two numbers, of which the "
            "second is larger."
        )
    segmenter = last_step(estimator)
    if not hasattr(segmenter, "merge_tree_"):
        raise TypeError(
            f"estimator is a {type(segmenter).__name__} without merge_tree_, expected "
            "a fitted segmenter that has cuts, such as TemporalOTSegmenter(n_parts=2)."
        )
    videos = transform_before(estimator, X)
    return tuple(segmenter.predict(videos, n_actions=n) for n in n_actions)


def _is_increasing(few, many):
    try:
        return bool(few < many)
    except TypeError:
        return False


def find_parents(coarse, fine):
    """Label of the coarse level that each of the fine level is of, ordered by both.

    Parameters
    ----------
    coarse, fine : list of ndarray of shape (n_frames_i,)
        Labels of the same frames.

    Returns
    -------
    parents : dict
        Coarse labels by fine ones, ordered by fine ones.

    Raises
    ------
    ValueError
        If a fine label is of several.

    Examples
    --------
    >>> find_parents([np.array([1, 1, 0])], [np.array([5, 3, 4])])
    {3: 1, 4: 0, 5: 1}
    """
    above, below = np.concatenate(coarse), np.concatenate(fine)
    parents = {}
    for label in np.unique(below).tolist():
        found = np.unique(above[below == label]).tolist()
        if len(found) > 1:
            raise ValueError(
                f"label {label!r} of fine occurs during {short_repr(found)} of coarse, "
                "expected one; the levels are not nested."
            )
        parents[label] = found[0]
    return parents


def shade(parents):
    """Give the labels of both levels looks: two dicts of options of matplotlib.

    Labels that are integers have the colours of `SegmentationDisplay`, text those of
    its places.
    """
    labels = sorted(set(parents.values()))
    coarse, fine = {}, {}
    for place, label in enumerate(labels):
        code = place if isinstance(label, str) else label
        coarse[label] = style(code)
        own = [name for name, parent in parents.items() if parent == label]
        for number, name in enumerate(own):
            fine[name] = style(code)
            if name != BACKGROUND and len(own) > 1:
                amount = DARKEST + (LIGHTEST - DARKEST) * number / (len(own) - 1)
                mixed = mix(coarse[label]["facecolor"], amount)
                fine[name] = coarse[label] | {"facecolor": mixed}
    return coarse, fine


def mix(colour, amount):
    """Mix a colour with black, at amounts from -1 to 0, or with white, up to 1.

    >>> mix("#4080C0", -0.5), mix("#4080C0", 0.5)
    ('#204060', '#A0C0E0')
    """
    other = 0 if amount < 0 else 255
    mixed = []
    for start in (1, 3, 5):
        part = int(colour[start : start + 2], 16)
        mixed.append(round(part + abs(amount) * (other - part)))
    return "#{:02X}{:02X}{:02X}".format(*mixed)
