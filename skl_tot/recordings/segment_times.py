"""Conversion of segments between frames and seconds."""

import numpy as np

from skl_tot.recordings.clocks import agreed_rate
from skl_tot.recordings.errors import refuse, warn_user
from skl_tot.recordings.segment_table import (
    FRAMES,
    MAX_FRAMES,
    SECONDS,
    describe,
    values_of,
)

# Longest step of a clock without gaps, in usual steps.
UNEVEN = 1.5


def frame_at(seconds, fps, clock=None):
    """Frame at each time, as a fraction; ``clock`` has starts and ends of frames."""
    if clock is None:
        return seconds * fps
    # outside of it, frames continue at the rate; a break maps to the next part's start
    starts, ends = clock
    i = np.clip(np.searchsorted(starts, seconds, "right") - 1, 0, len(starts) - 1)
    inside = i + np.minimum(1, (seconds - starts[i]) / (ends[i] - starts[i]))
    before = (seconds - starts[0]) * fps
    after = len(starts) + (seconds - ends[-1]) * fps
    found = np.where(seconds < starts[0], before, inside)
    return np.where(seconds >= ends[-1], after, found)


def frames_of(table, fps, clocks=None):
    """Return the frames (n_rows, 2) of a checked table with recordings and places."""
    frames, seconds = values_of(table, FRAMES), values_of(table, SECONDS)
    in_frames = np.isfinite(frames).all(axis=1)
    places = table["place"].tolist()
    if fps is None and not in_frames.all():
        place = places[np.argmin(in_frames)]
        refuse(f"{place}: times are seconds and fps", None, "frames per second")
    if fps is None:
        return frames.astype(int)
    converted = np.full(frames.shape, np.nan)
    for name, rows in rows_by_recording(table).items():
        clock = None if clocks is None else clocks.get(name)
        converted[rows] = frame_at(seconds[rows], fps, clock)
        _check_range(table, converted, rows[~in_frames[rows]], clock)
    stale = np.flatnonzero((np.abs(converted - frames) > 1).any(axis=1))
    if stale.size:
        warn_user(
            f"{places[stale[0]]}: seconds and frames disagree at {fps:g} frames per "
            f"second, as in {stale.size} of {len(table)} segments; frames are used."
        )
    return np.where(in_frames[:, None], frames, np.round(converted)).astype(int)


def rows_by_recording(table):
    """Return the row numbers of each recording in order, by name."""
    import pandas as pd

    # as objects, as pandas cannot hold all file names as text
    codes, names = pd.factorize(np.array(table["recording"], dtype=object))
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))
    return dict(zip(names, np.split(np.argsort(codes, kind="stable"), ends[:-1])))


def _check_range(table, frames, rows, clock):
    is_late = frames[rows, 1] > MAX_FRAMES
    for k in rows[is_late | (np.round(frames[rows, 0]) < 0)][:1]:
        start = 0.0 if clock is None else clock[0][0]
        expected = f"to start at {start:.10g} s or later, where the recording starts."
        if is_late.any():
            expected = f"at most {MAX_FRAMES} frames."
        place = table["place"].iloc[k]
        raise ValueError(f"{place}: {describe(table, k, 's')}, expected it {expected}")


def seconds_of(table, fps=None):
    """Return times (n_rows, 2) of a checked table with recordings, rate and unit."""
    pairs = {pair: values_of(table, pair) for pair in (FRAMES, SECONDS)}
    for pair, values in pairs.items():
        is_known = np.isfinite(values).all(axis=1)
        if is_known.any() and not is_known.all():
            name = table["recording"].iloc[int(np.argmin(is_known))]
            found = f"segments of {name!r} have no {pair[0]}, which others have"
            raise ValueError(f"{found}; expected all or none to have it.")
    frames, seconds = pairs.values()
    has_frames, has_seconds = (np.isfinite(values).all() for values in pairs.values())
    rate = fps
    if has_frames and has_seconds:
        rate = _find_rate(frames, seconds, fps)
        if rate is not None:
            seconds = _agreed_seconds(table, frames, seconds, rate)
    elif has_frames and rate is not None:
        seconds, has_seconds = frames / rate, True
    return (seconds, rate, "s") if has_seconds else (frames, rate, "frames")


def _find_rate(frames, seconds, fps):
    lengths = np.ptp(seconds, axis=1)
    lasting = lengths > 0
    if not lasting.any():
        return fps
    # the median, as some rows may be outdated
    own = float(np.median(np.ptp(frames, axis=1)[lasting] / lengths[lasting]))
    known = agreed_rate(fps, own, "the segments")
    return known if fps is None else fps  # times of the table may be rounded


def _agreed_seconds(table, frames, seconds, rate):
    """Return the seconds of a table, or of its frames if a frame has two times."""
    recordings = rows_by_recording(table)
    pairs = {name: (frames[rows], seconds[rows]) for name, rows in recordings.items()}
    contradicting = [name for name in pairs if not _is_clock(*pairs[name], rate)]
    if contradicting:
        warn_user(
            f"seconds of {len(contradicting)} of {len(recordings)} recordings "
            f"contradict their frames, as in {contradicting[0]!r}; start and end at "
            f"{rate:.6g} frames per second are used."
        )
        return frames / rate
    difference = np.ptp(seconds, axis=1) - np.ptp(frames, axis=1) / rate
    off = np.abs(difference) > 1 / rate
    if off.any():
        warn_user(
            f"{off.sum()} of {len(off)} segments are longer or shorter in seconds than "
            f"in frames at {rate:.6g} per second, as in "
            f"{table['recording'].iloc[off.argmax()]!r}; seconds are used."
        )
    return seconds


def _is_clock(frames, seconds, rate):
    """Whether each frame has one time, and later frames have later times."""
    is_start = np.tile([True, False], len(frames))
    full = np.ptp(seconds, axis=1) > (np.ptp(frames, axis=1) - 0.5) / (UNEVEN * rate)
    full = np.repeat(full, 2)
    frames, seconds = frames.ravel(), seconds.ravel()
    order = np.lexsort((seconds, is_start, frames))
    is_same = np.diff(frames[order]) == 0
    passed = np.diff(seconds[order])
    turns = (np.diff(is_start[order].astype(int)) == 1) & full[order[:-1]]
    is_one = (np.abs(passed) < 0.5 / rate) | (turns & (passed > 0))
    return bool(np.where(is_same, is_one, passed > 0).all())
