"""Frames in blocks."""

# Size of a block. It bounds the memory and does not change the result.
BLOCK_BYTES = 2**22


def row_blocks(array, width=0):
    """Yield slices of rows of at most `BLOCK_BYTES`; a memmap is not read whole.

    `width` is the number of columns after processing, if larger.
    """
    width = max(width, array.shape[1])
    n_rows = max(1, BLOCK_BYTES // (array.itemsize * width))
    for start in range(0, len(array), n_rows):
        yield slice(start, start + n_rows)
