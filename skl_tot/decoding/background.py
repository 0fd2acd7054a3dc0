"""Frames in which no action is convincing."""

import numpy as np

# Added to variances, in squared units of the (standardised) features.
MIN_VARIANCE = 1e-2
# Weight of what earlier calls of partial_fit saw, at each new one.
STREAM_MEMORY = 0.95
LEVELS = (np.arange(100) + 0.5) / 100


def fit_background(videos, labels, n_actions, percentile, before=None):
    r"""Learn which frames belong to no action.

    Each action gets a Gaussian of independent features over the frames that the decoder
    gave to it, and a threshold: the given percentile of its log-density over them.

    Parameters
    ----------
    videos : iterable of ndarray of shape (n_frames_i, n_features)
        Features in comparable units, of videos or parts of them; read one at a time,
        twice.
    labels : sequence of ndarray of shape (n_frames_i,)
        Action of each frame.
    n_actions : int
        Number of actions K.
    percentile : float
        In (0, 100): the least convincing share of each action's frames, in percent.
    before : dict of ndarray, default=None
        What earlier calls gave, of a stream that goes on: their frames count on, with
        less weight at each call.

    Returns
    -------
    background : dict of ndarray
        ``means`` and ``variances`` (K, n_features), and ``thresholds`` (K,), which is
        inf for an action without frames; for a stream also ``counts`` (K,), the frames
        of each action, and ``quantiles`` (K, 100) of its log-density.

    References
    ----------
    Kukleva et al., "Unsupervised Learning of Action Classes with Continuous Temporal
    Embedding", CVPR 2019, for the percentile of each action. They take it of the
    likelihood that the decoder uses; the features told background better.

    Examples
    --------
    >>> video = np.array([[0.0], [0.1], [0.3], [5.0], [5.1], [9.9]])
    >>> background = fit_background([video], [np.array([0, 0, 0, 1, 1, 1])], 2, 40)
    >>> is_background(video, background)
    array([False, False,  True, False, False,  True])
    """
    counts, sums, squares = np.zeros((3, n_actions, 1))
    shift = None
    for video, actions in zip(videos, labels):
        video = video.astype(np.float64)
        if shift is None:
            shift = video[0]  # any frame will do: far from 0 the squares would cancel
        codes = np.eye(n_actions)[actions].T
        counts += codes.sum(axis=1, keepdims=True)
        sums = sums + codes @ (video - shift)
        squares = squares + codes @ (video - shift) ** 2
    if before is not None:
        weights = before["counts"] * np.where(counts[:, 0] > 0, STREAM_MEMORY, 1)
        means, variances = before["means"] - shift, before["variances"] - MIN_VARIANCE
        counts += weights[:, None]
        sums = sums + weights[:, None] * means
        squares = squares + weights[:, None] * (variances + means**2)
    means = sums / np.maximum(counts, 1)
    variances = np.maximum(squares / np.maximum(counts, 1) - means**2, 0)
    background = {"means": means + shift, "variances": variances + MIN_VARIANCE}
    densities = [
        _log_densities(video, background)[np.arange(len(actions)), actions]
        for video, actions in zip(videos, labels)
    ]
    densities, actions = np.concatenate(densities), np.concatenate(labels)
    background["counts"] = counts[:, 0]
    if before is None:
        background["thresholds"] = np.full(n_actions, np.inf)
        background["quantiles"] = np.full((n_actions, len(LEVELS)), np.nan)
    else:
        background["thresholds"] = before["thresholds"].copy()
        background["quantiles"] = before["quantiles"].copy()
    _set_thresholds(background, densities, actions, percentile)
    return background


def _set_thresholds(background, densities, actions, percentile):
    """Set those of the actions that occur, and mix earlier quantiles into new ones."""
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
    """Quantiles at shares in [0, 1], as of numpy if all weights are 1."""
    order = np.argsort(values)
    positions = np.cumsum(weights[order]) - weights[order]
    return np.interp(at * positions[-1], positions, values[order])


def is_background(video, background):
    """Find the frames that are below the threshold of every action.

    Parameters
    ----------
    video : ndarray of shape (n_frames, n_features)
        Features in the units of the fit.
    background : dict of ndarray
        From `fit_background`.

    Returns
    -------
    mask : ndarray of bool of shape (n_frames,)
        True where no action is convincing.
    """
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
