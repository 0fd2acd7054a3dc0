"""Learning from labels of some frames: weights and discriminants of views, new actions.

Labels of recordings are arrays (n_frames_i,) of int, with -1 for unknown. Views of a
recording are a list of arrays (n_frames_i, n_columns), one for each view.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular
from scipy.spatial.distance import cdist

from skl_tot.corrections.label_paths import (
    N_BINS,
    choose_chain,
    fill_single_frames,
    find_delays,
    learn_time,
    log_densities_of_time,
    put_on_time,
)
from skl_tot.decoding.chain import Chain, scaled_chain
from skl_tot.decoding.evidence import linear_log_densities, shrunk
from skl_tot.recordings.labels import UNKNOWN, find_segments
from skl_tot.recordings.signals import spread_indices

# Weight of relative time beside the mean of the views.
TIME_WEIGHT = 0.5
# Least score of an action below the best, so that no view has a veto.
LEAST_SCORE = -8.0
# Weight of a labelled frame beside that of a frame of a path, which may be wrong.
LABEL_WEIGHT = 3.0
# Rounds of the lesson: labels teach the first, paths of all recordings two more.
N_ROUNDS = 3
# How much more views agree on a path than frames are right: this share over the number
# of labelled recordings, and this share of the frames unlike labels. With both, the
# mean probability is as large as the share of right frames on the mean of fifteen sets.
COMMON_ERROR, UNLIKE_ERROR = 0.1, 0.5
# Clusters that labels lack have at most this share of the labelled frames expected.
RARE = 0.5
# New actions are further from labelled ones than this share of other clusters, have
# this share of all frames, as fewer are the blur of other actions, and do not spread to
# more than this many times their frames.
FAR, LEAST_SHARE, MOST_SPREAD = 0.9, 0.01, 2.0


class Discriminant(NamedTuple):
    """Log-likelihoods of actions, linear in the columns of a view."""

    coefs: np.ndarray  # (n_columns, n_actions)
    intercepts: np.ndarray  # (n_actions,)

    def score(self, columns):
        """Log-likelihoods (n_frames, n_actions), 0 for the best action."""
        scores = columns @ self.coefs + self.intercepts
        scores -= scores.max(axis=1, keepdims=True)
        return np.maximum(scores, LEAST_SCORE, out=scores)


class Lesson(NamedTuple):
    """Knowledge from labels: scores of frames, time and moves of actions."""

    discriminants: list  # of each view
    view_weights: np.ndarray  # (n_views,), they sum to 1
    log_times: np.ndarray  # (N_BINS, n_actions), weighted log-density of relative time
    chain: Chain | None
    delays: np.ndarray | None = None  # (n_actions, n_actions), frames, see find_delays

    def score_views(self, views):
        """Log-likelihoods of a recording in each view that counts."""
        n_frames = len(views[0])
        log_times = self.log_times[np.arange(n_frames) * N_BINS // n_frames]
        triples = zip(self.view_weights, self.discriminants, views)
        return [
            discriminant.score(view) + log_times
            for weight, discriminant, view in triples
            if weight
        ]

    def score(self, views):
        """Log-likelihoods of a recording: the weighted mean of those of its views."""
        weights = self.view_weights[self.view_weights > 0]
        pairs = zip(weights, self.score_views(views))
        return sum(weight * scores for weight, scores in pairs)

    def score_on_time(self, views):
        """Scores whose paths change when people see a change."""
        scores = self.score(views)
        return put_on_time(scores, self.chain.viterbi(scores), self.delays)


def learn_actions(views_of, is_scaled, clusters, labels, n_labelled, **time):
    """Learn labelled and other actions: a `Lesson`, scores, a share of frames."""
    # `is_scaled` tells of each view but the last, the clusterings, whether recordings
    # are scaled by themselves. The scores are by recording. The share is that of
    # frames of labelled actions that are unlike labels in most clusterings.
    labels_filled = fill_single_frames(labels)
    # products of single with double precision would not use BLAS
    joined_views = [np.concatenate(view).astype(float) for view in zip(*views_of)]
    view_weights = judge_views(
        views_of, joined_views, is_scaled, labels_filled, n_labelled
    )
    unlike = rate_unlike(labels_filled, clusters, n_labelled)
    if time["is_circular"]:  # a labelled cycle lacks no action
        unlike[:] = 0
    # clusters would be far from each other
    counted = [view for view, w in zip(joined_views[:-1], view_weights) if w]
    first_paths, n_actions = add_new_actions(
        labels_filled, clusters, counted, n_labelled, unlike == 1
    )
    given = views_of, joined_views, view_weights, labels
    lesson, scores = learn(*given, n_actions, first_paths, **time)
    paths = np.concatenate(list(map(lesson.chain.viterbi, scores)))
    # new actions that spread take frames of labelled ones
    share_new = np.mean(np.concatenate(first_paths) >= n_labelled)
    if np.mean(paths >= n_labelled) > MOST_SPREAD * share_new:
        lesson, scores = learn(*given, n_labelled, labels_filled, **time)
        paths = np.concatenate(list(map(lesson.chain.viterbi, scores)))
    share_unlike = np.mean((unlike > 0.5) & (paths < n_labelled))
    return lesson, scores, float(share_unlike)


def learn(
    views_of,
    joined_views,
    view_weights,
    labels,
    n_actions,
    first_paths,
    *,
    has_course,
    is_circular,
):
    """Learn a `Lesson` from labels and views; return it, and scores by recording."""
    # With a course, time counts from this round on, else only if the paths of this
    # round agree with it.
    given_labels, labels = labels, fill_single_frames(labels)
    paths = first_paths
    weights = np.where(np.concatenate(labels) != UNKNOWN, LABEL_WEIGHT, 1.0)
    log_times = np.zeros((N_BINS, n_actions))
    if has_course:
        log_times = TIME_WEIGHT * log_densities_of_time(labels, n_actions, is_circular)
    for i in range(N_ROUNDS):
        discriminants = fit_discriminants(joined_views, paths, weights, n_actions)
        lesson = Lesson(discriminants, view_weights, log_times, None)
        scores = [lesson.score(views) for views in views_of]
        chain, paths = choose_chain(scores, labels, n_actions, log_times.any())
        if i == 0 and not has_course:
            log_times = TIME_WEIGHT * learn_time(labels, paths, n_actions, is_circular)
    delays = find_delays(scores, given_labels, n_actions)
    lesson = lesson._replace(chain=chain, delays=delays)
    return lesson, list(map(lesson.score_on_time, views_of))


def judge_views(views_of, joined_views, is_scaled, labels, n_actions):
    """`weigh_views` by the paths that labels teach if all views count."""
    equal = np.full(len(joined_views), 1 / len(joined_views))
    weights = np.ones(sum(map(len, labels)))
    discriminants = fit_discriminants(joined_views, labels, weights, n_actions)
    lesson = Lesson(discriminants, equal, np.zeros((N_BINS, n_actions)), None)
    scores = [lesson.score(views) for views in views_of]
    _, paths = choose_chain(scores, labels, n_actions)
    return weigh_views(joined_views, is_scaled, paths, n_actions)


def weigh_views(joined_views, is_scaled, paths, n_actions):
    """Weights of views; those scaled by recording count if actions keep places."""
    # A recording that lacks actions is shifted by its own mean.
    is_scaled = np.append(is_scaled, False)  # clusterings are neither
    ends = np.cumsum(list(map(len, paths)))[:-1]
    scatter = np.array(
        [
            scatter_of_recordings(np.split(view, ends), paths, n_actions)
            for view in joined_views[:-1]
        ]
    )
    logs, is_counted = np.log(scatter), np.ones(len(joined_views), bool)
    scaled, plain = logs[is_scaled[:-1]], logs[~is_scaled[:-1]]
    if len(scaled) and len(plain) and scaled.mean() > plain.mean():
        is_counted = ~is_scaled
    return is_counted / is_counted.sum()


def scatter_of_recordings(view, paths, n_actions):
    """Variance of the means of an action over recordings, over that between actions."""
    counts, means, products = [], [], 0.0
    for columns, path in zip(view, paths):
        members = np.eye(n_actions)[path]
        counts.append(members.sum(axis=0))
        means.append(members.T @ columns / np.maximum(counts[-1], 1)[:, None])
        residuals = columns - means[-1][path]
        products = products + residuals.T @ residuals
    counts, means = np.array(counts), np.array(means)
    totals = counts.sum(axis=0)
    of_actions = np.einsum("ik,ikc->kc", counts, means)
    of_actions /= np.maximum(totals, 1)[:, None]
    inverse = np.linalg.inv(shrunk(products / totals.sum()))

    def variance(differences, weights):
        squares = np.einsum("...c,...c->...", differences @ inverse, differences)
        return (weights * squares).sum()

    center = totals @ of_actions / totals.sum()
    between_actions = variance(of_actions - center, totals)
    # one action has no variance
    return variance(means - of_actions, counts) / max(between_actions, 1e-9) + 1e-9


def find_tempering(lesson, views_of, labels, share_unlike):
    """Factor of log-likelihoods and costs with which probabilities hold elsewhere."""
    # The mean probability of the actions of paths is then the share of frames that is
    # likely right: that on which the path of a single view agrees with the path, less
    # the share that views have in common if few recordings have labels, less that of
    # frames unlike labels.
    has_labels = [(path != UNKNOWN).any() for path in labels]
    judged = np.flatnonzero(~np.array(has_labels))
    if not len(judged):
        judged = np.arange(len(labels))
    scores, paths, agreement = [], [], []
    for i in judged[spread_indices(len(judged), 8)]:
        scores_of_views = lesson.score_views(views_of[i])
        scores.append(np.mean(scores_of_views, axis=0))
        paths.append(lesson.chain.viterbi(scores[-1]))
        agrees = [lesson.chain.viterbi(view) == paths[-1] for view in scores_of_views]
        agreement.append(np.mean(agrees, axis=0))
    share_right = np.concatenate(agreement).mean() - COMMON_ERROR / sum(has_labels)
    share_right -= UNLIKE_ERROR * share_unlike

    def mean_probability(log_factor):
        factor = np.exp(log_factor)
        chain = scaled_chain(lesson.chain, factor)
        probabilities = [
            chain.posterior(factor * log_likelihood)[np.arange(len(path)), path]
            for log_likelihood, path in zip(scores, paths)
        ]
        return np.concatenate(probabilities).mean()

    lowest, highest = np.log(1e-3), 0.0
    for _ in range(7):  # halvings of the interval, to 5 % of the factor
        middle = (lowest + highest) / 2
        if mean_probability(middle) < share_right:
            lowest = middle
        else:
            highest = middle
    return float(np.exp(highest))


def rate_unlike(labels, clusters, n_labelled):
    """Share of clusterings (n_frames,) that have a frame in a cluster labels lack."""
    codes, all_clusters = np.concatenate(labels), np.concatenate(clusters)
    lack = [
        lack_labels(numbers, codes, n_labelled)[numbers] for numbers in all_clusters.T
    ]
    return (codes == UNKNOWN) * np.mean(lack, axis=0)


def add_new_actions(labels, clusters, joined_views, n_labelled, is_unlike):
    """Label frames of actions that no label shows; return the number of all actions."""
    # They are unlike labels in all clusterings, and far from labelled actions.
    codes, numbers = np.concatenate(labels), np.concatenate(clusters)[:, 0]
    ends = np.cumsum(list(map(len, labels)))[:-1]
    is_new = is_unlike & are_far(
        joined_views, codes, n_labelled, is_unlike, numbers, ends
    )
    counts, n_actions = np.bincount(numbers[is_new], minlength=1), n_labelled
    for number in np.argsort(-counts, kind="stable"):
        if counts[number] >= LEAST_SHARE * len(numbers):
            codes[is_new & (numbers == number)] = n_actions
            n_actions += 1
    return np.split(codes, ends), n_actions


def lack_labels(numbers, codes, n_labelled):
    """Whether clusters are rare among labelled frames, and hold no labelled action."""
    # an action is held where more than half of its labelled frames are
    is_labelled = codes != UNKNOWN
    counts = np.bincount(numbers)
    n_shown = np.zeros((len(counts), n_labelled))
    np.add.at(n_shown, (numbers[is_labelled], codes[is_labelled]), 1)
    n_expected = counts / len(numbers) * is_labelled.sum()
    is_rare = n_shown.sum(axis=1) <= RARE * n_expected
    holds_action = (2 * n_shown > n_shown.sum(axis=0)).any(axis=1)
    return is_rare & ~holds_action


def are_far(joined_views, codes, n_actions, is_new, numbers, ends):
    """Whether the cluster of each frame (n_frames,) is far from labelled actions."""
    # in most views, its segments are further away than most of other clusters
    is_other = ~is_new & (codes == UNKNOWN)
    if not (is_other.any() and is_new.any()):
        return np.zeros(len(codes), bool)
    _, starts, stops = find_segments(numbers, ends)
    votes = []
    for view in joined_views:
        distances = distances_to_actions(view, codes, n_actions)
        means = np.add.reduceat(distances, starts) / (stops - starts)
        means = np.repeat(means, stops - starts)
        votes.append(means > np.quantile(means[is_other], FAR))
    is_far = is_new & (np.mean(votes, axis=0) > 0.5)
    n_clusters = numbers.max() + 1
    n_far = np.bincount(numbers[is_far], minlength=n_clusters)
    n_new = np.bincount(numbers[is_new], minlength=n_clusters)
    return (2 * n_far > n_new)[numbers]


def measure_actions(columns, codes, weights, n_actions):
    """Measure weights, means and common covariance, shrunk, of frames with a code."""
    has_code = codes != UNKNOWN
    columns, codes, weights = columns[has_code], codes[has_code], weights[has_code]
    members = np.zeros((len(codes), n_actions))
    members[np.arange(len(codes)), codes] = weights
    totals = members.sum(axis=0)
    means = members.T @ columns / np.maximum(totals, 1)[:, None]
    residuals = columns - means[codes]
    within = (residuals * weights[:, None]).T @ residuals / weights.sum()
    return totals, means, shrunk(within)


def fit_discriminants(joined_views, paths, weights, n_actions):
    """Fit a `Discriminant` of each view to the weighted frames of paths."""
    codes = np.concatenate(paths)
    return [fit_discriminant(view, codes, weights, n_actions) for view in joined_views]


def fit_discriminant(columns, codes, weights, n_actions):
    """Fit discriminants of actions with a common covariance to weighted frames."""
    totals, means, within = measure_actions(columns, codes, weights, n_actions)
    weights_of_actions, offsets = linear_log_densities(means, within)
    with np.errstate(divide="ignore"):  # an action without frames is never the best
        # half-way from equal shares to those of the frames: with the first, long
        # actions would be cut, with the second, short ones lost
        intercepts = 0.5 * np.log(totals / totals.sum())
    return Discriminant(weights_of_actions.T, intercepts + offsets)


def distances_to_actions(view, codes, n_actions):
    """Squared Mahalanobis distance (n_frames,) to the nearest action with a code."""
    weights = np.ones(len(codes))
    totals, means, within = measure_actions(view, codes, weights, n_actions)
    root = np.linalg.cholesky(within)
    frames = solve_triangular(root, view.T, lower=True)
    centers = solve_triangular(root, means.T, lower=True)[:, totals > 0]
    return cdist(frames.T, centers.T, "sqeuclidean").min(axis=1)
