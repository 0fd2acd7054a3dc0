"""Frames in which no action is convincing."""

import numpy as np

# Added to variances, in squared units of the (standardised) features.
MIN_VARIANCE = 1e-2


def fit_background(videos, labels, n_actions, percentile):
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

    Returns
    -------
    background : dict of ndarray
        ``means`` and ``variances`` (K, n_features), and ``thresholds`` (K,), which is
        inf for an action without frames.

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
    means = sums / np.maximum(counts, 1)
    variances = np.maximum(squares / np.maximum(counts, 1) - means**2, 0)
    background = {"means": means + shift, "variances": variances + MIN_VARIANCE}
    densities = [
        _log_densities(video, background)[np.arange(len(actions)), actions]
        for video, actions in zip(videos, labels)
    ]
    densities, actions = np.concatenate(densities), np.concatenate(labels)
    background["thresholds"] = np.array(
        [
            np.percentile(densities[actions == k], percentile) if n else np.inf
            for k, n in enumerate(counts)
        ]
    )
    return background


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
