"""How far to trust results: agreement with other methods, and differences in refits."""

import warnings

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed

from skl_tot.baselines import KMeansSegmenter
from skl_tot.methods import pipelines
from skl_tot.methods.collapses import (
    describe_effective,
    describe_squeezed,
    is_supported,
)
from skl_tot.methods.hmm import HMMSegmenter
from skl_tot.methods.numbers import AUTO
from skl_tot.metrics import match_labels, mof_score
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME
from skl_tot.recordings.layouts import as_recordings
from skl_tot.recordings.segment_table import is_int, labelled_recordings
from skl_tot.recordings.signals import spread_indices
from skl_tot.shared_texts import with_shared_texts
from skl_tot.statistics import compare_groups
from skl_tot.statistics.bouts import group_of_recordings
from skl_tot.statistics.comparing import KEYS, LEVEL
from skl_tot.training.devices import counter, one_thread

N_FITS = 10
# Frames of evenly spread recordings, at least ten, that other methods see.
MOST_FRAMES, LEAST_RECORDINGS = 40_000, 10
# Levels; the least agreement with two other methods, and the least share of right
# frames, of the second and the third. Quartiles of the right frames of each level, in
# percent, are those of benchmarks/trust.py, which the thresholds were chosen on.
LEVELS = "low", "middle", "high"
AGREED, RIGHT = (0.5, 0.6), (0.6, 0.8)
HEADLINES = {
    "low": "Check before use.",
    "middle": "Use with care.",
    "high": "Probably right for the most part.",
}
FOUND_RIGHT = {"low": (38, 64), "middle": (45, 76), "high": (71, 92)}
OTHERS = {  # methods that may judge, by their description
    "k-means": KMeansSegmenter(random_state=0),
    "a hidden Markov model with an order": HMMSegmenter(order="mostly", random_state=0),
    "a hidden Markov model without an order": HMMSegmenter(
        order="free", random_state=0
    ),
}


@with_shared_texts
def rate_trust(model, X, labels=None):
    """Rate how far to trust the labels of a model that nobody has checked.

    Two other methods label the recordings: k-means sees looks alone, and a hidden
    Markov model expects an order. Actions that they find, too, follow from the
    recordings more than from the method. The rate is the smaller of their agreements,
    the shares of frames with the same action after the best match: "low" below 0.5,
    "high" from 0.6, else "middle". It is "low" if labels have collapsed, and at most
    "middle" if fixed order squeezes an action. A free hidden Markov model stands in for
    a method that the model is itself, and for the order if actions come in cycles.

    Parameters
    ----------
    {shared: model}
    X : array-like of shape (n_frames, n_features), or sequence of these
        Recordings as for ``model.predict``. Other methods see at most 40,000 frames, or
        ten recordings, evenly spread, which takes seconds.
    labels : Recordings, dict, list or array-like, default=None
        Labels to rate, in the order of ``X``; None takes those of ``model.predict``.

    Returns
    -------
    rating : dict or None
        "level", "low", "middle" or "high"; "agreement", the smaller one; "methods", the
        agreement with each method; "sentences". None for one action, too few frames, or
        a model that learned from labels.

    Raises
    ------
    {shared: NotFittedError, TypeError}

    Notes
    -----
    On sixteen labelled sets, the rank correlation of the agreement with the share of
    right frames is 0.77 over fits of `TemporalOTSegmenter`, 0.66 over votes. It cannot
    see errors that all methods make.

    Examples
    --------
    >>> from skl_tot import HMMSegmenter, rate_trust
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=6, n_actions=3, random_state=0)
    >>> rate_trust(HMMSegmenter(3, order="strict").fit(videos), videos)["level"]
    'high'
    """
    segmenter, videos = pipelines.segmenter_of(model), as_recordings(X)
    if segmenter.is_taught:
        return None
    labels = _labels_of(model, videos, labels).arrays
    total, n_actions = sum(map(len, labels)), int(segmenter.n_actions_)
    most = max(int(len(labels) * (MOST_FRAMES / total)), LEAST_RECORDINGS)
    rows = spread_indices(len(labels), most)
    stride = max(1, sum(len(labels[i]) for i in rows) // MOST_FRAMES)
    seen = [labels[i][::stride] for i in rows]
    if n_actions == 1 or max(map(len, seen)) < n_actions:
        return None
    frames = pipelines.transform_before(model, [videos.arrays[i] for i in rows])
    frames = [np.asarray(own)[::stride] for own in as_recordings(frames).arrays]
    methods = {}
    for name in _name_others(segmenter):
        other = clone(OTHERS[name]).set_params(n_actions=n_actions)
        other.set_params(standardize=getattr(segmenter, "standardize_", "dataset"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            methods[name] = mof_score(seen, other.fit_predict(frames))
    return _rate(segmenter, labels, methods)


def rate_share(share):
    """Level of a share of right frames, by people."""
    return LEVELS[sum(share >= least for least in RIGHT)]


def _labels_of(model, videos, labels):
    """Given labels of recordings, or those of a model, as `Recordings`."""
    if labels is None:
        labels = model.predict(_pick(videos, range(len(videos)), videos.names))
    labels, _ = labelled_recordings(labels)
    if len(labels) != len(videos):
        refuse("the number of labels", len(labels), f"{len(videos)}, as of X")
    return labels


def _name_others(segmenter):
    others = list(OTHERS)
    by_looks, in_order, _ = others
    if isinstance(segmenter, KMeansSegmenter):
        others.remove(by_looks)
    is_alike = isinstance(segmenter, HMMSegmenter) and segmenter.order_ == "mostly"
    if is_alike or pipelines.is_cyclic(segmenter) or hasattr(segmenter, "activities_"):
        others.remove(in_order)
    return others[:2]


def _rate(segmenter, labels, methods):
    """Rating of labels by their agreement with other methods, and by their shares."""
    agreement, n_actions = min(methods.values()), segmenter.n_actions_
    level = sum(agreement >= least for least in AGREED)
    (one, share), (other, less) = methods.items()
    reasons = [
        f"Of other methods, {one} agrees on {100 * share:.0f} % of the frames, and "
        f"{other} on {100 * less:.0f} %."
    ]
    few = describe_effective(labels, n_actions)
    known = segmenter.confidence_ or {"agreement": 0}
    if few is not None and not is_supported(labels, known):
        level = 0
        reasons += [f"Only {few}."]
    elif describe_squeezed(segmenter, _encode(labels, n_actions)):
        level = min(level, 1)
        reasons += ["Fixed order squeezes an action in many recordings."]
    else:
        low, high = FOUND_RIGHT[LEVELS[level]]
        reasons.append(
            "Where labels are known, half of the results with such agreement have "
            f"{low} to {high} % of the frames right."
        )
    name = LEVELS[level]
    found = {"level": name, "agreement": agreement, "methods": methods}
    return found | {"sentences": [HEADLINES[name], *reasons]}


def _encode(labels, n_actions):
    """Numbers of actions from 0 in place of labels; -1 for background, and the rest."""
    none = BACKGROUND, BACKGROUND_NAME
    words = np.unique(np.concatenate(labels)).tolist()
    codes = {x: k for k, x in enumerate(x for x in words if x not in none)}
    found = (np.array([codes.get(x, -1) for x in own.tolist()]) for own in labels)
    return [np.where(path < n_actions, path, BACKGROUND) for path in found]


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
        measure action    q  holds  fits
    0  duration      0  0.0      2     2
    1  duration      1  0.0      2     2
    2  duration      2  0.0      2     2
    """
    if not (is_int(n_fits) and n_fits > 0):
        refuse("n_fits", n_fits, "a positive integer")
    if pipelines.segmenter_of(model).is_taught:
        what = "a model that learned without labels"
        refuse("model", type(pipelines.last_step(model)).__name__, what, TypeError)
    videos, options = as_recordings(X), {"n_permutations": n_permutations}
    labels = _labels_of(model, videos, labels)
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
                again = labels.replace(paths)
                other = compare_groups(again, groups, subject, **options)
            found = table[KEYS].merge(other, "left", KEYS)
            is_same = np.sign(found["difference"]) == np.sign(table["difference"])
            holds += (is_same & (found["p"] < LEVEL)).to_numpy()
            count(1)
    return table.assign(holds=holds, fits=n_fits)


def is_quick(model):
    """Whether a fit takes seconds: without a network, or other segmenters inside."""
    slow = "network_", "estimator_", "estimators_"
    return not any(hasattr(pipelines.last_step(model), name) for name in slow)


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
    fitted, twin = pipelines.last_step(model), clone(model)
    segmenter, known = pipelines.last_step(twin), {"random_state": seed}
    own = segmenter.get_params(deep=False)
    if own.get("n_actions") == AUTO:
        known["n_actions"] = fitted.n_actions_
    if "windows" in own:  # the order comes with the choice of windows
        known |= {"order": fitted.order_, "windows": fitted.windows_}
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
