"""Merges and splits of scores, moves and costs, by hand."""

import numpy as np
import pytest

from skl_tot.methods.gaussians import AnyOrder
from skl_tot.methods.scores import Merge, Split, fit_split


def split_of(sources, shares):
    n = len(shares)
    ones = np.ones(1), np.ones(n), np.ones(n)
    return Split(np.array(sources), np.array(shares), *ones)


def test_moves_by_hand():
    """Of every frame: a merged action stays where its members changed places."""
    moves = np.array([[0.8, 0.1, 0.1], [0.1, 0.5, 0.4], [0.3, 0.2, 0.5]])
    starts, shares = np.array([0.5, 0.2, 0.3]), np.array([0.6, 0.3, 0.1])
    paths = AnyOrder(starts, moves)
    merged = paths.after([Merge(np.array([0, 1, 0]))], shares)
    left = (0.6 * 0.1 + 0.1 * 0.2) / 0.7
    np.testing.assert_allclose(merged.transitions, [[1 - left, left], [0.5, 0.5]])
    np.testing.assert_allclose(merged.starts, [0.8, 0.2])
    parted = paths.after([split_of([0, 0, 1, 2], [0.25, 0.75])], shares)
    third = 0.2 / 3
    expected = [
        [0.8, third, third, third],
        [third, 0.8, third, third],
        [0.025, 0.075, 0.5, 0.4],
        [0.075, 0.225, 0.2, 0.5],
    ]
    np.testing.assert_allclose(parted.transitions, expected)
    np.testing.assert_allclose(parted.starts, [0.125, 0.375, 0.2, 0.3])
    alone = AnyOrder(np.ones(1), np.ones((1, 1)))
    parted = alone.after([split_of([0, 0], [0.25, 0.75])], np.ones(1))
    np.testing.assert_allclose(parted.transitions, np.eye(2), atol=1e-11)


@pytest.mark.parametrize("n", [2, 3])
def test_a_split_keeps_costs_and_merges_back(n):
    rng = np.random.default_rng(n)
    starts, moves = rng.uniform(0, 5, size=4), rng.uniform(1, 5, size=(4, 4))
    np.fill_diagonal(moves, 0)
    parts = split_of(np.repeat(np.arange(4), [1, n, 1, 1]), np.full(n, 1 / n))
    split_starts, split_moves = parts.costs(starts, moves)
    assert split_moves.shape == (3 + n, 3 + n)
    least = moves[moves > 0].min()
    inside = split_moves[1 : 1 + n, 1 : 1 + n]
    np.testing.assert_array_equal(inside, least * (1 - np.eye(n)))
    starts_again, moves_again = Merge(parts.sources).costs(split_starts, split_moves)
    np.testing.assert_array_equal(starts_again, starts)
    np.testing.assert_array_equal(moves_again, moves)


def test_parts_without_spread_keep_a_thousandth_of_that_of_both():
    frames = np.repeat([[0.0, 0.0], [3.0, 4.0]], 10, axis=0)
    layer = fit_split(1, 3, frames, np.linspace(0, 1, 20))
    assert layer.sources.tolist() == [0, 1, 1, 2]
    np.testing.assert_allclose(layer.shares, 0.5)
    positions = frames @ layer.direction
    np.testing.assert_allclose(layer.means, positions[[0, -1]], atol=1e-12)
    np.testing.assert_allclose(layer.variances, 1e-3 * positions.var())
