"""Arrays of scores, groups of their columns, and layers: merges and splits."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import log_softmax
from sklearn.cluster import KMeans

# Maximum bytes of arrays that are kept for the next pass: of all frames of most sets,
# while larger sets are computed again in each pass, so that memory stays flat.
KEPT_BYTES = 2**26
# Places in time over which overlaps of prototypes fall to 1 / e. Those of neighbouring
# actions interleave, but in strict order, where paths leave no action twice.
REACH, REACH_IN_STRICT = 10.0, 0.25
# Exponent of sizes in the likeness of groups: with 1/2 long actions absorb short ones,
# with 1 none gets longer than the others.
SIZE_EXPONENT = 0.7
LARGEST = 1e100  # above all values of a likeness


class LazyArrays:
    """An array of each recording, computed on demand, and kept if there is room."""

    def __init__(self, compute, n_videos, *, keep=False):
        self.compute, self.n_videos = compute, n_videos
        self.kept, self.room = {}, KEPT_BYTES * keep

    def __getitem__(self, i):
        if i >= self.n_videos:
            raise IndexError(i)
        if i in self.kept:
            return self.kept[i]
        array = self.compute(i)
        if array.nbytes <= self.room:
            self.kept[i] = array
            self.room -= array.nbytes
        return array


def as_type_of(output, array):
    """Convert an output to single precision if its recording has it, else to double."""
    is_single = getattr(array, "dtype", None) == np.float32
    return output.astype(np.float32 if is_single else np.float64, copy=False)


def sum_groups(columns, groups, add):
    """Add up the columns (n_frames, n_columns) of each group, by ``np.add`` or like."""
    if (np.diff(groups) < 0).any():
        order = np.argsort(groups, kind="stable")
        groups, columns = groups[order], columns[:, order]
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    if len(starts) == len(groups):
        return columns
    return add.reduceat(columns, starts, axis=1)


def group_prototypes(overlap, n_networks, n_actions, reach=REACH):
    """Find the action (n_networks * n_prototypes,) of each prototype of networks."""
    # `overlap` is the sum of P' P over codes P of recordings, in frames.
    # Each network merges its prototypes to actions, which are then matched with those
    # of the networks before it, and once more with those of all others.
    blocks = np.split(np.arange(len(overlap)), n_networks)
    actions = np.concatenate(
        [merge_prototypes(overlap[np.ix_(b, b)], n_actions, reach) for b in blocks]
    )
    members = np.eye(n_actions)[actions]
    # the second round corrects a bad match with the first network alone
    for is_second in (False, True):
        for r, block in enumerate(blocks[1:], 1):
            later = blocks[r + 1 :] if is_second else []
            others = np.concatenate(blocks[:r] + later)
            shared = members[block].T @ overlap[np.ix_(block, others)] @ members[others]
            columns = linear_sum_assignment(shared, maximize=True)[1]
            actions[block] = columns[actions[block]]
            members[block] = np.eye(n_actions)[actions[block]]
    return actions


def merge_prototypes(overlap, n_actions, reach):
    """Merge prototypes, in order of time, to ``n_actions``; the action of each."""
    places = np.arange(len(overlap))
    # all pairs may be merged; those further apart in time count less
    closeness = np.exp(-np.abs(places[:, None] - places) / reach)
    members = np.eye(len(overlap))  # of groups
    while len(members) > n_actions:
        sizes = members @ overlap.sum(axis=1)
        shared = members @ (overlap * closeness) @ members.T
        scale = np.outer(sizes, sizes) ** SIZE_EXPONENT
        # an empty group is merged first, with the closest one
        likeness = LARGEST * (members @ closeness @ members.T)
        np.divide(shared, scale, out=likeness, where=scale > 0)
        likeness[np.tril_indices(len(members))] = -1.0
        first, second = divmod(int(likeness.argmax()), len(members))
        members[first] += members[second]
        members = np.delete(members, second, axis=0)
    # actions are in the order of the mean places of their frames
    weights = members * np.maximum(overlap.sum(axis=1), 1 / LARGEST)
    order = np.argsort(weights @ places / weights.sum(axis=1), kind="stable")
    return members[order].argmax(axis=0)


class Merge:
    """Merge of several actions into one."""

    adds_actions = False

    def __init__(self, new_codes, weights=1.0):
        # code after the merge (n_actions,) of each action, and its weight in the sum
        self.new_codes, self.weights = new_codes, weights

    def apply(self, scores, videos):
        """Yield log-likelihoods; weighted probabilities of merged actions add up."""
        for log_likelihood in scores:
            weighted = log_likelihood + np.log(self.weights)
            yield sum_groups(weighted, self.new_codes, np.logaddexp)

    def totals(self, totals):
        """Merge additive quantities, such as shares of frames."""
        return np.bincount(self.new_codes, totals)

    def moves(self, moves, shares):
        """Merge probabilities of moves: weighted means, without those within."""
        members = np.eye(self.new_codes.max() + 1)[self.new_codes]
        merged = members.T @ (shares[:, None] * moves) @ members
        np.fill_diagonal(merged, 0)
        return merged / self.totals(shares)[:, None]

    def costs(self, starts, moves):
        """Merge costs of paths: the least of the members."""
        members = [self.new_codes == k for k in range(self.new_codes.max() + 1)]
        merged_moves = [[moves[np.ix_(a, b)].min() for b in members] for a in members]
        merged_starts = [starts[is_member].min() for is_member in members]
        return np.array(merged_starts), np.array(merged_moves)


class Split:
    """Split of one action into two parts: Gaussians along a line of features."""

    adds_actions = True

    def __init__(self, sources, shares, direction, means, variances):
        # old action of each action, and shares of the parts, along the direction
        self.sources, self.shares, self.direction = sources, shares, direction
        self.means, self.variances = means, variances

    @property
    def parts(self):
        """Indices (n,) of the parts after the split."""
        (source,) = np.flatnonzero(np.bincount(self.sources) > 1)
        return np.flatnonzero(self.sources == source)

    def apply(self, scores, videos):
        """Yield log-likelihoods; probabilities of parts add up to the action's."""
        for i, log_likelihood in enumerate(scores):
            split_scores = log_likelihood[:, self.sources]
            split_scores[:, self.parts] += self._log_parts(videos.blocks(i))
            yield split_scores

    def totals(self, totals):
        """Split additive quantities by shares."""
        totals = totals[self.sources]
        totals[self.parts] *= self.shares
        return totals

    def moves(self, moves, shares):
        """Split probabilities of moves; parts are left as often as the action."""
        parts, n_actions = self.parts, len(self.sources)
        split = moves[np.ix_(self.sources, self.sources)]
        # a single action is never left, but its parts must be reached
        leaving = max(moves[self.sources[parts[0]]].sum(), 1e-12)
        split[:, parts] *= self.shares
        split[parts] *= (n_actions - len(parts)) / (n_actions - 1)
        split[np.ix_(parts, parts)] = leaving / (n_actions - 1)
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
        positions = np.concatenate([block @ self.direction for block in blocks])
        distances = (positions[:, None] - self.means) ** 2 / self.variances
        scores = np.log(self.shares) - 0.5 * (distances + np.log(self.variances))
        return log_softmax(scores, axis=1)


def fit_split(code, n_actions, frames, times):
    """Split action ``code`` of ``n_actions`` in two parts in time, by its frames."""
    frames = frames.astype(np.float64)
    kmeans = KMeans(2, n_init=4, random_state=0).fit(frames)
    centers, labels = kmeans.cluster_centers_, kmeans.labels_
    counts = np.bincount(labels, minlength=2)
    order = np.argsort(np.bincount(labels, times) / counts, kind="stable")
    # the line along which centres differ most; features across it do not decide, as
    # covariances of few frames are noise
    direction = np.linalg.svd(centers - centers.mean(axis=0))[2][0]
    positions = frames @ direction
    variances = np.array([positions[labels == part].var() for part in order])
    return Split(
        sources=np.insert(np.arange(n_actions), code, code),
        shares=counts[order] / len(frames),
        direction=direction,
        means=np.array([positions[labels == part].mean() for part in order]),
        # a part of equal frames has no variance
        variances=np.maximum(variances, 1e-3 * positions.var()),
    )


def codes_after_merge(codes, n_actions):
    """Find the new action of each action: ``codes`` become one, where the first is."""
    stays = np.ones(n_actions, dtype=bool)
    stays[codes[1:]] = False
    new_codes = np.cumsum(stays) - 1
    new_codes[codes[1:]] = new_codes[codes[0]]
    return new_codes


def merge_weights(new_codes, shares, layers):
    """Weights with which the density of a merged action is a mean of densities."""
    # Parts of a split are no densities, but add up to that of their action, and so have
    # its share.
    shares_of_densities = shares
    for layer in layers:
        shares = layer.totals(shares)
        if isinstance(layer, Split):
            shares_of_densities = shares_of_densities[layer.sources]
        else:
            shares_of_densities = shares
    return shares_of_densities / np.bincount(new_codes, shares)[new_codes]
