"""Baselines without this package, as objects with fit and predict on lists.

Features are standardised over the data set and, by default, reduced to their leading
principal components; ``n_components=None`` keeps the features.
"""

import logging

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot.decoding import decode


class EqualSplit(BaseEstimator):
    """Cut every recording into parts of equal length, independent of its features."""

    def __init__(self, n_actions=8):
        self.n_actions = n_actions

    def fit(self, videos):
        return self

    def predict(self, videos):
        return [equal_parts(len(video), self.n_actions) for video in videos]


class FrameKMeans(BaseEstimator):
    """K-means of frames, without time unless there is a decoder.

    The decoder uses log-likelihoods of spherical Gaussians around the centres with a
    common variance: the mean squared distance of a frame to its centre.
    """

    def __init__(
        self,
        n_actions=8,
        *,
        n_components=16,
        n_init=10,
        decoding=None,
        switch_cost=0.0,
        random_state=None,
    ):
        self.n_actions = n_actions
        self.n_components = n_components
        self.n_init = n_init
        self.decoding = decoding
        self.switch_cost = switch_cost
        self.random_state = random_state

    def fit(self, videos):
        frames = np.concatenate(videos).astype(np.float64)
        self.reduce_ = fit_reduction(self.n_components, frames)
        frames = self.reduce_.transform(frames)
        kmeans = KMeans(
            self.n_actions, n_init=self.n_init, random_state=self.random_state
        )
        self.kmeans_ = kmeans.fit(frames)
        # any variance works if all frames equal their centres
        self.variance_ = self.kmeans_.inertia_ / frames.size or 1.0
        return self

    def predict(self, videos):
        return [self._label(np.asarray(video, np.float64)) for video in videos]

    def _label(self, video):
        distances = self.kmeans_.transform(self.reduce_.transform(video))
        if self.decoding is None:
            return distances.argmin(axis=1)
        log_likelihood = -0.5 * distances**2 / self.variance_
        return decode(log_likelihood, self.decoding, self.switch_cost)


class LeftRightHMM(BaseEstimator):
    """Left-to-right Gaussian HMM of hmmlearn, started from equal parts of recordings.

    A frame stays in its action or goes on to the next; covariances are diagonal. Stops
    before ``n_iter`` steps if one gains less than ``tol``, as in hmmlearn.
    """

    def __init__(self, n_actions=8, *, n_components=16, n_iter=30, tol=0.0):
        self.n_actions = n_actions
        self.n_components = n_components
        self.n_iter = n_iter
        self.tol = tol

    def fit(self, videos):
        from hmmlearn.hmm import GaussianHMM  # optional

        # hmmlearn warns if rounding makes a converged step slightly worse
        logging.getLogger("hmmlearn").setLevel(logging.ERROR)
        k, lengths = self.n_actions, [len(video) for video in videos]
        frames = np.concatenate(videos).astype(np.float64)
        self.reduce_ = fit_reduction(self.n_components, frames)
        frames = self.reduce_.transform(frames)
        parts = np.concatenate([equal_parts(length, k) for length in lengths])
        parts = [frames[parts == action] for action in range(k)]
        leave = np.r_[np.full(k - 1, min(k / np.mean(lengths), 0.5)), 0.0]
        model = GaussianHMM(
            k, "diag", params="tmc", init_params="", n_iter=self.n_iter, tol=self.tol
        )
        model.startprob_ = np.eye(k)[0]
        model.transmat_ = np.diag(1 - leave) + np.diag(leave[:-1], 1)
        model.means_ = np.array([part.mean(axis=0) for part in parts])
        model.covars_ = np.array([part.var(axis=0) for part in parts]) + 1e-2
        self.model_ = model.fit(frames, lengths)
        return self

    def predict(self, videos):
        reduced = [self.reduce_.transform(np.asarray(v, np.float64)) for v in videos]
        return [self.model_.predict(frames) for frames in reduced]


#: Class of each baseline by its name on the command line.
BASELINES = {
    "equal-split": EqualSplit,
    "k-means": FrameKMeans,
    "left-right-hmm": LeftRightHMM,
}


def equal_parts(n_frames, n_actions):
    return np.arange(n_frames) * n_actions // n_frames


def fit_reduction(n_components, frames):
    """Fit a scaler and the leading principal components."""
    steps = [StandardScaler()]
    if n_components is not None:
        n_components = min(n_components, *frames.shape)
        steps.append(PCA(n_components, random_state=0))
    with np.errstate(invalid="ignore"):  # shares of a variance of 0
        return make_pipeline(*steps).fit(frames)
