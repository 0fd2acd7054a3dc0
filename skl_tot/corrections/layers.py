"""Corrections of actions: merges and splits of scores."""

import numpy as np
from scipy.special import log_softmax
from sklearn.cluster import KMeans

from skl_tot.methods.base import sum_groups

# Least variance of a part, as a share of the variance of all.
LEAST_VARIANCE = 1e-3
# Least probability of leaving an action that is split, such as an only one.
LEAST_PROBABILITY = 1e-12


class Merge:
    """Merge of several actions into one."""

    def __init__(self, groups, weights=1.0):
        # new action of each action, and its weight in the sum
        self.groups, self.weights = groups, weights

    def apply(self, scores, videos):
        """Yield log-likelihoods; weighted probabilities of merged actions add up."""
        for own in scores:
            yield sum_groups(own + np.log(self.weights), self.groups, np.logaddexp)

    def totals(self, totals):
        """Merge additive quantities, such as shares of frames."""
        return np.bincount(self.groups, totals)

    def moves(self, moves, shares):
        """Merge probabilities of moves: weighted means, without those within."""
        members = np.eye(self.groups.max() + 1)[self.groups]
        merged = members.T @ (shares[:, None] * moves) @ members
        np.fill_diagonal(merged, 0)
        return merged / self.totals(shares)[:, None]

    def costs(self, starts, moves):
        """Merge costs of paths: the least of the members."""
        members = [self.groups == k for k in range(self.groups.max() + 1)]
        merged = [[moves[np.ix_(a, b)].min() for b in members] for a in members]
        return np.array([starts[own].min() for own in members]), np.array(merged)


class Split:
    """Split of one action into several parts: Gaussians along a line of features."""

    def __init__(self, sources, shares, direction, means, variances):
        # old action of each action, and shares of the parts, along the direction
        self.sources, self.shares, self.direction = sources, shares, direction
        self.means, self.variances = means, variances

    @property
    def parts(self):
        """Indices (n,) of the parts after the split."""
        (twice,) = np.flatnonzero(np.bincount(self.sources) > 1)
        return np.flatnonzero(self.sources == twice)

    def apply(self, scores, videos):
        """Yield log-likelihoods; probabilities of parts add up to the action's."""
        for i, own in enumerate(scores):
            own = own[:, self.sources]
            own[:, self.parts] += self._log_parts(videos.blocks(i))
            yield own

    def totals(self, totals):
        """Split additive quantities by shares."""
        totals = totals[self.sources]
        totals[self.parts] *= self.shares
        return totals

    def moves(self, moves, shares):
        """Split probabilities of moves; parts are left as often as the action."""
        parts, n_actions = self.parts, len(self.sources)
        split = moves[np.ix_(self.sources, self.sources)]
        left = max(moves[self.sources[parts[0]]].sum(), LEAST_PROBABILITY)
        split[:, parts] *= self.shares
        split[parts] *= (n_actions - len(parts)) / (n_actions - 1)
        split[np.ix_(parts, parts)] = left / (n_actions - 1)
        np.fill_diagonal(split, 0)
        return split

    def costs(self, starts, moves):
        """Split costs of paths: a move between parts costs the least of all moves."""
        split = moves[np.ix_(self.sources, self.sources)]
        split[np.ix_(self.parts, self.parts)] = min(moves[moves > 0], default=0)
        np.fill_diagonal(split, 0)
        return starts[self.sources], split

    def _log_parts(self, blocks):
        """Log-probability (n_frames, n) of each part, by position along the line."""
        places = np.concatenate([block @ self.direction for block in blocks])
        distances = (places[:, None] - self.means) ** 2 / self.variances
        scores = np.log(self.shares) - 0.5 * (distances + np.log(self.variances))
        return log_softmax(scores, axis=1)


def merge_weights(groups, shares, layers):
    """Weights with which the density of a merged action is a mean of densities."""
    # parts of an action are no densities, but add up to its density
    units = shares
    for layer in layers:
        shares = layer.totals(shares)
        units = units[layer.sources] if isinstance(layer, Split) else shares
    return units / np.bincount(groups, shares)[groups]


def merged_groups(codes, n_actions):
    """Return groups of a merge, at the index of the first action."""
    stays = np.ones(n_actions, dtype=bool)
    stays[codes[1:]] = False
    groups = np.cumsum(stays) - 1
    groups[codes[1:]] = groups[codes[0]]
    return groups


def split_sources(code, n_actions, n):
    """Return sources of a split of one action into n."""
    repeats = np.ones(n_actions, dtype=int)
    repeats[code] = n
    return np.repeat(np.arange(n_actions), repeats)


def fit_line(frames, times, n):
    """Fit n Gaussians along a line to standardised frames of an action."""
    frames = frames.astype(np.float64)
    kmeans = KMeans(n, n_init=4, random_state=0).fit(frames)
    centers, labels = kmeans.cluster_centers_, kmeans.labels_
    counts = np.bincount(labels, minlength=n)
    order = np.argsort(np.bincount(labels, times) / counts, kind="stable")
    direction = np.linalg.svd(centers - centers.mean(axis=0))[2][0]
    places = frames @ direction
    variances = np.array([places[labels == part].var() for part in order])
    return {
        "shares": counts[order] / len(frames),
        "direction": direction,
        "means": np.array([places[labels == part].mean() for part in order]),
        "variances": np.maximum(variances, LEAST_VARIANCE * places.var()),
    }
