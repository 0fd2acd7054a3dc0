"""Heat maps show profiles and pseudo-labels."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose

from skl_tot import ProfileDisplay, PseudoLabelDisplay
from skl_tot.baselines import MallowSegmenter
from skl_tot.display.palette import COLOURS
from skl_tot.statistics.features import action_profiles


def rows(display):
    return [text.get_text() for text in display.ax_.get_yticklabels()]


def columns(display):
    return [text.get_text() for text in display.ax_.get_xticklabels()]


def colours(display):
    strips = display.ax_.collections
    return [to_hex(strip.get_facecolor()[0]).upper() for strip in strips]


def drawn(display):
    return np.asarray(display.im_.get_array())


def test_heat_map(activity):
    videos, labels = activity
    display = ProfileDisplay.from_predictions(videos, labels)
    profiles = action_profiles(videos, labels)
    assert_allclose(drawn(display), profiles.means)
    assert rows(display) == [f"action {k}" for k in range(4)]
    assert columns(display) == [f"feature {i}" for i in range(5)]
    assert colours(display) == [COLOURS[k] for k in range(4)]
    low, high = display.im_.get_clim()
    assert (low, high) == (-high, np.abs(profiles.means).max())
    # red is above the mean
    red, _, blue, _ = display.im_.cmap(1.0)
    assert red > blue
    assert display.ax_.get_xlabel() == ""
    assert display.figure_ is display.ax_.figure


def test_features_that_differ_most():
    rng = np.random.default_rng(0)
    videos, labels = rng.normal(size=(50, 60)), np.repeat([0, 1, 2], [20, 20, 10])
    names = [f"f{i}" for i in range(60)]
    display = ProfileDisplay.from_predictions(videos, labels, feature_names=names)
    means = action_profiles(videos, labels).means
    most = np.sort(np.argsort(-means.std(axis=0))[:40])
    assert columns(display) == [f"f{i}" for i in most]
    assert_allclose(drawn(display), means[:, most])
    expected = "the 40 of 60 features that differ most between actions"
    assert display.ax_.get_xlabel() == expected


@pytest.mark.parametrize(
    ("labels", "names", "expected", "codes"),
    [
        ([3, 1, -1], None, ["action 1", "action 3"], [1, 3]),
        ([3, 1, -1], {3: "pour"}, ["1", "pour"], [1, 3]),
        ([2, 1, -1], ["a", "b", "c"], ["b", "c"], [1, 2]),
        (["pour", "add", "background"], None, ["add", "pour"], [0, 1]),
        (["pour", "add", "-1"], ["pour", "stir", "add"], ["add", "pour"], [2, 0]),
    ],
)
def test_actions(labels, names, expected, codes):
    video = [[0.0], [1.0], [5.0]]
    display = ProfileDisplay.from_predictions(video, labels, action_names=names)
    assert rows(display) == expected
    assert colours(display) == [COLOURS[code] for code in codes]
    low_first = drawn(display)[:, 0]
    assert low_first[0] > low_first[1]  # the second frame is the higher one


def test_estimator(activity, pyplot):
    videos = activity[0]
    model = MallowSegmenter(4).fit(videos)
    display = ProfileDisplay.from_estimator(model, videos, feature_names=list("abcde"))
    expected = action_profiles(videos, model.predict(videos)).means
    assert_allclose(drawn(display), expected)
    assert columns(display) == list("abcde")


class Model:
    def predict(self, X):
        return np.arange(len(X)) * 2 // len(X)

    def pseudo_labels(self, X):
        return np.eye(2)[self.predict(X)]


def test_of_an_estimator():
    display = PseudoLabelDisplay.from_estimator(Model(), np.zeros((6, 3)), fps=2)
    ax = display.ax_
    assert_allclose(display.im_.get_array(), np.eye(2)[[0, 0, 0, 1, 1, 1]].T)
    assert display.im_.get_extent() == [0, 3, 1.5, -0.5]
    assert display.im_.get_clim() == (0, 1)
    assert ax.get_ylabel() == "action"
    bottom, top = ax.get_ylim()
    assert bottom > top  # action 0 is above
    (path,) = ax.patches
    assert_allclose(path.get_data().values, [0, 0, 0, 1, 1, 1])
    assert_allclose(path.get_data().edges, np.arange(7) / 2)
    colorbar = [other for other in display.figure_.axes if other is not ax]
    assert [other.get_ylabel() for other in colorbar] == ["probability"]


def test_background_has_no_path(pyplot):
    figure, ax = pyplot.subplots()
    codes = np.full((4, 2), 0.5)
    labels = [0, -1, -1, 1]
    PseudoLabelDisplay.from_predictions(codes, labels, ax=ax, colorbar=False)
    assert figure.axes == [ax]
    assert_allclose(ax.patches[0].get_data().values, [0, np.nan, np.nan, 1])
    assert len(PseudoLabelDisplay(codes).plot().ax_.patches) == 0
