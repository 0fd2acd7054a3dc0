"""Which recordings to label: those that show what the others show, and are typical."""

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.utils import check_random_state

from skl_tot.corrections.semi_supervised import default_estimators
from skl_tot.methods.pipelines import fit_segmenter, quietly
from skl_tot.preprocessing.look import look
from skl_tot.recordings.errors import is_int, refuse
from skl_tot.recordings.labels import UNKNOWN, arrange_each, read_labels
from skl_tot.recordings.layouts import as_recordings
from skl_tot.shared_texts import with_shared_texts

N_DESCRIBED = 1000  # most frames that describe a recording
DIGITS = 9  # rounding, so that equal recordings come in the order of their numbers


@with_shared_texts
def recordings_to_label(X, y=None, *, n=1, estimator=None, random_state=None):
    r"""List the recordings whose labels would teach a `SemiSupervisedSegmenter` most.

    It needs no model and no label. The first one lacks nothing that others show, and is
    typical: its shares of clusters agree best with those of all. Of C clusterings,
    which are labels of fits without labels, :math:`p_{ca}` is the share of cluster a in
    all frames, and :math:`q_{ca}` that in labelled recordings L and recording j; the
    agreement is

    .. math:: \frac{1}{C} \sum_c \sum_a \sqrt{p_{ca} q_{ca}}.

    With labels, it is multiplied by the mean of :math:`\max_{k \in L \cup \{j\}}
    s_{ik}` over all recordings i, so that those come late that labelled ones resemble.
    The likeness :math:`s_{ik}` (0 to 1) compares shares of clusters, and means and
    deviations of features.

    Parameters
    ----------
    {shared: X}
    y : array-like of shape (n_frames,), or sequence of these, default=None
        Labels of some recordings or of parts, as for `SemiSupervisedSegmenter`.
        Recordings with labels are not listed; those with what labels lack come first.
    n : int, default=1
        Maximum number of results.
    estimator : estimator or list of these, default=None
        Segmenters whose labels are the clusterings, as for `SemiSupervisedSegmenter`.
    random_state : int, RandomState instance or None, default=None
        Seed of the clusterings.

    Returns
    -------
    proposals : list of dict
        Best first. Each has "recording" (the index) and "reason" (words).

    Raises
    ------
    TypeError, ValueError
        If recordings or parameters are not valid.

    Examples
    --------
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.corrections import recordings_to_label
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=6, n_actions=3, random_state=0)
    >>> videos[0] = videos[0][:9]  # shows one action only
    >>> hmm = HMMSegmenter(3)
    >>> recordings_to_label(videos, estimator=hmm)
    [{'recording': 1, 'reason': 'shows 100% of what all show, like 2 others'}]
    >>> labels[1][20:] = -1  # unknown
    >>> recordings_to_label(videos, [None, labels[1], *[None] * 4], estimator=hmm)
    [{'recording': 3, 'reason': 'shows 74% that labels lack'}]
    """
    if not (is_int(n) and n >= 1):
        refuse("n", n, "an integer of at least 1")
    recordings = as_recordings(X)
    is_known = [np.zeros(n_frames, bool) for n_frames in recordings.lengths]
    if y is not None:
        y = arrange_each(y, recordings, "y", of_some=True)
        is_known = [path != UNKNOWN for path in read_labels(y, recordings)[0]]
    counts, labelled_counts = [], []
    for labels in _cluster(recordings, estimator, random_state):
        counts.append(count_clusters(labels))
        known_counts = count_clusters(labels, np.concatenate(is_known))
        labelled_counts.append(known_counts.sum(axis=0))
    labelled = [i for i, of_recording in enumerate(is_known) if of_recording.any()]
    features = describe_signals(recordings.arrays)
    proposals = propose(counts, features, labelled, n, labelled_counts)
    return [{"recording": i, "reason": reason} for i, reason in proposals]


def _cluster(recordings, estimator, random_state):
    """Yield the labels of recordings by each segmenter, as the learner fits them."""
    estimators = [estimator]
    if estimator is None:
        estimators = default_estimators(look(recordings))
    elif isinstance(estimator, (list, tuple)):
        estimators = estimator
    rng, arrays = check_random_state(random_state), list(recordings.arrays)
    for one in estimators:
        seed = rng.randint(2**31 - 1)
        with quietly():
            yield fit_segmenter(one, arrays, None, seed, recordings.fps)[1]


def count_clusters(labels, weights=1.0):
    """Count frames (n_recordings, n_clusters) of labels, or sum their weights."""
    _, numbers = np.unique(np.concatenate(labels), return_inverse=True)
    rows = np.repeat(np.arange(len(labels)), list(map(len, labels)))
    counts = np.zeros((len(labels), numbers.max() + 1))
    np.add.at(counts, (rows, numbers), weights)
    return counts


def propose(counts, features, labelled, n, labelled_counts=None):
    """List pairs of a recording to label, best first, and the reason in words.

    ``counts`` has frames (n_recordings, n_clusters) of each clustering,
    ``labelled_counts`` those (n_clusters,) with labels: None takes all of ``labelled``.
    """
    likeness = measure_likeness(counts, features)
    chosen, proposals = list(labelled), []
    shown = labelled_counts or [frames[chosen].sum(axis=0) for frames in counts]
    for _ in range(min(n, len(likeness) - len(set(chosen)))):
        nearest = likeness[:, chosen].max(axis=1, initial=0)
        values = np.maximum(likeness, nearest[:, None]).mean(axis=0)
        pairs = list(zip(counts, shown))
        if counts:
            agreement = np.mean([measure_agreement(*pair) for pair in pairs], axis=0)
            values = agreement * values if chosen else agreement
        values = values.round(DIGITS)
        values[chosen] = -1  # listed already
        best = int(values.argmax())
        # beside itself
        n_alike = round(float((likeness[best] - nearest).clip(0).sum()) - 1)
        added = [added_share(frames, before, best) for frames, before in pairs]
        proposals.append((best, _say(n_alike, added, bool(chosen))))
        chosen.append(best)
        shown = [before + frames[best] for frames, before in pairs]
    return proposals


def measure_agreement(frames, before):
    """Agreement (n_recordings,) of shares of clusters of all frames with labelled ones.

    0 to 1, if a recording gets labels, and frames (n_clusters,) have them before.
    """
    labelled = frames + before
    shares = labelled / np.maximum(labelled.sum(axis=1, keepdims=True), 1)
    return np.sqrt(shares * frames.sum(axis=0) / frames.sum()).sum(axis=1)


def added_share(frames, before, i):
    """Share of all frames in clusters that labels of recording i show, not others."""
    of_cluster = frames.sum(axis=0)
    expected = of_cluster / of_cluster.sum()
    is_shown = [x > 0.5 * x.sum() * expected for x in (before, before + frames[i])]
    return expected[is_shown[1] & ~is_shown[0]].sum()


def _say(n_alike, added, has_labels):
    """Say why a recording is proposed."""
    reasons = []
    share = np.mean(added) if added else 0.0
    if share >= 0.005:
        what = "that labels lack" if has_labels else "of what all show"
        reasons.append(f"shows {share:.0%} {what}")
    if n_alike > 0:
        plural = "s" * (n_alike > 1)
        unlabelled = " without labels" * has_labels
        reasons.append(f"like {n_alike} other{plural}{unlabelled}")
    return ", ".join(reasons) or "labels lack nothing that it shows"


def measure_likeness(counts, features):
    """Likeness (n_recordings, n_recordings), 0 to 1, in clusters and in features."""
    shares = [x / np.maximum(x.sum(axis=1, keepdims=True), 1) for x in counts]
    # Euclidean distances of roots of shares are Hellinger distances
    columns = [np.hstack(list(map(np.sqrt, shares)))] if counts else []
    points = np.hstack([*map(_scaled, columns), _scaled(np.asarray(features))])
    distances = cdist(points, points, "sqeuclidean")
    # an outlier is similar to no other
    scale = np.median(distances[distances > 0]) if distances.any() else 1
    return np.exp(-distances / scale)


def _scaled(values):
    """Scale the mean squared distance from the mean to 1, if it is positive."""
    values = values - values.mean(axis=0)
    scale = np.sqrt((values**2).sum(axis=1).mean())
    return values / (scale if scale > 0 else 1)


def describe_signals(videos):
    """Means and deviations of features of recordings, scaled between recordings."""
    values = np.array([_mean_and_spread(video) for video in videos])
    values -= values.mean(axis=0)
    spread = values.std(axis=0)
    return values / np.where(spread > 0, spread, 1)


def _mean_and_spread(video):
    """Means and deviations of the features of a recording, from spaced frames."""
    rows = getattr(video, "iloc", video)[:: len(video) // N_DESCRIBED + 1]
    frames = np.nan_to_num(np.asarray(rows, dtype=float))
    return np.concatenate([frames.mean(axis=0), frames.std(axis=0)])
