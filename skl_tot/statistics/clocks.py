"""Times of tables that have frames and seconds, which may disagree."""

import numpy as np

from skl_tot.recordings.errors import warn_user


def agreed_times(frames, times, recordings, names, rate):
    """Seconds of segments, those of the table unless their frames contradict them.

    After somebody has moved a boundary in frames, a frame has two times. A clock may
    skip frames, but its times go forward with the frames.
    """
    contradicting = []
    for i, name in enumerate(names):
        own = recordings == i
        if not _is_clock(frames[own].ravel(), times[own].ravel(), rate):
            contradicting.append(name)
    if contradicting:
        warn_user(
            f"seconds of {len(contradicting)} of {len(names)} recordings contradict "
            f"their frames, as of {contradicting[0]!r}; all are taken from start and "
            f"end at {rate:.6g} frames per second."
        )
        return frames / rate
    off = np.abs(np.ptp(times, axis=1) - np.ptp(frames, axis=1) / rate) > 1 / rate
    if off.any():
        warn_user(
            f"{off.sum()} of {len(off)} segments are longer or shorter in seconds than "
            f"in frames at {rate:.6g} per second, as one of "
            f"{names[recordings[off.argmax()]]!r}; seconds are read, as of a clock."
        )
    return times


def _is_clock(frames, times, rate):
    """Whether each frame has one time, and later frames have later ones."""
    order = np.lexsort((times, frames))
    is_same = np.diff(frames[order]) == 0
    passed = np.diff(times[order])
    return bool(np.where(is_same, passed < 0.5 / rate, passed > 0).all())
