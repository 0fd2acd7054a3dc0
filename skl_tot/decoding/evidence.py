"""What log-likelihoods are worth, as neighbouring frames say the same twice."""

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from skl_tot.decoding.chain import free_chain
from skl_tot.recordings.labels import find_segments

# Of more, squares and their sums would be no numbers.
LARGEST_ODDS = 1e70
# The cost settles within a few rounds; more would only swing to and fro.
MAX_ROUNDS = 4
TOLERANCE = 0.05
# Of log-odds that count for confidence, in robust standard deviations from the median
# of a video; and the standard deviation of a Gaussian, in median absolute deviations.
MOST_DEVIATIONS, PER_DEVIATION = 3.0, 1.4826


class Evidence:
    r"""Log-odds of the actions of paths, collected over videos.

    The log-odds of a frame are the log-likelihood of its action less the log of the
    mean likelihood of all others. Were frames independent and log-likelihoods true,
    Gaussian log-odds of mean m would have the variance 2 m, as the likelihoods of what
    did not happen have to have the mean 1. Those of videos are correlated, so that the
    mean of n frames has the variance :math:`v \tau / n`, with the autocorrelation time

    .. math:: \tau = 1 + 2 \sum_{j \ge 1} \rho_j

    over lags j within segments, up to the first at which the correlation is not above
    0. Divided by such a number that their mean and variance agree, they are evidence as
    of independent frames: multiplied by :math:`2 m / (v \tau)`.

    With ``is_robust``, log-odds of a video that are further than three standard
    deviations from their median count as if they were no further: a few frames that
    look like nothing else would else make all others worthless. On nine recorded sets
    and four ways of labelling them, that lowered the calibration error of posteriors
    from 0.165 to 0.154, and where it had been largest from 0.38 to 0.11.

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
        self.products = np.zeros(1)  # of deviations, summed, by lag

    def add(self, log_likelihood, path):
        """Add a video (n_frames, n_actions) and its path (n_frames,)."""
        if log_likelihood.shape[1] == 1:
            return  # there is no other action
        log_odds = _log_odds(log_likelihood, path)
        if self.is_robust:
            log_odds = _without_outliers(log_odds, path >= 0)
        for action, start, end in zip(*find_segments(path)):
            if action >= 0:
                self._add_segment(log_odds[start:end])

    def correlation_time(self):
        """How many frames have the evidence of an independent one, at least 1."""
        if self.products[0] <= 0:
            return 1.0
        correlations = self.products / self.products[0]
        (ends,) = np.nonzero(correlations <= 0)
        stop = ends[0] if len(ends) else len(correlations)
        return float(1 + 2 * correlations[1:stop].sum())

    def tempering(self):
        """Factor, from 0 to 1, that makes log-likelihoods as of independent frames."""
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
        width = next_fast_len(2 * n_frames, real=True)  # no lag wraps round
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
    most = others.max(axis=1)  # by hand, as scipy's sum takes thrice as long
    others -= most[:, None]
    np.exp(others, out=others)
    log_odds = log_likelihood[own] - most - np.log(others.mean(axis=1))
    log_odds += np.log1p(-1 / others.shape[1])
    return np.clip(log_odds, -LARGEST_ODDS, LARGEST_ODDS)


def _without_outliers(log_odds, is_action):
    """Log-odds (n_frames,) within limits that those of frames of actions set."""
    known = log_odds[is_action]
    if len(known) == 0:
        return log_odds
    median = np.median(known)
    deviation = PER_DEVIATION * np.median(np.abs(known - median))
    if deviation == 0:  # most are the same
        return log_odds
    reach = MOST_DEVIATIONS * deviation
    return np.clip(log_odds, median - reach, median + reach)


def find_switch_cost(*log_likelihoods):
    r"""Cost of a switch that videos themselves suggest, in nats, one for all.

    Let segments last d frames on the mean, and let evidence be worth that of
    :math:`d / \tau` independent frames (see `Evidence`). At each of these, a switch to
    one of K - 1 other actions is less likely than to stay, by

    .. math:: \log(1 + (K - 1) \, d / \tau)

    nats of true log-likelihoods, and by as many times more as those given are too
    sure. Both are measured on the best path in any order, from a cost of log(K) on, by
    turns. So the cost goes by how long segments are, however many a video has.

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
