"""Small changes to the code that no other test would notice."""

import numpy as np

from skl_tot.decoding.decoders import Decoded
from skl_tot.methods.discriminants import time_order
from skl_tot.methods.pipelines import path_confidence


def test_background_is_sure():
    posterior = np.array([[0.2, 0.8], [0.3, 0.7], [1.0 + 1e-9, 0.0]])
    path = np.array([-1, 0, 0])
    confidence = path_confidence(Decoded(None, path, posterior))
    np.testing.assert_array_equal(confidence, [1.0, 0.3, 1.0])
    words = np.array(["pour", "pour"])
    confidence = path_confidence(Decoded(None, path, posterior), words)
    np.testing.assert_allclose(confidence, [1.0, 1.0, 1.0])


def test_time_is_relative_to_the_length_of_a_video():
    short, long = np.zeros((10, 2)), np.zeros((100, 2))
    short[9, 0] = 1.0  # at the end of a short video
    long[50, 1] = 1.0  # half-way in a long one
    assert time_order([short, long]).tolist() == [1, 0]
