"""A look at recordings without labels, before a method learns from them."""

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans

from skl_tot.decoding.chain import free_chain
from skl_tot.decoding.evidence import find_switch_cost
from skl_tot.preprocessing.windows import SignalWindows
from skl_tot.recordings import signals
from skl_tot.recordings.checks import check_recordings
from skl_tot.recordings.container import fit_scaler
from skl_tot.recordings.errors import is_int, refuse
from skl_tot.recordings.labels import find_segments

# Equal parts of a recording.
N_PARTS = 16
# Least number of recordings to find or exclude a course.
LEAST_RECORDINGS = 10
# Least share of looks that relative time explains in recordings with a course. Sets
# without one had at most .018, sets and generated families with one at least .044.
LEAST_COURSE = 0.03
# Variance of constants, up to rounding.
TINY = 1e-9
# Values of looks, which bound the memory for many features.
MOST_VALUES = 2**22


@dataclass(frozen=True)
class Look:
    """Findings about recordings, from `look`.

    Parameters
    ----------
    n_recordings : int
        Number of recordings.
    course : float
        Share of looks that relative time explains, without the outer eighths of each
        recording, from 0 to 1; NaN below ten recordings.
    between : float
        Share of the variance of looks that lies between recordings.
    returns : float
        Segments of one look in a recording, over the number of actions.
    bout : float
        Frames below which one in ten segments of a look lasts.
    n_repeats : float
        Repetitions in a recording, if it is a cycle that repeats, else 0.
    is_raw : bool
        Whether frames are raw signal.
    window : int or None
        Frames of windows for a raw signal.
    fps : float or None
        Frames per second.

    Examples
    --------
    See `look`.
    """

    n_recordings: int
    course: float
    between: float
    returns: float
    bout: float
    n_repeats: float
    is_raw: bool
    window: int | None
    fps: float | None

    @property
    def order(self):
        """The ``order`` that fits: "mostly" with a course, "free" without."""
        if np.isnan(self.course):  # too few recordings to know
            return "free" if self.is_raw or self.n_recordings == 1 else "mostly"
        return "mostly" if self.course >= LEAST_COURSE else "free"

    @property
    def verdict(self):
        """Words on whether recordings share a course."""
        if np.isnan(self.course):
            plural = "s" if self.n_recordings > 1 else ""
            return (
                f"{self.n_recordings} recording{plural} cannot show whether there is a "
                "common course"
            )
        return (
            f"Relative time explains {self.course:.1%} of the variance of looks. The "
            f"recordings share {'a' if self.order == 'mostly' else 'no'} course"
        )

    def sentences(self):
        """List a sentence for each finding, with its consequence."""
        sentences = [self.say_course(), self._say_returns()]
        if self.between > 0.5:
            sentences.append(
                "Recordings differ by an offset more than the parts of one do, "
                f"{self.between:.0%} of the variance of looks is between them; "
                'standardize="video" scales each recording.'
            )
        if self.is_raw:
            sentences.append(
                "Frames are raw signal, and single ones tell little: windows of "
                f"{self._time(self.window)} suit them, by SignalWindows."
            )
        sentences.append(self.say_repeats())
        return [sentence for sentence in sentences if sentence]

    def say_repeats(self):
        """Say whether a recording repeats itself, and the remedy, or an empty text."""
        if not self.n_repeats:
            return ""
        return (
            f"A recording repeats itself some {self.n_repeats:.0f} times; if these are "
            "cycles of one activity, use CyclicSegmenter."
        )

    def say_course(self):
        """Say whether recordings share a course, and the order that follows."""
        other = {"mostly": "free", "free": "mostly"}[self.order]
        return (
            f'{self.verdict}, so order="{self.order}" suits them; fit with '
            f'order="{other}" if you know better.'
        )

    def _say_returns(self):
        return (
            f"Each look occurs {self.returns:.1f} times in a recording on average, and "
            f"one in ten of its segments is shorter than {self._time(self.bout)}."
        )

    def _time(self, n_frames):
        if self.fps:
            return f"{n_frames / self.fps:.2g} s"
        return f"{n_frames:.0f} frame{'s' * (round(n_frames) != 1)}"


def look(X, n_actions=8) -> Look:
    r"""Look at recordings without labels, to know which method suits them.

    Parameters
    ----------
    X : array-like of shape (n_frames, n_features), or sequence of these
        One recording or many.
    n_actions : int, default=8
        Approximate number of actions.

    Returns
    -------
    look : Look
        Measurements, the ``order`` that follows, and ``sentences()`` that say so.

    Notes
    -----
    *Course.* Each recording is cut into 16 equal parts. The look of a part is the mean
    and the log standard deviation of the standardised features. The mean look of the
    recording is subtracted, and each part is predicted by the mean of the others at the
    same relative time. The result is the share of the variance that this explains, a
    mean over features, negative ones as 0. Two parts at either end are left out. From
    0.03 on, it is a course.

    *Raw signal.* Frames are alike one period later, within an action. Or neighbouring
    frames are alike, and yet means of short pieces do not predict those of the next
    pieces, or worse than means of longer ones, while spreads do.

    Examples
    --------
    >>> import skl_tot
    >>> from skl_tot.datasets import make_activities
    >>> skl_tot.look(make_activities(20, n_actions=4, random_state=0)[0], 4).order
    'mostly'
    """
    if not is_int(n_actions) or n_actions < 1:
        refuse("n_actions", n_actions, "a number of actions from 1")
    recordings = check_recordings(_Reader(), X, reset=True)
    longest = int(recordings.lengths.max())
    if n_actions > longest:
        refuse("n_actions", n_actions, f"at most {longest}, frames of a recording")
    with recordings.named_errors():
        return look_at(recordings, n_actions)


class _Reader(BaseEstimator):
    """Holder of names and number of features, as checks need an estimator."""


def look_at(recordings, n_actions):
    """Look at checked recordings, which are not standardised yet, see `look`."""
    recordings = recordings.standardize(fit_scaler(recordings))
    parts = _looks_of_parts(recordings)
    course = between = np.nan
    if len(parts) > 1:
        within = parts - parts.mean(axis=1, keepdims=True)
        total = parts.var(axis=(0, 1)).sum()
        between = 1 - within.var(axis=(0, 1)).sum() / total if total > TINY else 0.0
    if len(parts) >= LEAST_RECORDINGS:
        course = _explained(parts)
    has_raw_frames = is_raw(recordings, n_actions)
    described, window = recordings, None
    if has_raw_frames:
        plain = recordings.plain()
        windows = SignalWindows().fit(plain)
        window = windows.window_
        described = recordings.replace(windows.transform(plain))
        described = described.standardize(fit_scaler(described))
    returns, bout = _bouts(described, n_actions)
    return Look(
        n_recordings=len(recordings),
        course=float(course),
        between=float(between),
        returns=returns,
        bout=bout,
        n_repeats=signals.find_repetition(described, 4 * n_actions, least=6),
        is_raw=has_raw_frames,
        window=window,
        fps=recordings.fps,
    )


def _looks_of_parts(recordings):
    """Mean and log standard deviation (n_recordings, 16, 2 n_features) of parts."""
    long = np.flatnonzero(recordings.lengths >= N_PARTS)
    n_values = N_PARTS * 2 * recordings.n_features
    most = min(300, max(LEAST_RECORDINGS, MOST_VALUES // n_values))
    chosen = long[signals.spread_indices(len(long), most)]
    looks = np.empty((len(chosen), N_PARTS, 2 * recordings.n_features))
    for row, i in zip(looks, chosen.tolist()):
        edges = np.linspace(0, recordings.lengths[i], N_PARTS + 1).astype(int)
        for part, start, end in zip(row, edges, edges[1:]):
            step = max(1, (end - start) // 64)
            frames = recordings.read(i, slice(start, end, step)).astype(float)
            spread = np.log(frames.var(axis=0) + 0.01) / 2
            part[:] = np.concatenate([frames.mean(axis=0), spread])
    return looks


def _explained(parts):
    """Share of the variance of inner parts that relative time explains."""
    inner = parts[:, 2:-2]  # recordings start and stop alike without a course
    inner = inner - inner.mean(axis=1, keepdims=True)
    others = (inner.sum(axis=0) - inner) / (len(inner) - 1)
    total = np.square(inner).sum(axis=(0, 1))
    unexplained = np.square(inner - others).sum(axis=(0, 1))
    varies = total > TINY
    if not varies.any():
        return 0.0
    return np.maximum(1 - unexplained[varies] / total[varies], 0).mean()


def is_raw(recordings, n_actions):
    """Whether frames are raw signal, which needs `SignalWindows`."""
    # An action has at least 30 frames, and 10 correlation times.
    action_frames = float(np.mean(recordings.lengths)) / n_actions
    length, smoothness = signals.correlation_frames(recordings, action_frames)
    if action_frames < max(10 * length, 30):
        return False
    agreements = signals.agreement_of_pieces(recordings)
    _, period = signals.find_periods(recordings, agreements)
    shortest = max(2 * signals.HALVES[0], length)  # else slow signals that ripple
    if shortest <= period <= action_frames:
        return True
    if smoothness < 0.5:
        return False
    halves = signals.HALVES[: len(agreements)]
    disagreements = 1 - agreements[:, 0]  # of means
    # means of short pieces that say nothing of the next ones
    if (disagreements[halves <= action_frames / 8] >= 0.8).any():
        return True
    inside = halves <= action_frames
    if not inside.any():
        return False
    # a swing: means of shorter pieces agree less than those of longer ones, and yet
    # neighbouring pieces agree in their spreads
    longer = np.minimum.accumulate(disagreements[inside][::-1])[::-1]
    swings = (disagreements[inside] >= 1.25 * longer).any()
    return bool(swings and agreements[inside, 1:].max() >= 0.5)


def _bouts(recordings, n_actions):
    """Segments of a look in a recording over the actions, and length of short ones."""
    frames = list(signals.samples(recordings))
    joined = np.concatenate(frames)
    rows = joined[:: 1 + len(joined) // 20_000]
    n_clusters = min(n_actions, len(np.unique(rows, axis=0)))
    if n_clusters < 2:
        return 1 / n_actions, float(np.mean(recordings.lengths))
    kmeans = KMeans(n_clusters, n_init=1, random_state=0).fit(rows)
    variance = max(kmeans.inertia_ / rows.size, TINY)
    scores = [-0.5 * kmeans.transform(part) ** 2 / variance for part in frames]
    cost = find_switch_cost(*scores)
    paths = map(free_chain(n_clusters, cost).viterbi, scores)
    lengths = [find_segments(path).lengths for path in paths]
    n_segments = sum(map(len, lengths)) / len(joined) * np.mean(recordings.lengths)
    bout = float(np.quantile(np.concatenate(lengths), 0.1))
    return float(n_segments / n_actions), bout
