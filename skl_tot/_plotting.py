"""Coloured timelines of segmentations. matplotlib is imported when one is drawn."""

import numpy as np

from skl_tot._sequences import find_segments, name_labels, split_label_sequences
from skl_tot.metrics import match_labels

# Okabe and Ito's colours, safe for colour-blind readers, each with a colour that
# stands out on it for hatches. A dark brown replaces their black.
COLOURS = (
    ("#0072B2", "white"),
    ("#E69F00", "black"),
    ("#009E73", "white"),
    ("#F0E442", "black"),
    ("#CC79A7", "black"),
    ("#56B4E9", "black"),
    ("#D55E00", "white"),
    ("#5D3A1A", "white"),
)
HATCHES = (None, "////", "....", "xxxx", "----", "||||")
UNMATCHED = {"facecolor": "#D9D9D9", "edgecolor": "#8C8C8C", "hatch": r"\\\\"}


class SegmentationDisplay:
    """Timelines of segmentations, one row for each video.

    With ground truth a row has two bars, the ground truth above the prediction, and a
    cluster has the colour of the label it is matched to by
    `~skl_tot.metrics.match_labels`. Clusters without label are grey and hatched.

    Create it with `from_estimator` or `from_predictions`, which draw at once, or from
    labels here, to be drawn by `plot`. The first eight labels differ in colour; further
    ones repeat the colours with hatches, and only the 49th repeats the first.

    Parameters
    ----------
    y_pred : array-like of shape (n_frames,), or a sequence of such
        Predicted clusters of one video or of many, integers or strings.
    y_true : array-like of shape (n_frames,), or a sequence of such, default=None
        Ground-truth labels of the same videos, integers or strings.
    target_names : dict or sequence of str, default=None
        Names of the labels of ``y_true``, or of the clusters without ground truth: of
        some labels as ``{label: name}``, or of all as a sequence in which integer ``i``
        is ``target_names[i]``. Of string labels a sequence gives the order only.
        None calls integer ``i`` "action i" and sorts strings.
    video_names : sequence of str, default=None
        Names of the videos; None means "video 0", ….
    scope : {"activity", "video"}, default="activity"
        Whether clusters are matched over all videos or in each video.
    ignore_labels : label or sequence of labels, default=None
        Labels of ``y_true`` whose frames the match leaves out. They are drawn.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the last `plot`.
    figure_ : matplotlib Figure
        The figure of the last `plot`.

    See Also
    --------
    skl_tot.metrics.match_labels : The match that colours the clusters.

    Examples
    --------
    >>> from skl_tot import SegmentationDisplay
    >>> display = SegmentationDisplay([1, 1, 0, 0], y_true=["cut", "cut", "mix", "mix"])
    >>> display.plot(fps=2).ax_.get_xlabel()
    'time (s)'
    """

    def __init__(
        self,
        y_pred,
        *,
        y_true=None,
        target_names=None,
        video_names=None,
        scope="activity",
        ignore_labels=None,
    ):
        self.y_pred = y_pred
        self.y_true = y_true
        self.target_names = target_names
        self.video_names = video_names
        self.scope = scope
        self.ignore_labels = ignore_labels

    @classmethod
    def from_estimator(cls, estimator, X, y=None, *, ax=None, fps=None, **options):
        """Predict and draw.

        Parameters
        ----------
        estimator : estimator
            Fitted segmenter or pipeline with ``predict``.
        X : array-like of shape (n_frames, n_features), or a sequence of such
            One video or many.
        y : array-like of shape (n_frames,), or a sequence of such, default=None
            Ground-truth labels.
        ax : matplotlib Axes, default=None
            As for `plot`.
        fps : float, default=None
            As for `plot`.
        **options : dict
            ``target_names``, ``video_names``, ``scope`` and ``ignore_labels`` of the
            class.

        Returns
        -------
        display : SegmentationDisplay
            The display, drawn.

        Raises
        ------
        ImportError, TypeError, ValueError
            As `plot`, and what ``estimator.predict`` raises.
        """
        return cls.from_predictions(y, estimator.predict(X), ax=ax, fps=fps, **options)

    @classmethod
    def from_predictions(cls, y_true, y_pred, *, ax=None, fps=None, **options):
        """Draw predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_frames,), or a sequence of such, or None
            Ground-truth labels of one video or of many; None draws predictions alone.
        y_pred : array-like of shape (n_frames,), or a sequence of such
            Predicted clusters of the same videos.
        ax : matplotlib Axes, default=None
            As for `plot`.
        fps : float, default=None
            As for `plot`.
        **options : dict
            ``target_names``, ``video_names``, ``scope`` and ``ignore_labels`` of the
            class.

        Returns
        -------
        display : SegmentationDisplay
            The display, drawn.

        Raises
        ------
        ImportError, TypeError, ValueError
            As `plot`.
        """
        return cls(y_pred, y_true=y_true, **options).plot(ax=ax, fps=fps)

    def plot(self, *, ax=None, fps=None):
        """Draw the timelines.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. The legend is at its right, outside. None makes a figure
            that is large enough for all.
        fps : float, default=None
            Frames per second, for a time axis in seconds. None counts frames.

        Returns
        -------
        self : SegmentationDisplay
            With ``ax_`` and ``figure_`` set.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If labels are neither integers nor strings.
        ValueError
            If numbers of videos, frames or names disagree, a label has no name, a video
            is empty, or ``fps`` is not positive.
        """
        plt = _import_pyplot()
        if fps is not None and not fps > 0:
            raise ValueError(f"fps is {fps!r}, expected a positive number or None.")
        actions, videos = self._encode()
        video_names = self._check_video_names(len(videos))
        if ax is None:
            size = _figure_size(videos, actions, video_names)
            _, ax = plt.subplots(figsize=size, layout="constrained")
        for row, bars in enumerate(videos):
            height = 0.84 / len(bars)
            for i, codes in enumerate(bars):
                bottom = row - 0.42 + i * height
                _draw_bar(ax, codes, bottom, 0.94 * height, 1 / (fps or 1))
        _draw_legend(ax, actions, videos)
        ax.set_xlabel("frame" if fps is None else "time (s)")
        ax.set_xlim(left=0)
        ax.set_ylim(len(videos) - 0.5, -0.5)
        ax.set_yticks(range(len(videos)), video_names)
        ax.tick_params(axis="y", length=0)
        ax.spines[["left", "right", "top"]].set_visible(False)
        if self.y_true is not None:
            title = "upper bar: ground truth, lower bar: prediction"
            ax.set_title(title, loc="left", fontsize="medium")
        self.ax_ = ax
        self.figure_ = ax.figure
        return self

    def _encode(self):
        """Names of the actions, and of each video a list of bars of action codes.

        A code is an index of the names; -1 marks clusters without label.
        """
        pred, _ = split_label_sequences(self.y_pred, "y_pred")
        for i, sequence in enumerate(pred):
            if len(sequence) == 0:
                raise ValueError(f"Video {i}: y_pred has no frames.")
        if self.y_true is None:
            code_of, names = _name_labels(pred, self.target_names)
            return names, [[_to_codes(sequence, code_of)] for sequence in pred]
        matches = match_labels(
            self.y_true,
            self.y_pred,
            scope=self.scope,
            ignore_labels=self.ignore_labels,
        )
        if self.scope == "activity":
            matches = [matches] * len(pred)
        true, _ = split_label_sequences(self.y_true, "y_true")
        code_of, names = _name_labels(true, self.target_names)
        videos = []
        for classes, clusters, match in zip(true, pred, matches):
            matched = {cluster: code_of.get(label) for cluster, label in match.items()}
            videos.append([_to_codes(classes, code_of), _to_codes(clusters, matched)])
        return names, videos

    def _check_video_names(self, n_videos):
        """Names of the videos, made up where none are given."""
        if self.video_names is None:
            return [f"video {i}" for i in range(n_videos)]
        if len(self.video_names) != n_videos:
            raise ValueError(
                f"video_names has {len(self.video_names)} names, expected {n_videos}."
            )
        return list(self.video_names)


def _import_pyplot():
    """Import matplotlib.pyplot, or say how to install it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "SegmentationDisplay needs matplotlib, which is not installed: "
            "pip install 'skl-tot[plot]'"
        ) from error
    return plt


def _name_labels(sequences, target_names):
    """Codes of the labels that occur, and their names, in the order of the legend."""
    labels = np.unique(np.concatenate(sequences)).tolist()
    if target_names is None and not isinstance(labels[0], str):
        target_names = {label: f"action {label}" for label in labels}
    name_of = name_labels(labels, target_names)
    return {label: code for code, label in enumerate(name_of)}, list(name_of.values())


def _to_codes(sequence, code_of):
    """Code of every frame, -1 where its label has none."""
    labels, inverse = np.unique(sequence, return_inverse=True)
    codes = [code_of.get(label) for label in labels.tolist()]
    return np.array([-1 if code is None else code for code in codes])[inverse]


def _style(code):
    """Look of an action in bars and legend."""
    if code < 0:
        return UNMATCHED | {"linewidth": 0}
    facecolor, edgecolor = COLOURS[code % len(COLOURS)]
    hatch = HATCHES[code // len(COLOURS) % len(HATCHES)]
    # matplotlib draws hatches in the colour of the edges
    return {
        "facecolor": facecolor,
        "edgecolor": edgecolor,
        "hatch": hatch,
        "linewidth": 0,
    }


def _draw_bar(ax, codes, bottom, height, frame):
    """Draw the segments of one bar, one collection for each action."""
    segment_codes, starts, ends = find_segments(codes)
    spans = np.column_stack([starts, ends - starts]) * frame
    for code in np.unique(segment_codes):
        ax.broken_barh(spans[segment_codes == code], (bottom, height), **_style(code))


def _draw_legend(ax, actions, videos):
    """Put the names of the actions to the right of the axes."""
    from matplotlib.patches import Patch

    handles = [Patch(label=name, **_style(code)) for code, name in enumerate(actions)]
    if any((codes < 0).any() for bars in videos for codes in bars):
        handles.append(Patch(label="no match", **_style(-1)))
    height = ax.get_window_extent().height / ax.figure.dpi
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1, 1),
        ncols=_n_columns(len(handles), height),
        frameon=False,
        fontsize="medium",
        handleheight=1.2,
    )


def _n_columns(n_entries, height):
    """Columns of a legend as high as axes of this height in inches."""
    return -(-n_entries // max(int(height / 0.24), 1))


def _figure_size(videos, actions, video_names):
    """Width and height in inches that leave 7 inches of width for the bars."""
    height = max(2, 1 + len(videos) * (0.38 if len(videos[0]) == 2 else 0.27))
    columns = _n_columns(len(actions) + 1, 0.77 * height)
    letters = max(map(len, video_names)) + columns * (6 + max(map(len, actions)))
    return 7 + 0.085 * letters, height
