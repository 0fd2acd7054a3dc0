"""Frames read a block at a time."""

# Size of the blocks in which a recording is read: bounds the memory, not the result.
BLOCK_BYTES = 2**22


def row_blocks(array, width=0):
    """Yield slices of rows of up to `BLOCK_BYTES`: a memmap is never read whole.

    `width` is the number of columns of what a block is made into, if that is wider.
    """
    width = max(width, array.shape[1])
    n_rows = max(1, BLOCK_BYTES // (array.itemsize * width))
    for start in range(0, len(array), n_rows):
        yield slice(start, start + n_rows)
