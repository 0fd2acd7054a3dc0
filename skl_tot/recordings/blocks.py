"""Frames read a block at a time, and joined by what is around them."""

import math

import numpy as np

# Size of the blocks in which a recording is read: bounds the memory, not the result.
BLOCK_BYTES = 2**22
# A frame, the mean of its window and the spread there.
N_PARTS = 3


def row_blocks(array, width=0):
    """Yield slices of rows of up to `BLOCK_BYTES`: a memmap is never read whole.

    `width` is the number of columns of what a block is made into, if that is wider.
    """
    width = max(width, array.shape[1])
    n_rows = max(1, BLOCK_BYTES // (array.itemsize * width))
    for start in range(0, len(array), n_rows):
        yield slice(start, start + n_rows)


def rows_around(rows, n_frames, context):
    """All rows that the windows of some take in, each once and in order."""
    near = rows[:, None] + np.arange(-context, context + 1)
    return np.unique(near.clip(0, n_frames - 1))


def neighbours_of_block(frames, first, n_frames, context):
    """Yield what is a step away from the rows of a block, from the farthest before on.

    ``frames`` (n_near, n_features) are those of the block, of ``n_frames`` from the
    row ``first`` on, and those within ``context`` of it. Yields the rows of the block,
    a slice, that have such a neighbour, and the neighbours (n_inside, n_features).
    """
    for row in range(first - context, first + context + 1):
        inside = slice(max(0, -row), min(n_frames, len(frames) - row))
        if inside.start < inside.stop:
            yield inside, frames[row + inside.start : row + inside.stop]


def neighbours_of_rows(frames, near, rows, context):
    """Yield what is a step away from single rows, as `neighbours_of_block` does.

    ``frames`` (n_near, n_features) are those of `rows_around`, which are ``near``.
    """
    for step in range(-context, context + 1):
        at = np.searchsorted(near, rows + step).clip(0, len(near) - 1)
        inside = near[at] == rows + step  # or the video is over
        yield inside, frames[at[inside]]


def join_context(frames, neighbours):
    """Join frames by mean and spread of their windows, all over the root of 3.

    So joined frames are about as long as frames are. Sums go over the frames of a
    window in their order, so that a frame has the same result whatever else is read
    with it. ``neighbours()`` goes over the frames of all windows, as
    `neighbours_of_block`.

    >>> frames = np.array([[0.0], [2.0], [7.0]])
    >>> joined = join_context(frames, lambda: neighbours_of_block(frames, 0, 3, 1))
    >>> (joined * 3**0.5).round(1)
    array([[0. , 1. , 1. ],
           [2. , 3. , 2.9],
           [7. , 4.5, 2.5]])
    """
    joined = np.zeros((len(frames), N_PARTS * frames.shape[1]), frames.dtype)
    own, means, spreads = np.split(joined, N_PARTS, axis=1)  # views
    counts = np.zeros((len(frames), 1), frames.dtype)
    own[:] = frames
    with np.errstate(over="ignore", invalid="ignore"):
        for inside, near in neighbours():
            means[inside] += near
            counts[inside] += 1
        means /= counts
        for inside, near in neighbours():
            spreads[inside] += np.square(near - means[inside])
        spreads /= counts
    np.sqrt(spreads, out=spreads)
    joined /= math.sqrt(N_PARTS)
    return joined
