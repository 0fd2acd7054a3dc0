"""Which recordings show the same activity, by what occurs in them.

A *vocabulary* is a dict of ``centres`` (n_words, n_features), clusters of the frames of
all recordings, and their ``width`` (). A *bag* (n_words,) is how much of each occurs in
a recording.
"""

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import softmax
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

# Clusters of frames, and frames of all videos that they are learned from.
N_CLUSTERS, N_SAMPLED = 64, 20_000
# Of the squared distance that frames have to the nearest centre, on average.
SOFTNESS = 0.1
N_INIT = 10  # starts of K-means over bags
LEAST_WIDTH = 1e-12
# Of `choose_n_groups`, chosen on generated activities.
MOST_GROUPS, LEAST_SILHOUETTE, SHARE, N_COMPONENTS = 20, 0.14, 0.95, 20


def learn_vocabulary(videos, rng):
    """Learn 64 clusters of frames, or as many as there are distinct frames.

    As many frames are drawn of each video, so that long ones do not decide. The width
    is the mean squared distance of frames to the nearest centre.
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
    r"""Bag (n_words,), of length 1, of a video whose frames are given block by block.

    A frame belongs to a cluster c at the squared distance :math:`d_{tc}^2` by

    .. math:: p_{tc} \propto \exp(-d_{tc}^2 / (0.1\, w)),

    with the width w, and the bag is the root of the mean of p over the frames, so that
    Euclidean distances of bags are those of Hellinger.

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
    """Group (n_videos,) of each bag, by K-means; numbered by their first bag.

    >>> group_bags(np.array([[1.0, 0.0], [0.0, 1.0], [0.9, 0.1]]), 2, 0)
    array([0, 1, 0])
    """
    # to the end, so that the nearest mean is that of the group
    kmeans = KMeans(n_groups, n_init=N_INIT, tol=0, random_state=seed).fit(bags)
    _, first, groups = np.unique(kmeans.labels_, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[groups]


def mean_bags(bags, groups):
    """Mean bag of each group, of shape (n_groups, n_words)."""
    return np.array([bags[groups == k].mean(axis=0) for k in range(groups.max() + 1)])


def nearest_bags(bags, means):
    """Group of each bag (n_videos,), that of the nearest mean.

    >>> nearest_bags(np.array([[0.9, 0.1]]), np.array([[0.0, 1.0], [1.0, 0.0]]))
    array([1])
    """
    return cdist(bags, means).argmin(axis=1)


def choose_n_groups(bags, seed):
    """Choose how many groups bags fall into; also the silhouette of each number.

    Of the numbers from 2 to 20, and up to half of the bags, it is the smallest whose
    mean silhouette is at least 95 % of the highest; or 1, where that is below 0.14.
    Groups that are cut up again have silhouettes that are hardly lower, so that the
    highest is often that of too many. Bags are taken by their 20 principal components,
    without the noise of short videos. Silhouettes are None for fewer than three bags
    that differ.

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
