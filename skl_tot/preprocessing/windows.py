"""Statistics of windows around frames, for raw signals."""

from itertools import combinations, pairwise
from numbers import Integral, Real

import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import Interval, StrOptions

from skl_tot.preprocessing.framewise import VideoTransformer
from skl_tot.recordings.clocks import check_rate
from skl_tot.recordings.container import BLOCK_BYTES, Recordings, check_scaler
from skl_tot.recordings.errors import short_repr, warn_user
from skl_tot.recordings.signals import FLOOR, find_window, window_means

STATISTICS = ("mean", "std", "difference")
MOST_BANDS = 12
AXES = (str, Integral)  # by name or number


class SignalWindows(VideoTransformer):
    r"""Statistics of a window around each frame, for raw sensor signals.

    A single frame of a raw signal carries little information: walking, for example, is
    a pattern in time. For each frame, a centred window of w frames (shorter at the ends
    of a recording and at breaks) gives for each feature

    .. math::

       m = \frac{1}{w} \sum_i x_i, \qquad
       \log \sqrt{\tfrac{1}{w} \sum_i (x_i - m)^2 + \tfrac{s^2}{100}}, \qquad
       \log \Big( \frac{1}{w - 1} \sum_i |x_{i+1} - x_i| + \frac{s}{10} \Big) ,

    with the standard deviation s of the feature in the recordings of the fit. Time and
    memory do not depend on the width.

    Parameters
    ----------
    window : float, pair of float or "auto", default="auto"
        Width of the window, in seconds if recordings have a rate, else in frames; it is
        rounded to an odd number of frames. Two widths give the features of both. A
        warning is given for a width beyond all recordings of the fit. "auto" finds it
        from the signal, see Notes.
    statistics : sequence of {"mean", "std", "difference"}, default=all three
        Statistics to compute.
    n_bands : int, default=0
        Number of frequency bands whose energy in the window is added, as a log standard
        deviation. The first band is the signal minus a running mean of 3 frames; the
        next ones use 5, 9, 17, … frames on the rest, an octave lower each.
    groups : sequence of sequences of int or str, default=None
        Features that are axes of one sensor, by number or name, such as ``[["acc x",
        "acc y", "acc z"]]``. Adds statistics of the magnitude (the length of the
        vector) and correlations of each two axes.

    Attributes
    ----------
    windows_ : tuple of int
        Frames of the windows, odd numbers.
    n_around_ : int
        Frames on each side of a frame that its features use.
    scales_ : ndarray of shape (n_features + n_groups,)
        Standard deviation of each feature, and of the magnitude of each group; 1 for
        constants.
    groups_ : list of list of int
        Columns of the groups.
    fps_ : float or None
        Frames per second of the recordings of the fit.
    n_features_in_ : int
        Number of features of a frame.
    feature_names_in_ : ndarray of shape (n_features,)
        Column names; only if the recordings of ``fit`` were data frames.

    See Also
    --------
    FramewiseTransformer : Transformers of scikit-learn, for single frames.
    PoseFeatures : Features of the points of a body.

    Notes
    -----
    "auto" chooses the window whose two halves agree best: over a recording, the mean,
    log standard deviation and log mean absolute difference of a piece predict those of
    the next piece. Shorter pieces vary by chance, longer ones mix actions. A window
    covers at least one period of the signal.

    Data frames give data frames, with columns such as "acc x mean 1 s".

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot.preprocessing import SignalWindows
    >>> signal = np.array([[0.0], [1.0], [0.0], [5.0], [5.0]])
    >>> windows = SignalWindows(3, statistics=["mean"]).fit(signal)
    >>> windows.transform(signal).ravel().round(2).tolist()
    [0.5, 0.33, 2.0, 3.33, 5.0]
    >>> windows.get_feature_names_out().tolist()
    ['x0 mean 3 frames']
    """

    __module__ = "skl_tot.preprocessing"

    _parameter_constraints = {
        "window": [
            Interval(Real, 0, None, closed="neither"),
            tuple,
            list,
            StrOptions({"auto"}),
        ],
        "statistics": [tuple, list],
        "n_bands": [Interval(Integral, 0, MOST_BANDS, closed="both")],
        "groups": [tuple, list, None],
    }

    def __init__(self, window="auto", *, statistics=STATISTICS, n_bands=0, groups=None):
        self.window = window
        self.statistics = statistics
        self.n_bands = n_bands
        self.groups = groups

    def _learn(self, recordings):
        known = [name for name in STATISTICS if name in self.statistics]
        if not known or len(known) != len(self.statistics):
            raise ValueError(
                f"statistics are {short_repr(self.statistics)}, expected some of "
                f"{list(STATISTICS)}, each once."
            )
        self.fps_ = recordings.fps
        self.groups_ = self._find_groups()
        self.scales_ = self._find_scales(recordings)
        self.windows_ = self._find_widths(recordings)
        self.n_around_ = max(self.windows_) // 2 + 2**self.n_bands - 1

    def _find_groups(self):
        """Columns of the groups."""
        names = getattr(self, "feature_names_in_", np.arange(self.n_features_in_))
        columns = {k: k for k in range(len(names))}
        columns |= {name: k for k, name in enumerate(names.tolist())}
        found = []
        for group in self.groups or []:
            axes = group if isinstance(group, (tuple, list)) else []
            own = [columns.get(axis) for axis in axes if isinstance(axis, AXES)]
            if len(set(own)) < max(2, len(axes)) or None in own:
                raise ValueError(
                    f"groups has {short_repr(group)}, expected two or more of the "
                    f"features {short_repr(names.tolist())}."
                )
            found.append(own)
        return found

    def _find_widths(self, recordings):
        """Odd numbers of frames of the windows."""
        if isinstance(self.window, str):
            return (find_window(recordings),)
        given = self.window if isinstance(self.window, (tuple, list)) else [self.window]
        is_valid = [isinstance(width, Real) and 0 < width < np.inf for width in given]
        if len(given) not in (1, 2) or not all(is_valid):
            raise ValueError(
                f"window is {short_repr(self.window)}, expected a positive number, two "
                'of them, or "auto".'
            )
        widths = tuple(odd(width * (self.fps_ or 1)) for width in given)
        longest = max(recordings.lengths)
        if max(widths) > longest:
            warn_user(
                f"window is {short_repr(self.window)}, {max(widths)} frames, but the "
                f"longest recording has {longest}; give less than an action takes."
            )
        return widths

    def _find_scales(self, recordings):
        """Compute the standard deviation of each channel."""
        scaler = StandardScaler()
        for frames in recordings.blocks():
            with np.errstate(over="ignore", invalid="ignore"):
                scaler.partial_fit(self._channels(np.asarray(frames, float)))
        check_scaler(scaler)
        return scaler.scale_

    def _channels(self, frames):
        """Features, and the magnitudes of the groups."""
        if not self.groups_:
            return frames
        lengths = [np.linalg.norm(frames[:, own], axis=1) for own in self.groups_]
        return np.column_stack([frames, *lengths])

    def _names_out(self, names):
        names = names.tolist()
        bands = [f"band {j + 1}" for j in range(self.n_bands)]
        pairs = [f"{names[a]}, {names[b]}" for a, b in self._pairs()]
        for own in self.groups_:
            names.append(f"magnitude of {', '.join(names[k] for k in own)}")
        found = []
        for width in self.windows_:
            size = f"{width / self.fps_:.3g} s" if self.fps_ else f"{width} frames"
            for statistic in [*self.statistics, *bands]:
                found += [f"{name} {statistic} {size}" for name in names]
            found += [f"correlation of {pair} {size}" for pair in pairs]
        return np.array(found, dtype=object)

    def _columns_of(self, original):
        return self.get_feature_names_out()

    def _check_recordings(self, recordings):
        if recordings.fps is not None:
            check_rate(self, recordings.fps)

    def _outputs(self, recordings):
        outputs, n_columns = [], len(self.get_feature_names_out())
        for i, video in enumerate(recordings.arrays):
            with recordings.errors(i):
                video = np.asarray(video)
                out = np.empty((len(video), n_columns), video.dtype)
                edges = [0, *recordings.breaks_of(i), len(video)]
                for start, stop in pairwise(edges):
                    self._fill(out[start:stop], video[start:stop])
            outputs.append(out)
        return outputs

    def _fill(self, out, part):
        """Fill in the features of a part of a recording, a block at a time."""
        n_frames, around = len(part), self.n_around_
        n_rows = max(BLOCK_BYTES // (8 * out.shape[1]), 2 * around)
        for start in range(0, n_frames, n_rows):
            rows = slice(start, min(start + n_rows, n_frames))
            first = max(0, start - around)
            near = self._channels(np.asarray(part[first : rows.stop + around], float))
            own = slice(start - first, rows.stop - first)
            np.concatenate(
                list(self._columns(near, own)),
                axis=1,
                out=out[rows],
                casting="same_kind",
            )

    def _columns(self, near, rows):
        """Yield the features, (n_rows, ...), of some rows of channels."""
        shift = near.mean(axis=0)
        near, pairs = near - shift, self._pairs()
        floor = FLOOR * self.scales_
        steps = np.abs(np.diff(near, axis=0))
        bands = [band**2 for band in _split_bands(near, self.n_bands)]
        for width in self.windows_:
            half = width // 2
            mean = window_means(near, half, half, rows)
            square = window_means(near**2, half, half, rows)
            variance = np.maximum(square - mean**2, 0) + floor**2
            for statistic in self.statistics:
                if statistic == "mean":
                    yield mean + shift
                elif statistic == "std":
                    yield np.log(variance) / 2
                else:
                    step = window_means(steps, half, half - 1, rows)
                    yield np.log(step + floor)
            for band in bands:
                energy = window_means(band, half, half, rows)
                yield np.log(energy + floor**2) / 2
            if pairs:
                a, b = np.array(pairs).T
                product = window_means(near[:, a] * near[:, b], half, half, rows)
                product -= mean[:, a] * mean[:, b]
                yield product / np.sqrt(variance[:, a] * variance[:, b])

    def _pairs(self):
        """Columns of each two axes of a group."""
        return [pair for own in self.groups_ for pair in combinations(own, 2)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def fit_windows(recordings, windows=None):
    """Fit a clone of windows to recordings, not standardised; by default "auto"."""
    windows = SignalWindows() if windows is None else clone(windows)
    breaks = [recordings.breaks_of(i) for i in range(len(recordings))]
    arrays = list(recordings.arrays)
    return windows.fit(Recordings(arrays, fps=recordings.fps, breaks=breaks))


def apply_windows(windows, recordings):
    """Windows of recordings, not standardised, as recordings with their metadata."""
    breaks = [recordings.breaks_of(i) for i in range(len(recordings))]
    plain = Recordings(list(recordings.arrays), fps=recordings.fps, breaks=breaks)
    with recordings.named_errors():
        seen = recordings.replace(windows.transform(plain))
    seen.means = seen.scales = None
    return seen


def odd(n_frames):
    """Odd number of frames, at least three, nearest to a width.

    >>> odd(1), odd(50.0), odd(6.2)
    (3, 51, 7)
    """
    return max(3, 2 * int(n_frames / 2) + 1)


def _split_bands(values, n_bands):
    """Yield differences of running means of growing widths, the highest band first."""
    everywhere = slice(0, len(values))
    for j in range(n_bands):
        smooth = window_means(values, 2**j, 2**j, everywhere)
        yield values - smooth
        values = smooth
