"""Learning from labels of some frames: discriminants of views, time, moves, their cost.

Labels of recordings are arrays (n_frames_i,) of int, with -1 for unknown.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular
from scipy.spatial.distance import cdist

from skl_tot.decoding.chain import Chain, scaled_chain
from skl_tot.recordings.labels import UNKNOWN, find_segments
from skl_tot.recordings.signals import spread_indices

# Share of the mean variance in the covariance within actions, as in ridge regression.
SHRINKAGE = 0.1
# Power of the shares of actions: half-way from equal shares to those of the frames, as
# short actions would be lost, and long ones cut.
SHARE_POWER = 0.5
# Most nats of a view against an action, so that no view has a veto.
MOST_NATS = 8.0
# Relative time: bins, width of a bump, least density, and weight beside the views.
N_BINS, TIME_WIDTH, LEAST_DENSITY, TIME_WEIGHT = 100, 0.1, 0.03, 0.5
# Costs of a move in nats per frame of the mean labelled segment, from which the rate of
# segments chooses; factor and more nats of a move that no label shows.
COSTS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
UNSEEN_FACTOR, UNSEEN_NATS = 2.0, 2.0
# Rounds in which the paths of all recordings teach the next scores.
N_ROUNDS = 2
# Weight of a labelled frame, against one of a path.
LABEL_WEIGHT = 3.0
# New actions: most labelled frames of a rare cluster, as a share of the expected ones;
# quantile of the distances of usual frames to labelled actions; least share of frames,
# and most of all, as more frames tell that labelled recordings are unlike the others.
MOST_SHOWN, USUAL, LEAST_NEW, MOST_NEW = 0.5, 0.9, 0.01, 0.2
# Probabilities: recordings that are judged; how much more views agree on a path than
# frames are right, with labels of one recording (.20, .12 and .05 for 1, 2 and 5 on the
# mean of fifteen sets); least factor, and halvings of the interval of its logarithm.
MOST_JUDGED, IN_COMMON, LEAST_FACTOR, N_HALVINGS = 8, 0.2, 1e-3, 7
# Log-likelihood that keeps a path off other actions than the label.
FORBIDDEN = -1e6
# Added to rates before the logarithm.
TINY = 1e-9


class Discriminant(NamedTuple):
    """Log-likelihoods of actions, linear in the columns of a view."""

    coefs: np.ndarray  # (n_columns, n_actions)
    intercepts: np.ndarray  # (n_actions,)

    def score(self, columns):
        """Log-likelihoods (n_frames, n_actions), 0 for the best action."""
        scores = columns @ self.coefs + self.intercepts
        scores -= scores.max(axis=1, keepdims=True)
        return np.maximum(scores, -MOST_NATS, out=scores)


class Lesson(NamedTuple):
    """Knowledge from labels: scores of frames, time and moves of actions."""

    discriminants: list  # of each view
    log_times: np.ndarray  # (N_BINS, n_actions), weighted log-density of relative time
    chain: Chain | None

    def score_views(self, columns):
        """Log-likelihoods of a recording in each view, from its columns there."""
        n_frames = len(columns[0])
        log_times = self.log_times[np.arange(n_frames) * N_BINS // n_frames]
        pairs = zip(self.discriminants, columns)
        return [discriminant.score(seen) + log_times for discriminant, seen in pairs]

    def score(self, columns):
        """Log-likelihoods of a recording: the mean of those of its views."""
        return sum(self.score_views(columns)) / len(columns)


def learn(columns, labels, n_actions, has_course, first):
    """Learn from labels: a `Lesson`, and the scores of each recording.

    ``columns`` has those of each recording in each view, and ``first`` the labels of
    the first round. With a course, time counts from this round on, else only if the
    paths of this round agree with it.
    """
    labels, taught = fill_single_frames(labels), first
    weights = np.where(np.concatenate(labels) != UNKNOWN, LABEL_WEIGHT, 1.0)
    # products of single with double precision would not use BLAS
    views = [np.concatenate(view).astype(float) for view in zip(*columns)]
    log_times = TIME_WEIGHT * log_densities_of_time(labels, n_actions)
    if not has_course:
        log_times = np.zeros_like(log_times)
    for number in range(1 + N_ROUNDS):
        codes = np.concatenate(taught)
        discriminants = [fit_discriminant(x, codes, weights, n_actions) for x in views]
        lesson = Lesson(discriminants, log_times, None)
        scores = [lesson.score(own) for own in columns]
        chain, taught = choose_chain(scores, labels, n_actions)
        if number == 0 and not has_course:
            log_times = TIME_WEIGHT * learn_time(labels, taught, n_actions)
    return lesson._replace(chain=chain), scores


def learn_time(labels, paths, n_actions):
    """Log-density of relative time; 0 if it does not tell paths without labels.

    The mean log-density of the time of their frames is below 0 if times are others, as
    without a common order.
    """
    log_densities = log_densities_of_time(labels, n_actions)
    gains = [
        log_densities[np.arange(len(path)) * N_BINS // len(path), path]
        for path, known in zip(paths, labels)
        if (known == UNKNOWN).all()
    ]
    tells = len(gains) > 0 and np.concatenate(gains).mean() > 0
    return log_densities if tells else np.zeros_like(log_densities)


def find_tempering(lesson, columns, labels):
    """Factor of log-likelihoods and costs with which probabilities hold elsewhere.

    The mean probability of the actions of paths is then the share of frames that is
    likely right: that on which the path of a single view agrees with the path, less
    the share that views have in common if few recordings have labels.
    """
    has_labels = [(path != UNKNOWN).any() for path in labels]
    others = np.flatnonzero(~np.array(has_labels))
    others = others if len(others) else np.arange(len(labels))
    chosen = others[spread_indices(len(others), MOST_JUDGED)]
    scores, paths, agreement = [], [], []
    for i in chosen:
        of_views = lesson.score_views(columns[i])
        scores.append(sum(of_views) / len(of_views))
        paths.append(lesson.chain.viterbi(scores[-1]))
        alike = [lesson.chain.viterbi(own) == paths[-1] for own in of_views]
        agreement.append(np.mean(alike, axis=0))
    right = np.concatenate(agreement).mean() - IN_COMMON / sum(has_labels)

    def mean_probability(log_factor):
        factor = np.exp(log_factor)
        chain = scaled_chain(lesson.chain, factor)
        probabilities = [
            chain.posterior(factor * own)[np.arange(len(path)), path]
            for own, path in zip(scores, paths)
        ]
        return np.concatenate(probabilities).mean()

    lowest, highest = np.log(LEAST_FACTOR), 0.0
    for _ in range(N_HALVINGS):
        middle = (lowest + highest) / 2
        if mean_probability(middle) < right:
            lowest = middle
        else:
            highest = middle
    return float(np.exp(highest))


def add_new_actions(labels, clusters, columns, n_labels, n_told=None):
    """Label frames of actions that no label shows; return the number of all actions.

    They are clusters of the first clustering (n_frames_i, n_clusterings) that are rare
    among labelled frames, and hold no labelled action; frames count that are in such
    clusters of all clusterings. If nobody has told the number of actions, they must be
    far from labelled ones, too, and in recordings without a label.
    """
    labels = fill_single_frames(labels)
    codes, joined = np.concatenate(labels), np.concatenate(clusters)
    is_known = codes != UNKNOWN
    is_new = ~is_known
    for numbers in joined.T:
        counts = np.bincount(numbers)
        shown = np.zeros((len(counts), n_labels))
        np.add.at(shown, (numbers[is_known], codes[is_known]), 1)
        expected = counts / len(numbers) * is_known.sum()
        is_rare = shown.sum(axis=1) <= MOST_SHOWN * expected
        holds_one = (2 * shown > shown.sum(axis=0)).any(axis=1)
        is_new &= (is_rare & ~holds_one)[numbers]
    lengths, numbers = list(map(len, labels)), joined[:, 0]
    ends = np.cumsum(lengths)[:-1]
    if n_told is None:
        is_new &= np.repeat([(own == UNKNOWN).all() for own in labels], lengths)
        is_new &= are_far(columns, codes, n_labels, is_new, numbers, ends)
    counts, n_actions = np.bincount(numbers[is_new], minlength=1), n_labels
    for number in np.argsort(-counts, kind="stable"):
        is_large = counts[number] >= LEAST_NEW * len(numbers)
        if is_large and n_actions < (n_told or np.inf):
            codes[is_new & (numbers == number)] = n_actions
            n_actions += 1
    return np.split(codes, ends), n_actions


def are_far(columns, codes, n_actions, is_new, numbers, ends):
    """Whether the cluster of each frame (n_frames,) is far from labelled actions.

    In half of the views, its segments are further away than most of other clusters.
    """
    is_other = ~is_new & (codes == UNKNOWN)
    if not (is_other.any() and is_new.any()):
        return np.zeros(len(codes), bool)
    _, starts, stops = find_segments(numbers, ends)
    votes = []
    for view in list(zip(*columns))[:-1]:
        frames = np.concatenate(view).astype(float)
        distances = distances_to_actions(frames, codes, n_actions)
        means = np.add.reduceat(distances, starts) / (stops - starts)
        means = np.repeat(means, stops - starts)
        votes.append(means > np.quantile(means[is_other], USUAL))
    is_far = is_new & (np.mean(votes, axis=0) >= 0.5)
    counts = [
        np.bincount(numbers[own], minlength=numbers.max() + 1)
        for own in (is_far, is_new)
    ]
    return (2 * counts[0] > counts[1])[numbers]


def measure_actions(columns, codes, weights, n_actions):
    """Weights of actions, their means, and the covariance within them, with a ridge."""
    is_known = codes != UNKNOWN
    columns, codes, weights = columns[is_known], codes[is_known], weights[is_known]
    members = np.zeros((len(codes), n_actions))
    members[np.arange(len(codes)), codes] = weights
    totals = members.sum(axis=0)
    means = members.T @ columns / np.maximum(totals, 1)[:, None]
    rest = columns - means[codes]
    within = (rest * weights[:, None]).T @ rest / weights.sum()
    n_columns = len(within)
    size = np.trace(within) / n_columns or 1.0
    within = (1 - SHRINKAGE) * within + SHRINKAGE * size * np.eye(n_columns)
    return totals, means, within


def fit_discriminant(columns, codes, weights, n_actions):
    """Fit discriminants of actions with a common covariance to weighted frames."""
    totals, means, within = measure_actions(columns, codes, weights, n_actions)
    coefs = np.linalg.solve(within, means.T)
    with np.errstate(divide="ignore"):  # an action without frames is never the best
        intercepts = SHARE_POWER * np.log(totals / totals.sum())
    return Discriminant(coefs, intercepts - 0.5 * (means * coefs.T).sum(axis=1))


def distances_to_actions(columns, codes, n_actions):
    """Squared distance (n_frames,) to the nearest mean, by the covariance within."""
    known = columns, codes, np.ones(len(codes)), n_actions
    totals, means, within = measure_actions(*known)
    root = np.linalg.cholesky(within)
    frames, centers = (
        solve_triangular(root, own.T, lower=True) for own in (columns, means)
    )
    return cdist(frames.T, centers[:, totals > 0].T, "sqeuclidean").min(axis=1)


def log_densities_of_time(labels, n_actions):
    """Log-density (N_BINS, n_actions) of relative time, 0 if time tells nothing."""
    counts = np.zeros((N_BINS, n_actions))
    for path in labels:
        frames = np.flatnonzero(path != UNKNOWN)
        bins = frames * N_BINS // len(path)
        np.add.at(counts, (bins, path[frames]), 1 / len(path))
    distances = np.subtract.outer(np.arange(N_BINS), np.arange(N_BINS)) / N_BINS
    bumps = np.exp(-0.5 * (distances / TIME_WIDTH) ** 2)
    density = bumps / bumps.sum(axis=0) @ counts
    totals = density.mean(axis=0)
    density = np.where(totals > 0, density / np.where(totals > 0, totals, 1), 1)
    return np.log(density + LEAST_DENSITY)


def choose_chain(scores, labels, n_actions):
    """Chain whose paths have about as many segments as the labels, and these paths.

    Frames keep their labels. All costs are tried, as the rate of segments need not fall
    with the cost: paths may take two moves that labels show in place of another one.
    """
    rate, n_frames = measure_segments(labels)
    others = [path == UNKNOWN for path in labels]
    scores = [keep_labels(own, path) for own, path in zip(scores, labels)]
    nearest = np.inf
    for cost in COSTS:
        chain = chain_of_labels(labels, n_actions, cost * n_frames)
        pairs = zip(scores, labels, others)
        paths = [chain.viterbi(own) if n.any() else path for own, path, n in pairs]
        new = [np.where(n, path, UNKNOWN) for path, n in zip(paths, others)]
        distance = abs(np.log((measure_segments(new)[0] + TINY) / (rate + TINY)))
        if distance < nearest:
            nearest, best = distance, (chain, paths)
    return best


def keep_labels(scores, labels):
    """Scores that forbid other actions in frames with a label."""
    is_known = labels != UNKNOWN
    if not is_known.any():
        return scores
    scores = scores.copy()
    scores[is_known] += FORBIDDEN
    scores[is_known, labels[is_known]] -= FORBIDDEN
    return scores


def measure_segments(labels):
    """Measure changes of action a frame, and mean frames of a segment, where known.

    A stretch of labels within a recording ends at a change that it shares with others.
    """
    n_changes = n_pairs = n_known = n_stretches = 0
    for path in labels:
        is_known = path != UNKNOWN
        is_pair = is_known[1:] & is_known[:-1]
        n_ends = int((is_known[1:] != is_known[:-1]).sum())
        n_changes += int((is_pair & (path[1:] != path[:-1])).sum()) + n_ends / 2
        n_pairs += int(is_pair.sum())
        n_known += int(is_known.sum())
        n_stretches += int(is_known.sum() - is_pair.sum()) - n_ends / 2
    return n_changes / max(n_pairs, 1), n_known / max(n_changes + n_stretches, 1)


def chain_of_labels(labels, n_actions, cost):
    """Chain in which moves and starts that labels show cost less than others."""
    counts, starts = np.zeros((n_actions, n_actions)), np.ones(n_actions, bool)
    for path in labels:
        before, after = path[:-1], path[1:]
        is_move = (before != UNKNOWN) & (after != UNKNOWN) & (before != after)
        np.add.at(counts, (before[is_move], after[is_move]), 1)
        starts[path[:1][path[:1] != UNKNOWN]] = False
    if starts.all():  # no label of a first frame
        starts[:] = False
    # of an action without a label, or that is not left, no move is known
    is_new = ~np.isin(np.arange(n_actions), np.concatenate(labels))
    is_left = counts.any(axis=1, keepdims=True)
    is_seen = (counts > 0) | is_new | ~is_left
    starts[is_new] = False
    more = share_of_usual_moves(counts) * ((UNSEEN_FACTOR - 1) * cost + UNSEEN_NATS)
    moves = np.where(is_seen, cost, cost + more)
    np.fill_diagonal(moves, 0)
    # not more than a move, else paths would begin with a frame of a usual start
    return Chain(starts * cost, moves, np.zeros(n_actions), "number")


def share_of_usual_moves(counts):
    """Share of moves that another move from the same action repeats, at least one."""
    # a prior of one usual move: labels of one recording in order repeat none
    is_other = counts.sum(axis=1, keepdims=True) > 1
    return (1 + counts[counts > 1].sum()) / (1 + (counts * is_other).sum())


def fill_single_frames(labels):
    """Extend labels of single frames, one a segment, half-way to the next one."""
    filled = []
    for path in labels:
        frames = np.flatnonzero(path != UNKNOWN)
        if len(frames) and len(path) > 1 and (np.diff(frames) > 1).all():
            middles = (frames[:-1] + frames[1:] + 1) // 2
            path = np.repeat(path[frames], np.diff(np.r_[0, middles, len(path)]))
        filled.append(path)
    return filled
