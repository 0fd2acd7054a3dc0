"""Small pictures in SVG, which the style of the page colours: bars and the loss."""

import numpy as np

from skl_tot.inputs.labels import BACKGROUND, find_segments
from skl_tot.report.colours import class_names

MEAN_STEPS = 100  # in a mean of the loss
MOST_POINTS = 400  # of a curve


def bar(codes, n_frames=None):
    """Shapes of the timeline of one recording, of ``n_frames`` units of width.

    List of (classes, code, outline); the actions of one code are one shape.
    """
    shapes = {}
    for code, start, end in zip(*find_segments(np.asarray(codes))):
        if code != BACKGROUND:
            shapes.setdefault(int(code), []).append(f"M{start} 0H{end}V1H{start}Z")
    return n_frames or len(codes), _named(shapes)


def stack(lengths):
    """Shapes as of `bar`, of one segment after the other; lengths by code."""
    shapes, start = {}, 0
    for code, length in lengths.items():
        end = start + length
        shapes[code] = [f"M{start:g} 0H{end:g}V1H{start:g}Z"]
        start = end
    return start, _named(shapes)


def _named(shapes):
    return [(class_names(code), code, "".join(shapes[code])) for code in shapes]


def draw_loss(segmenter):
    """Curves of the loss and of its running mean, None of a method without.

    Outlines lie in a box of 1000 by 300, whose foot is the least loss.
    """
    if not hasattr(segmenter, "loss_curve_"):
        return None
    losses = np.asarray(segmenter.loss_curve_, dtype=float)
    width = min(getattr(segmenter, "n_iter_no_change", MEAN_STEPS), len(losses))
    means = np.convolve(losses, np.full(width, 1 / width), "valid")
    steps = np.arange(1, len(losses) + 1)
    centres = steps[: len(means)] + (width - 1) / 2
    low, high = losses.min(), losses.max()
    size = (high - low) or 1

    def outline(x, y):
        kept = np.unique(np.linspace(0, len(x) - 1, MOST_POINTS).astype(int))
        across = 1000 * (x[kept] - 1) / max(len(losses) - 1, 1)
        down = 300 * (high - y[kept]) / size
        points = [f"{a:.1f} {b:.1f}" for a, b in zip(across, down)]
        return "M" + "L".join(points)

    return {
        "steps": outline(steps, losses),
        "means": outline(centres, means),
        "width": width,
        "low": low,
        "high": high,
        "first": losses[0],
        "last": losses[-1],
        "n_steps": len(losses),
    }
