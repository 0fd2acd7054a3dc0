"""How far to trust results: agreement with other methods."""

import warnings

import numpy as np
from sklearn.base import clone

from skl_tot.baselines.simple import KMeansSegmenter
from skl_tot.methods import pipelines
from skl_tot.methods.collapses import (
    describe_effective,
    describe_squeezed,
    is_supported,
)
from skl_tot.methods.hmm import HMMSegmenter
from skl_tot.metrics.frames import mof_score
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME, equal_parts
from skl_tot.recordings.layouts import as_recordings
from skl_tot.recordings.segment_table import labelled_recordings
from skl_tot.recordings.signals import spread_indices
from skl_tot.shared_texts import with_shared_texts

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
FOUND_RIGHT = {"low": (49, 58), "middle": (51, 62), "high": (69, 87)}
# Descriptions of hidden Markov models by their order.
STATES = {
    "strict": "a hidden Markov model in strict order",
    "mostly": "a hidden Markov model with an order",
    "free": "a hidden Markov model without an order",
}
SCALINGS = {"dataset": "one scale for all", "video": "each recording scaled"}


@with_shared_texts
def rate_trust(model, X, labels=None):
    """Rate how far to trust the labels of a model that nobody has checked.

    Two other methods label the recordings: k-means sees looks alone, and a hidden
    Markov model has the order of the model, if recordings have a course. They see
    another view of the frames than the model: each recording scaled, or all together
    if the model scales each. If the model is one of them, the other one labels both
    views. Actions that they find, too, follow from the recordings more than from the
    method. The rate is the mean of their agreements, the shares of frames with the same
    action after the best match: "low" below 0.5, "high" from 0.6, else "middle".

    It is "low" if labels have collapsed. It is at most "middle" if fixed order squeezes
    an action, or if equal parts of relative time agree with the other methods on as
    many frames as the labels do: then they need not have found anything.

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
        "level", "low", "middle" or "high"; "agreement", the mean; "methods", the
        agreement with each method; "equal_parts", that with equal parts of relative
        time, or None without a course; "sentences". None for one action, too few
        frames, or a model that learned from labels.

    Raises
    ------
    {shared: NotFittedError, TypeError}

    Notes
    -----
    On nineteen labelled sets, the rank correlation of the agreement with the share of
    right frames is 0.71 over fits of `TemporalOTSegmenter`, 0.55 over votes. It cannot
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
    others = {}
    for name, method in _other_methods(segmenter).items():
        method.set_params(n_actions=n_actions)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            others[name] = method.fit_predict(frames)
    methods = {name: mof_score(seen, found) for name, found in others.items()}
    parts = None
    if _course(segmenter) != "free":
        equal = [equal_parts(len(path), n_actions) for path in seen]
        of_others = [mof_score(equal, found) for found in others.values()]
        parts = mof_score(seen, equal), np.mean(of_others)
    return _rate(segmenter, labels, methods, parts)


def rate_share(share):
    """Level of a share of right frames, by people."""
    return LEVELS[sum(share >= least for least in RIGHT)]


def _labels_of(model, videos, labels):
    """Given labels of recordings, or those of a model, as `Recordings`."""
    if labels is None:
        labels = model.predict(videos)
    labels, _ = labelled_recordings(labels)
    if len(labels) != len(videos):
        refuse("the number of labels", len(labels), f"{len(videos)}, as of X")
    return labels


def _course(segmenter):
    """Order of a model, which is free without a course that all recordings share."""
    is_mixed = hasattr(segmenter, "activities_") or pipelines.is_cyclic(segmenter)
    return "free" if is_mixed else segmenter.order_


def _other_methods(segmenter):
    """Two methods unlike a model, by their description."""
    order = _course(segmenter)
    others = {
        "k-means": KMeansSegmenter(random_state=0),
        STATES[order]: HMMSegmenter(order=order, random_state=0),
    }
    # another view of the frames: offsets of recordings mislead all methods alike
    is_scaled = getattr(segmenter, "standardize_", "dataset") == "video"
    scalings = ["dataset", "video"] if is_scaled else ["video", "dataset"]
    unlike = {}
    for name, other in others.items():
        if not isinstance(segmenter, type(other)):
            unlike[name] = other.set_params(standardize=scalings[0])
    if len(unlike) == 1:
        ((name, other),) = unlike.items()
        again = clone(other).set_params(standardize=scalings[1])
        unlike[f"{name} with {SCALINGS[scalings[1]]}"] = again
    return unlike


def _rate(segmenter, labels, methods, parts):
    """Rating of labels by their agreement with other methods, and by their shares."""
    agreement, n_actions = float(np.mean([*methods.values()])), segmenter.n_actions_
    level = sum(agreement >= least for least in AGREED)
    (one, share), (other, less) = methods.items()
    reasons = [
        f"Of other methods, {one} agrees on {100 * share:.0f} % of the frames, and "
        f"{other} on {100 * less:.0f} %."
    ]
    if parts is not None:
        share, of_others = parts
        reasons += [f"Equal parts of relative time agree on {100 * share:.0f} %."]
    few = describe_effective(labels, n_actions)
    known = segmenter.confidence_ or {"agreement": 0}
    if few is not None and not is_supported(labels, known):
        level = 0
        reasons += [f"Only {few}."]
    elif describe_squeezed(segmenter, _encode(labels, n_actions), many=1):
        level = min(level, 1)
        reasons += ["Fixed order squeezes an action to its least length."]
    elif parts is not None and of_others >= agreement:
        level = min(level, 1)
        reasons += [
            "They agree with the other methods on as many frames as the labels do, "
            "which so need not have found more."
        ]
    else:
        low, high = FOUND_RIGHT[LEVELS[level]]
        reasons.append(
            "Where labels are known, half of the results with such agreement have "
            f"{low} to {high} % of the frames right."
        )
    name = LEVELS[level]
    return {
        "level": name,
        "agreement": agreement,
        "methods": methods,
        "equal_parts": parts and parts[0],
        "sentences": [HEADLINES[name], *reasons],
    }


def _encode(labels, n_actions):
    """Numbers of actions from 0 in place of labels; -1 for background, and the rest."""
    none = BACKGROUND, BACKGROUND_NAME
    words = np.unique(np.concatenate(labels)).tolist()
    codes = {x: k for k, x in enumerate(x for x in words if x not in none)}
    found = (np.array([codes.get(x, -1) for x in own.tolist()]) for own in labels)
    return [np.where(path < n_actions, path, BACKGROUND) for path in found]
