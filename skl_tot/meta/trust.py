"""How far to trust results: agreement with other methods."""

import warnings

import numpy as np
from sklearn.base import clone

from skl_tot.baselines.simple import KMeansSegmenter
from skl_tot.methods import pipelines
from skl_tot.methods.collapses import REMEDY, describe_collapse, describe_squeezed
from skl_tot.methods.hmm import HMMSegmenter
from skl_tot.metrics.scores import mof_score
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import BACKGROUND, NO_ACTIONS, equal_parts
from skl_tot.recordings.layouts import as_recordings
from skl_tot.recordings.segment_table import labelled_recordings
from skl_tot.recordings.signals import spread_indices

# Frames of evenly spread recordings that other methods see.
MOST_FRAMES = 40_000
# Levels of shares of right frames, and the least agreement with two other methods of
# the second. Fits that agree on more than 0.7 have 54 to 92 % right: none is "high".
LEVELS = "low", "middle", "high"
AGREED = 0.6
HEADLINES = {
    "low": "Check before use.",
    "middle": "Use with care.",
    "high": "Use after a look at some recordings.",
}
# Of eight in ten fits of a level, the least and most right frames in percent, by
# benchmarks/trust.py. Of fits to sets unlike those of a range, three in four are in it.
FOUND_RIGHT = {"low": (38, 69), "middle": (63, 91)}


def rate_trust(model, X, labels=None) -> dict | None:
    """Rate how far to trust the labels of a model that nobody has checked.

    Two other methods label the recordings: k-means sees looks alone, and a hidden
    Markov model has the order of the model, if recordings have a course. They see
    another view of the frames than the model: each recording scaled, or all together if
    the model scales each. If the model is one of them, the other one labels both views.
    The rate is the mean of their agreements, the shares of frames with the same action
    after the best match: "middle" from 0.6, else "low".

    It is "low" if labels have collapsed, if fixed order squeezes an action, or if equal
    parts of relative time agree with the other methods on as many frames as the labels
    do.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or pipeline that ends in one.
    X : array-like of shape (n_frames, n_features), or sequence of these
        Recordings as for ``model.predict``. Other methods see some 40,000 frames of
        them.
    labels : Recordings, dict, list or array-like, default=None
        Labels to rate, in the order of ``X``; None takes those of ``model.predict``.

    Returns
    -------
    rating : dict or None
        "level", "low" or "middle"; "agreement", the mean; "methods", the agreement with
        each method; "equal_parts", that with equal parts of relative time, or None
        without a course; "sentences". None for one action or too few frames. A model
        that learned from labels has no other "methods": its "agreement" is the mean
        probability of its labels by `predict_posterior`, "low" below 0.6 and "high"
        from 0.8.

    Raises
    ------
    NotFittedError
        Before `fit`.
    TypeError, ValueError
        If a parameter or a recording is not valid.

    Notes
    -----
    Agreement cannot show errors that all methods make.

    Examples
    --------
    >>> from skl_tot import HMMSegmenter, rate_trust
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=6, n_actions=3, random_state=0)
    >>> rate_trust(HMMSegmenter(3, order="strict").fit(videos), videos)["level"]
    'middle'
    """
    segmenter, videos = pipelines.segmenter_of(model), as_recordings(X)
    if segmenter.is_taught:
        return _rate_taught(model, videos)
    labels = _check_labels(model, videos, labels).arrays
    n_actions = int(segmenter.n_actions_)
    numbers, stride = _choose_frames(list(map(len, labels)))
    seen = [labels[i][::stride] for i in numbers]
    if n_actions == 1 or max(map(len, seen)) < n_actions:
        return None
    frames = pipelines.transform_before(model, [videos.arrays[i] for i in numbers])
    frames = [np.asarray(array)[::stride] for array in as_recordings(frames).arrays]
    # a method without time and one with it: actions of both are in the recordings
    labels_of_methods = {}
    for name, method in _other_methods(segmenter).items():
        method.set_params(n_actions=n_actions)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            labels_of_methods[name] = method.fit_predict(frames)
    agreements = {
        name: mof_score(seen, other) for name, other in labels_of_methods.items()
    }
    parts = None
    if _order_of_recordings(segmenter) != "free":
        # labels that agree no more than parts of time do may have found no action
        equal = [equal_parts(len(path), n_actions) for path in seen]
        with_methods = [mof_score(equal, other) for other in labels_of_methods.values()]
        parts = mof_score(seen, equal), np.mean(with_methods)
    return _describe_rating(segmenter, labels, agreements, parts)


def _rate_taught(model, videos):
    """Rate a learner by its probabilities."""
    # of the paths that it shows, tempered, as in tables of segments
    decoded = pipelines.decode_recordings(model, videos)
    share = float(np.concatenate(list(map(pipelines.path_confidence, decoded))).mean())
    level = rate_share(share)
    said = f"By its probabilities, {100 * share:.0f} % of the frames are right."
    return {
        "level": level,
        "agreement": share,
        "methods": {},
        "equal_parts": None,
        "sentences": [HEADLINES[level], said],
    }


def rate_share(share):
    """Level of a share of right frames, by people."""
    return LEVELS[sum(share >= least for least in (0.6, 0.8))]


def _check_labels(model, videos, labels):
    """Return given labels as `Recordings`, or those that the model predicts."""
    if labels is None:
        labels = model.predict(videos)
    labels, _ = labelled_recordings(labels)
    if len(labels) != len(videos):
        refuse("the number of labels", len(labels), f"{len(videos)}, as of X")
    return labels


def _choose_frames(lengths):
    """Numbers of evenly spread recordings, at least ten, and a step of their frames."""
    most = max(int(len(lengths) * (MOST_FRAMES / sum(lengths))), 10)
    numbers = spread_indices(len(lengths), most)
    return numbers, max(1, sum(lengths[i] for i in numbers) // MOST_FRAMES)


def _order_of_recordings(segmenter):
    """Order of a model, which is free without a course that all recordings share."""
    return "free" if pipelines.is_cyclic(segmenter) else segmenter.order_


def _other_methods(segmenter):
    """Two methods unlike a model, by their description."""
    order = _order_of_recordings(segmenter)
    words = {
        "strict": "in strict order",
        "mostly": "with an order",
        "free": "without an order",
    }
    others = {
        "k-means": KMeansSegmenter(random_state=0),
        f"a hidden Markov model {words[order]}": HMMSegmenter(
            order=order, random_state=0
        ),
    }
    # another view of the frames: offsets of recordings mislead all methods alike
    first, second = "video", "dataset"
    if getattr(segmenter, "standardize_", "dataset") == "video":
        first, second = second, first
    unlike = {
        name: other.set_params(standardize=first)
        for name, other in others.items()
        if not isinstance(segmenter, type(other))
    }
    if len(unlike) == 1:
        ((name, other),) = unlike.items()
        scaling = {"dataset": "one scale for all", "video": "each recording scaled"}
        again = clone(other).set_params(standardize=second)
        unlike[f"{name} with {scaling[second]}"] = again
    return unlike


def _describe_rating(segmenter, labels, agreements, parts):
    """Rate labels by ``agreements``, shares of frames by method, and by parts."""
    # `parts` are shares on which equal parts agree with the labels, and with methods
    agreement = float(np.mean([*agreements.values()]))
    (first, share), (second, share_of_second) = agreements.items()
    sentences = [
        f"Of other methods, {first} agrees on {100 * share:.0f} % of the frames, and "
        f"{second} on {100 * share_of_second:.0f} %."
    ]
    if parts is not None:
        percent = 100 * parts[0]
        sentences.append(f"Equal parts of relative time agree on {percent:.0f} %.")
    level, reason = _find_level(segmenter, labels, agreement, parts)
    remedy = [REMEDY] if level == "low" else []
    return {
        "level": level,
        "agreement": agreement,
        "methods": agreements,
        "equal_parts": parts and parts[0],
        "sentences": [HEADLINES[level], *sentences, reason, *remedy],
    }


def _find_level(segmenter, labels, agreement, parts):
    """Level, and a sentence on its reason, which may be another than agreement."""
    n_actions = segmenter.n_actions_
    confidence = segmenter.confidence_ or {"agreement": 0}
    collapse = describe_collapse(labels, n_actions, confidence)
    if collapse is not None:
        return "low", f"Only {collapse}."
    if describe_squeezed(segmenter, _codes_of_labels(labels, n_actions), many=1):
        return "low", "Fixed order squeezes an action to its least length."
    if parts is not None and parts[1] >= agreement:
        return "low", (
            "They agree with the other methods on as many frames as the labels do, "
            "which so need not have found more."
        )
    level = "middle" if agreement >= AGREED else "low"
    least, most = FOUND_RIGHT[level]
    return level, (
        "Where labels are known, three in four results with such agreement have "
        f"{least} to {most} % of the frames right."
    )


def _codes_of_labels(labels, n_actions):
    """Numbers of actions from 0 in place of labels; -1 for background, and the rest."""
    words = np.unique(np.concatenate(labels)).tolist()
    actions = [word for word in words if word not in NO_ACTIONS]
    codes = {word: code for code, word in enumerate(actions[:n_actions])}
    return [
        np.array([codes.get(word, BACKGROUND) for word in path.tolist()])
        for path in labels
    ]
