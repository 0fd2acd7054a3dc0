"""Threads change no bits."""

import numpy as np
import pytest
import torch


@pytest.fixture
def set_threads():
    """Function that sets torch's number of threads until the test ends."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


# calls of a fitted estimator that compute, beside its fit
CALLS = ["predict", "predict_proba", "partial_fit", "transform", "pseudo_labels"]


@pytest.mark.parametrize("name", ["TemporalOTSegmenter", "HMMSegmenter"])
def test_threads_change_no_bits_and_are_left(set_threads, make_estimator, name):
    """Sums over 600 features or 2,000 frames differ where threads share them."""
    videos = [np.random.default_rng(i).normal(size=(2000, 600)) for i in range(2)]
    found = {}
    for n_threads in (1, 3):
        set_threads(n_threads)
        model = make_estimator(name, optimizer__frames_per_video=512).fit(videos)
        found[n_threads] = [model.labels_]
        for call in CALLS:
            if hasattr(model, call):
                output = getattr(model, call)(videos)
                found[n_threads].append(getattr(output, "network_", output))
        assert torch.get_num_threads() == n_threads
    assert_same_arrays(found[3], found[1])


def assert_same_arrays(found, expected):
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        found, expected = list(found.values()), list(expected.values())
    if isinstance(expected, list):
        for own, other in zip(found, expected, strict=True):
            assert_same_arrays(own, other)
        return
    np.testing.assert_array_equal(found, expected)
