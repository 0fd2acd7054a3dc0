"""Cuts between the cycles of one long recording."""

import contextlib
from numbers import Integral
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_array, check_random_state

from skl_tot.meta.phases import (
    N_PHASES,
    PhaseModel,
    are_halves,
    find_occurrences,
    find_origin,
    find_period,
    fit_phases,
    follow_phases,
    phases_between,
)
from skl_tot.recordings.container import BLOCK_BYTES
from skl_tot.recordings.errors import (
    RecordingError,
    errors_of_recording,
    short_repr,
    warn_user,
)

# Factors of the period at which searches for cycles start.
FACTORS = (0.4, 0.5, 0.6, 0.71, 0.85, 1, 1.2, 1.41, 1.7, 2, 2.4)
# Maximum rounds, and the tolerated difference of period and cycles found.
MAX_ROUNDS, NEAR = 4, 0.2
# Blocks of frames per period, and the least number of frames per block.
SAMPLES, LEAST_SAMPLES = 40, 8
N_COMPONENTS = 12
# Maximum blocks of a recording; longer ones use longer blocks.
MOST_FRAMES = 2**18
# Cycles for the first fit of phases.
MOST_CYCLES = 500
# Tolerance of agreeing numbers of cycles, as logarithm.
TOLERANCE = 0.06
# Share of a cycle below which the first is dropped, or above which the last is kept.
LEAST_FIRST, LEAST_LAST = 0.2, 0.5
DEFAULT_ACTIONS = 5
# Least number of agreeing searches for a clear result.
LEAST_VOTES = 4
FEW_CYCLES = 3
SHORTEST = 16


class Projection(NamedTuple):
    """Means of blocks of ``size`` frames, projected on ``axes`` around a ``center``."""

    size: int
    center: np.ndarray
    axes: np.ndarray

    def of(self, frames):
        """Project frames (n_frames, n_features): (n_blocks, n_axes)."""
        return (_means_of_blocks(frames, self.size) - self.center) @ self.axes


class Candidate(NamedTuple):
    """Cycles from a search with one ``period``.

    ``length`` is the mean number of frames of its cycles, ``phases`` the phases of the
    ``blocks`` of the projection, and ``origin`` the phase at which cycles start.
    """

    period: float
    length: float
    projection: Projection
    phases: PhaseModel
    origin: int
    blocks: np.ndarray


def find_cycles(features, n_actions=None, *, random_state=None):
    r"""Cut one long recording into its cycles.

    1. *Period.* The first peak of the autocorrelation of the standardised features.
    2. *Phases.* For each of eleven periods from 0.4 to 2.4 times this one: frames are
       averaged, 40 blocks a period, and reduced to 12 principal components. The random
       window of half a period that recurs most similarly, about once a period, locates
       cycles roughly. Then two steps alternate: 24 phases of a cycle learn their
       appearance, and paths find the time of each phase.
    3. *Vote.* The number of cycles on which most of the eleven searches agree within
       6 %. If their length differs from the period, the search is repeated with it. If
       every other cycle is alike, but neighbours differ, cycles are twice as long.
    4. *Origin.* The cycle is cut into ``n_actions`` parts that differ most. A cycle
       starts with the boundary of parts at or before the start of the recording.

    All steps use Fourier transforms or paths, in O(T log T).

    Parameters
    ----------
    features : array-like of shape (n_frames, n_features)
        Features of the recording, which should start with a cycle.
    n_actions : int, default=None
        Approximate number of actions per cycle. None takes 5.
    random_state : int, RandomState instance or None, default=None
        Seed of the windows.

    Returns
    -------
    cuts : ndarray of int of shape (n_cycles + 1,)
        First frame of each cycle, and the end of the last. The end is less than
        ``n_frames`` if the recording ends in the first half of a cycle.

    Raises
    ------
    TypeError, ValueError
        If the features are no 2-D array of finite numbers, or a parameter is not valid.

    Warns
    -----
    UserWarning
        If there are fewer than three cycles or 16 frames, or the periods disagree.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> labels = np.tile(np.repeat([0, 1, 2], [30, 10, 20]), 12)
    >>> frames = 3 * np.eye(3)[labels] + rng.normal(size=(len(labels), 3))
    >>> cuts = find_cycles(frames, 3, random_state=0)
    >>> len(cuts) - 1, int(np.abs(cuts - np.arange(0, 721, 60)).max()) < 5
    (12, True)
    """
    if n_actions is not None and not (
        isinstance(n_actions, Integral) and n_actions > 0
    ):
        raise ValueError(f"n_actions is {n_actions!r}, expected a positive integer.")
    features = check_array(
        features, dtype=[np.float64, np.float32], input_name="features"
    )
    seed = check_random_state(random_state).randint(2**31 - 1)
    return cut_recording(features, n_actions or DEFAULT_ACTIONS, seed)


def cut_recording(features, n_actions, seed):
    """Cut checked features, reading one block at a time; see `find_cycles`.

    ``features`` need ``shape``, ``itemsize`` and slices of rows.
    """
    n_frames = len(features)
    if n_frames < SHORTEST:
        warn_user(
            f"a recording has {n_frames} frames and is taken for one cycle, expected "
            f"{SHORTEST} or more to find cycles in."
        )
        return np.array([0, n_frames])
    size = -(-n_frames // MOST_FRAMES)
    frames = _standardize(_means_of_blocks(features, size))
    found, n_votes = _search(frames, min(n_actions, N_PHASES), seed)
    cuts = np.array([0, len(frames)]) if found is None else _cut_all(frames, found)
    if n_votes < LEAST_VOTES or len(cuts) <= FEW_CYCLES:
        _warn(len(cuts) - 1, n_votes)
    # the incomplete block belongs to the last cycle
    return np.where(cuts == len(frames), n_frames, cuts * size)


def _cut_all(frames, found):
    """Cuts of all frames, from a candidate that used the first frames."""
    projection, phases = found.projection, found.phases
    blocks = projection.of(frames)
    if len(phases.path) < len(blocks):
        path = follow_phases(blocks, phases.means, phases.variances)
        phases = fit_phases(blocks, path)
    return _cuts(phases.path, found.origin, projection.size, len(frames))


def _warn(n_cycles, n_votes):
    """Warn of doubtful cycles."""
    reason = "no period is clear" if n_votes < LEAST_VOTES else "too few to learn from"
    warn_user(
        f"found {n_cycles} cycles in a recording, {reason}; give cuts, or a longer "
        "recording, if that is wrong."
    )


def _means_of_blocks(frames, size):
    """Means of blocks of ``size`` frames, reading few blocks at a time."""
    n_blocks, means = len(frames) // size, []
    n_rows = max(1, BLOCK_BYTES // (frames.itemsize * frames.shape[1] * size))
    for first in range(0, n_blocks, n_rows):
        end = min(first + n_rows, n_blocks)
        block = np.asarray(frames[first * size : end * size], dtype=np.float64)
        means.append(block.reshape(end - first, size, -1).mean(axis=1))
    return np.concatenate(means)


def _standardize(frames):
    """Scale each feature to zero mean and unit variance, in place."""
    spread = frames.std(axis=0)
    frames -= frames.mean(axis=0)
    frames /= np.where(spread > 0, spread, 1)
    return frames


def _search(frames, n_actions, seed):
    """Find the candidate with the most votes, and the number of votes."""
    period, candidates, best, n_votes = find_period(frames), [], None, 0
    for _ in range(MAX_ROUNDS):
        stretch = frames[: int(MOST_CYCLES * period)]
        for factor in FACTORS:
            candidate = _find_candidate(stretch, factor * period, n_actions, seed)
            if candidate is not None:
                candidates.append(candidate)
        if not candidates:
            break
        best, n_votes = _elect(candidates, len(frames))
        before, period = period, best.length
        if abs(np.log(period / before)) < NEAR:
            break
    if best is not None and are_halves(best.blocks, best.phases.path, best.origin):
        return _search_doubled(frames, best, n_votes, n_actions, seed)
    return best, n_votes


def _search_doubled(frames, best, n_votes, n_actions, seed):
    """Find a candidate whose cycles are twice as long, or else keep ``best``."""
    period, found = 2 * best.length, []
    for factor in FACTORS:
        stretch = frames[: int(MOST_CYCLES * period)]
        candidate = _find_candidate(stretch, factor * period, n_actions, seed)
        if candidate and abs(np.log(candidate.length / period)) < NEAR:
            found.append(candidate)
    return _elect(found, len(frames)) if found else (best, n_votes)


def _elect(candidates, n_frames):
    """Choose the candidate with the largest agreement, or the most self-consistent one.

    Agreement on small numbers of cycles counts less, by the logarithm.
    """
    lengths = np.array([candidate.length for candidate in candidates])
    periods = np.array([candidate.period for candidate in candidates])
    ratios = np.abs(np.log(lengths[:, None] / lengths))
    votes = (ratios < TOLERANCE).sum(axis=1)
    own = np.abs(np.log(periods / lengths))
    best = np.lexsort((own, -votes * np.log(n_frames / lengths)))[0]
    return candidates[best], int(votes[best])


def _find_candidate(frames, period, n_actions, seed):
    """Learn cycles from one period; None if it is too short or too long."""
    size = max(1, round(period / SAMPLES))
    if not LEAST_SAMPLES <= period / size <= len(frames) // size / 2:
        return None
    projection = _choose_projection(frames, size)
    blocks = projection.of(frames)
    rng = np.random.RandomState(seed)
    occurrences = find_occurrences(blocks, period / size, rng)
    if len(occurrences) < 2:
        return None
    phases = fit_phases(blocks, phases_between(occurrences, len(blocks)))
    origin = find_origin(phases, n_actions)
    n_cycles = len(_cuts(phases.path, origin, size, len(frames))) - 1
    length = len(frames) / n_cycles
    return Candidate(period, length, projection, phases, origin, blocks)


def _choose_projection(frames, size):
    """Means of blocks, along principal components if there are many features."""
    blocks = _means_of_blocks(frames, size)
    center, axes = blocks.mean(axis=0), np.eye(blocks.shape[1])
    if len(axes) > N_COMPONENTS:
        blocks = blocks - center
        _, axes = np.linalg.eigh(blocks.T @ blocks)  # ascending
        axes = axes[:, ::-1][:, :N_COMPONENTS]
    return Projection(size, center, axes)


def _cuts(path, origin, size, n_frames):
    """Frames at which a path through phases of blocks passes the origin."""
    since = (path - origin) % N_PHASES
    starts = (np.flatnonzero(np.diff(since) < 0) + 1) * size
    starts = starts[starts * max(1, len(starts)) > LEAST_FIRST * n_frames]
    cuts = np.append(0, starts)
    if since[-1] > LEAST_LAST * N_PHASES or len(cuts) == 1:
        cuts = np.append(cuts, n_frames)
    return cuts


def cuts_of_path(path, n_actions):
    """Cut a cyclic path through actions at the starts of cycles.

    A cycle starts where the number of the action falls. The parts before the first and
    after the last start are cycles if they show at least half of the actions. Cuts are
    the first frame of each cycle, and the end of the last.

    >>> cuts_of_path(np.array([2, 2, 0, 1, 2, 0, 2, 0, 1]), 3)
    array([2, 5, 7, 9])
    """
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
        raise TypeError(
            f"cuts is {short_repr(cuts)}, expected frames at which cycles begin, of "
            "each recording."
        )
    cuts = cuts.tolist() if hasattr(cuts, "tolist") else cuts  # arrays and Series
    is_flat = len(cuts) > 0 and not hasattr(cuts[0], "__len__")
    cuts = [cuts] if is_flat and len(lengths) == 1 else cuts
    if len(cuts) != len(lengths):
        raise ValueError(
            f"cuts is of {len(cuts)} recordings, expected {len(lengths)}, as X has so "
            "many."
        )
    checked = []
    for i, (own, length) in enumerate(zip(cuts, lengths.tolist())):
        with errors_of_recording(i if len(lengths) > 1 else None):
            checked.append(_check_cuts(own, length))
    return checked


def _check_cuts(cuts, n_frames):
    """Cuts of one recording as an increasing array, from 0 to its length."""
    try:
        array = np.asarray(cuts if hasattr(cuts, "__len__") else [])
    except ValueError:  # ragged lists
        array = np.array([])
    if array.ndim != 1 or len(array) < 2 or array.dtype.kind not in "iu":
        raise ValueError(
            f"cuts are {short_repr(cuts)}, expected two frames or more, as integers."
        )
    array = array.astype(np.intp)
    if (np.diff(array) <= 0).any():
        place = int(np.argmax(np.diff(array) <= 0))
        raise ValueError(
            f"cuts have {array[place + 1]} after {array[place]}, expected frames that "
            "increase."
        )
    if array[0] < 0 or array[-1] > n_frames:
        wrong = array[0] if array[0] < 0 else array[-1]
        raise ValueError(
            f"cuts have {wrong}, expected frames from 0 to {n_frames}, the end."
        )
    return array


@contextlib.contextmanager
def errors_of_cycles(cuts):
    """Replace the number of a cycle in errors by its recording and frames."""
    try:
        yield
    except RecordingError as error:
        counts = np.cumsum([len(own) - 1 for own in cuts])
        video = int(np.searchsorted(counts, error.recording, side="right"))
        place = error.recording - counts[video]  # index in its recording
        start, end = cuts[video][place - 1], cuts[video][place]
        raise type(error)(f"frames {start} to {end}: {error.reason}", video) from error
