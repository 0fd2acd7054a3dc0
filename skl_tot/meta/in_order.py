"""Labels in strict order, refined by appearance and relative time of actions."""

# A guide is an appearance of `skl_tot.methods.discriminants` with `times`, the
# log-probability (100, n_actions) of each action by relative time.

import numpy as np

from skl_tot.decoding.chain import fixed_chain
from skl_tot.methods.discriminants import (
    embed,
    fit_appearance,
    log_joint,
    time_order,
)

# All values were chosen on the mean of seven recorded sets.
POOLED, REG_COVAR = 0.5, 0.1  # of Gaussians
N_BINS = 100  # of relative time
TIME_WIDTH, TIME_FLOOR = 0.05, 0.05  # shares of a recording, and of a bin's weight
N_REFINEMENTS = 2  # more rounds drift away from the start


def refine_in_order(videos, labels, n_actions, spread):
    """Refine labels by appearance and time of actions, each once in one order."""
    codes = np.eye(n_actions)
    places = np.argsort(time_order([codes[np.maximum(path, 0)] for path in labels]))
    paths = [places[np.maximum(path, 0)] for path in labels]
    for _ in range(N_REFINEMENTS):
        times = count_times(paths, n_actions)
        appearance, _ = fit_appearance(
            videos, paths, n_actions, spread, REG_COVAR, pooled=POOLED
        )
        guide = appearance | {"times": times}
        paths = paths_in_order(videos, guide)
    return guide, paths


def paths_in_order(videos, guide):
    """Paths of recordings through all actions in order, by a guide."""
    chain, paths = fixed_chain(len(guide["shares"])), []
    for i in range(len(videos)):
        scores = log_joint(
            embed(videos, i, guide["center"], guide["scalings"]), guide, i
        )
        scores += guide["times"][np.arange(len(scores)) * N_BINS // len(scores)]
        paths.append(chain.viterbi(scores))
    return paths


def count_times(labels, n_actions):
    """Log-probability (100, n_actions) of each action by relative time, smoothed."""
    table = np.zeros((N_BINS, n_actions))
    for path in labels:
        bins = np.arange(len(path)) * N_BINS // len(path)
        np.add.at(table, (bins, path), 1 / len(path))
    distances = np.subtract.outer(np.arange(N_BINS), np.arange(N_BINS))
    window = np.exp(-0.5 * (distances / (N_BINS * TIME_WIDTH)) ** 2)
    table = window @ table
    table += TIME_FLOOR * table.sum(axis=1, keepdims=True) / n_actions
    return np.log(table / table.sum(axis=1, keepdims=True))
