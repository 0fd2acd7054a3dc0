"""Heat maps: features during each action, and pseudo-labels of a recording."""

import numpy as np

from skl_tot.display import base
from skl_tot.display.palette import code_actions
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import BACKGROUND, as_reals, split_label_sequences
from skl_tot.recordings.layouts import as_recordings
from skl_tot.shared_texts import with_shared_texts
from skl_tot.statistics.features import Profiles, action_profiles


@with_shared_texts
class ProfileDisplay(base.Display):
    """Mean of each feature during each action, as a heat map.

    Red is above the mean of all frames and blue below it, in standard deviations of all
    frames; background is no action. Of more than 40 features, the 40 that differ most
    between actions (by the standard deviation of their means) are drawn, in their
    order. Each action is marked at the left in its colour of `SegmentationDisplay`.

    Parameters
    ----------
    profiles : Profiles
        From `skl_tot.statistics.action_profiles`; ``means`` are drawn.
    {shared: action_names}

    Examples
    --------
    >>> from skl_tot import ProfileDisplay
    >>> video = [[0.0, 5.0], [0.0, 6.0], [2.0, 5.0], [2.0, 6.0]]
    >>> ProfileDisplay.from_predictions(video, [0, 0, 1, 1]).profiles.means.tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """

    def __init__(self, profiles, *, action_names=None):
        self.profiles = profiles
        self.action_names = action_names

    @classmethod
    def from_estimator(cls, estimator, X, **options):
        """Predict and draw.

        Parameters
        ----------
        estimator : estimator
            Fitted segmenter or pipeline with ``predict``. For a pipeline, the features
            are the input of its last step; `from_predictions` draws any others.
        {shared: X}
        **options : dict
            ``ax``, ``feature_names`` and ``action_names`` of `from_predictions`.

        {shared: drawn}
        """
        base.check_methods(estimator, "predict")
        from skl_tot.methods.pipelines import last_step, transform_before

        videos = transform_before(estimator, X)
        labels = last_step(estimator).predict(videos)
        return cls.from_predictions(videos, labels, **options)

    @classmethod
    def from_predictions(
        cls, videos, labels, *, ax=None, feature_names=None, action_names=None
    ):
        """Draw the profiles of labelled recordings.

        Parameters
        ----------
        videos : array-like of shape (n_frames, n_features), or sequence of these
            Features of one recording or of many.
        labels : array-like of shape (n_frames,), or sequence of these
            Label of each frame; -1 and "background" are no actions.
        {shared: ax, feature_names, action_names}

        {shared: drawn}
        """
        profiles = action_profiles(videos, labels, feature_names=feature_names)
        return cls(profiles, action_names=action_names).plot(ax=ax)

    def _prepare(self):
        """Means of the features that differ most, a row for each action."""
        if not isinstance(self.profiles, Profiles):
            expected = "Profiles from action_profiles, or call from_predictions"
            refuse("profiles", self.profiles, expected, TypeError)
        codes, names = code_actions(self.profiles.actions, self.action_names)
        chosen = choose_features(self.profiles.means)
        features = [self.profiles.features[i] for i in chosen]
        means = self.profiles.means[:, chosen]
        width = 2.2 + 0.24 * max(len(chosen), 8) + 0.08 * min(max(map(len, names)), 40)
        longest = min(max(map(len, features)), 40)
        height = 0.9 + 0.3 * max(len(names), 3) + 0.08 * longest

        def draw(ax):
            most = np.abs(means).max() or 1  # constant features have no colours
            self.im_ = base.draw_image(ax, means, "RdBu_r", (-most, most))
            bar = ax.figure.colorbar(self.im_, ax=ax)
            bar.set_label("standard deviations\nfrom the mean")
            base.name_columns(ax, list(map(base.shortened, features)))
            base.name_rows(ax, list(map(base.shortened, names)))
            n_features = len(self.profiles.features)
            if n_features > len(chosen):
                text = f"the {len(chosen)} of {n_features} features"
                ax.set_xlabel(f"{text} that differ most between actions")
            base.mark_actions(ax, codes)

        return (width, height), draw


def choose_features(means, most=40):
    """List the indices of the features that differ most between actions, in order."""
    # equal values (up to rounding) in the order of features
    differences = means.std(axis=0).round(9)
    return np.sort(np.argsort(-differences, kind="stable")[:most])


@with_shared_texts
class PseudoLabelDisplay(base.Display):
    """Pseudo-label codes Q of one recording as an image, with the decoded path.

    Time runs to the right and actions run down, so codes in a fixed order go from the
    upper left to the lower right, as in figure 3 of Kumar et al., CVPR 2022. The colour
    is the probability, from 0 to 1 in all pictures. Each action is marked at the left
    in its colour of `SegmentationDisplay`.

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
    def from_estimator(cls, estimator, X, **options):
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
    def from_predictions(cls, codes, labels=None, *, ax=None, fps=None, colorbar=True):
        """Draw ``codes`` and ``labels``, as in the class, by the options of `plot`.

        {shared: drawn}
        """
        return cls(codes, labels=labels).plot(ax=ax, fps=fps, colorbar=colorbar)

    def plot(self, *, ax=None, fps=None, colorbar=True):
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
        """Codes as an image, and the path as a line."""
        codes = _check_codes(self.codes)
        n_frames, n_actions = codes.shape
        path = None if self.labels is None else _check_path(self.labels, codes.shape)
        edges = np.arange(n_frames + 1) / (fps or 1)

        def draw(ax):
            extent = (0, edges[-1], n_actions - 0.5, -0.5)
            self.im_ = base.draw_image(ax, codes.T, "cividis", (0, 1), extent=extent)
            if path is not None:
                _draw_path(ax, path, edges)
            if colorbar:
                ax.figure.colorbar(self.im_, ax=ax, label="probability")
            ax.yaxis.get_major_locator().set_params(integer=True)
            base.name_time(ax, fps)
            ax.set_ylabel("action")
            base.mark_actions(ax, range(n_actions))

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
    """Actions as floats, NaN for background."""
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


def _draw_path(ax, path, edges):
    from matplotlib.patheffects import withStroke

    outline = [withStroke(linewidth=3.5, foreground="black")]
    line = {"color": "white", "linewidth": 1.5, "path_effects": outline}
    ax.stairs(path, edges, baseline=None, **line)
