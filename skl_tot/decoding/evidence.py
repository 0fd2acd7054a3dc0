"""Evidence of frames for actions: Gaussians, calibration, switches and boundaries."""

from typing import NamedTuple

import numpy as np
from scipy.special import softmax

from skl_tot.decoding.chain import free_chain
from skl_tot.recordings.clocks import check_breaks
from skl_tot.recordings.errors import RecordingValueError, is_number, refuse
from skl_tot.recordings.labels import BACKGROUND, as_reals, find_segments, label_blocks
from skl_tot.recordings.signals import lagged_products

# Added to variances, in squared units of the (standardised) features.
MIN_VARIANCE = 1e-2
# Limit of log-odds, so that sums of squares stay finite.
LARGEST_ODDS = 1e70
# Probability of the interval of a boundary; each tail has half of the rest.
LEVEL = 0.9


class ActionMoments:
    """Counts (K,), sums and sums of squares (K, n_features), float64, of K actions."""

    # Sums are of frames minus `shift`, one of the frames: far from 0 squares
    # would cancel, and constants get a mean of exactly 0.

    def __init__(self, n_actions):
        self.shift = None
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

    def means(self):
        """Means (K, n_features) minus the shift; 0 without frames."""
        return self.sums / np.maximum(self.counts, 1)[:, None]

    def variances(self):
        """Variances (K, n_features); 0 without frames."""
        mean_squares = self.squares / np.maximum(self.counts, 1)[:, None]
        return np.maximum(mean_squares - self.means() ** 2, 0)


def log_densities(frames, means, variances, i=None):
    """Log-densities (n_frames, n_actions) of independent features, of recording i."""
    densities = np.empty((len(frames), len(means)))
    scales = np.sqrt(variances)
    with np.errstate(over="ignore", invalid="ignore"):
        for k, (mean, scale) in enumerate(zip(means, scales)):
            distances = np.square((frames - mean) / scale)
            densities[:, k] = -0.5 * distances.sum(axis=1)
    densities -= np.log(scales).sum(axis=1) + 0.5 * frames.shape[1] * np.log(2 * np.pi)
    return _check_finite(densities, i)


def correlated_log_densities(frames, means, factors, i=None):
    """Log-densities (n_frames, n_actions) of correlated features, of recording i."""
    # Factors (n_actions, n_features, n_features) are upper triangular roots of the
    # precisions, like `precisions_cholesky_` of scikit-learn.
    densities = np.empty((len(frames), len(means)))
    with np.errstate(over="ignore", invalid="ignore"):
        for k, (mean, factor) in enumerate(zip(means, factors)):
            distances = np.square((frames - mean) @ factor)
            densities[:, k] = -0.5 * distances.sum(axis=1)
    constants = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    densities += constants - 0.5 * frames.shape[1] * np.log(2 * np.pi)
    return _check_finite(densities, i)


def _check_finite(densities, i):
    if not (densities > -1e150).all():
        raise RecordingValueError("the features are too far from those of the fit.", i)
    return densities


def linear_log_densities(means, covariance):
    """Weights (n_actions, n_features) and offsets (n_actions,) of log-densities."""
    # With one covariance for all actions, log-densities are linear, up to a constant
    # per frame: linear discriminants.
    if covariance.ndim == 1:
        weights = means / covariance
    else:
        weights = np.linalg.solve(covariance, means.T).T
    return weights, -0.5 * (means * weights).sum(axis=1)


def shrunk(covariance):
    """Covariance with a tenth of its mean variance as a ridge, as features repeat."""
    n_columns = len(covariance)
    variance = np.trace(covariance) / n_columns or 1.0
    return 0.9 * covariance + 0.1 * variance * np.eye(n_columns)


def _fast_log_densities(frames, means, variances):
    """Like `log_densities`, up to one constant, by products of matrices."""
    # The differences of `log_densities` are more precise, and take ten times as long
    # for hundreds of features.
    precisions = 1 / variances
    shift = means.mean(axis=0)
    means = means - shift
    frames = frames.astype(np.float64) - shift
    distances = frames**2 @ precisions.T - 2 * frames @ (means * precisions).T
    constants = means**2 * precisions + np.log(variances)
    return -0.5 * (distances + constants.sum(axis=1))


class Background(NamedTuple):
    """Gaussians of actions and thresholds of background, as in ``background_``."""

    means: np.ndarray
    variances: np.ndarray
    thresholds: np.ndarray


def fit_background(read_blocks, labels, n_actions, percentile):
    """Learn `Background` from blocks, read twice, and labels of all their frames."""
    # Each action gets a Gaussian of independent features over its decoded frames, and a
    # threshold: the given percentile of its log-density over these frames. This follows
    # Kukleva et al., CVPR 2019. They use the likelihood of the decoder; features
    # detected background better.
    moments = ActionMoments(n_actions)
    for frames, actions in label_blocks(read_blocks(), labels):
        moments.add(frames, actions)
    means = moments.means() + moments.shift
    variances = moments.variances() + MIN_VARIANCE
    densities = []
    for frames, actions in label_blocks(read_blocks(), labels):
        of_actions = _fast_log_densities(frames, means, variances)
        densities.append(of_actions[np.arange(len(actions)), actions])
    densities = np.concatenate(densities)
    thresholds = np.full(n_actions, np.inf)  # of actions without frames
    for k in np.unique(labels):
        thresholds[k] = np.percentile(densities[labels == k], percentile)
    return Background(means, variances, thresholds)


def find_background(blocks, background):
    """Mask (n_frames,) of the frames of blocks below the threshold of each action."""
    masks = []
    for frames in blocks:
        densities = _fast_log_densities(frames, background.means, background.variances)
        masks.append((densities < background.thresholds).all(axis=1))
    return np.concatenate(masks)


class Evidence:
    """Log-odds of the actions of paths, collected over recordings."""

    # The log-odds of a frame are the log-likelihood of its action minus the log of the
    # mean likelihood of all others. For independent frames and true log-likelihoods,
    # Gaussian log-odds of mean m would have the variance 2 m. Frames of recordings are
    # correlated: the mean of n frames has the variance v τ / n, with autocorrelation
    # time τ. Times 2 m / (v τ), log-odds are evidence like that of independent frames.

    # With `is_robust`, log-odds of a recording are limited around their median:
    # otherwise a few outliers would make all other frames worthless. On nine
    # recorded sets with four methods each, this lowered the calibration error of
    # posteriors from 0.165 to 0.154, and its largest value from 0.38 to 0.11.

    def __init__(self, *, is_robust=False):
        self.is_robust = is_robust
        self.n_frames, self.total = 0, 0.0
        self.products = np.zeros(1)  # sums of products of deviations, by lag

    def add(self, log_likelihood, path):
        """Add a recording (n_frames, n_actions) and its path (n_frames,)."""
        if log_likelihood.shape[1] == 1:
            return  # there is no other action
        log_odds = _log_odds(log_likelihood, path)
        if self.is_robust:
            log_odds = _without_outliers(log_odds, path >= 0)
        for action, start, end in zip(*find_segments(path)):
            if action >= 0:
                self._add_segment(log_odds[start:end])

    def correlation_time(self):
        """Return the frames with the evidence of one independent frame, at least 1."""
        # 1 plus twice the sum of the correlations of lags within segments, up
        # to the first that is not positive
        if self.products[0] <= 0:
            return 1.0
        correlations = self.products / self.products[0]
        (ends,) = np.nonzero(correlations <= 0)
        stop = ends[0] if len(ends) else len(correlations)
        return float(1 + 2 * correlations[1:stop].sum())

    def tempering(self):
        """Factor, from 0 to 1, that calibrates log-likelihoods."""
        spread = self.products[0] * self.correlation_time()
        if spread <= 0:
            return 1.0
        return float(np.clip(2 * self.total / spread, 0, 1))

    def _add_segment(self, log_odds):
        n_frames = len(log_odds)
        self.n_frames += n_frames
        self.total += log_odds.sum()
        if n_frames == 1:
            return
        products = lagged_products(log_odds - log_odds.mean())
        if n_frames > len(self.products):
            self.products, products = products, self.products
        self.products[: len(products)] += products


def _log_odds(log_likelihood, path):
    """Log-odds (n_frames,) of the action of each frame against the mean of others."""
    # those of background (-1) mean nothing, and `Evidence.add` leaves them out
    of_path = np.arange(len(path)), path
    others = log_likelihood.copy()
    others[of_path] = -np.inf
    most = others.max(axis=1)  # three times faster than scipy's logsumexp
    others -= most[:, None]
    np.exp(others, out=others)
    log_odds = log_likelihood[of_path] - most - np.log(others.mean(axis=1))
    log_odds += np.log1p(-1 / others.shape[1])
    return np.clip(log_odds, -LARGEST_ODDS, LARGEST_ODDS)


def _without_outliers(log_odds, is_action):
    """Log-odds (n_frames,) within limits from frames of actions."""
    of_actions = log_odds[is_action]
    if len(of_actions) == 0:
        return log_odds
    median = np.median(of_actions)
    # the standard deviation of a Gaussian, in median absolute deviations
    deviation = 1.4826 * np.median(np.abs(of_actions - median))
    if deviation == 0:  # most values are equal
        return log_odds
    return np.clip(log_odds, median - 3 * deviation, median + 3 * deviation)


def find_switch_cost(*log_likelihoods):
    """Estimate one cost of a switch from recordings, in nats."""
    # Segments have d frames on average, and evidence of d / τ independent frames (see
    # `Evidence`). A switch to one of K - 1 other actions is less likely than staying by
    # log(1 + (K - 1) d / τ) nats of true log-likelihoods. The overconfidence of the
    # given ones scales that up. d and the calibration are measured on the best path in
    # any order, in alternation, from a cost of log(K) on.
    n_actions = log_likelihoods[0].shape[1]
    cost = np.log(n_actions)
    if n_actions == 1:
        return float(cost)
    for _ in range(4):  # more rounds would oscillate
        before = cost
        evidence, n_segments = Evidence(), 0
        chain = free_chain(n_actions, before)
        for log_likelihood in log_likelihoods:
            path = chain.viterbi(log_likelihood)
            evidence.add(log_likelihood, path)
            n_segments += 1 + np.count_nonzero(np.diff(path))
        duration = evidence.n_frames / n_segments
        n_independent = max(1.0, duration / evidence.correlation_time())
        nats = np.log1p((n_actions - 1) * n_independent)
        cost = nats / max(evidence.tempering(), 1 / LARGEST_ODDS)
        if abs(cost - before) <= 0.05 * before:
            break
    return float(cost)


def check_log_likelihood(values):
    """Return log-likelihoods as float64, finite and not too large; refuse others."""
    if np.ma.isMaskedArray(values):
        refuse("log_likelihood", type(values), "an array (frames, actions)", TypeError)
    array = as_reals(values, "log_likelihood")
    if array.ndim != 2 or 0 in array.shape:
        refuse("the shape of log_likelihood", array.shape, "(frames, actions)")
    # also refuses NaN; sums of larger values may overflow
    if not -1e150 < array.min() <= array.max() < 1e150:
        raise ValueError("log_likelihood has values that are not finite, or too large.")
    return array


def boundary_intervals(log_likelihood, path, *, blur=0.0, breaks=()) -> np.ndarray:
    r"""Find intervals of the boundaries of a path, of 90 % probability.

    Each boundary between two actions moves within its two segments, while the rest of
    the path stays. With log-likelihoods :math:`\ell`, segments of actions a and b, and
    a boundary before frame t,

    .. math:: p(t) \propto \exp \Bigl( \sum_{i < t} \ell_{ia}
        + \sum_{i \ge t} \ell_{ib} \Bigr).

    Parameters
    ----------
    log_likelihood : array-like of shape (n_frames, n_actions)
        Finite log-likelihood of each action, up to a constant per frame.
    path : array-like of shape (n_frames,)
        Action of each frame; -1 is background, whose boundaries have no interval.
    blur : float, default=0.0
        Scale of a Laplace distribution that blurs p, as a share of the frames of the
        shorter one of the two segments.
    breaks : array-like of int, default=()
        First frames of new parts. They bound segments, and do not move.

    Returns
    -------
    intervals : ndarray of shape (n_intervals, 3), dtype intp
        A row for each boundary that can move: first frame of a segment, and the least
        and the greatest first frame of its interval, which contains it.

    Examples
    --------
    >>> from skl_tot.decoding import boundary_intervals
    >>> log_likelihood = [[0, -9], [0, -9], [0, -1], [-1, 0], [-9, 0], [-9, 0]]
    >>> boundary_intervals(log_likelihood, [0, 0, 0, 1, 1, 1])
    array([[3, 2, 4]])
    """
    from scipy.signal import lfilter  # slow to import

    scores, path = check_log_likelihood(log_likelihood), np.asarray(path)
    n_frames, n_actions = scores.shape
    if not (is_number(blur) and 0 <= blur <= 1):
        refuse("blur", blur, "a number from 0 to 1")
    if path.shape != (n_frames,):
        refuse("the shape of path", path.shape, f"({n_frames},)")
    is_action = np.isin(path, np.arange(BACKGROUND, n_actions))
    if path.dtype.kind not in "iu" or not is_action.all():
        refuse("path", path.tolist(), f"integers from -1 to {n_actions - 1}")
    breaks = check_breaks(breaks, n_frames, "breaks")
    actions, starts, ends = find_segments(path, breaks)
    intervals = [np.empty((0, 3), dtype=np.intp)]
    for k in range(1, len(starts)):
        start, at, end = starts[k - 1], starts[k], ends[k]
        a, b = actions[k - 1 : k + 1]
        if a == b or min(a, b) < 0 or at in breaks or end - start < 3:
            continue
        gains = scores[start:end, a] - scores[start:end, b]
        weights = softmax(np.cumsum(gains)[:-1])
        decay = np.exp(-1 / max(blur * min(at - start, end - at), 1e-3))
        later = lfilter([1], [1, -decay], weights)
        earlier = lfilter([1], [1, -decay], weights[::-1])[::-1]
        shares = np.cumsum(later + earlier - weights)
        tails = np.array([1 - LEVEL, 1 + LEVEL]) / 2 * shares[-1]
        low, high = start + 1 + np.searchsorted(shares, tails)
        intervals.append([[at, min(low, at), max(min(high, end - 1), at)]])
    return np.concatenate(intervals)
