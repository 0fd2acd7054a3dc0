"""Text with one label per line and frame, like the ground truth of data sets."""

from pathlib import Path

import numpy as np

from skl_tot.io.formats.base import Format, SegmentsError, read_text
from skl_tot.io.segment_table import labels_from_segments, segments
from skl_tot.recordings.disk import split_lines


def write_labels(table, path):
    """Write one label per line for each frame."""
    own = table.drop(columns="recording", errors="ignore")
    labels = labels_from_segments(own).astype(str)
    Path(path).write_text("\n".join(labels) + "\n", encoding="utf-8", newline="\n")


def read_labels(path):
    """Read one label per line for each frame."""
    lines = split_lines(read_text(path).rstrip())
    labels = [line.strip() for line in lines]
    for i, label in enumerate(labels, start=1):
        if not label:
            raise SegmentsError("there is nothing, expected the label of a frame.", i)
        if "\t" in label:
            raise SegmentsError(
                "there is a tab, expected the label of a frame; format='csv' reads "
                "tables with a row of names.",
                i,
            )
    return segments(np.array(labels))


DESCRIPTION = "one label a line for each frame, as MS-TCN reads"
FORMAT = Format(".txt", write_labels, read_labels, DESCRIPTION)
