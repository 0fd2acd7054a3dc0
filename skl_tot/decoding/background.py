"""Frames without a convincing action, and moments of the frames of actions."""

import numpy as np

# Added to variances, in squared units of the (standardised) features.
MIN_VARIANCE = 1e-2
# Weight of earlier calls of partial_fit at each new one.
STREAM_MEMORY = 0.95
LEVELS = (np.arange(100) + 0.5) / 100


class ActionMoments:
    """Counts (K,), sums and sums of squares (K, n_features), float64, of K actions.

    Sums are of frames minus `shift`, one of the frames: far from 0 squares would
    cancel, and constants get a mean of exactly 0.

    >>> moments = ActionMoments(2)
    >>> moments.add(np.array([[8.0], [9.0]]), np.array([0, 1]))
    >>> moments.add(np.array([[7.0], [9.0]]), np.array([0, 1]))
    >>> moments.shift, moments.means().tolist(), moments.variances().tolist()
    (array([8.]), [[-0.5], [1.0]], [[0.25], [0.0]])
    """

    def __init__(self, n_actions, shift=None):
        self.shift = shift
        self.counts = np.zeros(n_actions)
        self.sums, self.squares = np.zeros((2, n_actions, 1))

    def add(self, frames, actions):
        """Add frames (n, n_features) and their actions (n,)."""
        if self.shift is None:
            self.shift = frames[0].astype(np.float64)
        frames = frames - self.shift
        codes = np.eye(len(self.counts))[actions].T
        self.counts += codes.sum(axis=1)
        self.sums = self.sums + codes @ frames
        np.square(frames, out=frames)
        self.squares = self.squares + codes @ frames

    def add_known(self, counts, means, variances):
        """Add frames with known counts and moments; `means` are not shifted."""
        counts, means = counts[:, None], means - self.shift
        self.counts += counts[:, 0]
        self.sums = self.sums + counts * means
        self.squares = self.squares + counts * (variances + means**2)

    def means(self):
        """Means (K, n_features) minus the shift; 0 without frames."""
        return self.sums / np.maximum(self.counts, 1)[:, None]

    def variances(self):
        """Variances (K, n_features); 0 without frames."""
        mean_squares = self.squares / np.maximum(self.counts, 1)[:, None]
        return np.maximum(mean_squares - self.means() ** 2, 0)


def fit_background(blocks, labels, n_actions, percentile, before=None):
    r"""Learn the background, frames that belong to no action.

    Each action gets a Gaussian of independent features over its decoded frames, and a
    threshold: the given percentile of its log-density over these frames.

    ``blocks()`` iterates over recordings, or their parts, and is called twice;
    ``labels`` has the actions of their frames. ``before`` is the earlier result for a
    stream: its frames count with less weight at each call. Returns a dict of ``means``
    and ``variances`` (K, n_features), ``thresholds`` (K,), inf for an action without
    frames, and for streams ``counts`` (K,), frames of each action, and ``quantiles``
    (K, 100) of its log-density.

    The percentile of each action follows Kukleva et al., "Unsupervised Learning of
    Action Classes with Continuous Temporal Embedding", CVPR 2019. They use the
    likelihood of the decoder; features detected background better.

    >>> video = np.array([[0.0], [0.1], [0.3], [5.0], [5.1], [9.9]])
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> background = fit_background(lambda: [video], [labels], 2, 40)
    >>> is_background(video, background)
    array([False, False,  True, False, False,  True])
    """
    moments = ActionMoments(n_actions)
    for video, actions in zip(blocks(), labels):
        moments.add(video, actions)
    if before is not None:
        weights = before["counts"] * np.where(moments.counts > 0, STREAM_MEMORY, 1)
        variances = before["variances"] - MIN_VARIANCE
        moments.add_known(weights, before["means"], variances)
    background = {
        "means": moments.means() + moments.shift,
        "variances": moments.variances() + MIN_VARIANCE,
        "counts": moments.counts,
    }
    densities = []
    for video, actions in zip(blocks(), labels):
        of_actions = _log_densities(video, background)
        densities.append(of_actions[np.arange(len(actions)), actions])
    if before is None:
        background["thresholds"] = np.full(n_actions, np.inf)
        background["quantiles"] = np.full((n_actions, len(LEVELS)), np.nan)
    else:
        background["thresholds"] = before["thresholds"].copy()
        background["quantiles"] = before["quantiles"].copy()
    _set_thresholds(
        background, np.concatenate(densities), np.concatenate(labels), percentile
    )
    return background


def _set_thresholds(background, densities, actions, percentile):
    """Set thresholds of the actions that occur, and mix in earlier quantiles."""
    at = np.append(LEVELS, percentile / 100)
    for k in np.unique(actions):
        values = densities[actions == k]
        weights = np.ones(len(values))
        earlier = background["counts"][k] - len(values)
        if earlier > 0:
            values = np.append(values, background["quantiles"][k])
            weights = np.append(weights, np.full(len(LEVELS), earlier / len(LEVELS)))
        *quantiles, threshold = _weighted_quantiles(values, weights, at)
        background["quantiles"][k] = quantiles
        background["thresholds"][k] = threshold


def _weighted_quantiles(values, weights, at):
    """Quantiles at shares in [0, 1]; equal to numpy's for weights of 1."""
    order = np.argsort(values)
    positions = np.cumsum(weights[order]) - weights[order]
    return np.interp(at * positions[-1], positions, values[order])


def is_background(video, background):
    """Mask of the frames below the threshold of every action."""
    return (_log_densities(video, background) < background["thresholds"]).all(axis=1)


def _log_densities(video, background):
    """Log-density (n_frames, n_actions) of each action, up to one constant."""
    precisions = 1 / background["variances"]
    shift = background["means"].mean(axis=0)
    means = background["means"] - shift
    video = video.astype(np.float64) - shift
    distances = video**2 @ precisions.T - 2 * video @ (means * precisions).T
    constants = means**2 * precisions + np.log(background["variances"])
    return -0.5 * (distances + constants.sum(axis=1))
