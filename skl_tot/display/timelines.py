"""Coloured timelines of segmentations. matplotlib is imported when one is drawn."""

from functools import partial

import numpy as np

from skl_tot.display.bars import (
    clear_sides,
    draw_legend,
    draw_rows,
    figure_size,
    lay_out_by_widest,
    make_room,
)
from skl_tot.display.base import (
    TimeDisplay,
    check_methods,
    check_video_names,
    name_time,
)
from skl_tot.display.palette import encode, name_methods
from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.labels import as_reals
from skl_tot.recordings.layouts import n_dims
from skl_tot.recordings.matching import by_name

TRUTH = "ground truth"  # name of its bar
MANY = 100  # videos, beyond which every name costs time


class SegmentationDisplay(TimeDisplay):
    """Timelines of segmentations, one row for each video.

    With ground truth a row has two bars, the ground truth above the prediction, and a
    cluster has the colour of the label it is matched to by
    `~skl_tot.metrics.match_labels`; one without label is grey and hatched. The legend
    has the cluster of each label in brackets if there is one match. The predicted
    integer -1, or text "background", is background, which is white. Of several methods,
    each has a bar and a match of its own. With ``confidence``, black rises from the
    foot of the prediction where it is unsure: over the whole bar at probability 0.

    The integer ``i`` has the same colour in all pictures, text that of its place in
    ``target_names``, or without these among the sorted labels. Twenty labels differ in
    colour, also for colour-blind readers; further ones repeat the colours with hatches,
    and only the 121st repeats the first. Breaks of `Recordings` cut the bars.

    Parameters
    ----------
    y_true : array-like of shape (n_frames,), or a sequence of such, default=None
        Ground-truth labels of one video or of many, integers or strings.
    y_pred : array-like of shape (n_frames,), a sequence of such, or dict of these
        Predicted clusters of the same videos, integers or strings. A dict has them for
        each method by its name, or else by the names of videos: those of ``y_true``, or
        such as are no text.
    target_names : dict or sequence of str, default=None
        Names of the labels of ``y_true``, or of the clusters without ground truth: of
        some as ``{label: name}``, or of all as a sequence in which integer ``i`` is
        ``target_names[i]``; of strings a sequence gives the order only. None calls
        integer ``i`` "action i", or "label i" of ground truth.
    video_names : sequence of str, default=None
        Names of the videos; None takes those that they have, or else "video 0", ….
    scope : {"activity", "video"}, default="activity"
        Whether clusters are matched over all videos or in each video.
    ignore_labels : label or sequence of labels, default=None
        Labels of ``y_true`` whose frames the match leaves out. They are drawn.
    background : label, default=None
        Label of ``y_true``, or of the clusters without ground truth, that is background
        as the integer -1 is.
    confidence : array-like of shape (n_frames,), or a sequence of such, default=None
        Probability, in [0, 1], that the prediction is right in each frame, such as
        that of the predicted action in ``predict_posterior``. Not for several methods.
    videos : sequence of int, default=None
        Indices of the videos to draw; None draws all. Clusters are matched, and actions
        coloured, over all videos whichever are drawn.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Those of the last `plot`.

    See Also
    --------
    skl_tot.metrics.match_labels : The match that colours the clusters.

    Examples
    --------
    >>> from skl_tot import SegmentationDisplay
    >>> y_true = ["cut", "cut", "mix", "mix"]
    >>> display = SegmentationDisplay(y_true=y_true, y_pred=[1, 1, 0, 0])
    >>> display.plot(fps=2).ax_.get_xlabel()
    'time (s)'
    >>> SegmentationDisplay(y_pred={"CTE": [0, 0, 1], "TOT": [0, 1, 1]}).plot()
    <skl_tot.SegmentationDisplay object at ...>
    """

    def __init__(
        self,
        *,
        y_true=None,
        y_pred,
        target_names=None,
        video_names=None,
        scope="activity",
        ignore_labels=None,
        background=None,
        confidence=None,
        videos=None,
    ):
        self.y_true = y_true
        self.y_pred = y_pred
        self.target_names = target_names
        self.video_names = video_names
        self.scope = scope
        self.ignore_labels = ignore_labels
        self.background = background
        self.confidence = confidence
        self.videos = videos

    @classmethod
    def from_estimator(
        cls, estimator, X, y=None, *, ax=None, fps=None, confidence=False, **options
    ):
        """Predict and draw.

        Parameters
        ----------
        estimator : estimator
            Fitted segmenter or pipeline with ``predict``.
        X : array-like of shape (n_frames, n_features), or a sequence of such
            One video or many.
        y : array-like of shape (n_frames,), or a sequence of such, default=None
            Ground-truth labels.
        ax, fps : optional
            As for `plot`.
        confidence : bool, default=False
            Whether to draw how unsure the prediction is, by the probability of the
            predicted action in ``predict_posterior``, of a pipeline that of its end.
        **options : dict
            Other parameters of the class.

        Returns
        -------
        display : SegmentationDisplay
            The display, drawn.
        """
        check_methods(estimator, "predict")
        if confidence:
            from skl_tot.methods.pipelines import predict_with_confidence

            y_pred, options["confidence"] = predict_with_confidence(estimator, X)
        else:
            y_pred = estimator.predict(X)
        if isinstance(y_pred, dict):  # of recordings, not of methods
            y_pred = {None: y_pred}
        return cls.from_predictions(y, y_pred, ax=ax, fps=fps, **options)

    @classmethod
    def from_predictions(cls, y_true, y_pred, *, ax=None, fps=None, **options):
        """Draw predictions.

        Parameters
        ----------
        y_true, y_pred : array-like, sequence or dict of such
            As of the class; None for ``y_true`` draws predictions alone.
        ax, fps : optional
            As for `plot`.
        **options : dict
            Other parameters of the class.

        Returns
        -------
        display : SegmentationDisplay
            The display, drawn.
        """
        return cls(y_true=y_true, y_pred=y_pred, **options).plot(ax=ax, fps=fps)

    def _prepare(self, fps):
        methods = name_methods(self.y_true, self.y_pred)
        encoded = encode(
            self.y_true,
            methods,
            target_names=self.target_names,
            background=self.background,
            scope=self.scope,
            ignore_labels=self.ignore_labels,
        )
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
        breaks = [self.y_pred.breaks_of(i) for i in drawn if self._has_breaks]
        options = {"rows": rows, "breaks": breaks, "legend": legend, "fps": fps}
        return size, partial(_draw_timelines, **options)

    @property
    def _has_breaks(self):
        return getattr(self.y_pred, "breaks", None) is not None

    def _check_videos(self, n_videos):
        """List the indices of the videos to draw."""
        if self.videos is None:
            return range(n_videos)
        indices = np.atleast_1d(self.videos).tolist()
        valid = [type(i) is int and i in range(n_videos) for i in indices]
        if not indices or not all(valid):
            raise ValueError(
                f"videos is {short_repr(self.videos)}, expected indices from 0 to "
                f"{n_videos - 1}."
            )
        return indices

    def _check_confidence(self, methods, bars):
        """One minus the confidence of each video; None where none is given."""
        if self.confidence is None:
            return [None] * len(bars)
        if None not in methods:
            raise ValueError("confidence is of one method, but y_pred has several.")
        confidence = self.confidence
        if n_dims(confidence) == 0 or (len(bars) == 1 and n_dims(confidence) == 1):
            confidence = [confidence]
        shapes = list(map(np.shape, confidence))
        expected = [np.shape(of_video[-1]) for of_video in bars]
        if shapes != expected:
            raise ValueError(
                f"confidence has shapes {shapes}, expected those of y_pred, {expected}."
            )
        doubts = [1 - as_reals(video, "confidence") for video in confidence]
        frames = np.concatenate(doubts)
        if not ((frames >= 0) & (frames <= 1)).all():
            raise ValueError("confidence has values outside of [0, 1].")
        return doubts


def _draw_timelines(ax, rows, breaks, legend, fps):
    """Draw the bars of videos and all that explains them.

    ``rows`` are the bars of videos, their doubts, and names of bars and videos.
    """
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
    if ax.figure.get_layout_engine() is None:
        make_room(ax)
    if len(videos) > MANY:
        lay_out_by_widest(ax)


__test__ = {"SegmentationDisplay": SegmentationDisplay}
