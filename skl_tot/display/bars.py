"""The parts of timelines: bars, their looks, the legend. They draw on given axes."""

import numpy as np

from skl_tot.display.codes import UNMATCHED
from skl_tot.inputs.labels import BACKGROUND, find_segments

# Okabe and Ito's colours, safe for colour-blind readers, each with a colour that
# stands out on it for hatches. A dark brown replaces their black.
COLOURS = (
    ("#0072B2", "white"),
    ("#E69F00", "black"),
    ("#009E73", "white"),
    ("#F0E442", "black"),
    ("#CC79A7", "black"),
    ("#56B4E9", "black"),
    ("#D55E00", "white"),
    ("#5D3A1A", "white"),
)
HATCHES = (None, "////", "....", "xxxx", "----", "||||")
# Looks of the codes of frames without action.
SPECIAL_STYLES = {
    BACKGROUND: {"facecolor": "white", "edgecolor": "#A6A6A6", "linewidth": 0.6},
    UNMATCHED: {
        "facecolor": "#D9D9D9",
        "edgecolor": "#8C8C8C",
        "hatch": r"\\\\",
        "linewidth": 0,
    },
}


def _style(code):
    """Look of an action in bars and legend."""
    if code < 0:
        return SPECIAL_STYLES[code]
    facecolor, edgecolor = COLOURS[code % len(COLOURS)]
    hatch = HATCHES[code // len(COLOURS) % len(HATCHES)]
    # matplotlib draws hatches in the colour of the edges
    return {
        "facecolor": facecolor,
        "edgecolor": edgecolor,
        "hatch": hatch,
        "linewidth": 0,
    }


def draw_rows(ax, videos, doubts, bar_names, video_names, frame):
    """Draw the bars of videos, of frames as long as ``frame``.

    They are named on the y axis if they are of methods; else the videos are.
    """
    has_methods = None not in bar_names
    # above the bars of methods, there is room for the name of the video
    height = 0.84 / (len(bar_names) + has_methods)
    bottoms = 0.42 - np.arange(len(bar_names), 0, -1) * height
    tops = bottoms + 0.94 * height
    for row, bars in enumerate(videos):
        for codes, bottom in zip(bars, bottoms):
            _draw_bar(ax, codes, row + bottom, 0.94 * height, frame)
        if doubts[row] is not None:
            _draw_doubt(ax, doubts[row], row + tops[-1], 0.94 * height, frame)
        if has_methods:
            y = row - 0.42 + 0.5 * height
            ax.text(0, y, video_names[row], va="center", parse_math=False)
    rows = np.arange(len(videos))
    if has_methods:
        ticks = np.add.outer(rows, bottoms + 0.47 * height)
        ax.set_yticks(ticks.ravel(), bar_names * len(videos), parse_math=False)
    else:
        ax.set_yticks(rows, video_names, parse_math=False)


def _draw_bar(ax, codes, bottom, height, frame):
    """Draw the segments of one bar, one collection for each action."""
    segment_codes, starts, ends = find_segments(codes)
    spans = np.column_stack([starts, ends - starts]) * frame
    for code in np.unique(segment_codes):
        ax.broken_barh(spans[segment_codes == code], (bottom, height), **_style(code))


def _draw_doubt(ax, doubt, foot, height, frame):
    """Draw black that rises from the foot of a bar; rows grow downwards."""
    edges = np.repeat(np.arange(len(doubt) + 1), 2)[1:-1] * frame
    tops = foot - height * np.repeat(doubt, 2)
    ax.fill_between(edges, tops, foot, color="black", linewidth=0, zorder=3)


def draw_legend(ax, names):
    """Put the names of the actions to the right of the axes."""
    from matplotlib.patches import Patch

    handles = [Patch(label=name, **_style(code)) for code, name in names.items()]
    height = ax.get_window_extent().height / ax.figure.dpi
    legend = ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1, 1),
        ncols=_n_columns(len(handles), height),
        frameon=False,
        fontsize="medium",
        handleheight=1.2,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _n_columns(n_entries, height):
    """Columns of a legend as high as axes of this height in inches."""
    return -(-n_entries // max(int(height / 0.24), 1))


def figure_size(names, bar_names, video_names):
    """Width and height in inches that leave 7 inches of width for the bars."""
    has_methods = None not in bar_names
    row = 0.24 * (1 + len(bar_names)) if has_methods else 0.16 + 0.11 * len(bar_names)
    height = max(2, 1 + len(video_names) * row)
    columns = _n_columns(len(names), 0.77 * height)
    row_names = bar_names if has_methods else video_names
    letters = max(map(len, row_names)) + columns * (6 + max(map(len, names.values())))
    return 7 + 0.085 * letters, height
