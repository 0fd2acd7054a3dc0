"""Bars of timelines and their legend, on given axes."""

import textwrap

import numpy as np

from skl_tot.display.base import draw_boxes
from skl_tot.display.palette import style_of
from skl_tot.recordings.labels import find_segments

# Candidate font sizes, as shares of the usual one, and line lengths of names; the first
# that fits is used.
ATTEMPTS = ((1, None), (1, 28), (0.8, 28), (0.65, 24), (0.5, 20), (0.4, 16), (0.3, 16))
ROW = 0.24  # height of an entry of the legend in inches
INDENT = 6  # width of a patch with its gaps, in letters


def draw_bars(ax, bars, frame, style=style_of):
    """Draw bars, tuples of labels, bottom and height, with frames of some length."""
    labels, boxes = [], []
    for of_frames, bottom, height in bars:
        segments = find_segments(of_frames)
        starts, ends = segments.starts, segments.ends
        x = np.stack([starts, starts, ends, ends], axis=1) * frame
        y = [bottom, bottom + height, bottom + height, bottom]
        labels.append(segments.labels)
        boxes.append(np.stack([x, np.broadcast_to(y, x.shape)], axis=2))
    labels, boxes = np.concatenate(labels), np.concatenate(boxes)
    for label in np.unique(labels).tolist():  # a collection each, for speed
        draw_boxes(ax, boxes[labels == label], style(label))


def draw_rows(ax, frame, videos, doubts, bar_names, video_names):
    """Draw the bars of recordings, a row each, with names on the y axis."""
    has_methods = None not in bar_names
    # above the bars of methods, there is room for the name of the recording
    height = 0.84 / (len(bar_names) + has_methods)
    bottoms = 0.42 - np.arange(len(bar_names), 0, -1) * height
    rows = np.arange(len(videos))
    bars = []
    for row, of_video in zip(rows, videos):
        for codes, bottom in zip(of_video, bottoms):
            bars.append((codes, row + bottom, 0.94 * height))
    draw_bars(ax, bars, frame)
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


def _draw_doubts(ax, doubts, bottoms, height, frame):
    """Draw black from the foot of bars upwards; rows grow downwards."""
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


def clear_sides(ax, n_rows):
    """Let rows grow downwards, and remove lines and ticks beside them."""
    ax.set_ylim(n_rows - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines[["left", "right", "top"]].set_visible(False)


def figure_size(entries, title, bar_names, video_names):
    """Width and height in inches that leave 7 inches of width for the bars."""
    has_methods = None not in bar_names
    row = 0.24 * (1 + len(bar_names)) if has_methods else 0.16 + 0.11 * len(bar_names)
    height = max(2, 1 + len(video_names) * row)
    columns = _n_columns(len(entries), title, 0.77 * height)
    letters = columns * (INDENT + max(len(name) for _, name in entries))
    letters = max(letters, len(title or ""))
    letters += max(map(len, bar_names if has_methods else video_names))
    return 7 + 0.085 * letters, height


def lay_out_by_widest(ax):
    """Let layouts measure only the widest name on the y axis, for speed."""
    names = ax.get_yticklabels()
    widest = max(names, key=lambda name: name.get_window_extent().width)
    for name in names:
        name.set_in_layout(name is widest)


def draw_legend(ax, entries, title=None):
    """Put pairs of style and name to the right of the axes, with room for the bars."""
    if ax.figure.get_layout_engine() is None:
        ax.figure.set_layout_engine("tight")
    dpi = ax.figure.dpi
    # entries end a little lower than counted
    highest = ax.get_window_extent().height + 0.2 * dpi
    widest = max(0.45 * _room(ax), _room(ax) - 7.5 * dpi)
    for scale, letters in ATTEMPTS:
        legend = _draw_attempt(ax, entries, title, scale, letters)
        extent = legend.get_window_extent()
        if extent.width <= widest and extent.height <= highest:
            break


def _draw_attempt(ax, entries, title, scale, letters):
    from matplotlib import rcParams
    from matplotlib.patches import Patch

    handles, n_lines = [], 0
    for style, name in entries:
        label = textwrap.fill(name, letters) if letters else name
        handles.append(Patch(label=label, **style.options()))
        n_lines += 1 + label.count("\n")
    size = scale * rcParams["font.size"]
    height = ax.get_window_extent().height / ax.figure.dpi / scale
    place = {"loc": "upper left", "bbox_to_anchor": (1, 1), "alignment": "left"}
    fonts = {"fontsize": size, "title_fontsize": size, "handleheight": 1.2}
    n_columns = _n_columns(n_lines, title, height)
    options = {"title": title, "ncols": n_columns, "frameon": False}
    legend = ax.legend(handles=handles, **place, **fonts, **options)
    for text in legend.get_texts():
        text.set_parse_math(False)
    return legend


def _n_columns(n_lines, title, height):
    rows = max(int(height / ROW) - (title is not None), 1)
    return -(-n_lines // rows)


def _room(ax):
    own, n_columns = _columns(ax)
    return ax.figure.bbox.width * own / n_columns


def _columns(ax):
    spec = ax.get_subplotspec()
    if spec is None:
        return 1, 1
    spec = spec.get_topmost_subplotspec()
    return len(spec.colspan), spec.get_gridspec().ncols
