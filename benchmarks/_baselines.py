"""A baseline without this package, as an object with fit and predict on lists.

Features are standardised over the data set and, by default, reduced to their leading
principal components; ``n_components=None`` keeps the features.
"""

import logging

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot.recordings.labels import equal_parts


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
BASELINES = {"left-right-hmm": LeftRightHMM}


def fit_reduction(n_components, frames):
    """Fit a scaler and the leading principal components."""
    steps = [StandardScaler()]
    if n_components is not None:
        n_components = min(n_components, *frames.shape)
        steps.append(PCA(n_components, random_state=0))
    with np.errstate(invalid="ignore"):  # shares of a variance of 0
        return make_pipeline(*steps).fit(frames)
