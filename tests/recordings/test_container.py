"""Recordings: names, clocks, and frames as they are read."""

import pickle

import numpy as np
import pytest

from skl_tot.recordings import Recordings, with_stops, without_stops

MEANS, SCALES = np.array([[1.0, -2.0, 0.5]]), np.array([[2.0, 0.5, 1.0]])


def standardized(arrays, means=None, scales=None):
    recordings = Recordings(arrays)
    recordings.means, recordings.scales = means, scales
    return recordings


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def video(rng):
    return rng.normal(3, 2, size=(40, 3))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_sampled_frames_equal_the_whole(video, rng, kind, order):
    arrays = [np.array(a, kind, order=order) for a in (video, video[:5])]
    videos = standardized(arrays, MEANS, SCALES)
    whole = list(videos)
    batch = np.array([1, 0, 1])
    frames = np.stack([rng.integers(0, len(arrays[i]), 12) for i in batch])
    for i, rows in zip(batch, frames):
        np.testing.assert_array_equal(videos.read(i, rows), whole[i][rows])


@pytest.fixture
def takes():
    arrays = [np.zeros((3, 2)), np.ones((2, 2))]
    clocks = {"times": [[0, 0.25, 1], [5, 6]], "breaks": [[2], []]}
    return Recordings(arrays, ["a", "b"], fps=4, **clocks, starts=["2024-03-04", "NaT"])


def test_values_by_name_are_those_of_each_recording(takes):
    labels = takes.replace({"b": [7, 8], "a": [4, 5, 6]})
    assert dict(labels.items()) == {"a": [4, 5, 6], "b": [7, 8]}
    with pytest.raises(KeyError, match="the dict has no b"):
        takes.replace({"a": [4, 5, 6]})


@pytest.mark.parametrize("key", [[1], np.array([False, True]), slice(1, None)])
def test_selections_keep_clocks(takes, key):
    chosen = takes[key]
    assert (chosen.names, chosen.fps) == (["b"], 4)
    assert [clock.tolist() for clock in chosen.times] == [[5, 6]]
    assert takes.edges(0).tolist() == [0, 0.25, 1, 1.25]  # the last lasts as usual
    assert takes.edges(1).tolist() == chosen.edges(0).tolist() == [5, 6, 6.25]


def test_all_goes_with_its_recording(takes):
    for turned in (
        takes[[1, 0]],
        takes.replace([[1, 2, 3], [4, 5]])[::-1],
        pickle.loads(pickle.dumps(takes))[::-1],
    ):
        assert [own.tolist() for own in turned.breaks] == [[], [2]]
        assert [own.tolist() for own in turned.times] == [[5, 6], [0, 0.25, 1]]
        np.testing.assert_array_equal(turned.starts, takes.starts[::-1])
    assert takes.standardize().breaks is takes.breaks
    assert Recordings([[0, 1]]).breaks_of(0).tolist() == []


def test_stops_go_with_their_recording(video):
    still = np.concatenate([video, video[-1:].repeat(9, axis=0), video[::-1]])
    takes = without_stops({"a": video, "b": still}, 5)
    turned = takes[::-1].replace([["x"] * len(own) for own in takes.arrays[::-1]])
    assert [len(own) for own in turned.stops] == [1, 0]
    assert set(with_stops(turned)["b"]) == {"x", "background"}
