import numpy as np
import pytest
from matplotlib.colors import to_rgb
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import LevelsDisplay, MallowSegmenter, TemporalOTSegmenter
from skl_tot.corrections import cut
from skl_tot.datasets import make_activities
from skl_tot.display.palette import COLOURS
from skl_tot.preprocessing import FramewiseTransformer

COARSE = [[0, 0, 0, 0, 1, 1], [0, 0, 1, 1]]
FINE = [[0, 0, 3, 3, 1, 2], [0, 3, 2, 2]]


@pytest.fixture(scope="module")
def videos():
    return make_activities(4, 4, n_features=5, mean_length=60, random_state=0)[0]


def segmenter():
    return TemporalOTSegmenter(2, max_iter=20, random_state=0, decoding="fixed")


def bars(display):
    """Boxes of the bars: rows of left, right, top, bottom and the colour."""
    found = []
    for collection in display.ax_.collections:
        colour = tuple(np.round(collection.get_facecolor()[0][:3], 4))
        for path in collection.get_paths():
            (left, top), (right, bottom) = path.vertices.min(0), path.vertices.max(0)
            found.append((left, right, round(top, 3), round(bottom, 3), colour))
    return found


class TestBars:
    def test_cover_all_frames_of_both_levels(self):
        found = bars(LevelsDisplay(coarse=COARSE, fine=FINE).plot())
        for row, n_frames in enumerate([6, 4]):
            own = [bar for bar in found if row - 0.5 < bar[2] < row + 0.5]
            upper = [bar for bar in own if bar[2] < row - 0.1]
            lower = [bar for bar in own if bar[2] >= row - 0.1]
            assert sum(bar[1] - bar[0] for bar in upper) == n_frames
            assert sum(bar[1] - bar[0] for bar in lower) == n_frames
            assert len(upper) == 2
            assert max(bar[3] for bar in upper) < min(bar[3] for bar in lower)

    def test_shades_are_of_the_colour_above(self):
        found = bars(LevelsDisplay(coarse=COARSE, fine=FINE).plot())
        for left, right, top, _, colour in found:
            row, is_upper = round(top), top - round(top) < -0.1
            above = COARSE[row][int(left)]
            assert above == COARSE[row][int(right) - 1]
            base = np.array(to_rgb(COLOURS[above]))
            if is_upper:
                np.testing.assert_allclose(colour, base, atol=1e-3)
                continue
            # on the line from black to the colour, or from there to white
            dark = np.abs(np.cross(colour, base)).max()
            light = np.abs(np.cross(1 - np.array(colour), 1 - base)).max()
            assert min(dark, light) < 0.01  # colours are of 256 levels

    def test_shades_of_one_action_differ_from_dark_to_light(self):
        fine = [np.arange(6)]
        found = bars(LevelsDisplay(coarse=[[0] * 6], fine=fine).plot())
        lower = sorted(bar for bar in found if bar[2] > -0.1)
        lightness = [sum(bar[4]) for bar in lower]
        assert len(lightness) == 6
        assert (np.diff(lightness) > 0.05).all()

    def test_background_is_white(self):
        display = LevelsDisplay(coarse=[0, 0, -1], fine=[0, 1, -1]).plot()
        white = [bar for bar in bars(display) if bar[4] == (1, 1, 1)]
        assert [bar[:2] for bar in white] == [(2, 3)] * 2

    def test_seconds(self):
        display = LevelsDisplay(coarse=COARSE, fine=FINE).plot(fps=2)
        assert max(bar[1] for bar in bars(display)) == 3


class TestLegend:
    def test_fine_names_follow_theirs(self):
        names = {0: "open"}, {3: "turn", 1: "pull"}
        display = LevelsDisplay(
            coarse=COARSE, fine=FINE, coarse_names=names[0], fine_names=names[1]
        ).plot()
        texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
        assert texts == ["open", "  action 0", "  turn", "action 1", "  pull"] + [
            "  action 2"
        ]

    def test_names_of_videos(self):
        labels = {"b": [0, 1]}, {"b": [0, 2]}
        display = LevelsDisplay.from_predictions(*labels)
        assert [text.get_text() for text in display.ax_.get_yticklabels()] == ["b"]
        assert display.parents_ == {0: 0, 2: 1}


class TestFromEstimator:
    def test_levels_of_a_fit(self, videos):
        model = segmenter().fit(videos)
        display = LevelsDisplay.from_estimator(model, videos, n_actions=(2, 4))
        for n, found in [(2, display.coarse), (4, display.fine)]:
            for one, other in zip(found, cut(model, n).predict(videos)):
                np.testing.assert_array_equal(one, other)
        assert set(display.parents_.values()) == {0, 1}

    def test_pipeline(self, videos):
        model = make_pipeline(FramewiseTransformer(StandardScaler()), segmenter())
        model.fit(videos)
        display = LevelsDisplay.from_estimator(model, videos, n_actions=(1, 3))
        assert set(display.parents_.values()) == {0}

    @pytest.mark.parametrize("n_actions", [(3, 2), (2, 2), 3, (1, 2, 3), (None, 2)])
    def test_wrong_numbers(self, videos, n_actions):
        model = segmenter().fit(videos)
        with pytest.raises(ValueError, match=r"^n_actions is .*, expected two numbers"):
            LevelsDisplay.from_estimator(model, videos, n_actions=n_actions)

    def test_without_cuts(self, videos):
        model = MallowSegmenter(2).fit(videos)
        with pytest.raises(ValueError, match="the fit has no merge_tree_"):
            LevelsDisplay.from_estimator(model, videos, n_actions=(2, 3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fine": [[0, 0, 3, 3, 0, 2], [0, 3, 2, 2]]}, r"label 0 of fine .* nested"),
        (
            {"fine": FINE[:1]},
            r"coarse is of recordings of \[6, 4\] frames, but fine of",
        ),
        ({"fine": [FINE[0], FINE[1][:3]]}, r"expected labels of the same frames"),
        ({"video_names": ["a"]}, r"video_names has 1 names, expected 2"),
        ({"coarse": "abc"}, r"coarse is a str"),
    ],
)
def test_errors(options, message):
    display = LevelsDisplay(**({"coarse": COARSE, "fine": FINE} | options))
    with pytest.raises((TypeError, ValueError), match=message):
        display.plot()
