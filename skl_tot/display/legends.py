"""The legend beside timelines, and room for it on given axes."""

import textwrap

from skl_tot.display.looks import style

# Sizes of the font, as shares of the usual one, and letters after which names break,
# of which the first is taken that fits.
ATTEMPTS = ((1, None), (1, 28), (0.8, 28), (0.65, 24), (0.5, 20), (0.4, 16), (0.3, 16))
ROW = 0.24  # height of an entry in inches
INDENT = 6  # width of a patch and the gaps beside it in letters


def draw_legend(ax, names, title):
    """Put the names of the actions to the right of the axes, with room for bars left.

    ``names`` is a dict by code, ``title`` stands above them unless it is None.
    """
    dpi = ax.figure.dpi
    # entries end a little lower than they are counted
    highest = ax.get_window_extent().height + 0.2 * dpi
    widest = max(0.45 * _room(ax), _room(ax) - 7.5 * dpi)
    for scale, letters in ATTEMPTS:
        legend = _draw_attempt(ax, names, title, scale, letters)
        extent = legend.get_window_extent()
        if extent.width <= widest and extent.height <= highest:
            break


def _draw_attempt(ax, names, title, scale, letters):
    """Draw a legend with a font of some size, and names that break."""
    from matplotlib import rcParams
    from matplotlib.patches import Patch

    handles, n_lines = [], 0
    for code, name in names.items():
        label = textwrap.fill(name, letters) if letters else name
        handles.append(Patch(label=label, **style(code)))
        n_lines += 1 + label.count("\n")
    size = scale * rcParams["font.size"]
    height = ax.get_window_extent().height / ax.figure.dpi / scale
    legend = ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1, 1),
        ncols=_n_columns(n_lines, title, height),
        frameon=False,
        fontsize=size,
        handleheight=1.2,
        title=title,
        title_fontsize=size,
        alignment="left",
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    return legend


def _n_columns(n_lines, title, height):
    """Columns of a legend as high as axes of this height in inches."""
    rows = max(int(height / ROW) - (title is not None), 1)
    return -(-n_lines // rows)


def legend_letters(names, title, height):
    """Width of a legend in letters, beside axes of this height in inches."""
    columns = _n_columns(len(names), title, height)
    letters = columns * (INDENT + max(map(len, names.values())))
    return max(letters, len(title or ""))


def make_room(ax):
    """Move axes that no layout moves until what is beside them is in the figure.

    In a grid, margins and gaps of all axes grow, as `tight_layout` lets them.
    """
    _shrink_row_names(ax, 0.3 * _room(ax))
    figure, box = ax.figure, ax.get_window_extent()
    names = min(text.get_window_extent().x0 for text in ax.get_yticklabels())
    end = ax.get_legend().get_window_extent().x1
    # text is a little wider in files of another resolution
    before = 1.15 * (box.x0 - names) / figure.bbox.width
    after = 1.15 * (end - box.x1) / figure.bbox.width
    if ax.get_subplotspec() is None:
        position = ax.get_position()
        x0, x1 = max(position.x0, before), min(position.x1, 1 - after)
        ax.set_position([x0, position.y0, x1 - x0, position.height])
    else:
        _widen_gaps(figure, _columns(ax)[1], before, after)


def _shrink_row_names(ax, widest):
    """Give names on the y axis the size at which they fit in rows and width."""
    texts = ax.get_yticklabels()
    extents = [text.get_window_extent() for text in texts]
    row = ax.get_window_extent().height / len(texts)
    shares = [1, widest / max(extent.width for extent in extents)]
    shares.append(row / max(extent.height for extent in extents))
    if min(shares) < 1:
        size = texts[0].get_fontsize()
        ax.tick_params(axis="y", labelsize=max(min(shares) * size, 2))


def _widen_gaps(figure, n_columns, before, after):
    """Leave shares of the width free before and after each axes of a grid."""
    old, n_gaps = figure.subplotpars, n_columns - 1
    left, right = max(old.left, before), min(old.right, 1 - after)
    # wspace is in widths of axes
    old_width = (old.right - old.left) / (n_columns + old.wspace * n_gaps)
    gap = max(old.wspace * old_width, before + after)
    width = max((right - left - n_gaps * gap) / n_columns, 0.01)
    figure.subplots_adjust(left=left, right=right, wspace=gap / width)


def _room(ax):
    """Width in pixels of the column of axes in a grid, with its share of the gaps."""
    own, n_columns = _columns(ax)
    return ax.figure.bbox.width * own / n_columns


def _columns(ax):
    """How many columns of a grid axes take, and how many there are."""
    spec = ax.get_subplotspec()
    if spec is None:
        return 1, 1
    spec = spec.get_topmost_subplotspec()
    return len(spec.colspan), spec.get_gridspec().ncols
