"""Directions in which frames change slowly."""

import numpy as np
import pytest

from skl_tot.methods.discriminants import RIDGE, find_moment, slow_directions
from skl_tot.recordings import Recordings


@pytest.fixture(scope="module")
def recordings():
    """Strong noise of 16 frames, and as strong a step every 100 frames."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(3):
        steps = np.repeat(rng.choice([-1, 1], 8), 100)
        noise = np.repeat(rng.normal(size=(2, 50)), 16, axis=1)
        found.append(np.stack([noise[0], steps + noise[0] + 0.1 * noise[1]], axis=1))
    return Recordings(found)


def test_first_direction_is_slow(recordings):
    _, directions = slow_directions(recordings, find_moment(recordings))
    slow = recordings.arrays[0] @ directions[0]
    steps = recordings.arrays[0] @ [-1, 1]
    assert abs(np.corrcoef(slow, steps)[0, 1]) > 0.8
    assert slow_directions(recordings, find_moment(recordings), 1)[1].shape == (1, 2)


def test_changes_have_one_variance_in_all_directions(recordings):
    center, directions = slow_directions(recordings, find_moment(recordings))
    lag = find_moment(recordings)
    changes = np.concatenate([own[lag:] - own[:-lag] for own in recordings.arrays])
    frames = np.concatenate(recordings.arrays)
    ridge = RIDGE * frames.var(axis=0).mean() * np.eye(2)
    within = directions @ (changes.T @ changes / len(changes) / 2 + ridge)
    np.testing.assert_allclose(within @ directions.T, np.eye(2), atol=1e-9)
    np.testing.assert_allclose(center, frames.mean(axis=0))


def test_moment_is_how_long_a_feature_keeps_its_value():
    rng = np.random.default_rng(0)
    held = np.repeat(rng.normal(size=(100, 1)), 40, axis=0)
    # after k of 40 frames, k / 40 of them show another value
    assert 6 <= find_moment(Recordings([held])) <= 8
    assert find_moment(Recordings([rng.normal(size=(100, 1))])) == 1
    assert find_moment(Recordings([np.zeros((5, 1))])) == 1
