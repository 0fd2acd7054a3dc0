"""How far to trust results: differences of groups in fits to resampled recordings."""

import warnings

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed

from skl_tot.methods.numbers import AUTO
from skl_tot.methods.pipelines import last_step, segmenter_of
from skl_tot.metrics import match_labels
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.layouts import as_recordings
from skl_tot.recordings.segment_table import is_int, labelled_recordings
from skl_tot.shared_texts import with_shared_texts
from skl_tot.statistics import compare_groups
from skl_tot.statistics.bouts import group_of_recordings
from skl_tot.statistics.comparing import KEYS, LEVEL
from skl_tot.training.devices import counter, one_thread

N_FITS = 10


@with_shared_texts
def compare_refits(
    model,
    X,
    groups,
    subject=None,
    *,
    labels=None,
    n_fits=N_FITS,
    n_permutations=9999,
    random_state=0,
    n_jobs=None,
    verbose=0,
):
    """Compare groups, and count resampled fits in which their differences hold.

    The test of `skl_tot.statistics.compare_groups` takes labels as certain. Here the
    model is fitted again, each time to other recordings and with another seed: subjects
    are drawn with replacement within their groups, with all their recordings. Each fit
    labels all recordings. Its actions are matched to those of ``labels`` by most common
    frames, one to one; actions that remain get the label of most of their frames. A
    difference holds in a fit if it has the same sign there, and p below 0.05.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or a pipeline that ends in one, that learned without labels.
        Clones of it are fitted, with its number of actions, and a vote with its order
        and windows. Corrections are in ``labels``, not in the fits.
    X : array-like of shape (n_frames, n_features), or sequence of these
        Recordings as for ``model.predict``.
    groups, subject : dict, Series or sequence
        As for `skl_tot.statistics.compare_groups`.
    labels : Recordings, dict, list or array-like, default=None
        Labels to compare, in the order of ``X``; None takes those of ``model``.
    n_fits : int, default=10
        Number of fits. The time is that of so many fits and predictions. Each job holds
        one model, and labels of all recordings.
    n_permutations : int, default=9999
        As for `skl_tot.statistics.compare_groups`, also in each fit.
    {shared: random_state=0}
    n_jobs : int, default=None
        Fits at the same time, in processes. Results do not depend on it.
    verbose : int, default=0
        Whether to show a progress bar over fits.

    Returns
    -------
    table : DataFrame
        That of `skl_tot.statistics.compare_groups`, with the columns ``holds``, the
        number of fits in which the difference of the row holds, and ``fits``.

    Raises
    ------
    TypeError, ValueError
        As for `skl_tot.statistics.compare_groups`; if the model learned from labels, or
        ``labels`` are of other recordings.

    Examples
    --------
    >>> from skl_tot import HMMSegmenter, compare_refits
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=12, n_actions=3, random_state=0)
    >>> slow = [video.repeat(2, axis=0) for video in videos[6:]]
    >>> model = HMMSegmenter(3, random_state=0).fit([*videos[:6], *slow])
    >>> groups = ["quick"] * 6 + ["slow"] * 6
    >>> table = compare_refits(model, [*videos[:6], *slow], groups, n_fits=2)
    >>> print(table.loc[:2, ["measure", "action", "q", "holds", "fits"]].round(2))
        measure  action     q  holds  fits
    0  duration       0  0.00      2     2
    1  duration       1  0.00      2     2
    2  duration       2  0.00      2     2
    """
    if not (is_int(n_fits) and n_fits > 0):
        refuse("n_fits", n_fits, "a positive integer")
    if hasattr(segmenter_of(model), "guide_"):
        what = "a model that learned without labels"
        refuse("model", type(last_step(model)).__name__, what, TypeError)
    videos, options = as_recordings(X), {"n_permutations": n_permutations}
    if labels is None:
        labels = model.predict(_pick(videos, range(len(videos)), videos.names))
    labels, _ = labelled_recordings(labels)
    if len(labels) != len(videos):
        refuse("the number of labels", len(labels), f"{len(videos)}, as of X")
    random = check_random_state(random_state)
    options["random_state"] = seed = random.randint(2**31 - 1)
    table = compare_groups(labels, groups, subject, **options)
    draws = [_draw(labels.names, groups, subject, random) for _ in range(n_fits)]
    fits = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_refit)(model, videos, drawn, seed + k, labels.arrays)
        for k, drawn in enumerate(draws)
    )
    holds = np.zeros(len(table), dtype=int)
    with counter(n_fits, verbose, "fit") as count:
        for paths in fits:
            with warnings.catch_warnings():  # of few permutations, once is enough
                warnings.simplefilter("ignore", UserWarning)
                other = compare_groups(
                    labels.replace(paths), groups, subject, **options
                )
            found = table[KEYS].merge(other, "left", KEYS)
            is_same = np.sign(found["difference"]) == np.sign(table["difference"])
            holds += (is_same & (found["p"] < LEVEL)).to_numpy()
            if count is not None:
                count(1)
    return table.assign(holds=holds, fits=n_fits)


def is_quick(model):
    """Whether a fit takes seconds: without a network, or other segmenters inside."""
    slow = "network_", "estimator_", "estimators_"
    return not any(hasattr(last_step(model), name) for name in slow)


def _draw(names, groups, subject, random):
    """Draw subjects with replacement, within their groups; list their recordings."""
    members = group_of_recordings(groups, names).tolist()
    subjects = names
    if subject is not None:
        subjects = group_of_recordings(subject, names, "subject").tolist()
    owned, strata, drawn = {}, {}, []
    for i, own in enumerate(subjects):
        owned.setdefault(own, []).append(i)
    for rows in owned.values():
        strata.setdefault(frozenset(members[i] for i in rows), []).append(rows)
    for own in strata.values():
        for k in random.randint(len(own), size=len(own)):
            drawn += own[k]
    return drawn


def _refit(model, videos, drawn, seed, labels):
    """Fit a clone to drawn recordings; label all of them by the actions of labels."""
    fitted, twin = last_step(model), clone(model)
    segmenter, known = last_step(twin), {"random_state": seed}
    known |= {"order": fitted.order_, "windows": fitted.windows_}
    if segmenter.get_params(deep=False).get("n_actions") == AUTO:
        known["n_actions"] = fitted.n_actions_
    own = segmenter.get_params(deep=False)
    if "windows" not in own:  # the order comes with the choice of windows
        del known["order"]
    segmenter.set_params(**{key: known[key] for key in known.keys() & own.keys()})
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        twin.fit(_pick(videos, drawn))
        found = twin.predict(_pick(videos, range(len(videos))))
    return _translate(labels, found.arrays)


def _pick(videos, rows, names=None):
    """Pick recordings, with new names, as the old ones may be repeated."""
    part = {"fps": videos.fps}
    for key in ("times", "breaks"):
        values = getattr(videos, key)
        part[key] = None if values is None else [values[i] for i in rows]
    return Recordings([videos.arrays[i] for i in rows], names, **part)


def _translate(labels, found):
    """Replace actions by the matched labels, and others by their commonest label."""
    matched = match_labels(labels, found)
    truth, paths = np.concatenate(labels), np.concatenate(found)
    words = np.empty(len(paths), truth.dtype)
    for action, label in matched.items():
        own = paths == action
        if label is None:
            values, counts = np.unique(truth[own], return_counts=True)
            label = values[counts.argmax()]
        words[own] = label
    return np.split(words, np.cumsum(list(map(len, labels)))[:-1])
