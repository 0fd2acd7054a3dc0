"""Colour, change and flow of the parts of a picture: features without a network."""

import numpy as np

MOTION = "motion"  # backbone name in `FrameFeatures`
GRID = 4  # parts of a picture, in each direction
SIDE = 16  # pixels of a part of the shrunken picture, in each direction
GREY = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green, blue
# Squared gradient, of values up to 1, below which a part has no texture.
FLAT = 1e-2


def colour_and_motion(frames, batch_size=None):
    """Features (n_frames, 112) of consecutive frames (height, width, 3).

    For each of the 16 parts of a picture: mean red, green and blue; spread of grey;
    mean change of grey from the previous frame; the movement to the right and down, in
    widths and heights of the part, by the least squares of Lucas and Kanade.
    """
    rows, before = [], None
    for frame in frames:
        small = _shrink(frame)
        grey = small @ GREY
        before = grey if before is None else before
        parts = [_parts(small[..., k]).mean(axis=2) for k in range(3)]
        parts += [_parts(grey).std(axis=2), _parts(np.abs(grey - before)).mean(axis=2)]
        parts += _flow(before, grey)
        rows.append(np.stack(parts).ravel())
        before = grey
    return np.array(rows, np.float32)


def _shrink(frame):
    """Shrink a frame to means (64, 64, 3) of its pixels, from 0 to 1."""
    small = frame.astype(np.float32) / 255
    for axis in (0, 1):
        edges = np.linspace(0, small.shape[axis], GRID * SIDE + 1).astype(int)
        sizes = np.maximum(np.diff(edges), 1)
        sums = np.add.reduceat(small, edges[:-1].clip(max=small.shape[axis] - 1), axis)
        small = sums / np.expand_dims(sizes, tuple({0, 1, 2} - {axis}))
    return small


def _parts(picture):
    """Pixels (4, 4, 256) of each part of a small picture."""
    blocks = picture.reshape(GRID, SIDE, GRID, SIDE).swapaxes(1, 2)
    return blocks.reshape(GRID, GRID, -1)


def _flow(before, after):
    """Movement of each part, (4, 4) to the right and (4, 4) down."""
    down, right = np.gradient((before + after) / 2)
    change = after - before
    xx, yy, xy, xt, yt = (
        _parts(product).sum(axis=2)
        for product in (right**2, down**2, right * down, right * change, down * change)
    )
    xx, yy = xx + FLAT, yy + FLAT
    determinant = xx * yy - xy**2
    return [
        (xy * yt - yy * xt) / determinant / SIDE,
        (xy * xt - xx * yt) / determinant / SIDE,
    ]
