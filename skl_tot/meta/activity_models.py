"""Bags of frames that distinguish activities, and a fitted segmenter of each."""

import warnings
from numbers import Integral

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import softmax
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.utils.parallel import Parallel, delayed

from skl_tot.decoding.decoders import Reading
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.pipelines import last_step, transform_before
from skl_tot.recordings.errors import (
    RecordingError,
    RecordingValueError,
    errors_of_recording,
    short_repr,
)
from skl_tot.recordings.labels import BACKGROUND
from skl_tot.recordings.layouts import with_rate

# Score of actions of another activity below the recording's own, in nats.
FOREIGN = 1e4


def check_segmenter(estimator):
    """Return the segmenter at the end of an estimator; refuse others."""
    last = last_step(estimator)
    if not isinstance(last, BaseSegmenter) or hasattr(last, "n_activities"):
        raise TypeError(
            f"estimator is a {type(last).__name__}, expected a segmenter of skl_tot "
            "that finds actions, or a pipeline that ends in one."
        )
    return last


def check_activities(activities, n_videos, n_activities):
    """Return the sorted names of given activities, and the index of each recording.

    >>> check_activities(["cook", "wash", "cook"], 3, "auto")[1]
    array([0, 1, 0])
    """
    is_sequence = hasattr(activities, "__len__") and not isinstance(activities, str)
    if not is_sequence:
        raise TypeError(
            f"activities is {short_repr(activities)}, expected a sequence of labels."
        )
    if len(activities) != n_videos:
        raise ValueError(
            f"activities has {len(activities)} labels, expected {n_videos}, one for "
            "each recording."
        )
    given = [label.item() if hasattr(label, "item") else label for label in activities]
    for i, label in enumerate(given):
        with errors_of_recording(i):
            is_number = isinstance(label, Integral) and not isinstance(label, bool)
            if not is_number and not (isinstance(label, str) and label.strip()):
                raise ValueError(
                    f"its activity is {short_repr(label)}, expected an integer or text."
                )
    if len({type(label) for label in given}) > 1:
        raise TypeError("activities has integers and text, expected one of them.")
    names, codes = np.unique(given, return_inverse=True)
    if n_activities not in ("auto", len(names)):
        raise ValueError(
            f"n_activities is {n_activities}, but activities has {len(names)} distinct "
            "labels; expected the same, or 'auto'."
        )
    return names, codes


def fit_models(estimator, videos, activities, rng, *, n_jobs):
    """Fit a clone of an estimator to the recordings of each activity.

    ``activities`` are the names, and the index of each recording's. ``rng`` seeds
    clones without a seed. Returns the models, and the labels of frames in each model's
    numbers.
    """
    names, codes = activities
    tasks = []
    for k, name in enumerate(names.tolist()):
        model, indices = clone(estimator), np.flatnonzero(codes == k)
        last, seed = last_step(model), rng.randint(2**31 - 1)
        if last.get_params(deep=False).get("random_state", seed) is None:
            last.set_params(random_state=seed)
        own = with_rate([videos.arrays[i] for i in indices], videos.fps)
        tasks.append(delayed(_fit_model)(model, own, name, indices))
    models = Parallel(n_jobs=n_jobs)(tasks)
    labels = [None] * len(codes)
    for k, model in enumerate(models):
        found = vars(last_step(model)).pop("labels_")
        for i, path in zip(np.flatnonzero(codes == k), found):
            labels[i] = path
    return models, labels


def _fit_model(model, arrays, name, indices):
    """Fit the model of an activity; errors name the activity, or the recording."""
    try:
        with warnings.catch_warnings():
            # the recordings are already checked
            warnings.filterwarnings("ignore", "Columns .* of X grow steadily")
            return model.fit(arrays)
    except RecordingError as error:
        raise type(error)(error.reason, int(indices[error.recording])) from error
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"activity {name!r}, of {len(indices)} recordings: {error}"
        ) from error


def in_turn(models, arrays, codes, transcripts=None):
    """Yield the reading of each recording by the model of its activity, in order."""
    going = {}
    for code in np.unique(codes).tolist():
        model, indices = models[code], np.flatnonzero(codes == code)
        segmenter, known = last_step(model), None
        if transcripts is not None:
            known = [segmenter.actions_[transcripts[i]] for i in indices]
        own = transform_before(model, [arrays[i] for i in indices])
        going[code] = segmenter.readings(own, transcripts=known)
    for code in codes.tolist():
        yield next(going[code])


def activities_of(transcripts, offsets):
    """Activity of each recording, from the actions of its transcript.

    >>> activities_of([np.array([1, 0]), np.array([3])], np.array([0, 3, 6]))
    array([0, 1])
    """
    codes = []
    for i, transcript in enumerate(transcripts):
        own = np.unique(np.searchsorted(offsets, transcript, side="right") - 1)
        if len(own) > 1:
            reason = "its transcript has actions of several activities, expected one."
            raise RecordingValueError(reason, i)
        codes.append(own[0])
    return np.array(codes)


def shifted(path, offset):
    """Shift numbers of actions by an offset, except background.

    >>> shifted(np.array([0, -1, 1]), 3)
    array([ 3, -1,  4])
    """
    return np.where(path == BACKGROUND, BACKGROUND, path + offset)


def widened_scores(scores, offset, n_actions):
    """Log-likelihoods of all actions from those of one activity; others are far below.

    >>> widened_scores(np.array([[-1.0, -2.0]]), 1, 3)
    array([[-1.0002e+04, -1.0000e+00, -2.0000e+00]])
    """
    lowest = scores.min(axis=1, keepdims=True) - FOREIGN
    wide = np.repeat(lowest, n_actions, axis=1)
    wide[:, offset : offset + scores.shape[1]] = scores
    return wide


def widened(reading, offset, n_actions):
    """Return the `Reading` of all actions from that of one activity with an offset."""
    posterior = None
    if reading.posterior is not None:
        n_frames, n_own = reading.posterior.shape
        posterior = np.zeros((n_frames, n_actions))
        posterior[:, offset : offset + n_own] = reading.posterior
    return Reading(
        widened_scores(reading.log_likelihood, offset, n_actions),
        shifted(reading.path, offset),
        posterior,
    )


# Clusters of frames, and frames of all recordings to learn them from.
N_CLUSTERS, N_SAMPLED = 64, 20_000
# Width, as a share of the mean squared distance to the nearest centre.
SOFTNESS = 0.1
N_INIT = 10  # starts of K-means of bags
LEAST_WIDTH = 1e-12
# Thresholds of `choose_n_groups`, chosen on generated activities.
MOST_GROUPS, LEAST_SILHOUETTE, SHARE, N_COMPONENTS = 20, 0.14, 0.95, 20


def learn_vocabulary(videos, rng):
    """Learn 64 clusters of frames, or one per distinct frame if there are fewer.

    The same number of frames is drawn from each recording. The width is the mean
    squared distance of frames to the nearest centre.
    """
    per_video = max(1, N_SAMPLED // len(videos))
    sampled = []
    for i, n_frames in enumerate(videos.lengths.tolist()):
        rows = rng.choice(n_frames, min(per_video, n_frames), replace=False)
        sampled.append(videos.read(i, np.sort(rows)))
    frames = np.concatenate(sampled).astype(np.float64, copy=False)
    n_clusters = min(N_CLUSTERS, len(np.unique(frames, axis=0)))
    kmeans = KMeans(n_clusters, n_init=1, random_state=rng.randint(2**31 - 1))
    kmeans.fit(frames)
    width = max(kmeans.inertia_ / len(frames), LEAST_WIDTH)
    return {"centres": kmeans.cluster_centers_, "width": np.array(width)}


def count_words(blocks, vocabulary):
    r"""Bag (n_words,), of length 1, of a recording given in blocks.

    A frame belongs to a cluster c at squared distance :math:`d_{tc}^2` by

    .. math:: p_{tc} \propto \exp(-d_{tc}^2 / (0.1\, w)),

    with the width w. The bag is the root of the mean of p over the frames; Euclidean
    distances of bags are Hellinger distances.

    >>> vocabulary = {"centres": np.array([[0.0], [4.0]]), "width": np.array(1.0)}
    >>> count_words([np.array([[0.1], [0.0], [-0.1], [4.1]])], vocabulary) ** 2
    array([0.75, 0.25])
    """
    centres, width = vocabulary["centres"], float(vocabulary["width"])
    total, n_frames = np.zeros(len(centres)), 0
    for block in blocks:
        distances = cdist(block.astype(np.float64, copy=False), centres, "sqeuclidean")
        total += softmax(-distances / (SOFTNESS * width), axis=1).sum(axis=0)
        n_frames += len(block)
    return np.sqrt(total / n_frames)


def group_bags(bags, n_groups, seed):
    """Group (n_videos,) of each bag, by K-means; numbered by first occurrence.

    >>> group_bags(np.array([[1.0, 0.0], [0.0, 1.0], [0.9, 0.1]]), 2, 0)
    array([0, 1, 0])
    """
    # converged, so that the nearest mean is that of the group
    kmeans = KMeans(n_groups, n_init=N_INIT, tol=0, random_state=seed).fit(bags)
    _, first, groups = np.unique(kmeans.labels_, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[groups]


def mean_bags(bags, groups):
    """Mean bag of each group, of shape (n_groups, n_words)."""
    return np.array([bags[groups == k].mean(axis=0) for k in range(groups.max() + 1)])


def nearest_bags(bags, means):
    """Group of each bag (n_videos,) by the nearest mean.

    >>> nearest_bags(np.array([[0.9, 0.1]]), np.array([[0.0, 1.0], [1.0, 0.0]]))
    array([1])
    """
    return cdist(bags, means).argmin(axis=1)


def choose_n_groups(bags, seed):
    """Choose the number of groups of bags; also return the silhouette of each number.

    Candidates are 2 to 20, up to half of the bags. The choice is the smallest with a
    mean silhouette of at least 95 % of the highest, as further cuts of groups hardly
    lower it; or 1, if the highest is below 0.14. Bags are reduced to 20 principal
    components, without the noise of short recordings. Silhouettes are None for fewer
    than three distinct bags.

    >>> corners = np.eye(3).repeat(4, axis=0)
    >>> bags = corners + np.random.default_rng(0).uniform(0, 0.1, corners.shape)
    >>> choose_n_groups(bags, 0)[0]
    3
    """
    n_distinct = len(np.unique(bags, axis=0))
    if n_distinct < 3:
        return min(n_distinct, max(1, len(bags) // 2)), None
    most = min(MOST_GROUPS, max(2, len(bags) // 2), n_distinct - 1)
    left, sizes, _ = np.linalg.svd(bags - bags.mean(axis=0), full_matrices=False)
    reduced = (left * sizes)[:, :N_COMPONENTS]
    scores = {}
    for n_groups in range(2, most + 1):
        groups = group_bags(reduced, n_groups, seed)
        scores[n_groups] = float(silhouette_score(reduced, groups))
    highest = max(scores.values())
    if highest < LEAST_SILHOUETTE:
        return 1, scores
    good = [number for number, score in scores.items() if score >= SHARE * highest]
    return min(good), scores
