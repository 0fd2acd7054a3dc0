"""Coloured timelines of segmentations."""

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

import numpy as np

from skl_tot.display.bars import (
    clear_sides,
    draw_legend,
    draw_rows,
    figure_size,
    lay_out_by_widest,
)
from skl_tot.display.base import Display, check_methods, check_video_names, name_time
from skl_tot.display.palette import encode, name_methods
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import by_name
from skl_tot.recordings.layouts import n_dims
from skl_tot.recordings.segment_table import check_confidences
from skl_tot.shared_texts import with_shared_texts

TRUTH = "ground truth"  # name of its bar
MANY = 100  # recordings, beyond which layouts are simplified for speed


@with_shared_texts
@dataclass(eq=False, repr=False)
class SegmentationDisplay(Display):
    """Timelines of segmentations, one row per recording.

    With ground truth, a row has two bars, ground truth above prediction, and a cluster
    has the colour of its label by `~skl_tot.metrics.match_labels`; one without label is
    grey and hatched. With one match for all, the legend has the cluster of each label
    in brackets. The predicted integer -1, or text "background", is background, which is
    white. Several methods have a bar and a match each. With ``confidence``, black rises
    from the foot of the prediction with uncertainty, to the whole bar at probability 0.

    The integer ``i`` has the same colour in all pictures, text that of its index in
    ``target_names`` or else among the sorted labels. Twenty labels have different
    colours, also for colour-blind readers; further ones repeat them with hatches, up to
    120 looks. Breaks of `Recordings` cut the bars.

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
    scope : {"activity", "video"}, default="activity"
        Whether clusters are matched over all recordings or in each one.
    ignore_labels : label or sequence of labels, default=None
        Labels of ``y_true`` whose frames the match excludes. They are drawn.
    background : label, default=None
        Label of ``y_true``, or of the clusters without ground truth, that is background
        like the integer -1.
    confidence : array-like of shape (n_frames,), or a sequence of these, default=None
        Probability, in [0, 1], of the predicted label in each frame, for example from
        ``predict_posterior``. Not for several methods.
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
    scope: str = "activity"
    ignore_labels: Any = None
    background: Any = None
    confidence: Any = None
    videos: Any = None

    @classmethod
    def from_estimator(
        cls, estimator, X, y=None, *, ax=None, fps=None, confidence=False, **options
    ):
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
        confidence : bool, default=False
            Whether to draw the uncertainty of the prediction, from the probability of
            the predicted action in ``predict_posterior``.
        **options : dict
            Other parameters of the class.

        Returns
        -------
        {shared: display}
        """
        check_methods(estimator, "predict")
        if confidence:
            from skl_tot.methods.pipelines import predict_with_confidence

            y_pred, options["confidence"], _ = predict_with_confidence(estimator, X)
        else:
            y_pred = estimator.predict(X)
        if isinstance(y_pred, dict):  # by recording
            y_pred = {None: y_pred}
        return cls.from_predictions(y, y_pred, ax=ax, fps=fps, **options)

    @classmethod
    def from_predictions(cls, y_true, y_pred, *, ax=None, fps=None, **options):
        """Draw predictions.

        Parameters
        ----------
        y_true, y_pred : array-like, sequence or dict of these
            As in the class; None for ``y_true`` draws only predictions.
        {shared: ax, fps, **options}

        Returns
        -------
        {shared: display}
        """
        return cls(y_true=y_true, y_pred=y_pred, **options).plot(ax=ax, fps=fps)

    def plot(self, *, ax=None, fps=None):
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; the legend is outside, at the right. None makes a new figure.
        {shared: fps}

        Returns
        -------
        {shared: display}
        """
        return self._draw(ax, fps=fps)

    def _prepare(self, fps):
        methods = name_methods(self.y_true, self.y_pred)
        keys = "target_names", "background", "scope", "ignore_labels"
        options = {key: getattr(self, key) for key in keys}
        encoded = encode(self.y_true, methods, **options)
        known = by_name(next(iter(methods.values())))
        names = check_video_names(
            self.video_names, len(encoded.videos), known and list(known)
        )
        drawn = self._check_videos(len(encoded.videos))
        doubts = self._check_confidence(methods, encoded.videos)
        rows = [(names[i], encoded.videos[i], doubts[i]) for i in drawn]
        names, bars, doubts = zip(*rows)
        legend = encoded.entries(bars), encoded.title
        bar_names = list(methods) if self.y_true is None else [TRUTH, *methods]
        size = figure_size(*legend, bar_names, names)
        rows = bars, doubts, bar_names, names
        has_breaks = getattr(self.y_pred, "breaks", None) is not None
        breaks = [self.y_pred.breaks_of(i) for i in drawn if has_breaks]
        options = {"rows": rows, "breaks": breaks, "legend": legend, "fps": fps}
        return size, partial(_draw_timelines, **options)

    def _check_videos(self, n_videos):
        if self.videos is None:
            return range(n_videos)
        indices = np.atleast_1d(self.videos).tolist()
        valid = [type(i) is int and i in range(n_videos) for i in indices]
        if not indices or not all(valid):
            refuse("videos", self.videos, f"indices from 0 to {n_videos - 1}")
        return indices

    def _check_confidence(self, methods, bars):
        """One minus the confidence of each recording; None without confidence."""
        if self.confidence is None:
            return [None] * len(bars)
        if None not in methods:
            raise ValueError("confidence is of one method, but y_pred has several.")
        labels, depth = [of_video[-1] for of_video in bars], n_dims(self.confidence)
        is_single = depth == 0 or (len(bars) == 1 and depth == 1)
        given = [self.confidence] if is_single else list(self.confidence)
        known = check_confidences(given, labels, is_single)
        if not all(((own >= 0) & (own <= 1)).all() for own in known):
            raise ValueError("confidence has values outside of [0, 1].")
        return [1 - own for own in known]


def _draw_timelines(ax, rows, breaks, legend, fps):
    videos, _, bar_names, _ = rows
    draw_rows(ax, 1 / (fps or 1), *rows)
    for row, own in enumerate(breaks):
        ax.vlines(own / (fps or 1), row - 0.45, row + 0.45, "white", lw=2.5, zorder=4)
    name_time(ax, fps)
    ax.set_xlim(left=0)
    clear_sides(ax, len(videos))
    if bar_names[0] == TRUTH:
        lower = "lower bar: prediction" if None in bar_names else "others: predictions"
        title = f"upper bar: ground truth, {lower}"
        ax.set_title(title, loc="left", fontsize="medium", wrap=True)
    draw_legend(ax, *legend)
    if len(videos) > MANY:
        lay_out_by_widest(ax)
