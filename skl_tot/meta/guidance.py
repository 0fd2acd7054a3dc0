"""Transfer of a few labels or transcripts to all frames.

A guide combines three kinds of evidence about a frame: its appearance, its clusters in
an unsupervised fit, and its time; it also has the probabilities of moves between
actions. All are counted on labelled frames; the appearance is learned once more from
the resulting labels.

A *guide* is an appearance of `skl_tot.methods.discriminants` with the logarithms
``ratios`` (n_clusterings, n_clusters, n_actions), ``times`` (100, n_actions), ``moves``
(n_actions, n_actions) and ``starts`` (n_actions,). Labels and clusters are lists of
arrays of int (n_frames_i,), with -1 for unknown; a clustering is such a list.
"""

import numpy as np

from skl_tot.decoding.chain import fixed_chain
from skl_tot.decoding.decoders import decode, move_decoder
from skl_tot.decoding.orders import (
    duration_table,
    shares_and_lengths,
    viterbi_durations,
)
from skl_tot.methods.base import Passes
from skl_tot.methods.discriminants import (
    embed,
    fit_appearance,
    log_joint,
    time_order,
)

# All values were chosen on the mean of seven recorded sets.
POOLED, REG_COVAR = 0.5, 0.1  # of Gaussians
BLEND = 0.1  # share of 1 in ratios, as clusters have errors
N_BINS = 100  # of relative time
TIME_WIDTH, TIME_FLOOR = 0.05, 0.05  # shares of a recording, and of a bin's weight
MOVE_COUNT = 0.5  # prior count of moves of each pair of actions
SWITCH_COST = 0.1  # of a move of average probability, see `move_decoder`
# A cluster is new if labelled frames lack more than this share of it.
LEAST_MISSING = 0.5
N_REFINEMENTS = 2  # more rounds drift away from the start
# Maximum rounds of the alignment of transcripts.
N_ROUNDS = 8
# Share of independent evidence of a frame, as neighbours are similar. With a share of
# 1, lengths would not matter, and segments would stay close to equal lengths.
TEMPERING = 0.1
# Maximum bins of a recording: time and memory grow with the square.
MAX_BINS = 300


def fit_guide(
    videos,
    labels,
    clusterings,
    n_actions,
    n_clusters,
    spread,
    *,
    weights=None,
    n_rounds=2,
):
    r"""Learn the evidence about actions from labelled frames.

    With the share :math:`P_m(c)` of cluster c of clustering m, and its share
    :math:`P_m(c | k)` of the frames labelled k, the scores of frame t of T are

    .. math::

        s_{tk} = \log p(z_t, k) + \log P(k | t / T)
            + \frac{1}{\sqrt M} \sum_{m=1}^M
              \log \Bigl( 0.9 \frac{P_m(c_{mt} | k)}{P_m(c_{mt})} + 0.1 \Bigr) .

    :math:`p(z, k)` are Gaussians of frames along linear discriminants, with covariances
    half-way to the common one; :math:`P(k | t / T)` is the share of k around that time
    in labelled recordings. The best path, with costs of moves by their frequency in
    labelled recordings, labels all other frames; from these labels, the appearance is
    learned once more. More rounds drift.

    Each action has a labelled frame. ``spread`` is that of the recordings, ``weights``
    are those of the frames of each action in P(k) and P(k | t / T).
    """
    weights = np.ones(n_actions) if weights is None else weights
    guide = {
        "ratios": count_clusters(labels, clusterings, n_actions, n_clusters),
        "times": count_times(labels, weights),
    }
    guide["moves"], guide["starts"] = count_moves(labels, n_actions)
    paths, embedded = labels, []
    for number in range(n_rounds):
        if number > 0:
            joint = []
            for i, frames in enumerate(embedded):
                scores = log_joint(frames, guide, i)
                joint.append(_add_evidence(scores, i, clusterings, guide))
            paths = guided_paths(joint, guide, labels)
        appearance, embedded = fit_appearance(
            videos, paths, n_actions, spread, REG_COVAR, pooled=POOLED
        )
        guide = guide | appearance
        if number == 0:
            shares = guide["shares"] * weights
            guide["shares"] = shares / shares.sum()
    return guide


def guided_scores(videos, clusterings, guide):
    """Scores (n_frames_i, n_actions) of each recording, in nats, for several passes."""

    def score(i):
        frames = embed(videos, i, guide["center"], guide["scalings"])
        return _add_evidence(log_joint(frames, guide, i), i, clusterings, guide)

    return Passes(score, len(videos))


def _add_evidence(scores, i, clusterings, guide):
    """Add the evidence of time and clusters to scores of the appearance."""
    weight = 1 / np.sqrt(max(len(clusterings), 1))
    ratios = weight * np.pad(guide["ratios"], [(0, 0), (0, 1), (0, 0)])  # cluster -1: 0
    scores += guide["times"][np.arange(len(scores)) * N_BINS // len(scores)]
    for own, clusters in zip(ratios, clusterings):
        scores += own[clusters[i]]
    return scores


def guided_paths(scores, guide, labels):
    """Best path through the scores of each recording; known labels stay."""
    decoder = move_decoder(guide["moves"], guide["starts"])
    paths = []
    for own, known in zip(scores, labels):
        path = decoder.path(own, SWITCH_COST * len(own) / own.shape[1])
        paths.append(np.where(known >= 0, known, path))
    return paths


def refine_in_order(videos, labels, n_actions, spread):
    """Refine labels by appearance and time of actions, each once in one order.

    The order is that of the mean times in the labels. Twice, a guide is learned from
    the labels, and each recording is labelled along the best path with all actions.
    Returns the guide and the labels of the last round.
    """
    codes = np.eye(n_actions)
    places = np.argsort(time_order([codes[np.maximum(path, 0)] for path in labels]))
    paths = [places[np.maximum(path, 0)] for path in labels]
    for _ in range(N_REFINEMENTS):
        guide = fit_guide(videos, paths, [], n_actions, n_actions, spread, n_rounds=1)
        paths = paths_in_order(videos, guide)
    return guide, paths


def paths_in_order(videos, guide):
    """Paths of recordings through all actions in order, by a guide."""
    chain = fixed_chain(len(guide["starts"]))
    return [chain.viterbi(scores) for scores in guided_scores(videos, [], guide)]


def count_clusters(labels, clusterings, n_actions, n_clusters):
    """Log-ratios (M, n_clusters, n_actions) of clusters, in labelled over all frames.

    >>> labels, clusters = [np.array([0, 0, 1, -1])], [np.array([0, 0, 1, 1])]
    >>> np.exp(count_clusters(labels, [clusters], 2, 2))
    array([[[1.9, 0.1],
            [0.1, 1.9]]])
    """
    ratios = np.empty((len(clusterings), n_clusters, n_actions))
    truth = np.concatenate(labels)
    for own, paths in zip(ratios, clusterings):
        clusters = np.concatenate(paths)
        clustered = clusters >= 0
        known = clustered & (truth >= 0)
        joint = np.zeros((n_clusters, n_actions))
        np.add.at(joint, (clusters[known], truth[known]), 1)
        within = joint / np.maximum(joint.sum(axis=0), 1)
        shares = np.bincount(clusters[clustered], minlength=n_clusters)
        shares = shares / max(clustered.sum(), 1)
        ratio = np.ones_like(joint)  # for a cluster without frames
        np.divide(within, shares[:, None], out=ratio, where=shares[:, None] > 0)
        own[:] = np.log((1 - BLEND) * ratio + BLEND)
    return ratios


def count_times(labels, weights):
    """Log-probability (100, n_actions) of each action by relative time.

    Counted on labelled frames with the weights (n_actions,) of actions and equal
    weights of recordings, smoothed by a Gaussian.
    """
    n_actions = len(weights)
    table = np.zeros((N_BINS, n_actions))
    for path in labels:
        known = np.flatnonzero(path >= 0)
        bins, own = known * N_BINS // len(path), path[known]
        np.add.at(table, (bins, own), weights[own] / len(path))
    distances = np.subtract.outer(np.arange(N_BINS), np.arange(N_BINS))
    window = np.exp(-0.5 * (distances / (N_BINS * TIME_WIDTH)) ** 2)
    table = window @ table
    weights = table.sum(axis=1, keepdims=True)
    weights[weights <= 0] = 1.0  # far from all labels
    table += TIME_FLOOR * weights / n_actions
    return np.log(table / table.sum(axis=1, keepdims=True))


def count_moves(labels, n_actions):
    """Log-probabilities of the next action (n_actions, n_actions), and of the first.

    The diagonal is 0. Moves are counted between neighbouring labelled frames.

    >>> moves, starts = count_moves([np.array([0, 0, 1, -1, 2])], 3)
    >>> np.exp(moves).round(2)
    array([[1.  , 0.75, 0.25],
           [0.5 , 1.  , 0.5 ],
           [0.5 , 0.5 , 1.  ]])
    >>> np.exp(starts)
    array([0.6, 0.2, 0.2])
    """
    moves = np.full((n_actions, n_actions), MOVE_COUNT)
    starts = np.full(n_actions, MOVE_COUNT)
    for path in labels:
        before, after = path[:-1], path[1:]
        is_move = (before >= 0) & (after >= 0) & (before != after)
        np.add.at(moves, (before[is_move], after[is_move]), 1)
        if path[0] >= 0:
            starts[path[0]] += 1
    np.fill_diagonal(moves, 0)
    totals = np.maximum(moves.sum(axis=1, keepdims=True), MOVE_COUNT)
    moves /= totals
    np.fill_diagonal(moves, 1)
    return np.log(moves), np.log(starts / starts.sum())


def fill_timestamps(labels):
    """Extend labels of single frames, one per segment, to all frames.

    A segment reaches half-way to the next labelled frame, and the first and last one to
    the ends. Recordings with two neighbouring labelled frames, or none, stay unchanged.

    >>> fill_timestamps([np.array([-1, 0, -1, -1, 1]), np.array([0, 0, -1])])
    [array([0, 0, 0, 1, 1]), array([ 0,  0, -1])]
    """
    filled = []
    for path in labels:
        frames = np.flatnonzero(path >= 0)
        if len(frames) and len(path) > 1 and (np.diff(frames) > 1).all():
            cuts = (frames[:-1] + frames[1:] + 1) // 2
            counts = np.diff(np.concatenate([[0], cuts, [len(path)]]))
            path = np.repeat(path[frames], counts)
        filled.append(path)
    return filled


def add_new_actions(labels, clusters, n_labels, n_new, n_clusters):
    """Label clusters that are rare among labelled frames as new actions.

    At most ``n_new`` clusters, starting with the rarest one, give their frames in
    unlabelled recordings labels from ``n_labels``. Returns the labels, and the weights
    of the frames of each label and new action: a cluster with half of its share among
    labelled frames is new by half, and unlabelled recordings weigh as much in total as
    labelled ones.

    >>> labels = [np.array([0, 0, 0]), np.array([-1, -1, -1])]
    >>> clusters = [np.array([1, 1, 1]), np.array([1, 0, 0])]
    >>> add_new_actions(labels, clusters, 1, 1, 2)
    ([array([0, 0, 0]), array([-1,  1,  1])], array([1., 1.]))
    """
    truth, flat = np.concatenate(labels), np.concatenate(clusters)
    everywhere = np.bincount(flat[flat >= 0], minlength=n_clusters) / len(flat)
    shown = flat[(truth >= 0) & (flat >= 0)]
    labelled = np.bincount(shown, minlength=n_clusters) / max(len(shown), 1)
    # a cluster without a frame for its label would be an empty action
    is_there = np.zeros(n_clusters + 1, bool)  # last entry: cluster -1
    n_free = 0
    for path, own in zip(labels, clusters):
        if (path < 0).all():
            is_there[own] = True
            n_free += len(path)
    missing = 1 - labelled / np.maximum(everywhere, 1 / len(flat))
    new = np.flatnonzero((missing > LEAST_MISSING) & is_there[:-1])
    order = np.lexsort((-everywhere[new], -missing[new]))
    new = new[order][: max(n_new, 0)]
    renamed = np.full(n_clusters + 1, -1)
    renamed[new] = n_labels + np.arange(len(new))
    found = []
    for path, own in zip(labels, clusters):
        found.append(path if (path >= 0).any() else renamed[own])
    others = (len(flat) - n_free) / max(n_free, 1)
    return found, np.concatenate([np.ones(n_labels), others * missing[new]])


def align_transcripts(videos, transcripts, clusterings, n_actions, n_clusters, spread):
    """Label the frames of recordings with transcripts.

    A transcript (n_segments_i,) has at most as many actions as frames; an empty one
    leaves its recording unlabelled. Recordings start with segments of equal lengths.
    Two steps alternate: a guide is learned from all labels, see `fit_guide`, and
    segments are moved to explain the frames best, given the mean duration of actions.
    Time is no evidence here, as the start determines it.
    """
    labels = []
    for transcript, length in zip(transcripts, videos.lengths):
        if len(transcript):
            segments = np.arange(length) * len(transcript) // length
            labels.append(transcript[segments])
        else:
            labels.append(np.full(length, -1))
    for _ in range(N_ROUNDS):
        before = labels
        guide = fit_guide(
            videos, labels, clusterings, n_actions, n_clusters, spread, n_rounds=1
        )
        guide["times"] = np.zeros_like(guide["times"])
        known = [path for path in labels if (path >= 0).all()]
        _, durations = shares_and_lengths(known, n_actions)
        labels = []
        for scores, transcript, path in zip(
            guided_scores(videos, clusterings, guide), transcripts, before
        ):
            if len(transcript):
                path = align(scores, transcript, durations)
            labels.append(path)
        if all(map(np.array_equal, labels, before)):
            break
    return labels


def align(scores, transcript, durations):
    """Labels (n_frames,) of a recording along its transcript.

    Lengths of segments are Poisson distributed with mean ``durations`` (n_actions,), in
    any unit.
    """
    n_frames, n_bins = len(scores), min(len(scores), MAX_BINS)
    if n_bins < len(transcript):
        return transcript[
            decode(scores[:, transcript], transcript=np.arange(len(transcript)))
        ]
    bins = np.arange(n_frames) * n_bins // n_frames
    starts = np.flatnonzero(np.diff(bins, prepend=-1))
    sums = TEMPERING * np.add.reduceat(scores[:, transcript], starts, axis=0)
    table = duration_table(durations[transcript], n_bins)
    segments = viterbi_durations(sums, table)
    return transcript[segments[bins]]
