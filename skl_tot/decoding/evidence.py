"""Calibration of log-likelihoods, as neighbouring frames are not independent."""

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from skl_tot.decoding.chain import free_chain
from skl_tot.recordings.labels import find_segments

# Limit of log-odds, so that sums of squares stay finite.
LARGEST_ODDS = 1e70
# Maximum rounds of the cost; more would oscillate.
MAX_ROUNDS = 4
TOLERANCE = 0.05
# Limit of log-odds for confidence, in robust standard deviations from the median of a
# recording; and the standard deviation of a Gaussian, in median absolute deviations.
MOST_DEVIATIONS, PER_DEVIATION = 3.0, 1.4826


class Evidence:
    r"""Log-odds of the actions of paths, collected over recordings.

    The log-odds of a frame are the log-likelihood of its action minus the log of the
    mean likelihood of all others. For independent frames and true log-likelihoods,
    Gaussian log-odds of mean m would have the variance 2 m, as likelihood ratios of
    false actions have mean 1. Frames of recordings are correlated: the mean of n frames
    has the variance :math:`v \tau / n`, with the autocorrelation time

    .. math:: \tau = 1 + 2 \sum_{j \ge 1} \rho_j

    over lags j within segments, up to the first non-positive correlation. Multiplied by
    :math:`2 m / (v \tau)`, mean and variance agree, and log-odds are evidence like that
    of independent frames.

    With ``is_robust``, log-odds of a recording are limited to three standard deviations
    around their median: otherwise a few outliers would make all other frames worthless.
    On nine recorded sets with four methods each, this lowered the calibration error of
    posteriors from 0.165 to 0.154, and its largest value from 0.38 to 0.11.

    Examples
    --------
    >>> log_odds = np.array([0.5, 1.5, 0.5, 1.5])
    >>> evidence = Evidence()
    >>> evidence.add(np.stack([log_odds, np.zeros(4)], axis=1), np.zeros(4, int))
    >>> evidence.correlation_time(), evidence.tempering()
    (1.0, 1.0)
    >>> evidence = Evidence()
    >>> log_odds = np.array([0.0, 0.0, 8.0, 8.0])
    >>> evidence.add(np.stack([log_odds, np.zeros(4)], axis=1), np.zeros(4, int))
    >>> evidence.correlation_time(), evidence.tempering()
    (1.5, 0.333...)
    """

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
        deviations = log_odds - log_odds.mean()
        width = next_fast_len(2 * n_frames, real=True)  # avoids wrap-around
        spectrum = rfft(deviations, width)
        products = irfft(np.abs(spectrum) ** 2, width)[:n_frames]
        if n_frames > len(self.products):
            self.products, products = products, self.products
        self.products[: len(products)] += products


def _log_odds(log_likelihood, path):
    """Log-odds (n_frames,) of the action of each frame against the mean of others."""
    own = np.arange(len(path)), path
    others = log_likelihood.copy()
    others[own] = -np.inf
    most = others.max(axis=1)  # three times faster than scipy's logsumexp
    others -= most[:, None]
    np.exp(others, out=others)
    log_odds = log_likelihood[own] - most - np.log(others.mean(axis=1))
    log_odds += np.log1p(-1 / others.shape[1])
    return np.clip(log_odds, -LARGEST_ODDS, LARGEST_ODDS)


def _without_outliers(log_odds, is_action):
    """Log-odds (n_frames,) within limits from frames of actions."""
    known = log_odds[is_action]
    if len(known) == 0:
        return log_odds
    median = np.median(known)
    deviation = PER_DEVIATION * np.median(np.abs(known - median))
    if deviation == 0:  # most values are equal
        return log_odds
    reach = MOST_DEVIATIONS * deviation
    return np.clip(log_odds, median - reach, median + reach)


def find_switch_cost(*log_likelihoods):
    r"""Estimate one cost of a switch from recordings, in nats.

    With segments of d frames on average, and evidence of :math:`d / \tau` independent
    frames (see `Evidence`), a switch to one of K - 1 other actions is less likely than
    staying by

    .. math:: \log(1 + (K - 1) \, d / \tau)

    nats of true log-likelihoods, scaled up by the overconfidence of the given ones. d
    and the calibration are measured on the best path in any order, starting from a cost
    of log(K), in alternation. So the cost depends on the lengths of segments.

    >>> rng = np.random.default_rng(0)
    >>> labels = np.arange(200) // 20 % 2
    >>> frames = labels + rng.normal(size=200)
    >>> log_likelihood = -0.5 * (frames[:, None] - [0, 1]) ** 2
    >>> round(find_switch_cost(log_likelihood), 1)
    3.0
    """
    n_actions = log_likelihoods[0].shape[1]
    cost = np.log(n_actions)
    if n_actions == 1:
        return float(cost)
    for _ in range(MAX_ROUNDS):
        before = cost
        evidence, n_segments = Evidence(), 0
        chain = free_chain(n_actions, before)
        paths = chain.viterbi_all(log_likelihoods)
        for log_likelihood, path in zip(log_likelihoods, paths):
            evidence.add(log_likelihood, path)
            n_segments += 1 + np.count_nonzero(np.diff(path))
        duration = evidence.n_frames / n_segments
        n_independent = max(1.0, duration / evidence.correlation_time())
        nats = np.log1p((n_actions - 1) * n_independent)
        cost = nats / max(evidence.tempering(), 1 / LARGEST_ODDS)
        if abs(cost - before) <= TOLERANCE * before:
            break
    return float(cost)
