"""Cuts between the cycles of one long recording: recurrences, and phases of a cycle."""

import contextlib
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d
from sklearn.utils import check_array, check_random_state

from skl_tot.meta.phases import (
    N_PHASES,
    PhaseModel,
    Projection,
    choose_projection,
    cuts_of_phases,
    find_origin,
    fit_phases,
    follow_phases,
    means_of_blocks,
    phases_between,
)
from skl_tot.recordings import errors, signals
from skl_tot.shared_texts import with_shared_texts

DEFAULT_ACTIONS = 5
# Searches, of eleven, that agree on a length that is clear.
LEAST_VOTES = 4
# Standard deviation of the logarithms of durations: two are half or twice the mean.
MOST_SPREAD = np.log(2) / 2
# Number of cycles whose halves can be searched.
LEAST_CYCLES = 6
# Blocks of a recording that are searched; longer recordings have longer blocks, so that
# a search takes seconds.
MOST_BLOCKS = 2**18


class Cycles(NamedTuple):
    """Cycles from a search with one period; their phases are those of blocks."""

    period: float
    length: float  # mean number of frames
    projection: Projection
    phases: PhaseModel
    origin: int  # phase at which cycles start
    blocks: np.ndarray


@with_shared_texts
def find_cycles(features, n_actions=None, *, random_state=None):
    r"""Cut one long recording into its cycles.

    1. *Period.* The first peak of the autocorrelation of the standardised features.
    2. *Phases.* For each of eleven periods from 0.4 to 2.4 times this one: frames are
       averaged, 40 blocks a period, and reduced to 12 principal components. The random
       window of half a period that recurs most similarly locates cycles roughly. Then
       24 phases of a cycle learn their appearance, and paths their time, in turn.
    3. *Vote.* The number of cycles on which most of the searches agree within 6 %. If
       their length differs from the period, the search is repeated with it. If only
       every other cycle is alike, cycles are twice as long.
    4. *Origin.* The cycle is cut into ``n_actions`` parts that differ most. A cycle
       starts with the boundary of parts at or before the start of the recording.

    Parameters
    ----------
    features : array-like of shape (n_frames, n_features)
        Features of the recording, which should start with a cycle.
    n_actions : int, default=None
        Approximate number of actions per cycle. None takes 5.
    {shared: random_state}

    Returns
    -------
    cuts : ndarray of int of shape (n_cycles + 1,)
        First frame of each cycle, and the end of the last. The end is less than
        ``n_frames`` if the recording ends in the first half of a cycle.

    Warns
    -----
    UserWarning
        If there are fewer than three cycles or 16 frames, or nothing confirms the
        cycles.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.tile(np.repeat([0, 1, 2], [30, 10, 20]), 5)
    >>> frames = 3 * np.eye(3)[labels] + np.random.default_rng(0).normal(size=(300, 3))
    >>> cuts = find_cycles(frames, 3, random_state=0)
    >>> len(cuts) - 1
    5
    """
    if n_actions is not None and not (errors.is_int(n_actions) and n_actions > 0):
        errors.refuse("n_actions", n_actions, "a positive integer")
    kinds = [np.float64, np.float32]
    features = check_array(features, dtype=kinds, input_name="features")
    seed = check_random_state(random_state).randint(2**31 - 1)
    return cut_recording(features, n_actions or DEFAULT_ACTIONS, seed)


def cut_recording(features, n_actions, seed):
    """Cut checked features, reading a block at a time: as `find_cycles` returns."""
    n_frames, least_frames = len(features), 16
    if n_frames < least_frames:
        errors.warn_user(
            f"a recording has {n_frames} frames and is taken for one cycle, expected "
            f"{least_frames} or more to find cycles in."
        )
        return np.array([0, n_frames])
    size = -(-n_frames // MOST_BLOCKS)
    frames = means_of_blocks(features, size)
    spread = frames.std(axis=0)
    frames -= frames.mean(axis=0)
    frames /= np.where(spread > 0, spread, 1)
    cycles, n_votes = _search(frames, min(n_actions, N_PHASES), seed)
    cuts = np.array([0, len(frames)]) if cycles is None else _cut_all(frames, cycles)
    n_cycles, reason = len(cuts) - 1, None
    if n_votes < LEAST_VOTES:
        reason = "no period is clear"
    elif n_cycles < 3:
        reason = "too few to learn from"
    elif np.log(np.diff(cuts)).std() > MOST_SPREAD:
        reason = "whose durations differ too much"
    elif n_cycles >= LEAST_CYCLES and not _halves_confirm(
        frames, n_cycles, n_actions, seed
    ):
        reason = "but halves of it show another number"
    if reason:
        errors.warn_user(
            f"found {n_cycles} cycles in a recording, {reason}; if that is wrong, "
            "label one cycle (SemiSupervisedSegmenter(cycles=True)), or give cuts."
        )
    # the incomplete block belongs to the last cycle
    return np.where(cuts == len(frames), n_frames, cuts * size)


def _halves_confirm(frames, n_cycles, n_actions, seed):
    middle, length = len(frames) // 2, len(frames) / n_cycles
    for half in (frames[:middle], frames[middle:]):
        candidates = _find_all(half, length, min(n_actions, N_PHASES), seed)
        # people slow down: a sixth longer or shorter
        n_votes = sum(
            abs(np.log(candidate.length / length)) < 0.15 for candidate in candidates
        )
        if n_votes < LEAST_VOTES:
            return False
    return True


def _cut_all(frames, cycles):
    """Cuts of all frames, by the phases that the first frames have taught."""
    projection, phases = cycles.projection, cycles.phases
    blocks = projection.project(frames)
    if len(phases.path) < len(blocks):
        path = follow_phases(blocks, phases.means, phases.variances)
        phases = fit_phases(blocks, path)
    return cuts_of_phases(phases.path, cycles.origin, projection.size, len(frames))


def _search(frames, n_actions, seed):
    """Find the `Cycles` with the most votes, and the number of votes."""
    # The search starts again with the length of the cycles found, as the peak of the
    # autocorrelation may be that of a part of the cycle.
    near = 0.2  # difference of logarithms at which a length is that of the search
    period, candidates, best, n_votes = find_period(frames), [], None, 0
    for _ in range(4):
        candidates += _find_all(frames, period, n_actions, seed)
        if not candidates:
            return None, 0
        best, n_votes = _elect(candidates, len(frames))
        previous, period = period, best.length
        if abs(np.log(period / previous)) < near:
            break
    if are_halves(best.blocks, best.phases.path, best.origin):
        period = 2 * best.length
        doubled = [
            candidate
            for candidate in _find_all(frames, period, n_actions, seed)
            if abs(np.log(candidate.length / period)) < near
        ]
        if doubled:
            return _elect(doubled, len(frames))
    return best, n_votes


def _find_all(frames, period, n_actions, seed):
    # 500 cycles teach the phases; the others are only cut
    first_frames = frames[: int(500 * period)]
    candidates = []
    for factor in (0.4, 0.5, 0.6, 0.71, 0.85, 1, 1.2, 1.41, 1.7, 2, 2.4):
        candidate = _find_candidate(first_frames, factor * period, n_actions, seed)
        candidates += [] if candidate is None else [candidate]
    return candidates


def _elect(candidates, n_frames):
    """Choose the cycles on which most agree, or the most self-consistent ones."""
    lengths = np.array([candidate.length for candidate in candidates])
    periods = np.array([candidate.period for candidate in candidates])
    votes = (np.abs(np.log(lengths[:, None] / lengths)) < 0.06).sum(axis=1)
    inconsistency = np.abs(np.log(periods / lengths))
    # agreement on small numbers of cycles counts less, by the logarithm
    best = np.lexsort((inconsistency, -votes * np.log(n_frames / lengths)))[0]
    return candidates[best], int(votes[best])


def _find_candidate(frames, period, n_actions, seed):
    """Learn `Cycles` from one period; None if it is too short or too long."""
    # 40 blocks a period: paths of 24 phases tell no more, and cost as much as blocks
    size = max(1, round(period / 40))
    if not 8 <= period / size <= len(frames) // size / 2:
        return None
    projection = choose_projection(frames, size)
    blocks = projection.project(frames)
    occurrences = find_occurrences(blocks, period / size, np.random.RandomState(seed))
    if len(occurrences) < 2:
        return None
    phases = fit_phases(blocks, phases_between(occurrences, len(blocks)))
    origin = find_origin(phases, n_actions)
    n_cycles = len(cuts_of_phases(phases.path, origin, size, len(frames))) - 1
    length = len(frames) / n_cycles
    return Cycles(period, length, projection, phases, origin, blocks)


def cuts_of_path(path, n_actions):
    """Cut a cyclic path where the number of the action falls."""
    # the ends are cycles if they show at least half of the actions
    cuts = np.flatnonzero(np.diff(path) < 0) + 1
    if len(cuts) == 0:
        return np.array([0, len(path)])
    if 2 * len(np.unique(path[: cuts[0]])) >= n_actions:
        cuts = np.append(0, cuts)
    if 2 * len(np.unique(path[cuts[-1] :])) >= n_actions:
        cuts = np.append(cuts, len(path))
    return cuts


def check_cuts(cuts, lengths):
    """Return cuts as an array per recording of these lengths, or raise an error."""
    if isinstance(cuts, (str, bytes)) or not hasattr(cuts, "__len__"):
        expected = "frames at which cycles begin, of each recording"
        errors.refuse("cuts", cuts, expected, TypeError)
    cuts = cuts.tolist() if hasattr(cuts, "tolist") else cuts  # arrays and Series
    is_flat = len(cuts) > 0 and not hasattr(cuts[0], "__len__")
    cuts = [cuts] if is_flat and len(lengths) == 1 else cuts
    if len(cuts) != len(lengths):
        expected = f"{len(lengths)}, as X has so many"
        errors.refuse("the number of cuts", len(cuts), expected)
    checked = []
    for i, (cuts_of_recording, length) in enumerate(zip(cuts, lengths.tolist())):
        with errors.errors_of_recording(i if len(lengths) > 1 else None):
            checked.append(_check_cuts(cuts_of_recording, length))
    return checked


def _check_cuts(cuts, n_frames):
    frames = list(cuts) if hasattr(cuts, "__len__") else []
    if len(frames) < 2 or not all(map(errors.is_int, frames)):
        errors.refuse("cuts", cuts, "two frames or more, as integers")
    array = np.array(list(map(int, frames)))
    if (np.diff(array) <= 0).any() or array[0] < 0 or array[-1] > n_frames:
        expected = f"frames that increase, from 0 to {n_frames}, the end"
        errors.refuse("cuts", array.tolist(), expected)
    return array


def cut_arrays(arrays, cuts):
    """Rows of all cycles, one array each, without reading files."""
    return [
        signals.part_of(array, slice(start, end))
        for array, cuts_of_recording in zip(arrays, cuts)
        for start, end in pairwise(cuts_of_recording)
    ]


@contextlib.contextmanager
def errors_of_cycles(cuts):
    """Replace the number of a cycle in errors by its recording and frames."""
    try:
        yield
    except errors.RecordingError as error:
        counts = np.cumsum([len(cuts_of_recording) - 1 for cuts_of_recording in cuts])
        recording = int(np.searchsorted(counts, error.recording, side="right"))
        from_end = error.recording - counts[recording]  # in its recording, below 0
        start, end = cuts[recording][from_end - 1], cuts[recording][from_end]
        reason = f"frames {start} to {end}: {error.reason}"
        raise type(error)(reason, recording) from error


def find_period(frames):
    """Lag of the first clear peak of the autocorrelation, up to a third of frames."""
    from scipy.signal import find_peaks  # slow to load

    correlation = signals.mean_autocorrelation(frames)[: max(len(frames) // 3, 2)]
    # on log-lags, peaks have the same shape for cycles of any length
    step, blur = 0.01, 0.03
    n_points = int(np.log(len(correlation)) / step) + 2
    lags = np.unique(np.geomspace(1, len(correlation) - 1, n_points).astype(int))
    smooth = gaussian_filter1d(correlation[lags], blur / step)
    peaks, properties = find_peaks(smooth, prominence=0)
    for peak, prominence in zip(peaks, properties["prominences"]):
        lag = int(lags[peak])
        near = smooth[(lags >= lag / 8) & (lags <= 4 * lag)]
        if lag >= 8 and prominence >= 0.1 * np.ptp(near):
            return lag
    low = int(smooth.argmin())
    return int(lags[low + smooth[low:].argmax()])


def find_occurrences(frames, period, rng):
    """First frames (n_occurrences,) of a recurrence, about once a period."""
    # of random windows of half a period, the one that is most similar to others
    width = max(2, int(period / 2))
    n_starts = len(frames) - width
    starts = rng.choice(n_starts, min(24, n_starts), replace=False)
    distances = np.array([_distances(frames, start, width) for start in starts])
    distances -= np.median(distances, axis=1, keepdims=True)
    return _least_sum(distances, max(1, int(0.5 * period)), int(2 * period))


def _distances(frames, start, width):
    """Mean squared distance of a window to the window from each frame."""
    n_frames, n_features = frames.shape
    window = frames[start : start + width]
    products = signals.lagged_products(frames, window)[: n_frames - width + 1]
    squares = np.append(0, np.cumsum(np.square(frames).sum(axis=1)))
    total = squares[width:] - squares[:-width] + np.square(window).sum() - 2 * products
    return total / (width * n_features)


def _least_sum(distances, nearest, farthest):
    """Frames, ``nearest`` to ``farthest`` apart, with the least sum of the best row."""
    # The distances (n_windows, n_frames) are those of windows to the one at a frame.
    # `totals[k, t]` is the least sum up to frame t. The first and the last frame are as
    # close to the ends.
    n_windows, n_frames = distances.shape
    rows = np.arange(n_windows)
    totals = np.full((n_windows, n_frames), np.inf)
    before = np.full((n_windows, n_frames), -1)
    totals[:, :farthest] = distances[:, :farthest]  # the first occurrence may be here
    for t in range(nearest, n_frames):
        first = max(0, t - farthest)
        origins = first + totals[:, first : t - nearest + 1].argmin(axis=1)
        sums = totals[rows, origins] + distances[:, t]
        is_better = sums < totals[:, t]
        totals[is_better, t] = sums[is_better]
        before[is_better, t] = origins[is_better]
    last = max(0, n_frames - farthest)
    row, index = np.unravel_index(
        totals[:, last:].argmin(), (n_windows, n_frames - last)
    )
    occurrences, t = [], last + int(index)
    while t >= 0:
        occurrences.append(t)
        t = int(before[row, t])
    return np.array(occurrences[::-1])


def are_halves(blocks, path, origin):
    """Whether every other cycle of a path is alike, but neighbours are not."""
    since = (path - origin) % N_PHASES
    cycles = np.append(0, np.cumsum(np.diff(since) < 0))
    shape = cycles[-1] + 1, N_PHASES
    sums, counts = np.zeros((*shape, blocks.shape[1])), np.zeros(shape)
    np.add.at(sums, (cycles, since), blocks)
    np.add.at(counts, (cycles, since), 1)
    if len(sums) < 10:  # too few to tell halves from chance
        return False
    with np.errstate(invalid="ignore"):  # of phases that a cycle lacks
        means = (sums / counts[..., None])[1:-1]  # the first and the last may be pieces
    gaps = [np.nanmean(np.square(means[k:] - means[:-k])) for k in (1, 2, 3)]
    return bool(min(gaps[0], gaps[2]) > 1.3 * gaps[1])
