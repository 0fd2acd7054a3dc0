"""Recordings to label: typical ones that lack nothing, then those that add most."""

import numpy as np
from scipy.spatial.distance import cdist

from skl_tot.corrections.semi_supervised import fit_clusterings
from skl_tot.preprocessing.look import look
from skl_tot.recordings.errors import is_int, refuse
from skl_tot.recordings.labels import UNKNOWN, arrange_each, read_labels
from skl_tot.recordings.layouts import as_recordings
from skl_tot.shared_texts import with_shared_texts

N_DESCRIBED = 1000  # most frames that describe a recording
DIGITS = 9  # rounding, so that equal recordings come in the order of their numbers


@with_shared_texts
def recordings_to_label(X, y=None, *, n=1, estimator=None, random_state=None) -> list:
    r"""List the recordings whose labels would teach a `SemiSupervisedSegmenter` most.

    It needs no model and no label, but C clusterings: labels of fits without labels.
    :math:`p_{ca}` is the share of cluster a in all frames. The first recording j lacks
    nothing that others show, and is typical: its shares :math:`q_{ca}` agree best with
    those of all. It has the largest

    .. math:: \frac{1}{C} \sum_c \sum_a \sqrt{p_{ca} q_{ca}}.

    With labels of recordings L, the next one shows clusters that they lack, and others
    without labels resemble it. It has the largest

    .. math:: \frac{1}{C} \sum_c \sum_a p_{ca} \min(1, n_{ca} / m_{ca}) \cdot
        \frac{1}{N} \sum_i \max_{k \in L \cup \{j\}} s_{ik}

    for :math:`n_{ca}` labelled frames of the cluster with those of j, and
    :math:`m_{ca}` frames of it in a recording on average. The likeness :math:`s_{ik}`
    (0 to 1) of N recordings compares means and deviations of features.

    Parameters
    ----------
    {shared: X}
    y : array-like of shape (n_frames,), or sequence of these, default=None
        Labels of some recordings, which are not listed, as for
        `SemiSupervisedSegmenter`.
    n : int, default=1
        Maximum number of results.
    estimator : estimator or list of these, default=None
        Segmenters whose labels are the clusterings, as for `SemiSupervisedSegmenter`.
    random_state : int, RandomState instance or None, default=None
        Seed of the clusterings.

    Returns
    -------
    proposals : list of dict
        Best first. Each has "recording" (the index) and "reason" (words, or "").

    Examples
    --------
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.corrections import recordings_to_label
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=6, n_actions=3, random_state=0)
    >>> videos[0] = videos[0][:9]  # shows one action only
    >>> recordings_to_label(videos, estimator=HMMSegmenter(3))
    [{'recording': 1, 'reason': 'shows 100% of all that occurs, like 2 others'}]
    """
    if not (is_int(n) and n >= 1):
        refuse("n", n, "an integer of at least 1")
    recordings = as_recordings(X)
    is_known = [np.zeros(n_frames, bool) for n_frames in recordings.lengths]
    if y is not None:
        y = arrange_each(y, recordings, "y", of_some=True)
        is_known = [path != UNKNOWN for path in read_labels(y, recordings)[0]]
    counts, labelled_counts = [], []
    estimators = estimator if isinstance(estimator, (list, tuple)) else [estimator]
    _, clusterings = fit_clusterings(
        estimators, recordings, look(recordings), random_state
    )
    for labels in clusterings:
        counts.append(count_clusters(labels))
        known_counts = count_clusters(labels, np.concatenate(is_known))
        labelled_counts.append(known_counts.sum(axis=0))
    labelled = np.flatnonzero(list(map(np.any, is_known)))
    features = describe_signals(recordings.arrays)
    proposals = propose(counts, features, labelled, n, labelled_counts)
    return [{"recording": i, "reason": reason} for i, reason in proposals]


def count_clusters(labels, weights=1.0):
    """Count frames (n_recordings, n_clusters) of labels, or sum their weights."""
    _, numbers = np.unique(np.concatenate(labels), return_inverse=True)
    rows = np.repeat(np.arange(len(labels)), list(map(len, labels)))
    counts = np.zeros((len(labels), numbers.max() + 1))
    np.add.at(counts, (rows, numbers), weights)
    return counts


def propose(counts, features, labelled, n, labelled_counts=None):
    """List pairs of a recording to label, best first, and the reason in words."""
    # `counts` has frames (n_recordings, n_clusters) of each clustering,
    # `labelled_counts` those (n_clusters,) with labels: None takes all of `labelled`.
    likeness = _measure_likeness(features)
    chosen, proposals = list(labelled), []
    shown = labelled_counts or [frames[chosen].sum(axis=0) for frames in counts]
    for _ in range(min(n, len(likeness) - len(set(chosen)))):
        nearest = likeness[:, chosen].max(axis=1, initial=0)
        values = np.maximum(likeness, nearest[:, None]).mean(axis=0)
        lacked = 0.0 * values  # share of all frames
        if counts:
            compared = list(map(_compare_clusters, counts, shown))
            agreement, cover = np.mean(compared, axis=0)
            values = values * cover[:-1] if chosen else agreement[:-1]
            lacked = cover - cover[-1]
        values = values.round(DIGITS)
        values[chosen] = -1  # listed already
        best = int(values.argmax())
        gains = np.maximum(likeness[best] - nearest, 0)
        n_alike = round(float(gains.sum()) - 1)  # beside itself
        before = "labels" if len(labelled) else "those before" if chosen else ""
        reason = _say(lacked[best], n_alike, before, nearest[best] < 0.5)
        proposals.append((best, reason))
        chosen.append(best)
        shown = [before + frames[best] for frames, before in zip(counts, shown)]
    return proposals


def _compare_clusters(frames, labelled):
    """Agreement and cover (n_recordings + 1,) of labelled frames, 0 to 1."""
    # With those of a recording, too; the last ones are those of `labelled` alone.
    labelled = labelled + np.vstack([frames, np.zeros(frames.shape[1])])
    of_cluster = frames.sum(axis=0)
    shares = of_cluster / of_cluster.sum()
    labelled_shares = labelled / np.maximum(labelled.sum(axis=1, keepdims=True), 1)
    agreement = np.sqrt(shares * labelled_shares).sum(axis=1)
    return agreement, np.minimum(labelled / frames.mean(axis=0), 1) @ shares


def _say(lacked, n_alike, before, is_unlike):
    """Say why a recording is proposed; ``before`` is the word for those before."""
    # "" where it is next by a small difference in all of these
    reasons = []
    if lacked >= 0.005:
        part = f"that {before} lack" if before else "of all that occurs"
        reasons.append(f"shows {lacked:.0%} {part}")
    if n_alike > 0:
        unlabelled = " without labels" if before == "labels" else ""
        reasons.append(f"like {n_alike} other{'s' * (n_alike > 1)}{unlabelled}")
    if is_unlike and before == "labels" and not reasons:
        reasons.append("unlike those with labels")
    return ", ".join(reasons)


def _measure_likeness(features):
    """Likeness (n_recordings, n_recordings) of features, 0 to 1."""
    distances = cdist(features, features, "sqeuclidean")
    # an outlier is similar to no other
    scale = np.median(distances[distances > 0]) if distances.any() else 1
    return np.exp(-distances / scale)


def describe_signals(videos):
    """Means and deviations of features of recordings, scaled between recordings."""
    values = np.array([_mean_and_spread(video) for video in videos])
    values -= values.mean(axis=0)
    spread = values.std(axis=0)
    return values / np.where(spread > 0, spread, 1)


def _mean_and_spread(video):
    rows = getattr(video, "iloc", video)[:: len(video) // N_DESCRIBED + 1]
    frames = np.nan_to_num(np.asarray(rows, dtype=float))
    return np.concatenate([frames.mean(axis=0), frames.std(axis=0)])
