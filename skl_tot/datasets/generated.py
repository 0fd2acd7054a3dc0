"""Generated activities."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params


@validate_params(
    {
        "n_videos": [Interval(Integral, 1, None, closed="left")],
        "n_actions": [Interval(Integral, 1, None, closed="left")],
        "n_features": [Interval(Integral, 1, None, closed="left")],
        "mean_length": [Interval(Real, 1, 1e9, closed="both")],
        "unevenness": [Interval(Real, 0, 10, closed="both")],
        "missing": [Interval(Real, 0, 1, closed="left")],
        "order": [StrOptions({"strict", "free"})],
        "alike": ["boolean"],
        "noise": [Interval(Real, 0, 1e6, closed="both")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_activities(
    n_videos=20,
    n_actions=5,
    *,
    n_features=16,
    mean_length=200,
    unevenness=0.3,
    missing=0.0,
    order="strict",
    alike=False,
    noise=1.0,
    random_state=None,
):
    """Generate recordings of one activity: the same actions, by default in one order.

    A frame is the prototype of its action plus a drift plus white noise. Prototypes are
    standard normal in each feature. The drift is half a turn around a random ellipse,
    different for each recording, with standard deviation 0.3 in each feature.

    Parameters
    ----------
    n_videos : int, default=20
        Number of recordings.
    n_actions : int, default=5
        Number of actions. Their labels are 0, 1, …, in order of time if there is one.
    n_features : int, default=16
        Number of features of a frame.
    mean_length : float, default=200
        Mean number of frames of a recording with all actions, up to 1e9.
    unevenness : float, default=0.3
        Standard deviation of the logarithm of the actions' mean durations, up to 10.
        Half of it is the standard deviation of the logarithm of one action's duration
        over the recordings. With 0, every action of every recording takes
        ``mean_length / n_actions`` frames.
    missing : float, default=0.0
        Probability in [0, 1) that an action is left out of a recording. A recording
        without any action gets one at random.
    order : {"strict", "free"}, default="strict"
        Whether recordings show the actions in one order, or as many segments of random
        actions: some repeat, others do not occur, and each recording has another order.
    alike : bool, default=False
        Whether action k has the prototype of action ``n_actions - 1 - k``, like a way
        there and back. Only time distinguishes the two.
    noise : float, default=1.0
        Standard deviation of the white noise in each feature, up to 1e6.
    random_state : int, RandomState instance or None, default=None
        Seed or generator. An int gives the same data in every call.

    Returns
    -------
    videos : list of ndarray of shape (n_frames_i, n_features)
        Features, float32.
    labels : list of ndarray of shape (n_frames_i,)
        Action of each frame, int. Every segment has at least one frame.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.
    ValueError
        If ``mean_length`` is below ``n_actions``.

    Examples
    --------
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(3, n_actions=2, mean_length=6, unevenness=0)
    >>> [video.shape for video in videos]
    [(6, 16), (6, 16), (6, 16)]
    >>> labels[0]
    array([0, 0, 0, 1, 1, 1])
    """
    if mean_length < n_actions:
        raise ValueError(
            f"mean_length={mean_length} is below n_actions={n_actions}, but every "
            "action takes at least one frame."
        )
    rng = check_random_state(random_state)
    prototypes = rng.normal(size=(n_actions, n_features))
    if alike:
        steps = np.arange(n_actions)
        prototypes = prototypes[np.minimum(steps, steps[::-1])]
    steps, durations = _draw_segments(
        rng, (n_videos, n_actions), mean_length, unevenness, order
    )
    present = rng.uniform(size=durations.shape) >= missing
    rescued = rng.randint(n_actions, size=n_videos)
    empty = ~present.any(axis=1)
    present[empty, rescued[empty]] = True

    labels = list(map(np.repeat, steps, durations * present))
    videos = []
    for actions in labels:
        angle = np.linspace(0, np.pi, len(actions))
        axes = rng.normal(scale=0.3, size=(2, n_features))
        drift = np.column_stack([np.cos(angle), np.sin(angle)]) @ axes
        frames = prototypes[actions] + drift
        frames += rng.normal(scale=noise, size=frames.shape)
        videos.append(frames.astype(np.float32))
    return videos, labels


def _draw_segments(rng, shape, mean_length, unevenness, order):
    """Actions of the segments of each recording, and their frames, of equal shapes."""
    n_actions = shape[1]
    shares = np.exp(rng.normal(scale=unevenness, size=n_actions))
    shares /= shares.sum()
    jitter = unevenness / 2
    # shifted so that the mean of the factors is 1
    factors = np.exp(rng.normal(-(jitter**2) / 2, jitter, size=shape))
    steps = np.broadcast_to(np.arange(n_actions), shape)
    if order == "free" and n_actions > 1:  # neighbouring segments differ
        moves = rng.randint(1, n_actions, size=shape)
        moves[:, 0] = rng.randint(n_actions, size=shape[0])
        steps = moves.cumsum(axis=1) % n_actions
    durations = np.maximum(np.rint(mean_length * shares[steps] * factors), 1)
    return steps, durations.astype(int)
