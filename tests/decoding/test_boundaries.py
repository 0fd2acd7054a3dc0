"""Intervals of boundaries against all paths."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skl_tot.decoding import Chain, boundary_intervals


def weight(chain, scores, path):
    """Log-weight of a path, by its definition."""
    costs = chain.starts[path[0]] + chain.ends[path[-1]]
    costs += sum(chain.moves[pair] for pair in itertools.pairwise(path))
    return scores[np.arange(len(path)), path].sum() - costs


def interval_by_paths(chain, scores, path, at, blur):
    """Interval of a boundary from the weights of all paths with another one there."""
    n, n_actions = scores.shape
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1), n]
    k = edges.index(at)
    start, end, places = edges[k - 1], edges[k + 1], {}
    for other in itertools.product(range(n_actions), repeat=n):
        moved = [0, *(np.flatnonzero(np.diff(other)) + 1), n]
        same = [a == b for a, b in itertools.zip_longest(moved, edges)]
        shown = [other[i] for i in moved[:-1]] == [path[i] for i in edges[:-1]]
        if len(moved) == len(edges) and shown and same.count(False) <= 1 - same[k]:
            places[moved[k]] = np.exp(weight(chain, scores, np.array(other)))
    shares = np.array([places[t] for t in range(start + 1, end)])
    if blur:
        scale = blur * min(at - start, end - at)
        gaps = np.abs(np.subtract.outer(*[np.arange(len(shares))] * 2))
        shares = np.exp(-gaps / scale) @ shares
    below = np.cumsum(shares) / shares.sum()
    low = start + 1 + np.argmax(below >= 0.05 - 1e-12)
    high = start + 1 + np.argmax(below >= 0.95 - 1e-12)
    return [at, min(low, at), max(high, at)]


@settings(max_examples=10)
@given(
    seed=st.integers(0, 10**6),
    blur=st.sampled_from([0, 0.3, 1]),
)
def test_intervals_are_those_of_all_paths(seed, blur):
    rng = np.random.default_rng(seed)
    scores = rng.normal(scale=2, size=(7, 3))
    moves = np.where(np.eye(3), 0.4, rng.uniform(0, 2, (3, 3)))  # of staying: one cost
    chain = Chain(rng.uniform(size=3), moves, rng.uniform(size=3))
    path = chain.viterbi(scores)
    found = boundary_intervals(scores, path, blur=blur)
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1), 7]
    inner = [t for a, t, b in zip(edges, edges[1:], edges[2:]) if b - a > 2]
    known = [interval_by_paths(chain, scores, path, t, blur) for t in inner]
    assert found.tolist() == known


def test_breaks_and_background_do_not_move():
    scores = np.zeros((20, 3))
    path = np.repeat([0, 1, -1, 2, 0], 4)
    found = boundary_intervals(scores, path, breaks=[16])
    assert found[:, 0].tolist() == [4]
    found = boundary_intervals(scores, path)
    assert found[:, 0].tolist() == [4, 16]
    assert found[0].tolist() == [4, 1, 7]  # as nothing is known
    assert boundary_intervals(scores, path, breaks=[2]).tolist()[0] == [4, 3, 7]
    assert boundary_intervals(scores, np.zeros(20, int)).shape == (0, 3)


REFUSED = {
    "log_likelihood": [
        *(np.zeros(4), [], np.full((4, 2), np.nan)),
        [[0, 0], [0, 0], [-np.inf, -np.inf], [0, 0]],
    ],
    "path": [[0, 0, 0, 2], [0, -2, 0, 0], [0.0, 0, 1, 1], list("aabb"), [0], 0],
    "blur": [-1, np.nan, 10**400, True, "a", None],
    "breaks": [[4], [0], [-1], [3, 2], [1.5], 2, None, "a"],
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_values(name):
    valid = {"log_likelihood": np.zeros((4, 2)), "path": [0, 0, 1, 1]}
    for value in REFUSED[name]:
        with pytest.raises(ValueError, match=f"{name} (is|has)"):
            boundary_intervals(**valid | {name: value})
