import re
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose

from skl_tot import PseudoLabelDisplay, SegmentationDisplay
from skl_tot.datasets import make_activities
from skl_tot.display.palette import COLOURS, HATCHES
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
    """Title and names as they are."""
    entries = display.ax_.get_legend()
    names = [text.get_text() for text in entries.get_texts()]
    return entries.get_title().get_text(), names


def row_labels(display):
    return [text.get_text() for text in display.ax_.get_yticklabels()]


LONG = "pour the rest of the milk from the jug into the small blue cup"


def inside(ax, dpi=100):
    """Boxes of axes and names, which are in the figure with the legend."""
    figure = ax.figure
    figure.set_dpi(dpi)
    figure.canvas.draw()
    names = [text.get_window_extent() for text in ax.get_yticklabels()]
    box, key = figure.bbox, ax.get_legend().get_window_extent()
    for extent in (key, *names):
        assert extent.x0 >= box.x0
        assert extent.x1 <= box.x1
        assert extent.y0 >= box.y0
        assert extent.y1 <= box.y1
    axes = ax.get_window_extent()
    assert key.x0 >= axes.x1
    assert max(extent.x1 for extent in names) <= axes.x0
    assert axes.width > 0.08 * figure.bbox.width
    return axes, names


def apart(left, right):
    """Whether the legend of axes ends before the names of those at their right."""
    end = left.get_legend().get_window_extent().x1
    names = [text.get_window_extent() for text in right.get_yticklabels()]
    return end <= min(name.x0 for name in names)


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


@pytest.mark.parametrize("is_named", [False, True])
@pytest.mark.parametrize(("scope", "third"), [("activity", GREY), ("video", COLOUR[1])])
def test_scope_of_the_match(scope, third, is_named):
    y_true, y_pred = [[0, 0, 1, 1], [1, 1]], [[7, 7, 8, 8], [9, 9]]
    y_pred = {"TOT": y_pred} if is_named else y_pred
    display = SegmentationDisplay.from_predictions(y_true, y_pred, scope=scope)
    colours = [colour for _, colour, _ in bars(display).values()]
    assert [colours[i] for i in (2, 3, 5)] == [COLOUR[0], COLOUR[1], third]


def test_ignored_labels_are_drawn_but_not_matched():
    y_true, y_pred = ["bg", "bg", "bg", "cut"], [0, 0, 0, 0]
    display = SegmentationDisplay.from_predictions(y_true, y_pred)
    assert bars(display)[0, 0][1] == legend(display)["bg"][0]
    display = SegmentationDisplay.from_predictions(y_true, y_pred, ignore_labels="bg")
    assert bars(display)[0, 0][1] == legend(display)["cut"][0]
    # a cluster that only occurs in ignored frames has no label
    display = SegmentationDisplay.from_predictions(
        y_true, [1, 1, 1, 0], ignore_labels="bg"
    )
    assert bars(display)[0, 0][1] == GREY


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


def test_many_actions_differ_in_colour_or_hatch():
    n_styles = len(COLOURS) * len(HATCHES)
    display = SegmentationDisplay(y_pred=np.arange(n_styles + 1)).plot()
    styles = list(legend(display).values())
    assert len(set(styles[:-1])) == n_styles
    assert styles[-1] == styles[0]
    assert [style for style in styles if style[0] == GREY] == []
    drawn = [(colour, hatch) for _, colour, hatch in bars(display).values()]
    assert drawn == styles


def test_seconds():
    display = SegmentationDisplay(y_pred=[0, 0, 0, 1, 1]).plot(fps=2)
    assert bars(display) == {
        (-0.42, 0): (1.5, COLOUR[0], None),
        (-0.42, 1.5): (2.5, COLOUR[1], None),
    }


@pytest.mark.parametrize(("n_videos", "n_actions"), [(1, 3), (1, 20), (60, 12)])
def test_layout_leaves_room_for_everything(n_videos, n_actions):
    _, labels = make_activities(n_videos, n_actions, mean_length=300, random_state=0)
    names = [f"P{i:02}_cam01_coffee" for i in range(n_videos)]
    display = SegmentationDisplay.from_predictions(labels, labels, video_names=names)
    assert row_labels(display) == names
    axes, texts = inside(display.ax_)
    assert all(a.y0 >= b.y1 for a, b in pairwise(texts))
    assert axes.width > 6 * display.figure_.dpi


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y_pred": []}, "y_pred is empty"),
        ({"y_pred": [[0], []]}, "Recording 1: y_pred has no frames"),
        ({"y_pred": [0.5]}, "y_pred has labels of type float64"),
        ({"y_true": [[0]]}, "y_true has 1 recordings, y_pred has 2"),
        ({"y_true": [[0, 1], [1]]}, "Recording 1: y_true has 1 frames"),
        ({"target_names": ["a", "b"]}, r"gives .* for each of \[0, 1, 2\]"),
        ({"y_true": [["a", "b"], ["c", "c"]], "target_names": ["a"]}, "target_na"),
        ({"video_names": ["x"]}, "video_names has 1 names, expected 2"),
        ({"scope": "all", "y_true": [[0, 0], [0, 0]]}, "scope is 'all'"),
        ({"videos": [True, False]}, "videos is .True, False., expected"),
        ({"videos": []}, r"videos is \[\], expected indices from 0 to 1"),
        ({"videos": [0, 2]}, r"videos is \[0, 2\], expected indices"),
        ({"videos": [-1]}, r"videos is \[-1\], expected indices"),
        ({"videos": 2}, "videos is 2, expected indices"),
        ({"y_pred": {}}, "y_pred is an empty dict, expected"),
        ({"y_pred": {"A": [0.5]}}, r"y_pred\['A'\] has labels of type float"),
        ({"y_pred": {"A": [[]]}}, r"Recording 0: y_pred\['A'\] has no frames"),
        ({"y_pred": {"A": [0, 1], "B": [0]}}, r"0: y_pred\['B'\] has 1 frames, exp"),
        (
            {"y_pred": {"A": [0, 1], "B": [[0, 1], [0]]}},
            r"y_pred\['B'\] has 2 recordings",
        ),
        ({"y_pred": {"A": [0, 1], "B": ["0", "1"]}}, "y_pred has text for some met"),
        ({"y_pred": {"A": [0, 1]}, "y_true": [0, 1, 1]}, "y_true has 3 frames, y_p"),
    ],
)
def test_errors(pyplot, options, message):
    display = SegmentationDisplay(**{"y_pred": [[0, 1], [2, 2]]} | options)
    with pytest.raises((TypeError, ValueError), match=message):
        display.plot()
    assert pyplot.get_fignums() == []  # no empty figure is left behind


def test_bar_heights_fill_a_row():
    for options, n_bars in (({}, 1), ({"y_true": [0, 1]}, 2)):
        display = SegmentationDisplay(y_pred=[0, 1], **options).plot()
        for collection in display.ax_.collections:
            for path in collection.get_paths():
                height = path.get_extents().height
                assert height == pytest.approx(0.94 * 0.84 / n_bars)


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


def test_methods_without_truth_share_the_colours_of_cluster_numbers():
    display = SegmentationDisplay(y_pred={"A": [0, 2], "B": [2, 1]}).plot()
    colours = [colour for _, colour, _ in bars(display).values()]
    assert colours == [COLOUR[0], COLOUR[2], COLOUR[2], COLOUR[1]]
    assert list(legend(display)) == ["action 0", "action 1", "action 2"]
    assert row_labels(display) == ["A", "B"]


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
    assert list(legend(SegmentationDisplay(y_pred=[-1]).plot())) == ["background"]
    display = SegmentationDisplay(y_pred=[0, -1, 0]).plot()
    assert legend(display) == {"action 0": (COLOUR[0], None), "background": white}
    assert bars(display)[-0.42, 1] == (2, *white)
    for y_true in (["background", "cut"], [-1, 3]):  # as metrics take it
        display = SegmentationDisplay(y_pred=[-1, 0], y_true=y_true).plot()
        assert list(legend(display).values()).count(white) == 1
        assert len(legend(display)) == 2
    y_true = ["SIL", "cut", "SIL", "SIL"]
    for y_pred in ([-1, 0, 0, 1], {"TOT": [-1, 0, 0, 1]}):
        # without a name for it, background is only predicted
        display = SegmentationDisplay.from_predictions(y_true, y_pred)
        assert list(legend(display)) == ["SIL", "cut", "background"]
        *_, first, middle, last = bars(display).values()
        assert [x[1] for x in (first, middle, last)] == ["#ffffff", *COLOUR[1::-1]]
        display = SegmentationDisplay.from_predictions(y_true, y_pred, background="SIL")
        assert list(legend(display)) == ["cut", "background", "no match"]
        colours = [colour for _, colour, _ in bars(display).values()]
        assert colours == ["#ffffff", COLOUR[0], "#ffffff", "#ffffff", COLOUR[0], GREY]


def test_layout_of_methods():
    _, labels = make_activities(3, 5, random_state=0)
    methods = dict.fromkeys(["CTE", "TOT", "TOT+TCL with a longer name"], labels)
    display = SegmentationDisplay.from_predictions(labels, methods)
    ax = display.ax_
    _, texts = inside(ax)
    assert all(a.y0 >= b.y1 for a, b in pairwise(texts))
    drawn = []
    for collection in ax.collections:
        for path in collection.get_paths():
            drawn.append(path.get_extents(collection.get_transform()))
    for text in ax.texts:  # names of videos lie between the bars
        name = text.get_window_extent()
        assert not any(name.y0 < bar.y1 and bar.y0 < name.y1 for bar in drawn)


class TestConfidence:
    def test_black_rises_where_the_prediction_is_unsure(self):
        confidence = [1.0, 0.75, 0.0, 1.0]
        ax = SegmentationDisplay(y_pred=[0, 0, 1, 1], confidence=confidence).plot().ax_
        (doubt,) = [c for c in ax.collections if c.get_zorder() == 3]
        x, y = doubt.get_paths()[0].vertices.T
        foot = y.max()
        for frame, sure in enumerate(confidence):
            inside = (x >= frame) & (x <= frame + 1)
            heights = foot - y[inside]
            # both edges of a frame lie at its own height
            expected = 0.94 * 0.84 * (1 - sure)
            assert np.isclose(heights, expected).sum() >= 2

    def test_from_estimator(self):
        class Model:
            def predict(self, X):
                return [np.zeros(len(video), dtype=int) for video in X]

            def predict_posterior(self, X):
                return [np.tile([0.25, 0.75], (len(video), 1)) for video in X]

        videos = [np.zeros((4, 2)), np.zeros((3, 2))]
        display = SegmentationDisplay.from_estimator(Model(), videos, confidence=True)
        # that of the action that is drawn, not the largest
        assert [c.tolist() for c in display.confidence] == [[0.25] * 4, [0.25] * 3]
        (doubts,) = [c for c in display.ax_.collections if c.get_zorder() == 3]
        assert len(doubts.get_paths()) == 2

    @pytest.mark.parametrize(
        ("confidence", "message"),
        [
            ([[1, 1]], "has shapes [(2,)], expected those of y_pred, [(3,)]."),
            (1.0, "confidence has shapes [()], expected those of y_pred, [(3,)]."),
            ([[1, 1, 2]], "confidence has values outside of [0, 1]."),
            ([[1, 1, np.nan]], "confidence has values outside of [0, 1]."),
        ],
    )
    def test_errors(self, confidence, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            SegmentationDisplay(y_pred=[[0, 0, 1]], confidence=confidence).plot()

    def test_not_for_several_methods(self):
        with pytest.raises(ValueError, match="confidence is of one method"):
            SegmentationDisplay(y_pred={"a": [0], "b": [0]}, confidence=[1.0]).plot()


def test_labels_are_given_by_name():
    with pytest.raises(TypeError, match="positional argument"):
        SegmentationDisplay([0, 1], [0, 1])


class TestColourOfAnAction:
    """It does not depend on what else is drawn, nor on names."""

    def colours(self, display):
        return [colour for _, colour, _ in bars(display.plot()).values()]

    def test_of_an_integer(self):
        many = SegmentationDisplay(y_pred=[[0, 1, 2], [2, 3, -1]])
        assert self.colours(many)[:3] == COLOUR[:3]
        few = SegmentationDisplay(y_pred=[[2, 3, -1]])
        assert self.colours(few) == [COLOUR[2], COLOUR[3], "#ffffff"]
        for names in ({2: "pour", 3: "a"}, ["x", "y", "pour", "a"]):
            few.target_names = names
            assert self.colours(few) == [COLOUR[2], COLOUR[3], "#ffffff"]

    def test_of_negative_integers(self):
        display = SegmentationDisplay(y_pred=[-2, -3, -1, 0]).plot()
        names = ["action -3", "action -2", "action 0", "background"]
        assert list(legend(display)) == names
        assert len(set(legend(display).values())) == 4

    def test_of_text_in_names(self):
        names = ["take cup", "pour", "stir", "background", "drink"]
        for y_pred in (["stir", "drink"], ["stir", "drink", "pour", "background"]):
            display = SegmentationDisplay(y_pred=y_pred, target_names=names)
            assert self.colours(display)[:2] == [COLOUR[2], COLOUR[4]]
        # those of a dict, of which some occur, as those that occur without it
        names = dict.fromkeys(["a", "b", "c"])
        names = {name: name.upper() for name in names}
        display = SegmentationDisplay(y_pred=["c"], target_names=names)
        assert self.colours(display) == [COLOUR[2]]

    def test_of_names_that_actions_share(self):
        # names of a model, of which two actions became one
        names = ["pour", "pour", "stir"]
        display = SegmentationDisplay(y_pred=["stir", "pour"], target_names=names)
        assert self.colours(display) == [COLOUR[2], COLOUR[0]]

    @pytest.mark.parametrize("names", [None, list("abcdefgh")])
    def test_of_ground_truth_and_what_is_matched_to_it(self, names):
        display = SegmentationDisplay(
            y_true=[5, 5, 7, 7], y_pred=[0, 0, 9, 9], target_names=names
        )
        assert self.colours(display) == [COLOUR[5], COLOUR[7]] * 2


class TestWhoIsWho:
    """With ground truth, the legend says which predicted action a label is."""

    def test_clusters_of_labels(self):
        y_true = ["cut", "cut", "mix", "mix", "fry", "fry"]
        y_pred = [5, 5, 3, 3, 3, 8]
        display = SegmentationDisplay.from_predictions(y_true, y_pred)
        assert legend_texts(display) == (
            "ground truth (prediction)",
            ["cut (action 5)", "fry (action 8)", "mix (action 3)"],
        )

    def test_unmatched(self):
        display = SegmentationDisplay.from_predictions([4, 4, 4], ["a", "b", "a"])
        assert legend_texts(display)[1] == ["label 4 (a)", "no match (b)"]
        # clusters of frames that are left out of the match
        display = SegmentationDisplay.from_predictions(
            [4, 4, 4, *[1] * 5], [0, 0, 0, 1, 2, 3, 4, 5], ignore_labels=1
        )
        names = ["label 1", "label 4 (action 0)", "no match (5 actions)"]
        assert legend_texts(display)[1] == names

    def test_names_that_say_it(self):
        display = SegmentationDisplay.from_predictions(["a", "b"], ["a", "b"])
        assert legend_texts(display) == ("", ["a", "b"])
        swapped = SegmentationDisplay.from_predictions(["a", "b"], ["b", "a"])
        assert legend_texts(swapped)[1] == ["a (b)", "b (a)"]

    @pytest.mark.parametrize(
        "options",
        [{"y_pred": {"A": [5, 5, 3], "B": [5, 5, 3]}}, {"scope": "video"}],
    )
    def test_several_matches_have_no_name(self, options):
        options = {"y_pred": [5, 5, 3]} | options
        y_true = ["cut", "cut", "mix"]
        display = SegmentationDisplay.from_predictions(y_true, **options)
        assert legend_texts(display) == ("", ["cut", "mix"])
        assert "ground truth" in display.ax_.get_title(loc="left")


def test_one_collection_for_each_action(pyplot):
    _, labels = make_activities(30, 5, random_state=0)
    confidence = [np.full(len(video), 0.5) for video in labels]
    display = SegmentationDisplay.from_predictions(
        labels, labels, confidence=confidence
    )
    assert len(display.ax_.collections) == 5 + 1
    assert len(bars(display)) >= 2 * 30 * 5


def test_layout_of_many_videos_is_that_of_all_names():
    names = ["P1"] * 100 + ["the longest of all the names"] + ["P2"] * 50
    display = SegmentationDisplay(y_pred=[[0, 1]] * 151, video_names=names).plot()
    display.figure_.canvas.draw()
    box = display.ax_.get_position().bounds
    for text in display.ax_.get_yticklabels():
        assert text.get_window_extent().x0 >= 0
        text.set_in_layout(True)
    display.figure_.canvas.draw()
    assert_allclose(display.ax_.get_position().bounds, box)


class TestGivenAxes:
    @pytest.mark.parametrize(
        ("n_videos", "n_actions", "name"), [(1, 40, "a"), (20, 3, LONG)]
    )
    @pytest.mark.parametrize("layout", [None, "constrained", "tight"])
    def test_all_is_in_the_figure(self, pyplot, n_videos, n_actions, name, layout):
        _, ax = pyplot.subplots(layout=layout)
        y = [np.arange(n_actions)] * n_videos
        words = "coffee" * len(name[:3])
        display = SegmentationDisplay(
            y_true=y,
            y_pred=y,
            target_names=[f"{name} {i}" for i in range(n_actions)],
            video_names=[f"P{i}_cam01_{words}" for i in range(n_videos)],
        )
        assert display.plot(ax=ax).ax_ is ax
        for dpi in (72, 110):
            inside(ax, dpi)

    def test_axes_in_a_grid_stay_in_their_column(self, pyplot):
        figure, axes = pyplot.subplots(1, 3, figsize=(15, 4))
        display = SegmentationDisplay(y_pred=[np.arange(8)] * 3)
        for ax in axes:
            display.plot(ax=ax)
        positions = [ax.get_position().bounds for ax in axes]
        display.plot(ax=axes[1])  # has room already
        assert_allclose([ax.get_position().bounds for ax in axes], positions)
        for ax in axes:
            inside(ax)
        assert all(apart(left, right) for left, right in pairwise(axes))
        figure.tight_layout()  # sees them as before
        for ax in axes:
            inside(ax)
        assert all(apart(left, right) for left, right in pairwise(axes))

    def test_axes_of_no_grid(self, pyplot):
        ax = pyplot.figure(figsize=(5, 3)).add_axes([0.2, 0.2, 0.8, 0.7])
        SegmentationDisplay(y_pred=[0, 1, 2]).plot(ax=ax)
        inside(ax)

    def test_axes_of_a_part_of_a_figure(self, pyplot):
        parts = pyplot.figure(figsize=(10, 3)).subfigures(1, 2)
        axes = [part.subplots() for part in parts]
        for ax in axes:
            SegmentationDisplay(y_pred=[0, 1, 2]).plot(ax=ax)
        parts[0].figure.canvas.draw()
        assert apart(*axes)
        end = axes[1].get_legend().get_window_extent().x1
        assert end <= parts[0].figure.bbox.x1
        PseudoLabelDisplay(np.eye(3)).plot(ax=parts[0].subplots())


def test_breaks_cut_the_bars_of_their_recordings():
    labels = [np.repeat([0, 1], 5), np.repeat([0, 1], 4), np.repeat([1, 0], 4)]
    takes = Recordings(labels, list("abc"), fps=2, breaks=[[3], [], [2, 6]])
    ax = SegmentationDisplay(y_pred=takes, videos=[0, 2]).plot(fps=2).ax_
    lines = [c for c in ax.collections if isinstance(c, LineCollection)]
    found = [[path.vertices[0].tolist() for path in c.get_paths()] for c in lines]
    assert found == [[[1.5, -0.45]], [[1.0, 0.55], [3.0, 0.55]]]
    plain = SegmentationDisplay(y_pred=labels).plot().ax_
    assert not any(isinstance(c, LineCollection) for c in plain.collections)
