"""Heat map of the pseudo-labels of a recording."""

from typing import Self

import numpy as np

from skl_tot.display import base
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import BACKGROUND, as_reals, split_label_sequences
from skl_tot.recordings.layouts import as_recordings
from skl_tot.shared_texts import with_shared_texts


@with_shared_texts
class PseudoLabelDisplay(base.Display):
    """Pseudo-label codes Q of one recording as an image, with the decoded path.

    Time runs to the right and actions run down, so codes in a fixed order go from the
    upper left to the lower right, as in figure 3 of Kumar et al., CVPR 2022. The colour
    is the probability, from 0 to 1.

    Parameters
    ----------
    codes : array-like of shape (n_frames, n_actions)
        Probability of each action in each frame.
    labels : array-like of shape (n_frames,), default=None
        Decoded action of each frame, drawn as a white step line with gaps at background
        (-1). None draws no line.

    Examples
    --------
    >>> from skl_tot import PseudoLabelDisplay
    >>> codes = [[0.9, 0.1], [0.6, 0.4], [0.1, 0.9]]
    >>> PseudoLabelDisplay(codes, labels=[0, 0, 1]).plot(fps=2).ax_.get_xlabel()
    'time (s)'
    """

    def __init__(self, codes, *, labels=None):
        self.codes = codes
        self.labels = labels

    @classmethod
    def from_estimator(cls, estimator, X, **options) -> Self:
        """Compute the pseudo-labels and the path of a recording, and draw them.

        Parameters
        ----------
        estimator : estimator
            Fitted segmenter with ``pseudo_labels``, or pipeline that ends in one.
        X : array-like of shape (n_frames, n_features)
            One recording.
        **options : dict
            ``ax``, ``fps`` and ``colorbar`` of `plot`.

        {shared: drawn}
        """
        from skl_tot.methods.pipelines import last_step, transform_before

        segmenter = last_step(estimator)
        base.check_methods(segmenter, "pseudo_labels", "predict")
        videos = as_recordings(X)
        if not videos.is_single:
            text = f"X holds {len(videos)} recordings"
            raise ValueError(f"{text}, expected one, an array (frames, features).")
        video = transform_before(estimator, X)
        codes, labels = segmenter.pseudo_labels(video), segmenter.predict(video)
        return cls.from_predictions(codes, labels, **options)

    @classmethod
    def from_predictions(
        cls, codes, labels=None, *, ax=None, fps=None, colorbar=True
    ) -> Self:
        """Draw ``codes`` and ``labels``, as in the class, by the options of `plot`.

        {shared: drawn}
        """
        return cls(codes, labels=labels).plot(ax=ax, fps=fps, colorbar=colorbar)

    def plot(self, *, ax=None, fps=None, colorbar=True) -> Self:
        """Draw the image.

        Parameters
        ----------
        {shared: ax, fps}
        colorbar : bool, default=True
            Whether to draw a colour bar at the right.

        {shared: drawn}
        """
        return self._draw(ax, fps=fps, colorbar=colorbar)

    def _prepare(self, fps, colorbar):
        codes = _check_codes(self.codes)
        n_frames, n_actions = codes.shape
        path = None if self.labels is None else _check_path(self.labels, codes.shape)
        edges = np.arange(n_frames + 1) / (fps or 1)
        from matplotlib.patheffects import withStroke

        outline = [withStroke(linewidth=3.5, foreground="black")]

        def draw(ax):
            look = {"cmap": "cividis", "vmin": 0, "vmax": 1, "interpolation": "nearest"}
            extent = (0, edges[-1], n_actions - 0.5, -0.5)
            self.im_ = ax.imshow(codes.T, aspect="auto", extent=extent, **look)
            if path is not None:
                line = {"color": "white", "linewidth": 1.5, "path_effects": outline}
                ax.stairs(path, edges, baseline=None, **line)
            if colorbar:
                ax.figure.colorbar(self.im_, ax=ax, label="probability")
            ax.yaxis.get_major_locator().set_params(integer=True)
            base.name_time(ax, fps)
            ax.set_ylabel("action")
            _mark_actions(ax, range(n_actions))

        return (7, 3), draw


def _check_codes(codes):
    codes = as_reals(codes, "codes")
    if codes.ndim != 2 or 0 in codes.shape:
        refuse("the shape of codes", codes.shape, "(frames, actions) of one recording")
    # rounding in single precision may exceed 1
    if not ((codes >= 0) & (codes <= 1 + 1e-3)).all():
        ends = codes.min().item(), codes.max().item()
        refuse("the range of codes", ends, "probabilities")
    return codes


def _check_path(labels, shape):
    n_frames, n_actions = shape
    (labels, *others), _ = split_label_sequences(labels, "labels")
    if others or len(labels) != n_frames:
        text = f"labels has {len(labels)} frames of {1 + len(others)} recordings"
        raise ValueError(f"{text}, expected the {n_frames} frames of codes.")
    if labels.dtype.kind != "i":
        raise TypeError(f"labels is of type {labels.dtype}, expected integers.")
    if labels.min() < BACKGROUND or labels.max() >= n_actions:
        ends = labels.min().item(), labels.max().item()
        refuse("the range of labels", ends, f"-1 to {n_actions - 1}, as in codes")
    return np.where(labels == BACKGROUND, np.nan, labels)


def _mark_actions(ax, codes):
    """Draw a strip of action colours between image and ticks of rows."""
    from matplotlib.transforms import ScaledTranslation, blended_transform_factory

    # inches from the lower left corner of the axes
    beside = ax.figure.dpi_scale_trans + ScaledTranslation(0, 0, ax.transAxes)
    transform = blended_transform_factory(beside, ax.transData)
    far, near = -0.13, -0.04
    for k, code in enumerate(codes):
        box = np.array(
            [(far, k - 0.5), (far, k + 0.5), (near, k + 0.5), (near, k - 0.5)]
        )
        base.draw_boxes(ax, [box], code, transform=transform, clip_on=False)
    ax.tick_params(axis="y", length=0, pad=11)
