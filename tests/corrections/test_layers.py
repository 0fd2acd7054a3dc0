"""Layers that correct scores."""

import numpy as np

from skl_tot.corrections.layers import fit_line


def test_halves_without_spread_keep_a_thousandth_of_that_of_both():
    frames = np.repeat([[0.0, 0.0], [3.0, 4.0]], 10, axis=0)
    line = fit_line(frames, np.linspace(0, 1, 20), 2)
    places = frames @ line["direction"]
    np.testing.assert_allclose(line["variances"], 1e-3 * places.var())
