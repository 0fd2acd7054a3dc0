"""The command that labels a recording while it is made."""

import csv
import sys
import warnings
from pathlib import Path

from sklearn.pipeline import Pipeline

from skl_tot.cli.commands import words_of_actions
from skl_tot.inputs.clocks import is_same
from skl_tot.inputs.labels import BACKGROUND, BACKGROUND_NAME
from skl_tot.inputs.names import read_names
from skl_tot.io.growing import GrowingTable, read_lines

COLUMNS = ["start_time", "end_time", "action", "confidence"]


def watch(model, file, lag, fps, follow, columns, names):
    """Print the segments of a table that grows, a line each as it closes."""
    from skl_tot.io.models import load_model
    from skl_tot.segmenters.pipelines import (
        output_labels,
        segmenter_of,
        transform_before,
        waits_for_end,
    )

    model = load_model(model)
    segmenter = segmenter_of(model)
    names = names and read_names(names)
    labels = output_labels(segmenter)
    fps = _rate_of(segmenter, fps)
    reason = waits_for_end(model)
    if reason is not None:
        raise ValueError(f"{reason}, or predict when the recording has ended.")
    online = segmenter.predict_online(lag=round(lag * fps))
    if columns is None and hasattr(model, "feature_names_in_"):
        columns = model.feature_names_in_.tolist()
    name = "standard input" if file == "-" else file
    table = GrowingTable(name, _n_features(model), columns, fps)
    printer = SegmentPrinter(labels, words_of_actions(labels, names), fps)
    with warnings.catch_warnings():
        # tables have names, and what comes of them has none
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        for lines in _lines_of(file, follow):
            frames = table.read(lines)
            if len(frames):
                (frames,) = transform_before(model, [frames])
                printer.add(*online.push(frames))
        printer.add(*online.finish())
    printer.close()


def _n_features(model):
    """Count the features of the segmenter, or of the first step before it."""
    first = model.steps[0][1] if isinstance(model, Pipeline) else model
    return first.n_features_in_


def _rate_of(segmenter, fps):
    """Frames per second: of the model, or given."""
    known = getattr(segmenter, "fps_", None)
    if known is None and fps is None:
        raise ValueError("--fps is missing, which --lag and times need.")
    if not is_same(fps, known):
        raise ValueError(
            f"--fps is {fps:g}, but the model was fitted to {known:g} frames per "
            f"second; expected {known:g}, or none."
        )
    return fps if known is None else known


def _lines_of(file, follow):
    """Go over the lines of a file or of standard input, until it ends or Ctrl-C."""
    if file == "-":
        yield from _until_interrupted(read_lines(sys.stdin.buffer, "standard input"))
        return
    if not Path(file).is_file():
        raise FileNotFoundError(f"{file} is no file, expected a table, or - (stdin).")
    with open(file, "rb") as opened:
        yield from _until_interrupted(read_lines(opened, file, follow=follow))


def _until_interrupted(blocks):
    """Let an interrupt while waiting end the recording, of which the rest is told."""
    while True:
        try:
            lines = next(blocks, None)
        except KeyboardInterrupt:
            return
        if lines is None:
            return
        yield lines


class SegmentPrinter:
    """Prints a line for each segment of labels that come one by one.

    Parameters
    ----------
    labels : ndarray of shape (n_actions,)
        Labels of the actions.
    words : ndarray of str of shape (n_actions,), or None
        What they are called; those of one name are one action.
    fps : float
        Frames per second.
    """

    def __init__(self, labels, words, fps):
        self.words = labels if words is None else words
        self.codes = {label: code for code, label in enumerate(labels.tolist())}
        has_words = self.words.dtype.kind == "U"
        self.background = BACKGROUND_NAME if has_words else BACKGROUND
        self.fps = fps
        self.writer = csv.writer(sys.stdout, lineterminator="\n")
        self.writer.writerow(COLUMNS)
        self.action, self.start, self.end, self.total = None, 0, 0, 0.0

    def add(self, labels, probabilities):
        """Add labels (n_frames,) and their probabilities (n_frames, n_actions)."""
        for label, own in zip(labels.tolist(), probabilities):
            code = self.codes.get(label)  # None is background
            action, confidence = self.background, 1.0
            if code is not None:
                action = self.words[code]
                confidence = min(own[self.words == action].sum(), 1.0)
            if action != self.action:
                self.close()
                self.action, self.start, self.total = action, self.end, 0.0
            self.end += 1
            self.total += confidence
        sys.stdout.flush()

    def close(self):
        """Print the segment that is open, if there is one."""
        if self.end > self.start:
            start, end = self.start / self.fps, self.end / self.fps
            confidence = self.total / (self.end - self.start)
            row = [f"{start:.3f}", f"{end:.3f}", self.action, f"{confidence:.3f}"]
            self.writer.writerow(row)
        sys.stdout.flush()
