"""Features of colour and motion, on pictures that move as is known."""

import numpy as np
import pytest

from skl_tot.preprocessing.motion import colour_and_motion

RNG = np.random.default_rng(0)


def parts_of(features):
    """Red, green, blue, spread, change, right and down of each part."""
    return features.reshape(len(features), 7, 4, 4)


def texture(height, width):
    """Grey values, from 0 to 1, that change slowly from pixel to pixel."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 9 + y / 23), np.sin(y / 7 - x / 31), np.sin((x + y) / 13)]
    return 0.5 + np.sum(waves, axis=0) / 8


def film(picture, shifts):
    """Windows of a picture, of 128 by 192 pixels, that move over it."""
    frames = []
    for down, right in shifts:
        window = picture[40 + down : 168 + down, 40 + right : 232 + right]
        frames.append((255 * window[..., None].repeat(3, axis=2)).astype(np.uint8))
    return frames


@pytest.mark.parametrize(("down", "right"), [(0, 0), (0, 2), (-1, 0), (1, -2)])
def test_flow(down, right):
    """The window moves right, so what is seen moves left, by as much."""
    frames = film(texture(220, 280), [(0, 0), (down, right)])
    features = parts_of(colour_and_motion(frames))
    # a part is 32 pixels high and 48 wide
    np.testing.assert_allclose(features[1, 5], -right / 48, atol=0.01)
    np.testing.assert_allclose(features[1, 6], -down / 32, atol=0.01)
    np.testing.assert_array_equal(features[0, 4:], 0)
    assert (features[1, 4] > 0).all() == bool(down or right)


def test_colours_and_spread():
    frame = np.zeros((64, 128, 3), np.uint8)
    frame[:16, 32:64] = [255, 51, 0]
    frame[48:, ::4] = 255
    (features,) = parts_of(colour_and_motion([frame]))
    np.testing.assert_allclose(features[:3, 0, 1], [1, 0.2, 0], atol=1e-6)
    assert features[3, 0].max() == 0
    np.testing.assert_allclose(features[3, 3], 0.25, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (48, 64), (33, 70), (1, 200)])
def test_pictures_of_any_size(shape):
    picture = RNG.integers(0, 256, (*shape, 3), dtype=np.uint8)
    features = colour_and_motion([picture, picture])
    assert features.shape == (2, 112)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    means = parts_of(features)[0, :3].mean(axis=(1, 2))
    np.testing.assert_allclose(means, picture.mean((0, 1)) / 255, atol=0.06)
