import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose

from skl_tot import SegmentationDisplay
from skl_tot.display.palette import COLOURS
from skl_tot.recordings import Recordings

COLOUR = [colour.lower() for colour in COLOURS]
GREY = "#d9d9d9"


def bars(display):
    """Segments drawn: (bottom, start) -> (end, colour, hatch), rounded."""
    found = {}
    for collection in display.ax_.collections:
        colour = to_hex(collection.get_facecolor()[0])
        for path in collection.get_paths():
            (left, bottom), (right, _) = path.get_extents().get_points()
            key = round(float(bottom), 2), round(float(left), 4)
            found[key] = round(float(right), 4), colour, collection.get_hatch()
    return dict(sorted(found.items()))


def legend(display):
    """Names -> (colour, hatch)."""
    entries, found = display.ax_.get_legend(), {}
    for text, patch in zip(entries.get_texts(), entries.get_patches()):
        found[text.get_text()] = to_hex(patch.get_facecolor()), patch.get_hatch()
    return found


def row_labels(display):
    return [text.get_text() for text in display.ax_.get_yticklabels()]


LONG = "pour the rest of the milk from the jug into the small blue cup"


def inside(ax):
    """Check that names and legend are in the figure, beside the axes."""
    figure = ax.figure
    figure.canvas.draw()
    names = [text.get_window_extent() for text in ax.get_yticklabels()]
    box, key = figure.bbox, ax.get_legend().get_window_extent()
    for extent in (key, *names):
        assert box.x0 <= extent.x0
        assert extent.x1 <= box.x1
        assert box.y0 <= extent.y0
        assert extent.y1 <= box.y1
    axes = ax.get_window_extent()
    assert key.x0 >= axes.x1
    assert max(extent.x1 for extent in names) <= axes.x0
    assert axes.width > 0.08 * figure.bbox.width


def test_clusters_have_the_colour_of_their_label():
    y_true = ["cut", "cut", "cut", "mix", "mix", "mix"]
    display = SegmentationDisplay.from_predictions(y_true, [5, 5, 3, 2, 2, 5])
    assert bars(display) == {
        (-0.42, 0): (3, COLOUR[0], None),
        (-0.42, 3): (6, COLOUR[1], None),
        (0, 0): (2, COLOUR[0], None),
        (0, 2): (3, GREY, r"\\\\"),
        (0, 3): (5, COLOUR[1], None),
        (0, 5): (6, COLOUR[0], None),
    }
    assert legend(display)["no match"] == (GREY, r"\\\\")


def test_without_truth_the_clusters_are_actions():
    display = SegmentationDisplay(y_pred=[[0, 0, 2], [2, 1]]).plot()
    assert bars(display) == {
        (-0.42, 0): (2, COLOUR[0], None),
        (-0.42, 2): (3, COLOUR[2], None),
        (0.58, 0): (1, COLOUR[2], None),
        (0.58, 1): (2, COLOUR[1], None),
    }
    assert list(legend(display)) == ["action 0", "action 1", "action 2"]
    assert display.ax_.get_title(loc="left") == ""
    assert row_labels(display) == ["recording 0", "recording 1"]
    bottom, top = display.ax_.get_ylim()
    assert bottom > top  # the first video is above


@pytest.mark.parametrize(
    ("y_true", "expected"),
    [
        (["mix", "cut", "cut"], ["cut", "mix"]),
        ([2, 0, 0], ["action 0", "action 2"]),
        ([-1, 0, 0], ["action 0", "background"]),
    ],
)
def test_names_of_labels(y_true, expected):
    for display in (
        SegmentationDisplay(y_pred=[0, 1, 1], y_true=y_true),
        SegmentationDisplay(y_pred=y_true),
    ):
        # integers of ground truth are no numbers of actions
        word = "action" if display.y_true is None else "label"
        shown = [name.replace("action", word) for name in expected]
        assert list(legend(display.plot())) == shown


def test_methods_are_matched_each_by_itself():
    y_true = ["cut", "cut", "mix", "mix"]
    display = SegmentationDisplay.from_predictions(
        y_true, {"CTE": [0, 0, 1, 1], "TOT": ["b", "b", "a", "c"]}
    )
    cut, mix = (COLOUR[0], None), (COLOUR[1], None)
    h = 0.84 / 4  # the name of the video, the truth and two methods
    rows = [round(-0.42 + i * h, 2) for i in (1, 2, 3)]
    assert bars(display) == {
        (rows[0], 0): (2, *cut),
        (rows[0], 2): (4, *mix),
        (rows[1], 0): (2, *cut),
        (rows[1], 2): (4, *mix),
        (rows[2], 0): (2, *cut),
        (rows[2], 2): (3, *mix),
        (rows[2], 3): (4, GREY, r"\\\\"),
    }
    assert list(legend(display)) == ["cut", "mix", "no match"]
    assert row_labels(display) == ["ground truth", "CTE", "TOT"]
    assert_allclose(display.ax_.get_yticks(), np.array(rows) + 0.47 * h, atol=0.01)
    title = display.ax_.get_title(loc="left")
    assert title == "upper bar: ground truth, others: predictions"
    assert [text.get_text() for text in display.ax_.texts] == ["recording 0"]


def test_videos_are_chosen_after_the_match():
    y_true = {"P1": ["cut", "mix", "mix"], "\udce9": ["mix", "mix", "mix"]}
    y_pred = dict(zip(y_true, [[0, 1, 1], [0, 0, 1]]))
    for predictions in (y_pred, {"TOT": y_pred}):
        display = SegmentationDisplay.from_predictions(
            y_true, predictions, videos=np.array([1])
        )
        # alone, the video would have cluster 0 matched to mix
        colours = [colour for _, colour, _ in bars(display).values()]
        assert colours == [COLOUR[1], COLOUR[0], COLOUR[1]]
        assert list(legend(display)) == ["cut", "mix"]
        names = [text.get_text() for text in display.ax_.texts] or row_labels(display)
        assert names == [r"\xe9"]
    display = SegmentationDisplay(y_pred=[[0], [1], [2]], videos=[2, 0]).plot()
    assert row_labels(display) == ["recording 2", "recording 0"]
    assert list(legend(display)) == ["action 0", "action 2"]


def test_background_is_white():
    white = ("#ffffff", None)
    display = SegmentationDisplay(y_pred=[0, -1, 0]).plot()
    assert legend(display) == {"action 0": (COLOUR[0], None), "background": white}
    assert bars(display)[-0.42, 1] == (2, *white)
    for y_true in (["background", "cut"], [-1, 3]):  # as metrics take it
        display = SegmentationDisplay(y_pred=[-1, 0], y_true=y_true).plot()
        assert list(legend(display).values()).count(white) == 1


def test_all_is_in_the_figure():
    words = [f"{LONG} {i}" for i in range(3)]
    y = {f"P{i}_cam01_coffeecoffeecoffee": words for i in range(20)}
    inside(SegmentationDisplay(y_true=y, y_pred=y).plot().ax_)


def test_breaks_cut_the_bars_of_their_recordings():
    labels = [np.repeat([0, 1], 5), np.repeat([0, 1], 4), np.repeat([1, 0], 4)]
    takes = Recordings(labels, list("abc"), fps=2, breaks=[[3], [], [2, 6]])
    ax = SegmentationDisplay(y_pred=takes, videos=[0, 2]).plot(fps=2).ax_
    lines = [c for c in ax.collections if isinstance(c, LineCollection)]
    found = [[path.vertices[0].tolist() for path in c.get_paths()] for c in lines]
    assert found == [[[1.5, -0.45]], [[1.0, 0.55], [3.0, 0.55]]]
    plain = SegmentationDisplay(y_pred=labels).plot().ax_
    assert not any(isinstance(c, LineCollection) for c in plain.collections)
