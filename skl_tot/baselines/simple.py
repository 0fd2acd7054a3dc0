"""Simple methods to compare with: equal parts, and K-means."""

from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from skl_tot.decoding.evidence import log_densities
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.gaussians import (
    cluster_frames,
    embed,
    principal_components,
    time_order,
)
from skl_tot.recordings.labels import equal_parts
from skl_tot.recordings.signals import stretches
from skl_tot.training.components import COUNT


@dataclass(eq=False, repr=False)
class EqualPartsSegmenter(BaseSegmenter):
    """Cut every recording into K parts of equal duration, whatever its features.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K; "auto" takes the result of `choose_n_actions`.
    standardize : {"dataset", "video"} or None, default="dataset"
        Scale each feature to zero mean and unit variance over all frames of the fit
        ("dataset") or over each recording ("video"). None keeps the features.

    Attributes
    ----------
    n_parts_ : int
        Number of parts, before corrections.

    Notes
    -----
    See `TemporalOTSegmenter` for input and attributes. Part k of n frames has the
    frames t with ``t * K // n == k``. Short recordings lack parts.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot.baselines import EqualPartsSegmenter
    >>> video = np.random.default_rng(0).normal(size=(7, 2))
    >>> EqualPartsSegmenter(n_actions=3).fit_predict(video)
    array([0, 0, 0, 1, 1, 2, 2])
    """

    __module__ = "skl_tot.baselines"

    # not parameters, as only this path shows the parts
    decoding, switch_cost, order = "fixed", 0.0, "strict"

    n_actions: int | str = 8
    _: KW_ONLY
    standardize: str | None = "dataset"

    def _learn(self, videos):
        self._set_n_actions(videos)
        self.n_parts_ = self.n_actions_

    def _log_likelihoods(self, videos):
        for n_frames in videos.lengths:
            # in nats: no decoder leaves the action of the part
            scores = np.full((n_frames, self.n_parts_), -1e3)
            scores[np.arange(n_frames), equal_parts(n_frames, self.n_parts_)] = 0
            yield scores


@dataclass(eq=False, repr=False)
class KMeansSegmenter(BaseSegmenter):
    r"""K-means of frames, and the likeliest path through the clusters.

    Frames are standardised, reduced to principal components, and clustered without
    regard to time. The score of cluster k in frame t is the log-density of a spherical
    Gaussian around its centre,

    .. math::

        \ell_{tk} = -\frac{\lVert z_t - \mu_k \rVert^2}{2 \sigma^2} + \text{const},

    with one variance :math:`\sigma^2` for all clusters, the mean squared distance of a
    coordinate to its centre. The decoder then finds the path.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K; "auto" takes the result of `choose_n_actions`.
    n_components : int or None, default=16
        Number of principal components, at most that of the features; None keeps all.
    decoding, switch_cost, min_duration, background_percentile : optional
        As in `TemporalOTSegmenter`; ``decoding`` is "free", ``switch_cost`` is 0.5.
    standardize, random_state : optional
        As in `TemporalOTSegmenter`.

    Attributes
    ----------
    center_ : ndarray of shape (n_features,)
        Mean of the standardised frames.
    components_ : ndarray of shape (n_components, n_features)
        Principal components, as rows.
    means_ : ndarray of shape (n_actions, n_components)
        Centres of the clusters, in the order of the mean relative time of their frames.
    variance_ : float
        Common variance.

    Notes
    -----
    See `TemporalOTSegmenter` for input and attributes. Components and clusters are
    learned from up to 65,536 frames, in stretches.

    Examples
    --------
    >>> from skl_tot.baselines import KMeansSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> KMeansSegmenter(n_actions=4, random_state=0).fit(videos).means_.shape
    (4, 16)
    """

    __module__ = "skl_tot.baselines"

    order = "free"  # not a parameter, as clusters have no order
    has_densities = True
    _parameter_constraints = {
        **BaseSegmenter._parameter_constraints,
        "n_components": [None, *COUNT],
    }

    n_actions: int | str = 8
    _: KW_ONLY
    n_components: int = 16
    decoding: Any = "free"
    switch_cost: Any = 0.5
    min_duration: float | None = None
    background_percentile: float | None = None
    standardize: str | None = "dataset"
    random_state: Any = None

    def _learn(self, videos):
        self._set_n_actions(videos)
        sample = stretches(videos)
        self.center_, self.components_, mean_variance = principal_components(
            sample.videos, self.n_components
        )
        frames = [self._embed(sample.videos, i) for i in range(len(sample.videos))]
        joined = np.concatenate(frames)
        kmeans = cluster_frames(
            joined,
            self.n_actions_,
            n_init=10,
            random_state=self.random_state,
        )
        # equal frames have no variance: at least 1e-6 of the mean variance of a feature
        spread = kmeans.inertia_ / joined.size
        self.variance_ = float(max(spread, 1e-6 * mean_variance))
        one_hot = np.eye(self.n_actions_)
        clusters = map(kmeans.predict, frames)
        order = time_order((one_hot[codes] for codes in clusters), sample.times())
        self.means_ = kmeans.cluster_centers_[order]

    def _log_likelihoods(self, videos):
        variances = np.full_like(self.means_, self.variance_)
        for i in range(len(videos)):
            yield log_densities(self._embed(videos, i), self.means_, variances, i)

    def _embed(self, videos, i):
        return embed(videos, i, self.center_, self.components_.T)
