"""Moments of the frames of each action, over blocks of videos."""

import numpy as np


class ActionMoments:
    """Counts (K,), sums and sums of squares (K, n_features), float64, of K actions.

    They are of frames less `shift`, which is one of them: far from 0 the squares would
    cancel, and what is constant has a mean of exactly 0.

    >>> moments = ActionMoments(2)
    >>> moments.add(np.array([[8.0], [9.0]]), np.array([0, 1]))
    >>> moments.add(np.array([[7.0], [9.0]]), np.array([0, 1]))
    >>> moments.shift, moments.means().tolist(), moments.variances().tolist()
    (array([8.]), [[-0.5], [1.0]], [[0.25], [0.0]])
    """

    def __init__(self, n_actions, shift=None):
        self.shift = shift
        self.counts = np.zeros(n_actions)
        self.sums, self.squares = np.zeros((2, n_actions, 1))

    def add(self, frames, actions):
        """Add frames (n, n_features) and their actions (n,)."""
        if self.shift is None:
            self.shift = frames[0].astype(np.float64)
        frames = frames - self.shift
        codes = np.eye(len(self.counts))[actions].T
        self.counts += codes.sum(axis=1)
        self.sums = self.sums + codes @ frames
        np.square(frames, out=frames)
        self.squares = self.squares + codes @ frames

    def add_known(self, counts, means, variances):
        """Add frames of which only these are known; `means` are not shifted."""
        counts, means = counts[:, None], means - self.shift
        self.counts += counts[:, 0]
        self.sums = self.sums + counts * means
        self.squares = self.squares + counts * (variances + means**2)

    def means(self):
        """Means (K, n_features) less the shift; 0 without frames."""
        return self.sums / np.maximum(self.counts, 1)[:, None]

    def variances(self):
        """Variances (K, n_features); 0 without frames."""
        mean_squares = self.squares / np.maximum(self.counts, 1)[:, None]
        return np.maximum(mean_squares - self.means() ** 2, 0)
