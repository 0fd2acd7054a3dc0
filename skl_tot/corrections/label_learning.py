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
        """Log-likelihoods (n_frames, n_actions) by each view that counts, a list."""
        n_frames = len(views[0])
        log_times = self.log_times[np.arange(n_frames) * N_BINS // n_frames]
        counted = np.flatnonzero(self.view_weights)
        return [self.discriminants[k].score(views[k]) + log_times for k in counted]

    def score(self, views):
        """Mean log-likelihoods (n_frames, n_actions) of views, by their weights."""
        weights = self.view_weights[self.view_weights > 0]
        return sum(w * scores for w, scores in zip(weights, self.score_views(views)))

    def score_on_time(self, views):
        """Scores whose paths change when people see a change."""
        scores = self.score(views)
        return put_on_time(scores, self.chain.viterbi(scores), self.delays)


def learn_actions(
    views_of, is_scaled, clusters, labels, n_labelled, *, is_single=False, **time
):
    """Learn labelled and other actions: a `Lesson`, scores, and `find_tempering`."""
    # Views, clusters, labels and scores are by recording. `is_scaled` tells of each
    # view but the last, the clusterings, whether recordings are scaled by themselves.
    labels_filled = fill_single_frames(labels)
    # products of single with double precision would not use BLAS
    joined_views = [np.concatenate(view).astype(float) for view in zip(*views_of)]
    view_weights = weigh_views_by_labels(
        views_of, joined_views, is_scaled, labels_filled, n_labelled
    )
    unlike = shares_of_clusterings_unlike(labels_filled, clusters, n_labelled)
    if time["is_circular"]:  # a labelled cycle lacks no action
        unlike[:] = 0
    # clusters would be far from each other
    counted = [view for view, w in zip(joined_views[:-1], view_weights) if w]
    first_paths, n_actions = add_new_actions(
        labels_filled, clusters, counted, n_labelled, unlike == 1
    )
    given = views_of, joined_views, view_weights, labels
    lesson, scores = learn_in_rounds(*given, n_actions, first_paths, **time)
    paths = np.concatenate(list(map(lesson.chain.viterbi, scores)))
    # new actions that spread take frames of labelled ones
    share_new = np.mean(np.concatenate(first_paths) >= n_labelled)
    if np.mean(paths >= n_labelled) > MOST_SPREAD * share_new:
        lesson, scores = learn_in_rounds(*given, n_labelled, labels_filled, **time)
        paths = np.concatenate(list(map(lesson.chain.viterbi, scores)))
    # frames of labelled actions that are unlike labels in most clusterings; those of a
    # single recording go with its time, and so differ from a labelled stretch
    share_unlike = float(np.mean((unlike > 0.5) & (paths < n_labelled)))
    share_unlike *= not is_single
    return lesson, scores, find_tempering(lesson, views_of, labels, share_unlike)


def learn_in_rounds(
    views_of,
    joined_views,
    view_weights,
    labels,
    n_actions,
    paths,
    *,
    has_course,
    is_circular,
):
    """Learn a `Lesson` from labels and first paths; return it, and scores."""
    # With a course, time counts from the first round on, else only if the paths of
    # that round agree with it.
    labels_filled = fill_single_frames(labels)
    weights = np.where(np.concatenate(labels_filled) != UNKNOWN, LABEL_WEIGHT, 1.0)
    log_times = np.zeros((N_BINS, n_actions))
    if has_course:
        log_times = log_densities_of_time(labels_filled, n_actions, is_circular)
        log_times *= TIME_WEIGHT
    for i in range(N_ROUNDS):
        discriminants = fit_discriminants(joined_views, paths, weights, n_actions)
        lesson = Lesson(discriminants, view_weights, log_times, None)
        scores = [lesson.score(views) for views in views_of]
        chain, paths = choose_chain(scores, labels_filled, n_actions, log_times.any())
        if i == 0 and not has_course:
            log_times = learn_time(labels_filled, paths, n_actions, is_circular)
            log_times *= TIME_WEIGHT
    delays = find_delays(scores, labels, n_actions)
    lesson = lesson._replace(chain=chain, delays=delays)
    return lesson, list(map(lesson.score_on_time, views_of))


def weigh_views_by_labels(views_of, joined_views, is_scaled, labels, n_actions):
    """`weigh_views` by the paths that labels teach if all views count."""
    equal = np.full(len(joined_views), 1 / len(joined_views))
    if all(is_scaled) or not any(is_scaled):
        return equal
    weights = np.ones(sum(map(len, labels)))
    discriminants = fit_discriminants(joined_views, labels, weights, n_actions)
    lesson = Lesson(discriminants, equal, np.zeros((N_BINS, n_actions)), None)
    scores = [lesson.score(views) for views in views_of]
    _, paths = choose_chain(scores, labels, n_actions)
    return weigh_views(joined_views, is_scaled, paths, n_actions)


def weigh_views(joined_views, is_scaled, paths, n_actions):
    """Weights of views; those scaled by recording count if actions keep places."""
    # A recording that lacks actions is shifted by its own mean.
    is_scaled = np.array(is_scaled, bool)
    is_counted = np.ones(len(joined_views), bool)
    ends = np.cumsum(list(map(len, paths)))[:-1]
    scatter = [
        scatter_of_recordings(np.split(view, ends), paths, n_actions)
        for view in joined_views[:-1]  # the last is that of the clusterings
    ]
    logs = np.log(scatter)
    if logs[is_scaled].mean() > logs[~is_scaled].mean():
        is_counted[:-1] = ~is_scaled
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


def shares_of_clusterings_unlike(labels, clusters, n_labelled):
    """Share (n_frames,) of clusterings whose cluster labels lack; 0 with a label."""
    codes, all_clusters = np.concatenate(labels), np.concatenate(clusters)
    is_lacking = [
        clusters_without_labels(numbers, codes, n_labelled)[numbers]
        for numbers in all_clusters.T
    ]
    return (codes == UNKNOWN) * np.mean(is_lacking, axis=0)


def add_new_actions(labels, clusters, joined_views, n_labelled, is_unlike):
    """Labels with those of actions that no label shows, and the number of all."""
    # Their frames are unlike labels in all clusterings, and far from labelled actions;
    # the first clustering tells them apart.
    codes, first_clusters = np.concatenate(labels), np.concatenate(clusters)[:, 0]
    ends = np.cumsum(list(map(len, labels)))[:-1]
    is_new = is_unlike & in_far_clusters(
        joined_views, codes, n_labelled, is_unlike, first_clusters, ends
    )
    counts, n_actions = np.bincount(first_clusters[is_new], minlength=1), n_labelled
    for cluster in np.argsort(-counts, kind="stable"):
        if counts[cluster] >= LEAST_SHARE * len(codes):
            codes[is_new & (first_clusters == cluster)] = n_actions
            n_actions += 1
    return np.split(codes, ends), n_actions


def clusters_without_labels(numbers, codes, n_labelled):
    """Mask (n_clusters,) of those rare among labels, and without a labelled action."""
    # an action is held where more than half of its labelled frames are
    is_labelled = codes != UNKNOWN
    counts = np.bincount(numbers)
    n_shown = np.zeros((len(counts), n_labelled))
    np.add.at(n_shown, (numbers[is_labelled], codes[is_labelled]), 1)
    n_expected = counts / len(numbers) * is_labelled.sum()
    is_rare = n_shown.sum(axis=1) <= RARE * n_expected
    holds_action = (2 * n_shown > n_shown.sum(axis=0)).any(axis=1)
    return is_rare & ~holds_action


def in_far_clusters(joined_views, codes, n_labelled, is_unlike, clusters, ends):
    """Mask (n_frames,) of clusters that are far from labelled actions."""
    # In most views, most of their segments unlike labels are further away than nearly
    # all of others without labels. `ends` are those of recordings.
    is_other = ~is_unlike & (codes == UNKNOWN)
    if not (is_other.any() and is_unlike.any()):
        return np.zeros(len(codes), bool)
    _, starts, stops = find_segments(clusters, ends)
    votes = []
    for view in joined_views:
        distances = distances_to_actions(view, codes, n_labelled)
        means = np.add.reduceat(distances, starts) / (stops - starts)
        means = np.repeat(means, stops - starts)
        votes.append(means > np.quantile(means[is_other], FAR))
    is_far = is_unlike & (np.mean(votes, axis=0) > 0.5)
    n_far = np.bincount(clusters, is_far)
    n_unlike = np.bincount(clusters, is_unlike)
    return (2 * n_far > n_unlike)[clusters]


def measure_actions(columns, codes, weights, n_actions):
    """Weights (n_actions,) of actions, their means, and their common covariance."""
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
