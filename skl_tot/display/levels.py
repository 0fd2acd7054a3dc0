"""Picture of two nested segmentations: few actions, and their parts."""

import numpy as np

from skl_tot.display.bars import clear_sides, draw_bars, draw_legend
from skl_tot.display.base import (
    TimeDisplay,
    check_video_names,
    name_rows,
    name_time,
)
from skl_tot.display.palette import look_of
from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME, split_label_sequences
from skl_tot.recordings.matching import by_name, pair_by_name

# Positions of the two bars of a row, from its middle downwards.
BARS = (-0.4, 0.36), (-0.03, 0.43)
# Mixture of shades with black (negative) or white, from the first to the last.
DARKEST, LIGHTEST = -0.4, 0.65
TITLE = "upper bar: few actions, lower bar: their parts"


class LevelsDisplay(TimeDisplay):
    """Two levels of one segmentation: a bar of few actions above a bar of many.

    The lower actions have shades of the colour of their upper action, from dark to
    light in order of number. Background is white.

    Parameters
    ----------
    coarse, fine : array-like of shape (n_frames,), or a sequence of these
        Labels of one recording or of many, integers or text, with few and with many
        actions. Each label of ``fine`` occurs within one label of ``coarse`` only.
    coarse_names, fine_names : dict, default=None
        Names of some labels. Others are called "action 2"; text is its own name.
    video_names : sequence of str, default=None
        Names of the recordings; None takes their own, or "recording 0", ….

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Those of the last `plot`.
    parents_ : dict
        Label of ``coarse`` for each label of ``fine``.

    See Also
    --------
    skl_tot.corrections.cut : Numbers of actions with nested boundaries.

    Examples
    --------
    >>> from skl_tot import LevelsDisplay
    >>> display = LevelsDisplay(coarse=[0, 0, 0, 1], fine=[0, 0, 2, 1]).plot()
    >>> display.parents_
    {0: 0, 1: 1, 2: 0}
    """

    def __init__(
        self, *, coarse, fine, coarse_names=None, fine_names=None, video_names=None
    ):
        self.coarse = coarse
        self.fine = fine
        self.coarse_names = coarse_names
        self.fine_names = fine_names
        self.video_names = video_names

    @classmethod
    def from_estimator(cls, estimator, X, *, n_actions, **options):
        """Predict with two numbers of actions and draw.

        Parameters
        ----------
        estimator : estimator
            Fitted segmenter that can be cut, or pipeline that ends in one.
        X : array-like of shape (n_frames, n_features), or a sequence of these
            One recording or many.
        n_actions : tuple of int
            Few and many, each as for `skl_tot.corrections.cut`.
        **options : dict
            ``ax`` and ``fps`` of `plot`, and other parameters of the class.

        Returns
        -------
        display : LevelsDisplay
            The display, drawn.
        """
        coarse, fine = predict_levels(estimator, X, n_actions)
        return cls.from_predictions(coarse, fine, **options)

    @classmethod
    def from_predictions(cls, coarse, fine, *, ax=None, fps=None, **options):
        """Draw labels.

        Parameters
        ----------
        coarse, fine : array-like of shape (n_frames,), or a sequence of these
            As in the class.
        ax, fps : optional
            As for `plot`.
        **options : dict
            Other parameters of the class.

        Returns
        -------
        display : LevelsDisplay
            The display, drawn.
        """
        return cls(coarse=coarse, fine=fine, **options).plot(ax=ax, fps=fps)

    def _prepare(self, fps):
        names, *levels = self._check_videos()
        self.parents_ = find_parents(*levels)
        looks = shade(self.parents_)
        entries = self._legend_entries(looks)
        frame = 1 / (fps or 1)

        def draw(ax):
            for labels, look, (top, height) in zip(levels, looks, BARS):
                bars = [(path, row + top, height) for row, path in enumerate(labels)]
                draw_bars(ax, bars, frame, look.get)
            name_rows(ax, names)
            clear_sides(ax, len(names))
            ax.set_xlim(0, frame * max(map(len, levels[0])))
            name_time(ax, fps)
            ax.set_title(TITLE, loc="left", fontsize="medium", wrap=True)
            draw_legend(ax, entries)

        letters = max(map(len, [*names, *(name for _, name in entries)]))
        return (8 + 0.16 * letters, max(2, 1 + 0.5 * len(names))), draw

    def _check_videos(self):
        """Names of the recordings, and their labels of both levels."""
        coarse, fine = pair_by_name(self.coarse, self.fine)
        known = by_name(coarse)
        coarse, _ = split_label_sequences(coarse, "coarse")
        fine, _ = split_label_sequences(fine, "fine")
        shapes = list(map(len, coarse)), list(map(len, fine))
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"coarse is of recordings of {short_repr(shapes[0])} frames, but fine "
                f"of {short_repr(shapes[1])}; expected labels of the same frames."
            )
        if 0 in shapes[0]:
            raise ValueError("coarse has a video without frames.")
        known = known and list(known)
        return check_video_names(self.video_names, len(coarse), known), coarse, fine

    def _legend_entries(self, looks):
        """Pairs of look and name: of each coarse label, and then of its fine labels."""
        entries = []
        for label, look in looks[0].items():
            entries.append((look, _name(label, self.coarse_names)))
            for own, parent in self.parents_.items():
                if parent == label and own != BACKGROUND:
                    name = f"  {_name(own, self.fine_names)}"
                    entries.append((looks[1][own], name))
        return entries


def _name(label, names):
    if label in (names or {}):
        return str(names[label])
    if isinstance(label, str):
        return label
    return BACKGROUND_NAME if label == BACKGROUND else f"action {label}"


def predict_levels(estimator, X, n_actions):
    """Labels of recordings with few and many actions, from a model with cuts."""
    from skl_tot.corrections import cut
    from skl_tot.methods.pipelines import last_step, transform_before

    try:
        few, many = n_actions
        is_pair = bool(few < many)
    except (TypeError, ValueError):
        is_pair = False
    if not is_pair:
        raise ValueError(
            f"n_actions is {short_repr(n_actions)}, expected two numbers, the second "
            "one larger."
        )
    levels = [cut(last_step(estimator), n) for n in n_actions]
    videos = transform_before(estimator, X)
    return tuple(level.predict(videos) for level in levels)


def find_parents(coarse, fine):
    """Coarse label of each fine label, ordered by both.

    Labels are of the same frames of many recordings.

    >>> find_parents([np.array([1, 1, 0])], [np.array([5, 3, 4])])
    {3: 1, 4: 0, 5: 1}
    """
    above, below = np.concatenate(coarse), np.concatenate(fine)
    parents = {}
    for label in np.unique(below).tolist():
        found = np.unique(above[below == label]).tolist()
        if len(found) > 1:
            raise ValueError(
                f"label {label!r} of fine occurs during {short_repr(found)} of coarse, "
                "expected one; the levels are not nested."
            )
        parents[label] = found[0]
    return parents


def shade(parents):
    """Return the looks of the labels of both levels, two dicts.

    Integer labels have the colours of `SegmentationDisplay`, text labels those of their
    index.
    """
    coarse, fine = {}, {}
    for place, label in enumerate(sorted(set(parents.values()))):
        look = look_of(place if isinstance(label, str) else label)
        coarse[label] = look
        own = [name for name, parent in parents.items() if parent == label]
        for number, name in enumerate(own):
            fine[name] = look
            if name != BACKGROUND and len(own) > 1:
                amount = DARKEST + (LIGHTEST - DARKEST) * number / (len(own) - 1)
                fine[name] = look.mixed(amount)
    return coarse, fine


__test__ = {"LevelsDisplay": LevelsDisplay}
