"""Coloured timelines of segmentations."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from skl_tot.display import base
from skl_tot.display.palette import encode, name_methods
from skl_tot.recordings.disk import text_of_name
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import by_name, find_segments
from skl_tot.shared_texts import with_shared_texts

TRUTH = "ground truth"  # name of its bar


class Row(NamedTuple):
    """A recording as a row of bars."""

    name: str
    bars: tuple  # codes of the frames of each bar, the ground truth first
    breaks: Any  # frames at which bars are cut


@with_shared_texts
@dataclass(eq=False, repr=False)
class SegmentationDisplay(base.Display):
    """Timelines of segmentations, one row per recording.

    With ground truth, a row has two bars, ground truth above prediction, and a cluster
    has the colour of its label by `~skl_tot.metrics.match_labels`; one without label is
    grey and hatched. With one match for all, the legend has the cluster of each label
    in brackets. The integer -1, or text "background", is background, which is white.
    Several methods have a bar and a match each.

    The integer ``i`` has the same colour in all pictures, text that of its index in
    ``target_names`` or else among the sorted labels. Twenty labels have different
    colours, further ones repeat them with hatches. Breaks of `Recordings` cut the bars.

    Parameters
    ----------
    y_true : array-like of shape (n_frames,), or a sequence of these, default=None
        Ground-truth labels of one recording or of many, integers or text.
    y_pred : array-like of shape (n_frames,), a sequence of these, or dict of these
        Predicted clusters of the same recordings, integers or text. A dict has methods
        by name, or else recordings by name: the names of ``y_true``, or names other
        than text.
    target_names : dict or sequence of str, default=None
        Names of the labels of ``y_true``, or of the clusters without ground truth:
        ``{label: name}`` for some, or a sequence in which integer ``i`` is
        ``target_names[i]``; for text labels a sequence sets only the order. None calls
        integer ``i`` "action i", or "label i" in ground truth.
    video_names : sequence of str, default=None
        Names of the recordings; None takes their own, or "recording 0", ….
    videos : sequence of int, default=None
        Indices of the recordings to draw; None draws all. Matches and colours refer to
        all recordings.

    Examples
    --------
    >>> from skl_tot import SegmentationDisplay
    >>> y_true = ["cut", "cut", "mix", "mix"]
    >>> display = SegmentationDisplay(y_true=y_true, y_pred=[1, 1, 0, 0])
    >>> display.plot(fps=2).ax_.get_xlabel()
    'time (s)'
    """

    _: KW_ONLY
    y_true: Any = None
    y_pred: Any
    target_names: Any = None
    video_names: Any = None
    videos: Any = None

    @classmethod
    def from_estimator(
        cls, estimator, X, y=None, *, ax=None, fps=None, **options
    ) -> Self:
        """Predict and draw.

        Parameters
        ----------
        estimator : estimator
            Fitted segmenter or pipeline with ``predict``.
        {shared: X}
        y : array-like of shape (n_frames,), or a sequence of these, default=None
            Ground-truth labels.
        ax, fps : optional
            As for `plot`.
        **options : dict
            Other parameters of the class.

        {shared: drawn}
        """
        base.check_methods(estimator, "predict")
        y_pred = estimator.predict(X)
        if isinstance(y_pred, dict):  # by recording
            y_pred = {None: y_pred}
        return cls.from_predictions(y, y_pred, ax=ax, fps=fps, **options)

    @classmethod
    def from_predictions(cls, y_true, y_pred, *, ax=None, fps=None, **options) -> Self:
        """Draw predictions.

        Parameters
        ----------
        y_true, y_pred : array-like, sequence or dict of these
            As in the class; None for ``y_true`` draws only predictions.
        {shared: ax, fps, **options}

        {shared: drawn}
        """
        return cls(y_true=y_true, y_pred=y_pred, **options).plot(ax=ax, fps=fps)

    def plot(self, *, ax=None, fps=None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; the legend is at its right. None makes a new figure.
        {shared: fps}

        {shared: drawn}
        """
        return self._draw(ax, fps=fps)

    def _prepare(self, fps):
        methods = name_methods(self.y_true, self.y_pred)
        encoded = encode(self.y_true, methods, self.target_names)
        names = self._name_videos(methods, len(encoded.videos))
        rows = []
        for i in self._check_videos(len(encoded.videos)):
            is_broken = getattr(self.y_pred, "breaks", None) is not None
            breaks = self.y_pred.breaks_of(i) if is_broken else ()
            rows.append(Row(names[i], encoded.videos[i], breaks))
        entries = encoded.entries(row.bars for row in rows)
        bar_names = list(methods) if self.y_true is None else [TRUTH, *methods]

        def draw(ax):
            _draw_rows(ax, rows, bar_names, fps)
            base.draw_legend(ax, entries, encoded.title)

        return _figure_size(rows, bar_names, entries, encoded.title), draw

    def _name_videos(self, methods, n_videos):
        names = self.video_names
        if names is None:
            names = by_name(next(iter(methods.values())))
        if names is None:
            names = [f"recording {i}" for i in range(n_videos)]
        if len(names) != n_videos:
            refuse("the number of video_names", len(names), n_videos)
        return [text_of_name(str(name)) for name in names]

    def _check_videos(self, n_videos):
        if self.videos is None:
            return range(n_videos)
        indices = np.atleast_1d(self.videos).tolist()
        valid = [type(i) is int and i in range(n_videos) for i in indices]
        if not indices or not all(valid):
            refuse("videos", self.videos, f"indices from 0 to {n_videos - 1}")
        return indices


def _figure_size(rows, bar_names, entries, title):
    """Width and height in inches that leave 7 inches of width for the bars."""
    has_methods = None not in bar_names
    row = 0.24 * (1 + len(bar_names)) if has_methods else 0.16 + 0.11 * len(bar_names)
    height = max(2, 1 + len(rows) * row)
    names = bar_names if has_methods else [row.name for row in rows]
    _, n_letters = base.legend_size(entries, title, 0.77 * height)
    return 7 + 0.085 * (n_letters + max(map(len, names))), height


def _draw_rows(ax, rows, bar_names, fps):
    frame = 1 / (fps or 1)
    has_methods = None not in bar_names
    # above the bars of methods, there is room for the name of the recording
    height = 0.84 / (len(bar_names) + has_methods)
    bottoms = 0.42 - np.arange(len(bar_names), 0, -1) * height
    codes, edges = [], []
    for y, row in enumerate(rows):
        for of_frames, bottom in zip(row.bars, bottoms):
            segments = find_segments(of_frames)
            codes.append(segments.labels)
            bottom = np.full(len(segments.labels), y + bottom)
            edges.append([segments.starts * frame, segments.ends * frame, bottom])
        if len(row.breaks):
            x = np.array(row.breaks) * frame
            ax.vlines(x, y - 0.45, y + 0.45, "white", lw=2.5, zorder=4)
    starts, ends, lower = np.concatenate(edges, axis=1)
    base.draw_segments(ax, np.concatenate(codes), starts, ends, lower, 0.94 * height)
    ys, names = np.arange(len(rows)), [row.name for row in rows]
    if has_methods:
        for y, name in zip(ys - 0.42 + 0.5 * height, names):
            ax.text(0, y, name, va="center", parse_math=False)
        ticks = np.add.outer(ys, bottoms + 0.47 * height).ravel()
        ax.set_yticks(ticks, bar_names * len(rows), parse_math=False)
    else:
        ax.set_yticks(ys, names, parse_math=False)
    base.name_time(ax, fps)
    ax.set_xlim(left=0)
    ax.set_ylim(len(rows) - 0.5, -0.5)  # rows grow downwards
    ax.tick_params(axis="y", length=0)
    ax.spines[["left", "right", "top"]].set_visible(False)
    if bar_names[0] == TRUTH:
        lower = "others: predictions" if has_methods else "lower bar: prediction"
        title = f"upper bar: ground truth, {lower}"
        ax.set_title(title, loc="left", fontsize="medium", wrap=True)
