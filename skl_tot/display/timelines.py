"""Coloured timelines of segmentations. matplotlib is imported when one is drawn."""

import numpy as np

from skl_tot.display.bars import (
    BACKGROUND,
    UNMATCHED,
    draw_legend,
    draw_rows,
    figure_size,
)
from skl_tot.inputs.extras import import_extra
from skl_tot.inputs.forms import n_dims
from skl_tot.inputs.labels import (
    background_labels,
    check_fps,
    name_labels,
    split_label_sequences,
)
from skl_tot.metrics.scores import match_labels


class SegmentationDisplay:
    """Timelines of segmentations, one row for each video.

    With ground truth a row has two bars, the ground truth above the prediction, and a
    cluster has the colour of the label it is matched to by
    `~skl_tot.metrics.match_labels`. Clusters without label are grey and hatched. The
    predicted integer -1, or text "background", is background, which is white. To
    compare methods, give the predictions of each: a row has one more bar for each
    method, matched by itself. With ``confidence``, black rises from the foot of the
    prediction where it is unsure: over the whole bar at probability 0.

    Create it with `from_estimator` or `from_predictions`, which draw at once, or from
    labels here, to be drawn by `plot`. The first eight labels differ in colour; further
    ones repeat the colours with hatches, and only the 49th repeats the first.

    Parameters
    ----------
    y_pred : array-like of shape (n_frames,), a sequence of such, or dict of these
        Predicted clusters of one video or of many, integers or strings. A dict has them
        for each method by its name.
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
    >>> display = SegmentationDisplay([1, 1, 0, 0], y_true=["cut", "cut", "mix", "mix"])
    >>> display.plot(fps=2).ax_.get_xlabel()
    'time (s)'
    >>> SegmentationDisplay({"CTE": [0, 0, 1], "TOT": [0, 1, 1]}).plot()
    <skl_tot.SegmentationDisplay object at ...>
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
        background=None,
        confidence=None,
        videos=None,
    ):
        self.y_pred = y_pred
        self.y_true = y_true
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
            is empty or not there, or ``fps`` is not positive.
        """
        plt = import_extra("matplotlib.pyplot", "plot")
        check_fps(fps)
        names, videos = self._encode()
        video_names = self._check_video_names(len(videos))
        drawn = self._check_videos(len(videos))
        doubts = self._check_confidence(videos)
        videos, video_names, doubts = (
            [x[i] for i in drawn] for x in (videos, video_names, doubts)
        )
        occurring = set(np.concatenate([np.unique(bar) for v in videos for bar in v]))
        names = {code: name for code, name in names.items() if code in occurring}
        bar_names = self._bar_names()
        if ax is None:
            size = figure_size(len(videos), names, bar_names, video_names)
            _, ax = plt.subplots(figsize=size, layout="constrained")
        draw_rows(ax, videos, doubts, bar_names, video_names, 1 / (fps or 1))
        draw_legend(ax, names)
        ax.set_xlabel("frame" if fps is None else "time (s)")
        ax.set_xlim(left=0)
        ax.set_ylim(len(videos) - 0.5, -0.5)
        ax.tick_params(axis="y", length=0)
        ax.spines[["left", "right", "top"]].set_visible(False)
        if len(bar_names) == 2 and None in bar_names:
            title = "upper bar: ground truth, lower bar: prediction"
            ax.set_title(title, loc="left", fontsize="medium")
        self.ax_ = ax
        self.figure_ = ax.figure
        return self

    def _bar_names(self):
        """Names of the bars of a row; None names a prediction of no method."""
        methods = list(self.y_pred) if isinstance(self.y_pred, dict) else [None]
        return methods if self.y_true is None else ["ground truth", *methods]

    def _encode(self):
        """Names of the codes, and of each video the bars of codes.

        An action has a code from 0, and `BACKGROUND` and `UNMATCHED` are codes, too.
        """
        methods = _split_methods(self.y_pred)
        labelled, background = methods, self.background
        if self.y_true is not None:
            labelled = [split_label_sequences(self.y_true, "y_true")[0]]
            clusters, classes = _distinct(methods), _distinct(labelled)
            _, background = background_labels(clusters, classes, background)
        elif background is None:
            background = "background"  # as name_actions calls -1
        code_of, names = _name_labels(
            [video for videos in labelled for video in videos],
            self.target_names,
            background,
        )
        bars = [[_to_codes(video, code_of) for video in x] for x in labelled]
        if self.y_true is not None:
            bars += [self._match(pred, code_of) for pred in methods]
        return names, list(zip(*bars))

    def _match(self, pred, code_of):
        """Codes of the labels that the clusters of one method are matched to."""
        matches = match_labels(
            self.y_true,
            pred,
            scope=self.scope,
            ignore_labels=self.ignore_labels,
            background=self.background,
        )
        if self.scope == "activity":
            matches = [matches] * len(pred)
        codes = []
        for clusters, match in zip(pred, matches):
            matched = {cluster: code_of.get(label) for cluster, label in match.items()}
            matched |= {-1: BACKGROUND, "background": BACKGROUND}
            codes.append(_to_codes(clusters, matched))
        return codes

    def _check_video_names(self, n_videos):
        """Names of the videos, made up where none are given."""
        if self.video_names is None:
            return [f"video {i}" for i in range(n_videos)]
        if len(self.video_names) != n_videos:
            raise ValueError(
                f"video_names has {len(self.video_names)} names, expected {n_videos}."
            )
        return list(self.video_names)

    def _check_confidence(self, videos):
        """One minus the confidence of each video; None where none is given."""
        if self.confidence is None:
            return [None] * len(videos)
        if isinstance(self.y_pred, dict):
            raise ValueError("confidence is of one method, but y_pred has several.")
        confidence = self.confidence
        if n_dims(confidence) == 0 or (len(videos) == 1 and n_dims(confidence) == 1):
            confidence = [confidence]
        shapes = [np.shape(video) for video in confidence]
        expected = [np.shape(bars[0]) for bars in videos]
        if shapes != expected:
            raise ValueError(
                f"confidence has shapes {shapes}, expected those of y_pred, {expected}."
            )
        doubts = [1 - np.asarray(video, dtype=float) for video in confidence]
        if not all(((doubt >= 0) & (doubt <= 1)).all() for doubt in doubts):
            raise ValueError("confidence has values outside of [0, 1].")
        return doubts

    def _check_videos(self, n_videos):
        """List the indices of the videos to draw."""
        if self.videos is None:
            return range(n_videos)
        indices = np.atleast_1d(self.videos).tolist()
        if not indices or any(
            type(i) is not int or i not in range(n_videos) for i in indices
        ):
            raise ValueError(
                f"videos is {self.videos!r}, expected indices from 0 to {n_videos - 1}."
            )
        return indices


def _distinct(methods):
    """Set of the labels of all videos."""
    return {x for videos in methods for v in videos for x in np.unique(v).tolist()}


def _split_methods(y_pred):
    """Sequences of the videos for each method, checked to be of the same videos."""
    if not isinstance(y_pred, dict):
        y_pred = {None: y_pred}
    if not y_pred:
        raise ValueError("y_pred is an empty dict, expected predictions of a method.")
    methods = []
    for method, predictions in y_pred.items():
        name = "y_pred" if method is None else f"y_pred[{method!r}]"
        videos, _ = split_label_sequences(predictions, name)
        methods.append(videos)
        if len(videos) != len(methods[0]):
            raise ValueError(
                f"{name} has {len(videos)} videos, expected {len(methods[0])} as for "
                "the first method."
            )
        for i, (video, first) in enumerate(zip(videos, methods[0])):
            if len(video) == 0:
                raise ValueError(f"Video {i}: {name} has no frames.")
            if len(video) != len(first):
                raise ValueError(
                    f"Video {i}: {name} has {len(video)} frames, expected {len(first)} "
                    "as for the first method."
                )
    return methods


def _name_labels(sequences, target_names, background):
    """Codes of the labels that occur, and names of the codes in order of the legend."""
    background = -1 if background is None else background
    if len({sequence.dtype.kind for sequence in sequences}) > 1:
        raise TypeError("y_pred has text for some methods and integers for others.")
    labels = np.unique(np.concatenate(sequences)).tolist()
    labels = [label for label in labels if label not in (-1, background)]
    if target_names is None and labels and not isinstance(labels[0], str):
        target_names = {label: f"action {label}" for label in labels}
    name_of = name_labels(labels, target_names) if labels else {}
    code_of = {label: code for code, label in enumerate(name_of)}
    names = dict(enumerate(name_of.values()))
    names |= {BACKGROUND: "background", UNMATCHED: "no match"}
    return code_of | {-1: BACKGROUND, background: BACKGROUND}, names


def _to_codes(sequence, code_of):
    """Code of every frame."""
    labels, inverse = np.unique(sequence, return_inverse=True)
    codes = [code_of.get(label) for label in labels.tolist()]
    return np.array([UNMATCHED if code is None else code for code in codes])[inverse]
