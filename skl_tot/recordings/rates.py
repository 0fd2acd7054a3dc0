"""Rates of clocks, their gaps and breaks, and one common rate by resampling."""

import numpy as np

from skl_tot.recordings.clocks import check_fps, is_same
from skl_tot.recordings.errors import FaultWarning, refuse, warn_user

# A step longer than so many usual steps is a gap; resampling fills longer ones than
# the second number with NaN.
GAP, BRIDGED = 1.5, 3.5


def rate_of(clock):
    """Frames per second: 1 / mean step without gaps; None for one frame."""
    if len(clock) < 2:
        return None
    steps = np.diff(clock)
    rate = 1 / steps[steps <= GAP * np.median(steps)].mean()
    # rounding errors are larger for times since 1970
    off = np.spacing(np.abs(clock).max()) / (clock[-1] - clock[0])
    digits = int(np.clip(-np.log10(off), 1, 9))
    return float(f"{rate:.{digits}g}")


def common_rate(clocks, names, fps, resample):
    """Return the rate of all recordings, or raise an error with all rates."""
    rates = {name: rate_of(x) for name, x in zip(names, clocks) if len(x) > 1}
    if resample is not None:
        rate = float(resample)
    elif rates:
        for name, rate in rates.items():
            check_fps(rate, f"the rate of the clock of {name!r}")
        if not is_same(max(rates.values()), min(rates.values())):
            raise ValueError(_describe_rates(rates))
        rate = float(np.median(list(rates.values())))
    elif fps is None:
        raise ValueError("No recording has two frames, expected fps (--fps).")
    else:
        rate = float(fps)
    _warn_of_units(dict(zip(names, clocks)), rates)
    if not is_same(rate, fps):
        refuse("fps (--fps)", fps, f"{rate:g} frames per second of the clock, or None")
    return rate if fps is None else float(fps)


def _warn_of_units(clocks, rates):
    # seconds since 1970 beyond any date may be milliseconds
    odd = [name for name in clocks if abs(clocks[name][0]) > 1e11]
    odd += [name for name in rates if not 0.1 <= rates[name] <= 5e4]
    for name in odd[:1]:
        gives = f"{rates[name]:.3g} frames per second" if name in rates else "one frame"
        warn_user(
            f"The clock of {name!r} starts at {clocks[name][0]:g} s and gives {gives}; "
            "times are seconds unless the name of the column has another unit, as "
            "'time_ms'."
        )


def _describe_rates(rates):
    low, high = min(rates, key=rates.get), max(rates, key=rates.get)
    usual = f"{np.median(list(rates.values())):.4g}"
    return (
        f"Recordings have different frames per second, from {rates[low]:.4g} ({low!r}) "
        f"to {rates[high]:.4g} ({high!r}); expected one rate, as resample={usual} "
        f"(--resample {usual}) makes it."
    )


def longest_bridged(rate, bridge=None):
    """Longest step in seconds of a clock that is no break; ``bridge`` if given."""
    if bridge is None:
        # lost packets of a fast sensor do not cut an action, which takes seconds, and a
        # slow clock may miss a few frames
        bridge = max(10 / rate, 1.0)
    return (1 + 1e-6) * bridge  # for rounding


def find_breaks(clocks, names, bridge=None):
    """Frames of each recording before which a clock steps beyond `longest_bridged`."""
    breaks = []
    for name, clock in zip(names, clocks):
        rate = rate_of(clock) or 1.0  # of one frame
        if bridge is not None and len(clock) > 1 and bridge * rate < GAP:
            expected = f"at least {GAP} times the step of {name!r}, {1 / rate:g} s"
            refuse("bridge (--bridge)", bridge, expected)
        is_break = np.diff(clock) > longest_bridged(rate, bridge)
        breaks.append(np.flatnonzero(is_break) + 1)
    return breaks


def warn_of_gaps(clocks, names, breaks, advice):
    """Warn of steps that are much longer than the others of their recording."""
    gaps = []  # length and start in seconds, and recording
    for name, clock, breaks_of_clock in zip(names, clocks, breaks):
        if len(clock) > 1:
            steps = np.diff(clock)
            is_gap = steps > GAP * np.median(steps)
            is_gap[breaks_of_clock - 1] = True
            gaps += [(steps[k], clock[k], name) for k in np.flatnonzero(is_gap)]
    if not gaps:
        return
    length, start, name = max(gaps)
    warn_user(
        f"{sum(map(len, breaks))} of {len(gaps)} gaps in clocks are breaks, whose time "
        "belongs to no action, and the others are bridged; the longest is "
        f"{length:.6g} s after {start:.6g} s of {name!r}; {advice}.",
        FaultWarning,
    )


def resample_frames(frames, clock, rate, breaks=()):
    """Interpolate frames linearly on a regular clock; return them, times and breaks."""
    longest = BRIDGED * np.median(np.diff(clock)) if len(clock) > 1 else 0
    parts, times = [], []
    for part, clock_of_part in zip(np.split(frames, breaks), np.split(clock, breaks)):
        resampled, times_of_part = _resample_part(part, clock_of_part, rate, longest)
        parts.append(resampled)
        times.append(times_of_part)
    breaks = np.cumsum([len(part) for part in parts[:-1]], dtype=np.intp)
    return np.concatenate(parts), np.concatenate(times), breaks


def _resample_part(frames, clock, rate, longest):
    """Resampled frames and times of a part; steps above ``longest`` become NaN."""
    # rounding error of a time, such as seconds since 1970
    off = max(1e-6, 4 * rate * np.spacing(np.abs(clock).max()))
    n_times = int(np.floor((clock[-1] - clock[0]) * rate + off)) + 1
    times = clock[0] + np.arange(n_times) / rate
    if len(clock) == 1:
        return frames.copy(), times
    before = np.clip(np.searchsorted(clock, times, side="right") - 1, 0, len(clock) - 2)
    steps = np.diff(clock)
    weights = (times - clock[before]) / steps[before]
    exact = np.abs(weights - np.round(weights)) < off  # keep a frame of the same time
    weights = np.where(exact, np.round(weights), weights)
    weights[~exact & (steps[before] > longest)] = np.nan
    weights = weights[:, None].astype(frames.dtype)
    resampled = (1 - weights) * frames[before] + weights * frames[before + 1]
    whole = np.flatnonzero(exact)  # a missing neighbour has weight 0
    resampled[whole] = frames[before[whole] + np.round(weights[whole, 0]).astype(int)]
    return resampled, times


def check_breaks(breaks, n_frames, what):
    """Return first frames of parts as an array (n_breaks,); refuse others."""
    frames = np.asarray(breaks)
    is_list = frames.ndim == 1 and (frames.dtype.kind in "iu" or len(frames) == 0)
    if not is_list or (len(frames) and (np.diff([0, *frames, n_frames]) <= 0).any()):
        refuse(what, frames.tolist(), f"ascending frames from 1 to {n_frames - 1}")
    return frames.astype(np.intp)
