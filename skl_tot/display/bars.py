"""The bars of timelines, and the figure they need. They are drawn on given axes."""

import numpy as np

from skl_tot.display.legends import legend_letters
from skl_tot.display.looks import style
from skl_tot.inputs.labels import find_segments


def draw_rows(ax, videos, doubts, bar_names, video_names, frame):
    """Draw the bars of videos, of frames as long as ``frame``.

    They are named on the y axis if they are of methods; else the videos are.
    """
    has_methods = None not in bar_names
    # above the bars of methods, there is room for the name of the video
    height = 0.84 / (len(bar_names) + has_methods)
    bottoms = 0.42 - np.arange(len(bar_names), 0, -1) * height
    rows = np.arange(len(videos))
    _draw_bars(ax, videos, rows, bottoms, 0.94 * height, frame)
    _draw_doubts(ax, doubts, rows + bottoms[-1], 0.94 * height, frame)
    ax.autoscale_view()
    if has_methods:
        for row, name in enumerate(video_names):
            y = row - 0.42 + 0.5 * height
            ax.text(0, y, name, va="center", parse_math=False)
        ticks = np.add.outer(rows, bottoms + 0.47 * height)
        ax.set_yticks(ticks.ravel(), bar_names * len(videos), parse_math=False)
    else:
        ax.set_yticks(rows, video_names, parse_math=False)


def _draw_bars(ax, videos, rows, bottoms, height, frame):
    """Draw all segments, those of one code as one collection, which is quick."""
    codes, boxes = [], []
    for row, bars in zip(rows, videos):
        for labels, bottom in zip(bars, bottoms):
            segment_codes, starts, ends = find_segments(labels)
            codes.append(segment_codes)
            boxes.append(_boxes(starts * frame, ends * frame, row + bottom, height))
    codes, boxes = np.concatenate(codes), np.concatenate(boxes)
    for code in np.unique(codes).tolist():
        draw_boxes(ax, boxes[codes == code], code)


def _boxes(left, right, bottom, height):
    """Corners of the boxes of a bar, of shape (n_boxes, 4, 2)."""
    x = np.stack([left, left, right, right], axis=1)
    y = np.broadcast_to([bottom, bottom + height, bottom + height, bottom], x.shape)
    return np.stack([x, y], axis=2)


def draw_boxes(ax, boxes, code, **options):
    """Draw boxes, arrays of shape (n_boxes, 4, 2), in the look of a code."""
    from matplotlib.collections import PolyCollection

    # data limits are those of data, whatever the options transform
    is_data = "transform" not in options
    boxes = PolyCollection(boxes, **style(code), **options)
    ax.add_collection(boxes, autolim=is_data)


def _draw_doubts(ax, doubts, bottoms, height, frame):
    """Draw black that rises from the foot of bars; rows grow downwards."""
    from matplotlib.collections import PolyCollection

    shapes = []
    for doubt, bottom in zip(doubts, bottoms):
        if doubt is not None:
            foot = bottom + height
            x = np.repeat(np.arange(len(doubt) + 1), 2) * frame
            y = foot - height * np.concatenate([[0], np.repeat(doubt, 2), [0]])
            shapes.append(np.column_stack([x, y]))
    if shapes:
        black = PolyCollection(shapes, color="black", linewidth=0, zorder=3)
        ax.add_collection(black)


def figure_size(names, title, bar_names, video_names):
    """Width and height in inches that leave 7 inches of width for the bars.

    ``names`` and ``title`` are those of the legend.
    """
    has_methods = None not in bar_names
    row = 0.24 * (1 + len(bar_names)) if has_methods else 0.16 + 0.11 * len(bar_names)
    height = max(2, 1 + len(video_names) * row)
    row_names = bar_names if has_methods else video_names
    letters = max(map(len, row_names)) + legend_letters(names, title, 0.77 * height)
    return 7 + 0.085 * letters, height


def lay_out_by_widest(ax):
    """Let layouts measure only the widest name on the y axis, which is quick."""
    names = ax.get_yticklabels()
    widest = max(names, key=lambda name: name.get_window_extent().width)
    for name in names:
        name.set_in_layout(name is widest)
