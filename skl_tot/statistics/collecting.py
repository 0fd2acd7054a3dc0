"""Bouts of labels of frames, or of a table of segments."""

import numpy as np

from skl_tot.recordings.container import Recordings, frame_edges
from skl_tot.recordings.labels import find_segments, split_label_sequences
from skl_tot.recordings.layouts import is_table
from skl_tot.recordings.matching import by_name
from skl_tot.recordings.rates import agreed_rate, check_fps
from skl_tot.statistics.bouts import make_bouts
from skl_tot.statistics.tables import bouts_of_table


def collect_bouts(labels, fps=None):
    """Bouts of labels of any form, or of a table of segments."""
    check_fps(fps)
    is_frame = getattr(labels, "ndim", 1) == 2 and hasattr(labels, "columns")
    if is_frame and ("action" in labels or not is_table(labels)):
        return bouts_of_table(labels, fps)
    return _bouts_of_labels(_as_recordings(labels, fps))


def _as_recordings(labels, fps):
    """Make recordings of checked labels, whatever form they come in."""
    times = None
    if isinstance(labels, Recordings):
        fps, times = agreed_rate(fps, labels.fps, "the labels"), labels.times
    known = by_name(labels)
    arrays, _ = split_label_sequences(labels if known is None else known, "labels")
    names = [str(name) for name in known or range(len(arrays))]
    for name, array in zip(names, arrays):
        if len(array) == 0:
            raise ValueError(f"{name}: labels are empty, expected one for each frame.")
    return Recordings(arrays, names, fps=fps, times=times)


def _bouts_of_labels(recordings):
    """Find the bouts of labels of frames."""
    found = []
    origins, lengths = [], []
    for i, labels in enumerate(recordings):
        edges = recordings.edges(i)
        if edges is None:
            edges = frame_edges(len(labels), 1.0)
        actions, firsts, stops = find_segments(labels)
        found.append((np.full(len(actions), i), actions, edges[firsts], edges[stops]))
        origins.append(edges[0])
        lengths.append(edges[-1] - edges[0])
    fps = recordings.fps
    columns = [np.concatenate(column) for column in zip(*found)]
    return make_bouts(
        recordings.names,
        *columns,
        np.array(origins),
        np.array(lengths),
        1.0 if fps is None else 1 / fps,
        "frames" if fps is None else "s",
    )
