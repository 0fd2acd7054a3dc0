"""Coloured timelines of segmentations. matplotlib is imported when one is drawn."""

import numpy as np

from skl_tot.display.bars import draw_rows, figure_size, lay_out_by_widest
from skl_tot.display.checks import check_axes, check_methods
from skl_tot.display.codes import encode
from skl_tot.display.legends import draw_legend, make_room
from skl_tot.inputs.errors import short_repr
from skl_tot.inputs.extras import import_extra
from skl_tot.inputs.forms import n_dims
from skl_tot.inputs.labels import as_reals
from skl_tot.inputs.rates import check_fps

TRUTH = "ground truth"  # name of its bar
MANY = 100  # videos, beyond which every name costs time


class SegmentationDisplay:
    """Timelines of segmentations, one row for each video.

    With ground truth a row has two bars, the ground truth above the prediction, and a
    cluster has the colour of the label it is matched to by
    `~skl_tot.metrics.match_labels`. The legend has the cluster of each label in
    brackets if there is one match. Clusters without label are grey and hatched. The
    predicted integer -1, or text "background", is background, which is white. To
    compare methods, give the predictions of each: a row has one more bar for each
    method, matched by itself. With ``confidence``, black rises from the foot of the
    prediction where it is unsure: over the whole bar at probability 0.

    Create it with `from_estimator` or `from_predictions`, which draw at once, or from
    labels here, to be drawn by `plot`. The integer ``i`` has the same colour in all
    pictures, text that of its place in ``target_names``, or without these among the
    sorted labels. Twenty labels differ in colour, also for colour-blind readers;
    further ones repeat the colours with hatches, and only the 121st repeats the first.

    Parameters
    ----------
    y_true : array-like of shape (n_frames,), or a sequence of such, default=None
        Ground-truth labels of one video or of many, integers or strings.
    y_pred : array-like of shape (n_frames,), a sequence of such, or dict of these
        Predicted clusters of the same videos, integers or strings. A dict has them for
        each method by its name.
    target_names : dict or sequence of str, default=None
        Names of the labels of ``y_true``, or of the clusters without ground truth: of
        some labels as ``{label: name}``, or of all as a sequence in which integer ``i``
        is ``target_names[i]``. Of string labels a sequence gives the order only.
        None calls integer ``i`` "action i", or "label i" of ground truth, and sorts
        strings.
    video_names : sequence of str, default=None
        Names of the videos; None means "video 0", ….
    scope : {"activity", "video"}, default="activity"
        Whether clusters are matched over all videos or in each video.
    ignore_labels : label or sequence of labels, default=None
        Labels of ``y_true`` whose frames the match leaves out. They are drawn.
    background : label, default=None
        Label of ``y_true``, or of the clusters without ground truth, that is background
        as the integer -1 is.
    confidence : array-like of shape (n_frames,), or a sequence of such, default=None
        Probability, in [0, 1], that the prediction is right in each frame of each
        video, such as that of the predicted action in ``predict_posterior``. Not for
        several methods.
    videos : sequence of int, default=None
        Indices of the videos to draw; None draws all. Clusters are matched, and actions
        coloured, over all videos whichever are drawn.

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
    >>> y_true = ["cut", "cut", "mix", "mix"]
    >>> display = SegmentationDisplay(y_true=y_true, y_pred=[1, 1, 0, 0])
    >>> display.plot(fps=2).ax_.get_xlabel()
    'time (s)'
    >>> SegmentationDisplay(y_pred={"CTE": [0, 0, 1], "TOT": [0, 1, 1]}).plot()
    <skl_tot.SegmentationDisplay object at ...>
    """

    __module__ = "skl_tot"  # where it is public

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
        ax : matplotlib Axes, default=None
            As for `plot`.
        fps : float, default=None
            As for `plot`.
        confidence : bool, default=False
            Whether to draw how unsure the prediction is, by the probability of the
            predicted action in ``predict_posterior``, of a pipeline that of its end.
        **options : dict
            ``target_names``, ``video_names``, ``scope``, ``ignore_labels``,
            ``background`` and ``videos`` of the class.

        Returns
        -------
        display : SegmentationDisplay
            The display, drawn.

        Raises
        ------
        ImportError, TypeError, ValueError
            As `plot`, and what ``estimator.predict`` raises.
        """
        check_methods(estimator, "predict")
        if confidence:
            from skl_tot.segmenters.pipelines import predict_with_confidence

            y_pred, options["confidence"] = predict_with_confidence(estimator, X)
        else:
            y_pred = estimator.predict(X)
        return cls.from_predictions(y, y_pred, ax=ax, fps=fps, **options)

    @classmethod
    def from_predictions(cls, y_true, y_pred, *, ax=None, fps=None, **options):
        """Draw predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_frames,), or a sequence of such, or None
            Ground-truth labels of one video or of many; None draws predictions alone.
        y_pred : array-like of shape (n_frames,), a sequence of such, or dict of these
            Predicted clusters of the same videos, see the class.
        ax : matplotlib Axes, default=None
            As for `plot`.
        fps : float, default=None
            As for `plot`.
        **options : dict
            ``target_names``, ``video_names``, ``scope``, ``ignore_labels``,
            ``background``, ``confidence`` and ``videos`` of the class.

        Returns
        -------
        display : SegmentationDisplay
            The display, drawn.

        Raises
        ------
        ImportError, TypeError, ValueError
            As `plot`.
        """
        return cls(y_true=y_true, y_pred=y_pred, **options).plot(ax=ax, fps=fps)

    def plot(self, *, ax=None, fps=None):
        """Draw the timelines.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. The legend is at its right, outside. If no layout of the
            figure does, margins and fonts leave room for it and for names. None makes
            a figure that is large enough for all.
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
            If labels are neither integers nor strings, or ``ax`` is no Axes.
        ValueError
            If numbers of videos, frames or names disagree, a label has no name, a video
            is empty or not there, or ``fps`` is not from 1e-6 to 1e6.
        """
        plt = import_extra("matplotlib.pyplot", "plot")
        check_fps(fps)
        check_axes(ax)
        encoded = encode(
            self.y_true,
            self.y_pred,
            target_names=self.target_names,
            background=self.background,
            scope=self.scope,
            ignore_labels=self.ignore_labels,
        )
        video_names, bars, doubts = self._choose_videos(encoded.videos)
        key = encoded.key(bars)
        bar_names = self._bar_names()
        is_own = ax is None
        if is_own:
            names, title = key
            size = figure_size(names, title, bar_names, video_names)
            _, ax = plt.subplots(figsize=size, layout="constrained")
        draw_timelines(ax, key, bars, doubts, bar_names, video_names, fps)
        if is_own and len(bars) > MANY:
            lay_out_by_widest(ax)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self

    def _bar_names(self):
        """Names of the bars of a row; None names a prediction of no method."""
        methods = list(self.y_pred) if isinstance(self.y_pred, dict) else [None]
        return methods if self.y_true is None else [TRUTH, *methods]

    def _choose_videos(self, bars):
        """Names, bars and doubts of the videos to draw."""
        names = self._check_video_names(len(bars))
        drawn = self._check_videos(len(bars))
        doubts = self._check_confidence(bars)
        return zip(*[(names[i], bars[i], doubts[i]) for i in drawn])

    def _check_video_names(self, n_videos):
        """Names of the videos, made up where none are given."""
        if self.video_names is None:
            return [f"video {i}" for i in range(n_videos)]
        if len(self.video_names) != n_videos:
            raise ValueError(
                f"video_names has {len(self.video_names)} names, expected {n_videos}."
            )
        return list(self.video_names)

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

    def _check_confidence(self, bars):
        """One minus the confidence of each video; None where none is given."""
        if self.confidence is None:
            return [None] * len(bars)
        if isinstance(self.y_pred, dict):
            raise ValueError("confidence is of one method, but y_pred has several.")
        predictions = [of_video[-1] for of_video in bars]
        return _doubts(_split_confidence(self.confidence, len(bars)), predictions)


def _split_confidence(confidence, n_videos):
    """Sequence with the confidence of each video."""
    is_one = n_dims(confidence) == 0 or (n_videos == 1 and n_dims(confidence) == 1)
    return [confidence] if is_one else confidence


def _doubts(confidence, predictions):
    """One minus the confidence, which is to be of the frames of the predictions."""
    shapes, expected = list(map(np.shape, confidence)), list(map(np.shape, predictions))
    if shapes != expected:
        raise ValueError(
            f"confidence has shapes {shapes}, expected those of y_pred, {expected}."
        )
    doubts = [1 - as_reals(video, "confidence") for video in confidence]
    frames = np.concatenate(doubts)
    if not ((frames >= 0) & (frames <= 1)).all():
        raise ValueError("confidence has values outside of [0, 1].")
    return doubts


def draw_timelines(ax, key, videos, doubts, bar_names, video_names, fps):
    """Draw the bars of videos and all that explains them.

    ``key`` has the names and the title of the legend. ``doubts`` are one minus the
    confidence of each video, or None. A name of a bar is None without methods.
    """
    draw_rows(ax, videos, doubts, bar_names, video_names, 1 / (fps or 1))
    ax.set_xlabel("frame" if fps is None else "time (s)")
    ax.set_xlim(left=0)
    ax.set_ylim(len(videos) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines[["left", "right", "top"]].set_visible(False)
    if bar_names[0] == TRUTH:
        lower = "lower bar: prediction" if None in bar_names else "others: predictions"
        title = f"upper bar: ground truth, {lower}"
        ax.set_title(title, loc="left", fontsize="medium", wrap=True)
    draw_legend(ax, *key)
    if ax.figure.get_layout_engine() is None:
        make_room(ax)


# doctest looks for the examples of a class in its __module__ only
__test__ = {"SegmentationDisplay": SegmentationDisplay}
