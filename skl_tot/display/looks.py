"""Colours and hatches of the codes of frames."""

from skl_tot.display.codes import UNMATCHED
from skl_tot.inputs.labels import BACKGROUND

# Each with a colour that stands out on it for hatches. The first eight are Okabe and
# Ito's, with a dark brown in place of their black. The others are those of a grid that
# lie farthest apart, and from white, grey and black, by the smallest CIEDE2000 of
# normal vision, protanopia and deuteranopia: 10 at least, 14 between neighbours.
COLOURS = (
    ("#0072B2", "white"),
    ("#E69F00", "black"),
    ("#009E73", "white"),
    ("#F0E442", "black"),
    ("#CC79A7", "black"),
    ("#56B4E9", "black"),
    ("#D55E00", "white"),
    ("#5D3A1A", "white"),
    ("#D2D2F0", "black"),
    ("#690F78", "white"),
    ("#964B0F", "white"),
    ("#3C87FF", "black"),
    ("#87F0B4", "black"),
    ("#872D5A", "white"),
    ("#96B4A5", "black"),
    ("#0F0FC3", "white"),
    ("#964B4B", "white"),
    ("#0F6978", "white"),
    ("#0FC378", "black"),
    ("#008778", "white"),
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


def style(code):
    """Look of an action in bars and legend."""
    if code in SPECIAL_STYLES:
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
