from itertools import pairwise

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose

from skl_tot import SegmentationDisplay
from skl_tot.datasets import make_activities
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
    """Names, without those of clusters -> (colour, hatch)."""
    entries, found = display.ax_.get_legend(), {}
    for text, patch in zip(entries.get_texts(), entries.get_patches()):
        name = text.get_text().partition(" (")[0]
        found[name] = to_hex(patch.get_facecolor()), patch.get_hatch()
    return found


def legend_texts(display):
    entries = display.ax_.get_legend()
    names = [text.get_text() for text in entries.get_texts()]
    return entries.get_title().get_text(), names


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
    assert legend(display) == {
        "cut": (COLOUR[0], None),
        "mix": (COLOUR[1], None),
        "no match": (GREY, r"\\\\"),
    }
    assert "upper bar: ground truth" in display.ax_.get_title(loc="left")


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
    ("y_true", "target_names", "expected"),
    [
        ([2, 0, 0], ["cut", "mix", "stir"], ["cut", "stir"]),
        (["mix", "cut", "cut"], ["stir", "mix", "cut"], ["mix", "cut"]),
        (["mix", "cut", "cut"], np.array(["stir", "mix", "cut"]), ["mix", "cut"]),
        (["mix", "cut", "cut"], None, ["cut", "mix"]),
        ([2, 0, 0], None, ["action 0", "action 2"]),
        ([-1, 0, 0], None, ["action 0", "background"]),
        ([-1, 0, 0], ["cut"], ["cut", "background"]),
    ],
)
def test_names_of_labels(y_true, target_names, expected):
    for display in (
        SegmentationDisplay(y_pred=[0, 1, 1], y_true=y_true, target_names=target_names),
        SegmentationDisplay(y_pred=y_true, target_names=target_names),
    ):
        # integers of ground truth are no numbers of actions
        word = "action" if display.y_true is None else "label"
        shown = [name.replace("action", word) for name in expected]
        assert list(legend(display.plot())) == shown


class EqualSplit:
    def predict(self, X):
        return [np.arange(len(video)) * 2 // len(video) for video in X]


def test_from_estimator():
    videos, labels = make_activities(3, 2, unevenness=0, mean_length=10)
    display = SegmentationDisplay.from_estimator(
        EqualSplit(), videos, labels, target_names=["cut", "mix"], fps=5
    )
    drawn = bars(display)
    assert len(drawn) == 3 * 2 * 2
    assert {end for end, *_ in drawn.values()} == {1, 2}
    for (bottom, start), segment in drawn.items():
        if bottom in (0, 1, 2):  # a prediction, here as good as the truth above it
            assert segment == drawn[round(bottom - 0.42, 2), start]
    assert list(legend(display)) == ["cut", "mix"]
    alone = SegmentationDisplay.from_estimator(EqualSplit(), videos)
    assert list(legend(alone)) == ["action 0", "action 1"]


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
    y_true = [["cut", "mix", "mix"], ["mix", "mix", "mix"]]
    y_pred = [[0, 1, 1], [0, 0, 1]]
    for predictions in (y_pred, {"TOT": y_pred}):
        display = SegmentationDisplay.from_predictions(
            y_true, predictions, videos=np.array([1]), video_names=["P1", "P2"]
        )
        # alone, the video would have cluster 0 matched to mix
        colours = [colour for _, colour, _ in bars(display).values()]
        assert colours == [COLOUR[1], COLOUR[0], COLOUR[1]]
        assert list(legend(display)) == ["cut", "mix"]
        names = [text.get_text() for text in display.ax_.texts] or row_labels(display)
        assert names == ["P2"]
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
    y_true = ["SIL", "cut", "SIL", "SIL"]
    for y_pred in ([-1, 0, 0, 1], {"TOT": [-1, 0, 0, 1]}):
        display = SegmentationDisplay.from_predictions(y_true, y_pred, background="SIL")
        assert list(legend(display)) == ["cut", "background"]
        colours = [colour for _, colour, _ in bars(display).values()]
        blank, cut = white[0], COLOUR[0]
        assert colours == [blank, cut, blank, blank, cut, blank]


def test_black_rises_with_doubt():
    confidence = [1.0, 0.75, 0.0, 1.0]
    ax = SegmentationDisplay(y_pred=[0, 0, 1, 1], confidence=confidence).plot().ax_
    (doubt,) = [c for c in ax.collections if c.get_zorder() == 3]
    x, y = doubt.get_paths()[0].vertices.T
    for frame, sure in enumerate(confidence):
        heights = y.max() - y[(x >= frame) & (x <= frame + 1)]
        # both edges of a frame lie at its own height
        expected = 0.94 * 0.84 * (1 - sure)
        assert np.isclose(heights, expected).sum() >= 2


def colours(display):
    return [colour for _, colour, _ in bars(display.plot()).values()]


def test_colours_do_not_depend_on_other_actions_nor_on_names():
    many = SegmentationDisplay(y_pred=[[0, 1, 2], [2, 3, -1]])
    assert colours(many)[:3] == COLOUR[:3]
    few = SegmentationDisplay(y_pred=[[2, 3, -1]])
    for names in (None, {2: "pour", 3: "a"}, ["x", "y", "pour", "a"]):
        few.target_names = names
        assert colours(few) == [COLOUR[2], COLOUR[3], "#ffffff"]
    for names in (None, list("abcdefgh")):
        y = {"y_true": [5, 5, 7, 7], "y_pred": [0, 0, 9, 9]}
        display = SegmentationDisplay(**y, target_names=names)
        assert colours(display) == [COLOUR[5], COLOUR[7]] * 2


def test_legend_names_the_clusters_of_labels():
    display = SegmentationDisplay.from_predictions([4, 4, 4], ["a", "b", "a"])
    assert legend_texts(display)[1] == ["label 4 (a)", "no match (b)"]
    # clusters of frames that are left out of the match
    display = SegmentationDisplay.from_predictions(
        [4, 4, 4, *[1] * 5], [0, 0, 0, 1, 2, 3, 4, 5], ignore_labels=1
    )
    names = ["label 1", "label 4 (action 0)", "no match (5 actions)"]
    assert legend_texts(display)[1] == names


@pytest.mark.parametrize(
    ("n_videos", "n_actions", "name", "layout"),
    [(1, 40, "a", "tight"), (20, 3, LONG, None), (20, 3, LONG, "constrained")],
)
def test_all_is_in_the_figure(pyplot, n_videos, n_actions, name, layout):
    _, ax = pyplot.subplots(layout=layout)
    y = [np.arange(n_actions)] * n_videos
    words = "coffee" * len(name[:3])
    display = SegmentationDisplay(
        y_true=y,
        y_pred=y,
        target_names=[f"{name} {i}" for i in range(n_actions)],
        video_names=[f"P{i}_cam01_{words}" for i in range(n_videos)],
    )
    display.plot(ax=ax)
    inside(ax)


def test_axes_in_a_grid_stay_in_their_column(pyplot):
    _, axes = pyplot.subplots(1, 3, figsize=(15, 4))
    display = SegmentationDisplay(y_pred=[np.arange(8)] * 3)
    for ax in axes:
        display.plot(ax=ax)
    positions = [ax.get_position().bounds for ax in axes]
    display.plot(ax=axes[1])  # has room already
    assert_allclose([ax.get_position().bounds for ax in axes], positions)
    for ax in axes:
        inside(ax)
    for left, right in pairwise(axes):
        end = left.get_legend().get_window_extent().x1
        names = [text.get_window_extent() for text in right.get_yticklabels()]
        assert end <= min(name.x0 for name in names)


def test_breaks_cut_the_bars_of_their_recordings():
    labels = [np.repeat([0, 1], 5), np.repeat([0, 1], 4), np.repeat([1, 0], 4)]
    takes = Recordings(labels, list("abc"), fps=2, breaks=[[3], [], [2, 6]])
    ax = SegmentationDisplay(y_pred=takes, videos=[0, 2]).plot(fps=2).ax_
    lines = [c for c in ax.collections if isinstance(c, LineCollection)]
    found = [[path.vertices[0].tolist() for path in c.get_paths()] for c in lines]
    assert found == [[[1.5, -0.45]], [[1.0, 0.55], [3.0, 0.55]]]
    plain = SegmentationDisplay(y_pred=labels).plot().ax_
    assert not any(isinstance(c, LineCollection) for c in plain.collections)


NAMED = {1: [0, 0, 1], 2: [1, 1, 0, 0]}


def test_keys_that_are_no_text_name_recordings():
    assert row_labels(SegmentationDisplay.from_predictions(None, NAMED)) == ["1", "2"]
    named = {"CTE": NAMED, "TOT": NAMED}
    shown = row_labels(SegmentationDisplay.from_predictions(None, named))
    assert shown == ["CTE", "TOT"] * 2
